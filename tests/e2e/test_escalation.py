"""Nobody hands over what they do not hold: every way of rule 9.3, tried by delegated administrators over HTTP.

`dora` administers the container registry and keeps users, groups, roles and so on (`Keeper`); `paul` administers one
project; `rita` may assign one role; `tina`'s authority ends. All may call the routes they call: what stops them is
authority. Each refusal is asserted whole, and that nothing has changed. What is theirs they can do (the last tests).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.server import Client, RunningServer

ENDS = "2030-01-01T00:00:00Z"
IMAGE = "brn:acme:ims:eu-de::image/base"
REPOSITORY = "brn:acme:container-registry:eu-de::namespace/a/image/app"
PEOPLE = "".join(
    f"kind: User\nname: {name}\n---\n" for name in ("dora", "paul", "rita", "tina", "bob", "victor")
)
WORLD = f"""
kind: Role
name: Keeper
service: iam
rights:
  - actions:
      - "iam.*.list"
      - "iam.*.read"
      - "iam.user.*"
      - "iam.service-id.*"
      - "iam.profile.*"
      - "iam.group.*"
      - "iam.guardrail.*"
      - "iam.project.*"
      - "iam.resource.*"
      - "iam.api-key.*"
      - iam.role.create
      - iam.role.update
      - iam.role.delete
      - iam.catalog.update
      - iam.account.update
---
kind: Role
name: Assigner
service: iam
rights:
  - {{actions: [iam.policy.create, iam.policy.update, iam.policy.delete]}}
  - {{actions: [iam.role.assign], roles: [cloud/Helper]}}
---
kind: Role
name: Helper
service: cloud
rights:
  - {{actions: [volume.Access]}}
---
kind: Role
name: Imager
service: ims
rights:
  - {{actions: ["ims:images:list"]}}
---
kind: Role
name: Guarded
service: ims
rights:
  - {{actions: ["ims:images:list"]}}
  - {{actions: ["ims:images:update"], effect: deny}}
---
{PEOPLE}kind: User
name: sleeper
disabled: true
---
kind: ServiceId
name: robot
---
kind: Project
name: dev
---
kind: Project
name: prod
---
kind: Profile
name: deployer
trust: [user:victor]
---
kind: Group
name: ims-admins
members: [user:victor]
---
kind: Group
name: trusted
members: []
---
kind: Profile
name: trusting
trust: [group:trusted]
---
kind: Resource
name: {IMAGE}
project: prod
---
kind: Guardrail
name: no-image-deletes
actions: ["ims:images:delete"]
scope: {{service: ims}}
---
kind: Guardrail
name: no-grants-on-ims
actions: [iam.policy.publish]
scope: {{service: ims}}
---
kind: Guardrail
name: contractors
actions: [ims:images:list]
scope: {{service: ims}}
when: {{key: principal.properties.contract, operator: string-equals, value: external}}
---
kind: Policy
name: dora-registry
subjects: [user:dora]
roles: [Administrator, Manager]
scope: {{service: container-registry}}
---
kind: Policy
name: keepers
subjects: [user:dora, user:rita, user:paul]
roles: [Keeper]
scope: {{service: iam}}
---
kind: Policy
name: paul-dev
subjects: [user:paul]
roles: [Administrator]
scope: {{project: dev}}
---
kind: Policy
name: rita-assigns
subjects: [user:rita]
roles: [iam/Assigner]
scope: {{service: cloud}}
---
kind: Policy
name: tina-registry
subjects: [user:tina]
roles: [Administrator]
scope: {{service: container-registry}}
expires_at: {ENDS}
---
kind: Policy
name: ims-admins
subjects: [group:ims-admins, "profile:deployer", "profile:trusting", "user:sleeper", "service-id:robot"]
roles: [Administrator]
scope: {{service: ims}}
---
kind: Policy
name: imagers
subjects: [user:dora]
roles: [Imager]
scope: {{service: ims}}
---
kind: Policy
name: guarded
subjects: [user:victor]
roles: [Guarded]
scope: {{service: ims}}
---
kind: Policy
name: no-images-for-bob
subjects: [user:bob]
roles: [ims/IMS ReadOnlyAccess]
effect: deny
scope: {{service: ims}}
---
kind: Policy
name: bob-reads-images
subjects: [user:bob]
roles: [ims/IMS ReadOnlyAccess]
scope: {{service: ims}}
---
kind: Policy
name: vpc-by-department
subjects: [group:members]
roles: [vpc/VPC ReadOnlyAccess]
scope: {{service: vpc}}
when: {{key: principal.properties.department, operator: string-equals, value: network}}
---
kind: Policy
name: managers-everywhere
subjects: [user:bob]
roles: [Manager]
---
kind: Policy
name: dev-images
subjects: [user:bob]
roles: [ims/IMS FullAccess]
scope: {{service: ims, project: dev}}
"""
HELP = "ask somebody who may grant this, or the account's owner"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for all attempts: none of them changes anything."""
    folder: Path = tmp_path_factory.mktemp("escalation")
    with RunningServer(folder) as server:
        reply = server.owner().apply_text(WORLD)
        assert reply.status == 200, reply.text
        yield server


@dataclass(frozen=True)
class Attempt:
    """Somebody tries something. `detail` is what is answered, after the name of the action that lacks."""

    who: str
    method: str
    path: tuple[str, ...]
    body: object
    action: str
    detail: str
    reason: str = "no_authority"

    @property
    def document(self) -> dict[str, Any] | None:
        """Which document asks for the same by apply? None where no document can."""
        words = {
            "groups": "Group", "roles": "Role", "policies": "Policy", "guardrails": "Guardrail", "users": "User",
            "service-ids": "ServiceId", "profiles": "Profile", "resources": "Resource", "services": "Service",
        }  # fmt: skip
        if self.method != "PUT" or not isinstance(self.body, dict):
            return None
        return {"kind": words[self.path[0]], "name": self.path[1], **self.body}


def lacks(action: str, scope: str, because: str, role: str = "") -> str:
    """How does a refusal for lack of authority read?"""
    return f"{because}, and you lack `{action}`" + (f" for role `{role}`" if role else "") + f" over {scope}"


CREATE, ASSIGN = "iam.policy.create", "iam.role.assign"
IMS = "service `ims`"

ATTEMPTS: dict[str, Attempt] = {
    "a policy on another service": Attempt(
        "dora", "PUT", ("policies", "mine"),
        {"subjects": ["user:dora"], "roles": ["Administrator"], "scope": {"service": "ims"}},
        CREATE, "`user:dora` lacks `iam.policy.create` over service `ims`",
    ),
    "a policy on everything": Attempt(
        "dora", "PUT", ("policies", "mine"), {"subjects": ["user:dora"], "roles": ["Viewer"]},
        CREATE, "`user:dora` lacks `iam.policy.create` over the whole account (every service but iam)",
    ),
    "a policy on the product itself": Attempt(
        "dora", "PUT", ("policies", "mine"),
        {"subjects": ["user:dora"], "roles": ["Administrator"], "scope": {"service": "iam"}},
        CREATE, "`user:dora` lacks `iam.policy.create` over service `iam`",
    ),
    "own policy widened": Attempt(
        "dora", "PATCH", ("policies", "dora-registry"), {"scope": {"service": ["container-registry", "ims"]}},
        "iam.policy.update",
        "`user:dora` lacks `iam.policy.update` over service `container-registry` or `ims`",
    ),
    "another's policy taken over": Attempt(
        "dora", "PATCH", ("policies", "ims-admins"), {"subjects": ["user:dora"]},
        "iam.policy.update", "`user:dora` lacks `iam.policy.update` over service `ims`",
    ),
    "a policy on another project": Attempt(
        "paul", "PUT", ("policies", "mine"),
        {"subjects": ["user:paul"], "roles": ["Administrator"], "scope": {"project": "prod"}},
        CREATE, "`user:paul` lacks `iam.policy.create` over project `prod`",
    ),
    "a policy on projects by pattern": Attempt(
        "paul", "PUT", ("policies", "mine"),
        {"subjects": ["user:paul"], "roles": ["Administrator"], "scope": {"project": "de*"}},
        CREATE, "`user:paul` lacks `iam.policy.create` over project `de*`",
    ),
    "a grant to everyone": Attempt(
        "dora", "PUT", ("policies", "mine"),
        {"subjects": ["group:everyone"], "roles": ["Reader"], "scope": {"service": "ims"}},
        CREATE, "`user:dora` lacks `iam.policy.create` over service `ims`",
    ),
    "a role widened that one holds": Attempt(
        "dora", "PUT", ("roles", "Imager"), {"service": "ims", "rights": [{"actions": ["ims:*"]}]},
        CREATE, lacks(CREATE, IMS, "role `Imager` of policy `imagers` changes"),
    ),
    "a deny taken out of a role": Attempt(
        "dora", "PUT", ("roles", "Guarded"), {"service": "ims", "rights": [{"actions": ["ims:images:list"]}]},
        CREATE, lacks(CREATE, IMS, "role `Guarded` of policy `guarded` changes"),
    ),
    "a role that fills a name": Attempt(
        "dora", "PUT", ("roles", "Manager"), {"service": "ims", "rights": [{"actions": ["ims:*"]}]},
        CREATE,
        lacks(CREATE, "the whole account (every service but iam)",
              "role `Manager` of policy `managers-everywhere` changes"),
    ),
    "a role widened that one may assign": Attempt(
        "rita", "PUT", ("roles", "Helper"), {"service": "cloud", "rights": [{"actions": ["volume.*"]}]},
        ASSIGN, "role `Helper`, which policy `rita-assigns` lets others assign, changes, and you may not grant "
        "`volume.Attach` over service `cloud`",
    ),
    "oneself into a group": Attempt(
        "dora", "PATCH", ("groups", "ims-admins"), {"members": ["user:victor", "user:dora"]},
        CREATE, lacks(CREATE, IMS, "`user:dora` joins `group:ims-admins`"),
    ),
    "oneself into a group by replacement": Attempt(
        "dora", "PUT", ("groups", "ims-admins"), {"members": ["user:victor", "user:dora"]},
        CREATE, lacks(CREATE, IMS, "`user:dora` joins `group:ims-admins`"),
    ),
    "a group of one's own into a group": Attempt(
        "dora", "PUT", ("groups", "ims-admins"), {"members": ["user:victor", "group:trusted"]},
        CREATE, lacks(CREATE, IMS, "`group:trusted` joins `group:ims-admins`"),
    ),
    "oneself into a group that a profile trusts": Attempt(
        "dora", "PUT", ("groups", "trusted"), {"members": ["user:dora"]},
        CREATE, lacks(CREATE, IMS, "`user:dora` joins `group:trusted`"),
    ),
    "a key for somebody else": Attempt(
        "dora", "POST", ("api-keys",), {"owner": "user:victor"},
        CREATE, lacks(CREATE, IMS, "`user:victor` holds policy `ims-admins`"),
    ),
    "a key for a service ID": Attempt(
        "dora", "POST", ("api-keys",), {"owner": "service-id:robot"},
        CREATE, lacks(CREATE, "service `vpc`", "`service-id:robot` holds policy `vpc-by-department`"),
    ),
    "a key for the owner": Attempt(
        "dora", "POST", ("api-keys",), {"owner": "user:owner"},
        "iam.account.update", "only the account's owner may do this: `user:owner` owns the account", "not_owner",
    ),
    "the account": Attempt(
        "dora", "PATCH", (), {"owner": "user:dora"},
        "iam.account.update", "only the account's owner may do this: the account's owner or state changes",
        "not_owner",
    ),
    "a principal enabled": Attempt(
        "dora", "PATCH", ("users", "sleeper"), {"disabled": False},
        CREATE,
        lacks(CREATE, "service `vpc`", "`user:sleeper` is enabled and holds policy `vpc-by-department`"),
    ),
    "a profile that trusts oneself": Attempt(
        "dora", "PUT", ("profiles", "deployer"), {"trust": ["user:victor", "user:dora"]},
        CREATE, lacks(CREATE, IMS, "`profile:deployer` is trusted to more and holds policy `ims-admins`"),
    ),
    "an attribute that a policy reads": Attempt(
        "dora", "PATCH", ("users", "dora"), {"properties": {"department": "network"}},
        CREATE,
        lacks(CREATE, "service `vpc`",
              "property `department` of `user:dora` is read by policy `vpc-by-department`"),
    ),
    "an attribute that a guardrail reads": Attempt(
        "dora", "PATCH", ("users", "dora"), {"properties": {"contract": "internal"}},
        CREATE, lacks(CREATE, IMS, "property `contract` of `user:dora` is read by guardrail `contractors`"),
    ),
    "a resource into one's project": Attempt(
        "paul", "PUT", ("resources", IMAGE), {"project": "dev"},
        CREATE,
        lacks(CREATE, "service `ims`, region `eu-de`, project `prod`, `image` `base`",
              f"policy `paul-dev` may newly grant its roles on `{IMAGE}` in project `dev`"),
    ),
    "a resource out of sight": Attempt(
        "paul", "DELETE", ("resources", IMAGE), None,
        CREATE,
        lacks(CREATE, "service `ims`, region `eu-de`, `image` `base`",
              f"attributes of `{IMAGE}` change"),
    ),
    "a resource registered where others reach it": Attempt(
        "dora", "PUT", ("resources", "brn:acme:ims:eu-de::image/new"), {"project": "dev"},
        CREATE,
        lacks(CREATE, "service `ims`, region `eu-de`, project `dev`, `image` `new`",
              "attributes of `brn:acme:ims:eu-de::image/new` change"),
    ),
    "a service that fills a role's name": Attempt(
        "dora", "PUT", ("services", "records"),
        {
            "title": "Records", "resource_types": {"record": {}},
            "actions": [{"id": "read", "title": "Read", "resource_type": "record", "access": "read"}],
            "roles": [{"name": "Manager", "kind": "service", "rights": [{"actions": ["read"]}]}],
        },
        CREATE,
        lacks(CREATE, "project `dev`", "service `records` changes"),
    ),
    "a deny removed": Attempt(
        "dora", "DELETE", ("policies", "no-images-for-bob"), None,
        "iam.policy.delete", "`user:dora` lacks `iam.policy.delete` over service `ims`",
    ),
    "a guardrail removed": Attempt(
        "dora", "DELETE", ("guardrails", "no-image-deletes"), None,
        CREATE, lacks(CREATE, IMS, "guardrail `no-image-deletes` is removed or changed"),
    ),
    "a guardrail switched off": Attempt(
        "dora", "PATCH", ("guardrails", "no-image-deletes"), {"state": "disabled"},
        CREATE, lacks(CREATE, IMS, "guardrail `no-image-deletes` is removed or changed"),
    ),
    "a guardrail narrowed": Attempt(
        "dora", "PATCH", ("guardrails", "no-image-deletes"), {"scope": {"region": "eu-nl"}},
        CREATE, lacks(CREATE, IMS, "guardrail `no-image-deletes` is removed or changed"),
    ),
    "a guardrail over granting removed": Attempt(
        "dora", "DELETE", ("guardrails", "no-grants-on-ims"), None,
        CREATE, lacks(CREATE, IMS, "guardrail `no-grants-on-ims` is removed or changed"),
    ),
    "the owner of another principal": Attempt(
        "dora", "PATCH", ("service-ids", "robot"), {"owner": "user:dora"},
        CREATE, lacks(CREATE, "service `iam`", "the owner of `service-id:robot` changes"),
    ),
    "a role that is assigned only by name": Attempt(
        "paul", "PUT", ("policies", "mine"),
        {"subjects": ["user:paul"], "roles": ["KMS Key Purge"], "scope": {"service": "hs-crypto", "project": "dev"}},
        ASSIGN,
        lacks(ASSIGN, "service `hs-crypto`, project `dev`", "policy `mine` grants it", "hs-crypto/KMS Key Purge"),
    ),
    "longer than one's own authority": Attempt(
        "tina", "PUT", ("policies", "mine"),
        {"subjects": ["user:tina"], "roles": ["Reader"], "scope": {"service": "container-registry"}},
        CREATE, "policy `mine` grants it for longer than your own authority lasts", "authority_ends_earlier",
    ),
    "a second longer than one's own authority": Attempt(
        "tina", "PUT", ("policies", "mine"),
        {
            "subjects": ["user:bob"], "roles": ["Reader"], "scope": {"service": "container-registry"},
            "expires_at": "2030-01-01T00:00:01Z",
        },
        CREATE, "policy `mine` grants it for longer than your own authority lasts", "authority_ends_earlier",
    ),
    "one's own end put off": Attempt(
        "tina", "PATCH", ("policies", "tina-registry"), {"expires_at": None},
        CREATE, "policy `tina-registry` grants it for longer than your own authority lasts",
        "authority_ends_earlier",
    ),
}  # fmt: skip


def expected_error(attempt: Attempt) -> dict[str, str]:
    """What is answered, whole?"""
    help = HELP if attempt.reason != "authority_ends_earlier" else (
        "set an `expires_at` no later than the end of your authority"
    )  # fmt: skip
    error = {"code": "denied", "detail": attempt.detail, "action": attempt.action, "reason": attempt.reason}
    return error if attempt.reason == "not_owner" else {**error, "help": help}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_what_one_does_not_hold_one_cannot_hand_over(world: RunningServer, name: str) -> None:
    """The attempt is refused, by its own route and by apply, and nothing has changed."""
    attempt = ATTEMPTS[name]
    before = world.export()
    caller = world.client(f"user:{attempt.who}")
    before = world.export()
    replies = [caller.send(attempt.method, caller.path(*attempt.path), attempt.body)]
    if attempt.document is not None:
        replies += [caller.apply(attempt.document), caller.apply(attempt.document, dry_run=True)]
    for reply in replies:
        assert reply.status == 403, reply.text
        assert reply.error == expected_error(attempt)
    assert world.export() == before


def refused(world: RunningServer, reply: Any, detail: str) -> None:
    """The reply is a refusal with this detail."""
    assert reply.status == 403, reply.text
    assert reply.error["detail"] == detail


def test_one_batch_does_not_authorize_itself(world: RunningServer) -> None:
    """What a batch grants to its author is not there for the rest of the batch, in any order."""
    dora = world.client("user:dora")
    admin = {
        "kind": "Policy", "name": "a", "subjects": ["user:dora"], "roles": ["Administrator"],
        "scope": {"service": "ims"},
    }  # fmt: skip
    grant = {**admin, "name": "b", "subjects": ["user:bob"], "roles": ["ims/IMS FullAccess"]}
    join = {"kind": "Group", "name": "ims-admins", "members": ["user:victor", "user:dora"]}
    before = world.export()
    for batch in ([admin, grant], [grant, admin], [join, grant], [grant, join]):
        reply = dora.apply(*batch)
        assert reply.status == 403, reply.text
        assert reply.error["reason"] == "no_authority"
    assert world.export() == before


def test_a_role_is_not_widened_in_the_batch_that_assigns_it(world: RunningServer) -> None:
    """Making a role anew under the name that one may assign, and assigning it, are refused together and alone."""
    rita = world.client("user:rita")
    wide = {"kind": "Role", "name": "Helper", "service": "cloud", "rights": [{"actions": ["*"]}]}
    policy = {
        "kind": "Policy",
        "name": "h",
        "subjects": ["user:rita"],
        "roles": ["Helper"],
        "scope": {"service": "cloud"},
    }
    before = world.export()
    for batch in ([wide, policy], [policy, wide], [wide]):
        reply = rita.apply(*batch)
        assert reply.status == 403, reply.text
        assert reply.error["action"] == ASSIGN
    assert world.export() == before


def test_prune_removes_no_restriction_that_one_could_not_remove(world: RunningServer) -> None:
    """Leaving a deny or a guardrail out of the documents is removing it."""
    dora = world.client("user:dora")
    before = world.export()
    everything = [document for document in before.split("---\n") if document]
    for left_out, detail in (
        (
            "name: no-image-deletes\n",
            lacks(CREATE, IMS, "guardrail `no-image-deletes` is removed or changed"),
        ),
        ("name: no-images-for-bob\n", "`user:dora` lacks `iam.policy.delete` over service `ims`"),
    ):
        text = "---\n".join(["", *(one for one in everything if left_out not in one)])
        for dry_run in (True, False):
            refused(world, dora.apply_text(text, prune=True, dry_run=dry_run), detail)
    assert world.export() == before


def test_what_the_path_names_is_what_is_changed(world: RunningServer) -> None:
    """One's own policy in the address and another's in the body, or the other way round, is neither."""
    dora = world.client("user:dora")
    before = world.export()
    body = {"subjects": ["user:dora"], "roles": ["Reader"], "scope": {"service": "container-registry"}}
    for path, said in (("dora-registry", "ims-admins"), ("ims-admins", "dora-registry")):
        for method in ("PUT", "PATCH"):
            reply = dora.send(method, dora.path("policies", path), {**body, "name": said})
            assert reply.status == 400 or (method == "PATCH" and reply.status == 403)
    assert world.export() == before


def test_conditions_of_a_request_give_no_right(world: RunningServer) -> None:
    """`If-Match` and `If-None-Match` with the right tags leave refusals what they are."""
    dora, owner = world.client("user:dora"), world.owner()
    before = world.export()
    tag = owner.get("groups", "ims-admins").headers["etag"]
    body = {"members": ["user:victor", "user:dora"]}
    detail = lacks(CREATE, IMS, "`user:dora` joins `group:ims-admins`")
    for headers in ({"If-Match": tag}, {"If-Match": "*"}, {"Idempotency-Key": "e-1"}):
        refused(world, dora.put("groups", "ims-admins", body=body, headers=headers), detail)
    policy = {"subjects": ["user:dora"], "roles": ["Administrator"], "scope": {"service": "ims"}}
    detail = "`user:dora` lacks `iam.policy.create` over service `ims`"
    refused(world, dora.put("policies", "mine", body=policy, headers={"If-None-Match": "*"}), detail)
    assert world.export() == before


def test_nothing_that_was_tried_is_allowed(world: RunningServer) -> None:
    """After all attempts nobody may do what they could not do before."""
    owner = world.owner()
    assert not owner.is_allowed("ims:images:list", IMAGE, "user:bob")
    for who in ("dora", "paul", "rita", "tina"):
        assert not owner.is_allowed("ims:images:update", IMAGE, f"user:{who}")
    assert owner.is_allowed("container-registry.image.push", REPOSITORY, "user:dora")


OWN: dict[str, tuple[str, str, tuple[str, ...], dict[str, Any]]] = {
    "a grant on one's service": (
        "dora", "PUT", ("policies", "p1"),
        {"subjects": ["user:bob"], "roles": ["Writer"], "scope": {"service": "container-registry", "region": "eu-de"}},
    ),
    "a grant on one's project": (
        "paul", "PUT", ("policies", "p2"),
        {"subjects": ["user:bob"], "roles": ["ims/IMS FullAccess"], "scope": {"service": "ims", "project": "dev"}},
    ),
    "the role that one may assign": (
        "rita", "PUT", ("policies", "p3"),
        {"subjects": ["user:bob"], "roles": ["Helper"], "scope": {"service": "cloud"}},
    ),
    "no longer than one's authority": (
        "tina", "PUT", ("policies", "p4"),
        {
            "subjects": ["user:bob"], "roles": ["Reader"], "scope": {"service": "container-registry"},
            "expires_at": ENDS,
        },
    ),
    "a member of a group that holds nothing": ("dora", "PUT", ("groups", "mine"), {"members": ["user:dora"]}),
    "a key of one's own": ("dora", "POST", ("api-keys",), {}),
    "an attribute that nothing reads": ("dora", "PATCH", ("users", "dora"), {"properties": {"floor": 3}}),
    "a role narrowed": (
        "dora", "PUT", ("roles", "Unused"), {"service": "ims", "rights": [{"actions": ["ims:images:list"]}]},
    ),
    "a guardrail added": (
        "dora", "PUT", ("guardrails", "more"), {"actions": ["ims:images:update"], "scope": {"service": "ims"}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OWN)
def test_what_one_holds_one_hands_over(server: RunningServer, name: str) -> None:
    """The same people by the same routes, within their authority."""
    owner: Client = server.owner()
    assert owner.apply_text(WORLD).status == 200
    who, method, path, body = OWN[name]
    caller = server.client(f"user:{who}")
    reply = caller.send(method, caller.path(*path), body)
    assert reply.status in (200, 201), reply.text


def test_the_owner_takes_guardrails_away_that_bind_the_owner(server: RunningServer) -> None:
    """A guardrail over granting itself would otherwise stand for ever."""
    owner = server.owner()
    rule = {"actions": ["iam.*"], "scope": {"service": "ims"}}
    assert owner.put("guardrails", "frozen", body=rule).status == 201
    policy = {"subjects": ["user:owner"], "roles": ["Administrator"], "scope": {"service": "ims"}}
    assert owner.put("policies", "p", body=policy).status == 403
    assert owner.delete("guardrails", "frozen").status == 204
    assert owner.put("policies", "p", body=policy).status == 201
