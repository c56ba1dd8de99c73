"""No page without an action: every page of the console says what it asks for, and refuses who has nothing.

A page whose address holds more than an account gets a line in `ADDRESSES`, one that takes a form may need one in
`FORMS`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from tests.e2e.console import Browser
from tests.e2e.server import RunningServer

from bailiwick.console import entrance
from bailiwick.console.app import console_entries
from bailiwick.console.forgery import FIELD
from bailiwick.console.routes import Entry
from bailiwick.service.catalog_files import load_system_catalog
from bailiwick.service.host import Host
from bailiwick.service.initial import create_account
from bailiwick.service.sessions import Session

RESOURCE = "brn:acme:ims:eu-de::image/base"
# How the objects are called that addresses name, by the first part of the path.
GENERIC_STEPS = ("document", "changes", "delete")
ROLE_STEPS = ("edit", "policies", *GENERIC_STEPS)
NAMES: Mapping[str, str] = {
    "projects": "web",
    "roles": "keeper",
    "users": "max",
    "groups": "dev",
    "service-ids": "ci",
    "profiles": "ops",
    "guardrails": "careful",
    "applications": "portal",
    "enterprises": "corp",
    "account-groups": "live",
    "enterprise-accounts": "shop",
    "policies": "reading",
    "services": "ims",
}
RESOURCE_STEPS = ("", "/edit", "/document", "/changes", "/delete")
PROVIDER_STEPS = ("", "/edit", "/secret", "/document", "/changes", "/delete")
ADDRESSES: Mapping[str, str] = {
    "/pick/{what}": "/pick/users",
    "/me/access/{name}": "/me/access/ims",
    "/me/passkeys/{name}/remove": "/me/passkeys/passkey-0/remove",
    **{
        path: path.replace("{name}", "apikey-0")
        for place in ("/me/keys", "/settings/keys")
        for path in (f"{place}/{{name}}/{step}" for step in ("disable", "enable", "delete", "edit", "rotate"))
    },
    **{
        path: path.replace("{name}", name)
        for kind, name in (("identity-providers", "sso"), ("federation-rules", "staff"))
        for path in (
            f"/settings/{kind}/{{name}}{step}"
            for step in ("", "/edit", "/secret", "/document", "/changes", "/delete")
        )
    },
    "/me/identities/link/{name}": "/me/identities/link/none",
    "/me/identities/{name}/unlink": "/me/identities/none/unlink",
    "/users/{name}/sign-in/unlink-identity": "/users/max/sign-in/unlink-identity?identity=none",
    "/log/{revision}": "/log/2",
    "/log/{revision}/undo": "/log/2/undo",
    "/past/{revision}": "/past/2",
    "/past/{revision}/ask": "/past/2/ask",
    "/past/{revision}/object": "/past/2/object?kind=users&name=zoe",
    "/past/{revision}/{kind}": "/past/2/users",
    **{
        path: path.replace("{name}", "records")
        for path in (
            "/settings/catalog/{name}",
            *(f"/settings/catalog/{{name}}/{step}" for step in GENERIC_STEPS),
        )
    },
    "/roles/compare": "/roles/compare?a=keeper",
    "/roles/matrix": "/roles/matrix?service=records",
    "/roles/{service}/{name}": "/roles/cloud/keeper",
    **{f"/resources/one{step}": f"/resources/one{step}?name={RESOURCE}" for step in RESOURCE_STEPS},
    **{
        path: f"{path}?name=keeper" for path in ("/roles/one", *(f"/roles/one/{step}" for step in ROLE_STEPS))
    },
}
_SSO = {"issuer": "https://sso.example", "client_id": "c", "new_users": "refuse"}
_STAFF = {"provider": "sso", "groups": "dev", "hours": "8"}
FORMS: Mapping[str, Mapping[str, str | Sequence[str]]] = {
    "/settings/identity-providers/new": {"name": "other", **_SSO},
    "/settings/identity-providers/{name}/edit": {**_SSO, "title": "Company"},
    "/settings/identity-providers/{name}/secret": {"secret": "s"},
    "/settings/federation-rules/new": {"name": "other", **_STAFF},
    "/settings/federation-rules/{name}/edit": {**_STAFF, "hours": "4"},
    "/users/{name}/sign-in/link-identity": {"provider": "sso", "subject": "s"},
    "/explorer/grant": {
        "who": "user:max",
        "action": "ims:images:get",
        "resource": RESOURCE,
        "proposal": "0123456789abcdef",
    },
    "/services/{name}/try": {"operation": "GET /v2/cloudimages", "region": "eu-de"},
    "/projects/new": {"name": "other"},
    "/projects/{name}/edit": {"description": "other"},
    "/projects/{name}/move": {"resource": RESOURCE, "to": "spare", "confirmed": "yes"},
    "/projects/{name}/add": {"resource": RESOURCE, "confirmed": "yes"},
    "/projects/{name}/attach": {"subject": "user:zoe", "roles": "eps/EPS ReadOnlyAccess"},
    "/projects/{name}/detach": {"subject": "user:zoe"},
    "/resources/new": {"name": RESOURCE.replace("base", "new")},
    "/applications/:new": {"name": "other", "type": "public"},
    "/applications/{name}/edit": {"type": "confidential"},
    "/applications/{name}/secrets/withdraw": {"secret": "none"},
    "/guardrails/new": {"name": "other", "actions": "*"},
    "/guardrails/{name}/edit": {"actions": "*"},
    "/enterprise/new": {"kind": "AccountGroup", "name": "test", "parent": "enterprise:corp"},
    "/enterprise/begin": {"name": "second"},
    "/policies/new": {"name": "other", "subject": "user:zoe", "role": "Viewer", "service": "ims"},
    "/policies/{name}/edit": {"name": "reading", "subject": "user:max", "role": "Editor", "service": "ims"},
    "/policy-builder/preview": {"subject": "user:zoe", "role": "Viewer", "service": "ims"},
}
OBJECTS: Sequence[Mapping[str, object]] = (
    {"kind": "User", "name": "zoe"},
    {"kind": "User", "name": "max"},
    {"kind": "ServiceId", "name": "ci"},
    {"kind": "Profile", "name": "ops"},
    {"kind": "Group", "name": "dev", "members": ["user:max"]},
    {"kind": "IdentityProvider", "name": "sso", "issuer": "https://sso.example", "client_id": "c"},
    {"kind": "FederationRule", "name": "staff", "provider": "sso", "groups": ["group:dev"]},
    {"kind": "Role", "name": "keeper", "service": "cloud", "rights": [{"actions": ["volume.Access"]}]},
    {
        "kind": "Service",
        "name": "records",
        "title": "Records",
        "actions": [{"id": "read", "title": "Read", "access": "read"}],
    },
    {"kind": "Project", "name": "web"},
    {"kind": "Project", "name": "spare"},
    {"kind": "Resource", "name": RESOURCE, "project": "web"},
    {
        "kind": "Guardrail",
        "name": "careful",
        "actions": ["ims:images:delete"],
        "scope": {"service": "ims"},
        "state": "disabled",
    },
    {"kind": "Application", "name": "portal", "type": "confidential"},
    {"kind": "Enterprise", "name": "corp"},
    {"kind": "AccountGroup", "name": "live", "parent": "enterprise:corp"},
    {"kind": "EnterpriseAccount", "name": "shop", "parent": "account-group:live"},
    {
        "kind": "Policy",
        "name": "reading",
        "subjects": ["user:max"],
        "roles": ["Viewer"],
        "scope": {"service": "ims"},
    },
)
ENTRIES = console_entries()
OF_ACCOUNT = [entry for entry in ENTRIES if entry.of_account]
ASKING = [entry for entry in OF_ACCOUNT if entry.actions]


@dataclass(frozen=True)
class KeyVisit:
    """A visit of whoever has this API key, for tests of what any visitor meets."""

    session: Session
    uid: str = "visit"
    begun_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    expires_at: datetime = datetime(2099, 1, 1, tzinfo=UTC)
    factor_at: datetime | None = None
    owes: str = ""
    ticket: str | None = None


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with somebody who has nothing, and the objects that addresses name."""

    def by_key(host: Host, ticket: str, *, address: str) -> KeyVisit:
        return KeyVisit(host.authenticator.session_of_key(ticket)[0])

    with pytest.MonkeyPatch.context() as patch, RunningServer(tmp_path_factory.mktemp("pages")) as running:
        patch.setattr(entrance, "find_visit", by_key)
        fill(running)
        yield running


def fill(running: RunningServer) -> None:
    """Let the account hold the objects that addresses name."""
    host = running.host
    create_account(host.store, "shop", "owner", "owner@shop.example", host.at(), enterprise="acme")
    reply = running.owner().apply(*OBJECTS)
    assert reply.status == 200, reply.text


def visitor(server: RunningServer, principal: str) -> Browser:
    """A browser in which this principal has signed in."""
    server.client(principal)
    return Browser(server.address, {entrance.cookie_name(server.host): server.key(principal)})


def address_of(entry: Entry) -> str:
    """Under which address, within the account, is the page tried?"""
    first = entry.path.split("/")[1] if entry.path else ""
    address = ADDRESSES.get(entry.path, entry.path.replace("{name}", NAMES.get(first, "{name}")))
    assert "{" not in address, f"{entry.path} needs a line in ADDRESSES"
    return address


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: f"{e.method} {e.full_path}")
def test_every_page_names_its_actions_or_why_it_asks_for_none(entry: Entry) -> None:
    """One of the two, and never both."""
    assert bool(entry.actions) != bool(entry.public.strip())
    known = {action for service in load_system_catalog().values() for action in service.actions}
    assert set(entry.actions) <= known


@pytest.mark.parametrize("entry", OF_ACCOUNT, ids=lambda e: f"{e.method} {e.full_path}")
def test_every_page_of_an_account_sends_guests_to_sign_in(server: RunningServer, entry: Entry) -> None:
    """Whoever has not signed in sees nothing of an account, and does nothing."""
    guest = Browser(server.address)
    reply = guest.send(entry.method, address_of(entry), "", {"Sec-Fetch-Site": "same-origin"})
    assert reply.status == 303
    assert reply.headers["location"].startswith("/console/sign-in")


@pytest.mark.parametrize("entry", ASKING, ids=lambda e: f"{e.method} {e.full_path}")
def test_every_page_refuses_who_has_nothing(server: RunningServer, entry: Entry) -> None:
    """A visitor without any policy is told "insufficient permissions", by an action that the table names."""
    zoe, before = visitor(server, "user:zoe"), server.export()
    if entry.method == "GET":
        reply = zoe.get(address_of(entry))
    else:
        reply = zoe.post(address_of(entry), FORMS.get(entry.path, {}))
    assert reply.status == 403, reply.text[-2000:]
    assert "Insufficient permissions" in reply.text
    named = re.findall(r"Missing action: <code>([^<]*)</code>", reply.text)
    assert set(named) <= set(entry.actions)
    assert named
    assert server.export() == before


@pytest.mark.parametrize(
    "entry", [e for e in OF_ACCOUNT if e.method == "GET"], ids=lambda e: f"{e.method} {e.full_path}"
)
def test_looking_at_a_page_changes_nothing(server: RunningServer, entry: Entry) -> None:
    """Not a line of the log comes of it, also where the owner looks; and no page breaks."""
    owner = visitor(server, "user:owner")
    before = server.host.snapshot("acme").revision
    assert owner.get(address_of(entry)).status < 500
    assert server.host.snapshot("acme").revision == before


@pytest.mark.parametrize(
    "entry", [e for e in OF_ACCOUNT if e.method == "POST"], ids=lambda e: f"{e.method} {e.full_path}"
)
def test_every_form_is_refused_without_its_token(server: RunningServer, entry: Entry) -> None:
    """A form of another visitor, of none, or from another site does nothing, whoever's browser sends it."""
    owner, before = visitor(server, "user:owner"), server.export()
    fields = FORMS.get(entry.path, {})
    for token, site in (("", "same-origin"), ("0" * 64, "same-origin"), (owner.token(), "cross-site")):
        reply = owner.post(address_of(entry), fields, token=token, headers={"Sec-Fetch-Site": site})
        assert reply.status == 403
        assert "The form was not accepted" in reply.text
    assert FIELD in owner.get("").text
    assert server.export() == before
