"""Saving a form as it was shown changes nothing, whatever the object says: no field is lost on the way to a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.e2e.console import Browser
from tests.e2e.sent_forms import sent
from tests.e2e.server import RunningServer
from tests.meta.test_pages import KeyVisit, visitor

from bailiwick.console import entrance
from bailiwick.service.host import Host

LINES = "first line\nsecond, \"quoted\" <line> 'x' & é\u00a0end"
IMAGE = "brn:acme:ims:eu-de::image/base"
VOLUME = "brn:acme:cloud:us-east::volume/v"
NIGHT = {"from": "18:00", "to": "24:00", "zone": "Europe/Berlin"}
NIGHTLY = {"key": "context.time", "operator": "time-of-day-between", "value": NIGHT}
ALL = [
    {"key": "context.ip", "operator": "ip-in", "value": ["10.0.0.0/8", "::1"]},
    {"key": "context.mfa", "operator": "bool-equals", "value": True},
    {"key": "context.time", "operator": "day-of-week", "value": {"days": ["friday"], "zone": "UTC"}},
    {"key": "resource.tags.who", "operator": "string-equals", "value": ["one", "tw\"o'<>&"]},
    NIGHTLY,
    {"key": "resource.tags.env", "operator": "string-equals", "value": "a\nb"},
    {"key": "resource.tags.tier", "operator": "string-equals", "value": ["x, y", "z"]},
    {"not": {"key": "context.vpn", "operator": "bool-equals", "value": False, "missing": True}},
]  # fmt: skip
WORLD: tuple[dict[str, object], ...] = (
    {
        "kind": "SecuritySettings",
        "passwords": {"minimum_length": 17, "name_refused": False},
        "sign_in": {"notice": LINES, "show_last_sign_in": True, "idle_minutes": 33},
    },
    {"kind": "Project", "name": "web", "description": LINES, "type": "poc"},
    {
        "kind": "User",
        "name": "o'neil @ höme",
        "email": "o'neil@acme.example",
        "description": LINES,
        "owner": "user:owner",
        "budgets": ["b 1", "b2"],
        "properties": {"text": "a\nb", "more": ["x", "y"], "number": 3},
        "disabled": True,
        "provisioned_by": "service-id:ci",
    },
    {
        "kind": "IdentityProvider",
        "name": "s o",
        "title": "The <b>Company</b>'s",
        "issuer": "https://sso.example/a/",
        "client_id": 'c "1"',
        "scopes": ["openid", "groups"],
        "name_claim": "https://acme.example/name",
        "email_claim": "mail.first",
        "new_users": "create",
        "email_domains": ["acme.example", "b.example"],
        "trusts_mfa": True,
        "maximum_age_minutes": 30,
        "disabled": True,
        "description": LINES,
    },
    {
        "kind": "FederationRule",
        "name": "odd %",
        "provider": "s o",
        "conditions": [
            {"claim": "groups", "operator": "CONTAINS", "value": "a\nb: 'c'"},
            {"claim": "realm_access.roles", "operator": "IN", "value": ["x, y", "true", "7", ""]},
            {"claim": "level", "operator": "NOT_EQUALS_IGNORE_CASE", "value": " z "},
        ],
        "groups": ["group:dev % 1"],
        "hours": 3,
        "disabled": True,
        "description": LINES,
    },
    {"kind": "FederationRule", "name": "everybody", "provider": "s o", "groups": ["group:dev % 1"]},
    {"kind": "ServiceId", "name": "ci", "description": LINES, "owner": "user:owner", "disabled": True},
    {
        "kind": "Profile",
        "name": "ops",
        "description": LINES,
        "trust": ["user:owner", "service-id:ci"],
        "when": {"all": ALL[:2]},
        "maximum_session_seconds": 1800,
        "budgets": ["b2"],
        "properties": {"level": 2},
    },
    {
        "kind": "Group",
        "name": "dev % 1",
        "description": LINES,
        "provisioned_by": "service-id:ci",
        "external_id": "a b, 'c'",
        "members": [
            "service-id:ci",
            {"member": "user:owner", "expires_at": "2040-01-01T00:00:00Z"},
        ],
    },
    {
        "kind": "Resource",
        "name": IMAGE,
        "project": "web",
        "tags": {"env": "a b", "k e=y": "v: 1"},
        "properties": {"size": 3, "text": "a\nb"},
        "description": LINES,
    },
    {
        "kind": "Resource",
        "name": VOLUME,
        "owner": "user:owner",
        "groups": ["group:dev % 1"],
        "budget": "b2",
    },
    {"kind": "Resource", "name": f"{VOLUME}2", "groups": []},
    {
        "kind": "Guardrail",
        "name": "no 100%",
        "description": LINES,
        "actions": ["ims:*", "iam.policy.*"],
        "except_actions": ["ims:images:get"],
        "scope": {"service": ["ims"], "region": ["eu-de", "eu-*"]},
        "when": {"any": ALL},
        "starts_at": "2030-01-01T00:00:00Z",
        "expires_at": "2040-01-01T00:00:00.5Z",
        "state": "disabled",
    },
    {
        "kind": "Role",
        "name": "keeper of % things",
        "title": LINES,
        "service": "ims",
        "description": LINES,
        "rights": [{"actions": ["ims:images:get"]}, {"actions": ["ims:images:*"], "when": ALL[3]}],
    },
    {
        "kind": "Policy",
        "name": "po % l",
        "description": LINES,
        "subjects": ["group:dev % 1", "user:o'neil @ höme"],
        "roles": ["keeper of % things", "ims/IMS ReadOnlyAccess"],
        "scope": {"service": "ims", "region": ["eu-de", "eu-*"], "type": "image", "id": ["a b", "c*"]},
        "when": {"all": ALL},
        "starts_at": "2030-01-01T00:00:00.25Z",
        "expires_at": "2040-01-01T00:00:01Z",
        "state": "disabled",
    },
    {
        "kind": "Policy",
        "name": "night",
        "effect": "deny",
        "subjects": ["group:members"],
        "roles": ["Viewer"],
        "scope": {"project": "web"},
        "when": NIGHTLY,
    },
)  # fmt: skip
FORMS = (
    ("Project", "/projects/web/edit"),
    ("User", "/users/o%27neil%20%40%20h%C3%B6me/edit"),
    ("ServiceId", "/service-ids/ci/edit"),
    ("Profile", "/profiles/ops/edit"),
    ("Group", "/groups/dev%20%25%201/edit"),
    ("Resource", f"/resources/one/edit?name={IMAGE}"),
    ("Resource", f"/resources/one/edit?name={VOLUME}"),
    ("Resource", f"/resources/one/edit?name={VOLUME}2"),
    ("Guardrail", "/guardrails/no%20100%25/edit"),
    ("Role", "/roles/one/edit?name=keeper%20of%20%25%20things"),
    ("Policy", "/policies/po%20%25%20l/edit"),
    ("Policy", "/policies/night/edit"),
    ("Account", "/settings/account/edit"),
    ("SecuritySettings", "/settings/security"),
    ("IdentityProvider", "/settings/identity-providers/s%20o/edit"),
    ("FederationRule", "/settings/federation-rules/odd%20%25/edit"),
    ("FederationRule", "/settings/federation-rules/everybody/edit"),
    ("Group", "/groups/dev%20%25%201/document"),
    ("Policy", "/policies/po%20%25%20l/document"),
    ("Role", "/roles/one/document?name=keeper%20of%20%25%20things"),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with an object of every kind that has a form, each saying all that it can."""

    def by_key(host: Host, ticket: str, *, address: str) -> KeyVisit:
        return KeyVisit(host.authenticator.session_of_key(ticket)[0])

    with pytest.MonkeyPatch.context() as patch, RunningServer(tmp_path_factory.mktemp("lost")) as running:
        patch.setattr(entrance, "find_visit", by_key)
        reply = running.owner().apply(*WORLD)
        assert reply.status == 200, reply.text
        yield running


@pytest.fixture(scope="module")
def owner(server: RunningServer) -> Browser:
    """A browser in which the account's owner has signed in."""
    return visitor(server, "user:owner")


@pytest.mark.parametrize(("kind", "path"), FORMS, ids=lambda one: one)
def test_saving_what_was_shown_changes_nothing(
    server: RunningServer, owner: Browser, kind: str, path: str
) -> None:
    """The form goes through a browser and back, and the export of the account is the same."""
    before = server.export()
    shown = owner.get(path)
    assert shown.status == 200
    reply = owner.post(path, sent(shown.text, "since"))
    assert reply.status == 303, reply.text[reply.text.find("Nothing was changed") :][:1500]
    assert server.export() == before


@pytest.mark.parametrize(("kind", "path"), FORMS, ids=lambda one: one)
def test_what_was_changed_meanwhile_is_not_overwritten(
    server: RunningServer, owner: Browser, kind: str, path: str
) -> None:
    """A form that shows an older revision is refused, and shown again as it was sent."""
    before = server.export()
    reply = owner.post(path, {**sent(owner.get(path).text, "since"), "since": "1000000"})
    assert reply.status == 409
    assert "was changed meanwhile" in reply.text
    assert server.export() == before
