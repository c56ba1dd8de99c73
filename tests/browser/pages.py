"""All pages of the console, as the browser tests visit them: from the route table, with objects of the sample company.

`{name}` is an object of `NAMES`, by the first part of the path. A page with another address, or one that is worth a
look in more than one state, gets a line in `ADDRESSES` (without an address there: a walk comes by); what answers with
no whole page, in `PARTS`. `{key}` is an API key of the owner's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tests.browser.visiting import FRESH, GUEST
from tests.e2e.server import ACCOUNT, OWNER

from bailiwick.cli.sample_enterprise import MANAGEMENT
from bailiwick.console.app import console_entries
from bailiwick.console.routes import Entry


@dataclass(frozen=True, slots=True)
class Shown:
    """One page: its address within the account (or whole, from one of WHOLE on), who looks at it, and its status."""

    address: str
    who: str = OWNER
    status: int = 200
    account: str = ACCOUNT

    def __str__(self) -> str:
        whose = "" if self.who == OWNER else f" as {self.who.partition(':')[2] or 'a guest'}"
        return f"{self.account}{self.address}{whose}"

    @property
    def file_name(self) -> str:
        """How is its picture called?"""
        return re.sub(r"[^a-z0-9-]+", "_", str(self).lower()).strip("_")


PARTS: Mapping[str, str] = {
    "/policy-builder/roles": "the roles that a form offers",
    "/pick/{what}": "names that an input offers",
    "/explorer/resource": "leads to the question about the resource that was named in parts",
    "/explorer/who-can.csv": "a table to take along",
    "/settings/inactive.csv": "a table to take along",
    "/explorer/what-can.csv": "a table to take along",
}
IMAGE = "brn:acme:ims:eu-de::image/base"
IN_MANAGEMENT = ("enterprise", "enterprises", "account-groups", "enterprise-accounts")
"""Of what the account is that manages the sample company's enterprise."""
RESOURCE_STEPS = ("", "/edit", "/document", "/changes", "/delete")
NAMES: Mapping[str, str] = {
    "users": "alice",
    "groups": "image-readers",
    "service-ids": "ci",
    "profiles": "image-builder",
    "projects": "dev",
    "roles": "Developer",
    "policies": "image-readers-eu-de",
    "guardrails": "registry-private-only",
    "applications": "billing-portal",
    "enterprises": "acme-corp",
    "account-groups": "crypto",
    "enterprise-accounts": "development",
    "services": "ims",
}
_WEB_1 = "resource=brn:acme:ims:eu-de::image/web-1"
_SHARED = "resource=brn:acme:container-registry:eu-de::namespace/shared/image/web"
# WHY none: the sample company has no identity provider; test_federation.py looks at these.
FEDERATED = (
    "/me/identities/link/{name}",
    "/me/identities/confirm",
    "/me/identities/{name}/unlink",
    "/users/{name}/sign-in/unlink-identity",
    *(
        f"/settings/{kind}/{{name}}{step}"
        for kind in ("identity-providers", "federation-rules")
        for step in ("", "/edit", "/document", "/changes", "/delete")
    ),
    "/settings/identity-providers/{name}/secret",
)
ADDRESSES: Mapping[str, tuple[str, ...]] = {
    **{f"/resources/one{step}": (f"/resources/one{step}?name={IMAGE}",) for step in RESOURCE_STEPS},
    "/groups/{name}/remove": ("/groups/image-readers/remove?member=user:alice",),
    **{
        f"/users/{{name}}/keys/{step}": (f"/users/owner/keys/{step}?key={{key}}",)
        for step in ("delete", "edit", "rotate")
    },
    **{f"/service-ids/{{name}}/keys/{step}": () for step in ("delete", "edit", "rotate")},
    **{f"/me/keys/{{name}}/{step}": (f"/me/keys/{{key}}/{step}",) for step in ("delete", "edit", "rotate")},
    "/me/passkeys/{name}/remove": (),
    "/settings/keys/{name}/delete": ("/settings/keys/{key}/delete",),
    "/guardrails/above": (),
    # WHY not: there is nothing to change where the settings do not let people, which is the default.
    "/me/email": (),
    "/me/access/{name}": ("/me/access/ims",),
    "/sign-in/code": (),
    # WHY none: they lead to an identity provider, and back from there; test_federation.py goes there.
    "/sign-in/{account}/{provider}": (),
    **dict.fromkeys(FEDERATED, ()),
    "/sign-in/{account}/{provider}/callback": (),
    "/invitation/{token}": (),
    "/explorer": (
        "/explorer",
        f"/explorer?who=user:alice&action=ims:images:get&{_WEB_1}",
        f"/explorer?who=user:alice&action=ims:images:get&{_WEB_1.replace('eu-de', 'eu-nl')}&mfa=yes",
        "/explorer?who=user:alice&action=container-registry.image.pull",
        f"/explorer?who=user:nobody&action=ims:images:get&{_WEB_1}",
    ),
    "/explorer/who-can": (
        "/explorer/who-can",
        f"/explorer/who-can?action=container-registry.image.pull&{_SHARED}",
    ),
    "/explorer/what-can": (
        f"/explorer/what-can?who=user:alice&{_SHARED}",
        "/explorer/what-can?who=user:frank&action=volume.Detach",
    ),
    # WHY not its content: that has a name that only the answer to the question says; test_explorer.py goes there.
    "/explorer/grant": (),
    "/services": (
        "/services",
        "/services?as=user:alice&region=eu-de",
        "/services?as=user:klara&region=eu-nl&mine=yes",
    ),
    "/services/{name}": ("/services/container-registry?as=user:ivan&region=eu-de",),
    "/services/{name}/operation": (
        "/services/ims/operation?operation=Create%20Private%20Image%20(server%20or%20file)",
        "/services/container-registry/operation?operation=ibmcloud%20cr%20build",
    ),
    "/users": ("/users", "/users?q=nobody-of-this-name"),
    "/log": ("/log", "/log?q=nothing-says-this"),
    "/log/{revision}": ("/log/1", "/log/2"),
    "/log/{revision}/undo": ("/log/1/undo", "/log/2/undo"),
    "/past/{revision}": ("/past/1",),
    "/past/{revision}/ask": (
        "/past/2/ask",
        f"/past/2/ask?principal=user:alice&action=ims:images:get&{_WEB_1}",
    ),
    "/past/{revision}/object": ("/past/2/object?kind=policies&name=image-readers-eu-de",),
    "/past/{revision}/{kind}": ("/past/2/policies",),
    "/roles": ("/roles", "/roles?service=hs-crypto", "/roles?q=nothing-of-this-name"),
    "/roles/create": (
        "/roles/create",
        "/roles/create?service=container-registry",
        "/roles/create?from=cloud/Administrator",
    ),
    "/roles/matrix": ("/roles/matrix?service=cloud", "/roles/matrix?service=container-registry&role=Manager"),
    "/roles/compare": ("/roles/compare", "/roles/compare?a=Developer&b=cloud/Admin"),
    "/roles/one": ("/roles/one?name=Developer", "/roles/one?name=eps/EPS%20FullAccess"),
    **{
        f"/roles/one/{step}": (f"/roles/one/{step}?name=Developer",)
        for step in ("edit", "policies", "document", "changes", "delete")
    },
    "/roles/{name}": (),
    "/roles/{service}/{name}": (),
    "/settings/catalog/{name}": (
        "/settings/catalog/records",
        *(f"/settings/catalog/cloud?part={part}" for part in ("", "types", "actions", "operations", "roles")),
    ),
    **{
        f"/settings/catalog/{{name}}/{step}": (f"/settings/catalog/records/{step}",)
        for step in ("document", "changes", "delete")
    },
    "/oauth/authorize": (),
    "/{rest:path}": (),
}
# What the route table does not show: errors, what others than the owner see, an account in which there is nothing yet.
FURTHER = (
    Shown("/services/ims?region=eu-de", "user:alice"),
    Shown("/services/vpc?region=eu-de", "user:alice", 403),
    Shown(f"/explorer?action=ims:images:delete&{_WEB_1}", "user:alice"),
    Shown("/explorer?action=ims:images:get&resource=web-1", status=400),
    Shown("/nothing/here", status=404),
    Shown("/oauth/authorize", GUEST, 400),
    Shown("/oauth/logout"),
    Shown("/device"),
    Shown("/device?user_code=BCDF-GHJK", status=400),
    Shown("/guardrails/above?name=acme-corp/crypto/keys-stay-in-us-south", account="development"),
    Shown("/console/nothing/here", GUEST, 404),
    Shown("/console/invitation/none", GUEST, 404),
    Shown("/users", "user:alice", 403),
    Shown("", "user:alice"),
    Shown("", account=FRESH),
    Shown("/users", account=FRESH),
    Shown("/roles", account=FRESH),
    Shown("/settings", "user:alice"),
)


def list_pages() -> list[Entry]:
    """Which lines of the route table show a page?"""
    return [entry for entry in console_entries() if entry.method == "GET" and entry.path not in PARTS]


def addresses_of(entry: Entry) -> tuple[str, ...]:
    """Under which addresses is the page looked at? None: it needs a line in `ADDRESSES`."""
    if entry.path in ADDRESSES:
        return ADDRESSES[entry.path]
    path = entry.path if entry.of_account else entry.full_path
    filled = path.replace("{name}", NAMES.get(path.split("/")[1] if path else "", "{name}"))
    return () if "{" in filled else (filled,)


def account_of(entry: Entry) -> str:
    """In which account is the page looked at?"""
    return MANAGEMENT if entry.path.split("/")[1:2] and entry.path.split("/")[1] in IN_MANAGEMENT else ACCOUNT


def list_shown() -> list[Shown]:
    """Every page that is looked at."""
    listed = [
        Shown(address, OWNER if entry.of_account else GUEST, account=account_of(entry))
        for entry in list_pages()
        for address in addresses_of(entry)
    ]
    return [*listed, *FURTHER]
