"""The small company of the delegated administrators: who administers what, and what each of them finds there.

Each administrator holds `Administrator` over one scope, by one policy; all are `Keeper`s besides, who may do everything
with Bailiwick's own objects. So whatever stops them is that they would hand over what they have no authority over.
Each scope has things of its own: a group, a user, a profile, a role with a policy on just that scope.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tests.e2e.server import Reply

Document = dict[str, Any]
Scope = dict[str, Any]

CREATE, ASSIGN, PUBLISH = "iam.policy.create", "iam.role.assign", "iam.policy.publish"
HELP = "ask somebody who may grant this, or the account's owner"
REGISTRY, CRYPTO = "container-registry", "hs-crypto"
KEY = f"brn:acme:{CRYPTO}:us-south:development:key-ring/payments/key/k-1"


@dataclass(frozen=True)
class Realm:
    """What one administrator administers: a scope, in words too, and one thing inside of it.

    `service` and `role`: whose role the things of the realm hold; `asked` is the action that it allows, `wider` one
    that a widened custom role would allow, `railed` one that a guardrail forbids there, `outside` an action on a
    resource that is not in the realm.
    """

    admin: str
    scope: Scope
    words: str
    service: str
    role: str
    asked: str
    wider: str
    railed: str
    inside: str
    outside: tuple[str, str]


IMAGES = ("ims", "IMS ReadOnlyAccess", "ims:images:get", "ims:images:delete", "ims:images:export")
OTHER_IMAGE = ("ims:images:get", "brn:acme:ims:eu-nl::image/in-prod")
REALMS = {
    "project": Realm(
        "pia", {"project": "dev"}, "project `dev`", *IMAGES,
        "brn:acme:ims:eu-nl::image/in-dev", OTHER_IMAGE,
    ),
    "service": Realm(
        "sam", {"service": "vpc"}, "service `vpc`",
        "vpc", "VPC ReadOnlyAccess", "vpc:vpcs:get", "vpc:vpcs:delete", "vpc:vpcs:update",
        "brn:acme:vpc:eu-nl::vpc/one", OTHER_IMAGE,
    ),
    "instance": Realm(
        "ina", {"service": CRYPTO, "region": "us-south", "instance": "development"},
        "service `hs-crypto`, region `us-south`, instance `development`",
        CRYPTO, "Reader", "hs-crypto.secrets.readmetadata", "hs-crypto.secrets.delete", "hs-crypto.secrets.rotate",
        KEY, ("hs-crypto.secrets.readmetadata", KEY.replace("development", "production")),
    ),
    "region": Realm(
        "rex", {"region": "eu-de"}, "region `eu-de`", *IMAGES,
        "brn:acme:ims:eu-de::image/here", OTHER_IMAGE,
    ),
}  # fmt: skip


def over(realm: Realm) -> str:
    """How is the scope said on which the realm's own things hold something?"""
    return realm.words if "service" in realm.scope else f"service `{realm.service}`, {realm.words}"


def lacks(action: str, scope: str, because: str, role: str = "") -> Document:
    """Which error, whole, refuses a change for lack of authority?"""
    of = f" for role `{role}`" if role else ""
    return refusal(action, f"{because}, and you lack `{action}`{of} over {scope}")


def refusal(action: str, detail: str, reason: str = "no_authority", help: str = HELP) -> Document:
    """Which error, whole, refuses a change?"""
    return {"code": "denied", "detail": detail, "action": action, "reason": reason, "help": help}


def policy(name: str, subject: str, role: str, scope: Scope, **more: object) -> Document:
    """A policy for one subject and role."""
    return {"kind": "Policy", "name": name, "subjects": [subject], "roles": [role], "scope": scope, **more}


def role(name: str, service: str, *rights: Document) -> Document:
    """A custom role."""
    return {"kind": "Role", "name": name, "service": service, "rights": list(rights)}


def user(name: str, **more: object) -> Document:
    """A user."""
    return {"kind": "User", "name": name, **more}


KEEPER = role(
    "Keeper", "iam",
    {"actions": ["iam.*.list", "iam.*.read", "iam.user.*", "iam.service-id.*", "iam.profile.*", "iam.group.*",
                 "iam.role.create", "iam.role.update", "iam.role.delete", "iam.guardrail.*", "iam.project.*",
                 "iam.resource.*", "iam.api-key.*", "iam.account.update", "iam.catalog.update"]},
)  # fmt: skip
# Others who administer something, each by the scopes of the policies by which they do.
OTHERS: dict[str, list[Scope]] = {
    "lou": [{"project": ["dev", "test"]}],
    "nora": [{"service": REGISTRY, "region": "eu-de", "type": "namespace", "id": "team-*"}],
    "duo": [{"service": "ims", "region": "eu-de"}, {"service": "vpc", "region": "eu-nl"}],
}


def realm_documents(name: str, realm: Realm) -> list[Document]:
    """What is there in one realm: an administrator, and a group, a user, a profile and a role that hold something."""
    scope = {"service": realm.service, **realm.scope}
    reader = f"{realm.service}/{realm.role}"
    return [
        user(realm.admin),
        policy(f"{name}-admin", f"user:{realm.admin}", "Administrator", realm.scope),
        {"kind": "Group", "name": f"{name}-team", "members": []},
        policy(f"{name}-team", f"group:{name}-team", reader, scope),
        user(f"{name}-holder"),
        {"kind": "ServiceId", "name": f"{name}-holder"},
        {**policy(f"{name}-holder", f"user:{name}-holder", reader, scope),
         "subjects": [f"user:{name}-holder", f"service-id:{name}-holder"]},
        policy(f"{name}-described", "user:newcomer", reader, scope,
               when={"key": f"principal.properties.in-{name}", "operator": "bool-equals", "value": True}),
        user(f"{name}-sleeper", disabled=True),
        policy(f"{name}-sleeper", f"user:{name}-sleeper", reader, scope),
        {"kind": "Profile", "name": f"{name}-profile", "trust": ["user:owner"]},
        policy(f"{name}-profile", f"profile:{name}-profile", reader, scope),
        role(f"{name}-looker", realm.service, {"actions": [realm.asked]}),
        policy(f"{name}-looks", "user:bob", f"{name}-looker", scope),
        user(f"{name}-barred"),
        policy(f"{name}-barred-reads", f"user:{name}-barred", reader, scope),
        policy(f"{name}-bars", f"user:{name}-barred", reader, scope, effect="deny"),
        {"kind": "Guardrail", "name": f"{name}-rail", "actions": [realm.railed], "scope": scope},
    ]  # fmt: skip


def world() -> list[Document]:
    """All documents of the company."""
    admins = [f"user:{realm.admin}" for realm in REALMS.values()]
    others = [
        document
        for name, scopes in OTHERS.items()
        for document in (
            user(name),
            *(policy(f"{name}-{n}", f"user:{name}", "Administrator", s) for n, s in enumerate(scopes)),
        )
    ]
    return [
        *({"kind": "Project", "name": name} for name in ("dev", "test", "prod")),
        *(user(name) for name in ("bob", "newcomer")),
        {"kind": "Group", "name": "outsiders", "members": ["user:newcomer"]},
        KEEPER,
        {**policy("keepers", "user:lou", "Keeper", {"service": "iam"}), "subjects": [*admins, "user:lou"]},
        *others,
        *(document for name, realm in REALMS.items() for document in realm_documents(name, realm)),
        *(
            {"kind": "Resource", "name": f"brn:acme:ims:eu-nl::image/in-{name}", "project": name}
            for name in ("dev", "test", "prod")
        ),
        {"kind": "Resource", "name": REALMS["region"].inside, "project": "prod"},
        {"kind": "Resource", "name": REALMS["service"].inside, "project": "dev"},
        {"kind": "Resource", "name": f"brn:acme:{CRYPTO}:us-south:development:instance/development",
         "project": "dev"},
    ]  # fmt: skip


def assert_unmovable(reply: Reply, name: str, words: str) -> None:
    """The reply refuses to move this resource for lack of authority over this, and names what the move touches."""
    assert reply.status == 403, reply.text
    error = dict(reply.error)
    because, _, lacking = error.pop("detail").partition(", and you lack ")
    attributes = f"attributes of `{name}` change"
    newly = rf"policy `[a-z0-9-]+` may newly grant its roles on `{re.escape(name)}` in project `[a-z]+`"
    assert because == attributes or re.fullmatch(newly, because), because
    assert lacking == f"`{CREATE}` over {words}"
    assert error == {"code": "denied", "action": CREATE, "reason": "no_authority", "help": HELP}
