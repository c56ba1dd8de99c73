"""Resources, guardrails and the enterprise in the console."""

from __future__ import annotations

from html import unescape

import pytest
from tests.e2e.console import Browser
from tests.e2e.server import RunningServer
from tests.meta.test_pages import KeyVisit, visitor

from bailiwick.console import entrance
from bailiwick.service.host import Host
from bailiwick.service.initial import create_account

IMAGE = "brn:acme:ims:eu-de::image/base"


@pytest.fixture
def owner(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A browser in which the account's owner has signed in."""

    def by_key(host: Host, ticket: str, *, address: str) -> KeyVisit:
        return KeyVisit(host.authenticator.session_of_key(ticket)[0])

    monkeypatch.setattr(entrance, "find_visit", by_key)
    reply = server.owner().apply(
        {"kind": "User", "name": "ann"},
        {"kind": "Project", "name": "dev"},
        {"kind": "Policy", "name": "images", "subjects": ["user:ann"], "roles": ["ims/IMS FullAccess"]},
        {"kind": "Resource", "name": IMAGE, "project": "dev"},
    )
    assert reply.status == 200, reply.text
    return visitor(server, "user:owner")


def since_of(page: str) -> str:
    """Which revision of the object does the form hold?"""
    return page.split('name="since" value="')[1].split('"', maxsplit=1)[0]


def test_a_resource_is_registered_changed_and_forgotten(server: RunningServer, owner: Browser) -> None:
    """With every field, and the parts that are YAML."""
    name = "brn:acme:cloud:us-east::volume/v-9"
    made = owner.post(
        "/resources/new",
        {"name": name, "project": "dev", "tags": ["env=test", "tier=1"], "properties": "size: 20"},
    )
    assert made.status == 303, made.text
    held = server.host.snapshot("acme").account.resources[name]
    assert (held.project, dict(held.tags), dict(held.properties)) == (
        "dev",
        {"env": "test", "tier": "1"},
        {"size": 20},
    )
    page = owner.get(f"/resources/one?name={name}").text
    assert "env=test" in page
    edit = owner.get(f"/resources/one/edit?name={name}").text
    assert "size: 20" in edit
    changed = owner.post(
        f"/resources/one/edit?name={name}",
        {"name": name, "owner": "user:ann", "tags": "env=live", "since": since_of(edit)},
    )
    assert changed.status == 303, changed.text
    held = server.host.snapshot("acme").account.resources[name]
    assert (held.project, held.owner, dict(held.tags)) == (None, "user:ann", {"env": "live"})
    assert name in owner.get("/resources?owner=user%3Aann").text
    assert IMAGE not in owner.get("/resources?tag=env").text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "brn:acme:ims:eu-de::image/new", "tags": "no pair"}, "tags"),
        ({"name": "brn:acme:ims:eu-de::image/new", "properties": "{broken"}, "properties"),
        ({"name": "nonsense"}, "name"),
    ],
)
def test_what_is_wrong_stands_at_its_field(owner: Browser, fields: dict[str, str], field: str) -> None:
    """And everything that was written is still there."""
    refused = owner.post("/resources/new", fields)
    assert refused.status == 400
    assert f'id="{field}-error"' in refused.text
    for value in fields.values():
        assert value in unescape(refused.text)


def test_a_guardrail_is_drafted_read_and_switched_on(server: RunningServer, owner: Browser) -> None:
    """It begins disabled; its report names the policy that it would cut; then it binds the owner too."""
    made = owner.post(
        "/guardrails/new",
        {
            "name": "no-deleting",
            "actions": "ims:images:delete",
            "scope": "service: ims\nregion: eu-de",
            "state": "disabled",
        },
    )
    assert made.headers["location"].endswith("/guardrails/no-deleting/report"), made.text
    report = owner.get("/guardrails/no-deleting/report").text
    assert ">images<" in report
    assert "part of it is denied" in report
    assert IMAGE in owner.get("/guardrails/no-deleting/report?show=losses").text
    assert server.owner().is_allowed("ims:images:delete", IMAGE)
    assert owner.post("/guardrails/no-deleting/enable", {}).status == 303
    assert not server.owner().is_allowed("ims:images:delete", IMAGE)
    edit = owner.get("/guardrails/no-deleting/edit").text
    assert "region: eu-de" in edit
    assert owner.post("/guardrails/no-deleting/disable", {}).status == 303
    assert server.owner().is_allowed("ims:images:delete", IMAGE)


def test_a_tree_grows(server: RunningServer, owner: Browser) -> None:
    """Begin an enterprise, a group, a new account whose first key is shown once, one that joins; a guardrail above."""
    assert "This account is in no enterprise" in owner.get("/enterprise").text
    assert owner.post("/enterprise/begin", {"name": "corp"}).status == 303
    group = {"kind": "AccountGroup", "name": "live", "parent": "enterprise:corp", "description": "in use"}
    assert owner.post("/enterprise/new", group).status == 303
    begun = owner.post(
        "/enterprise/new",
        {"kind": "begin", "name": "shop", "parent": "account-group:live", "owner_email": "olga@shop.example"},
    )
    assert begun.status == 200, begun.text
    key = begun.text.split('id="key" readonly value="')[1].split('"')[0]
    assert key.startswith("bwk_")
    assert server.host.authenticator.session_of_key(key)[0].principal == "user:olga"
    host = server.host
    create_account(host.store, "branch", "owner", "o@branch.example", host.at(), enterprise="acme")
    joining = {"kind": "EnterpriseAccount", "name": "branch", "parent": "account-group:live"}
    assert owner.post("/enterprise/new", joining).status == 303
    guardrail = {
        "name": "careful",
        "actions": "ims:*:delete",
        "node": "account-group:live",
        "scope": "{service: ims}",
    }
    assert owner.post("/guardrails/new", {**guardrail, "state": "enabled"}).status == 303
    tree = owner.get("/enterprise").text
    assert tree.index(">corp<") < tree.index(">live<") < tree.index(">branch<") < tree.index(">shop<")
    assert "careful" in owner.get("/account-groups/live").text
    assert "careful" in owner.get("/enterprise-accounts/shop").text
    assert "does not share numbers" in owner.get("/guardrails/careful/report").text

    inside = Browser(server.address, {entrance.cookie_name(host): key}, account="shop")
    assert "corp/live/careful" in inside.get("/enterprise").text
    assert "corp/live/careful" in inside.get("/guardrails").text
    assert "ims:*:delete" in inside.get("/guardrails/above?name=corp/live/careful").text
    assert "Add to the tree" not in inside.get("/enterprise").text
