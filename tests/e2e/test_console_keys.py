"""Pages of keys and the tabs of the security settings: changed, another secret, networks; nothing else is lost."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from tests.e2e.console import Browser
from tests.e2e.server import RunningServer
from tests.e2e.test_console_people import DEFAULTS, PASSWORD, another, cheap, enter

from bailiwick.model.networks import AllowedNetwork
from bailiwick.service.keys.exchanging import exchange_key
from bailiwick.service.people import hashing

__all__ = ["cheap"]
NETWORKS, ACCESS = "/settings/security/networks", "/settings/security/access"
RIGHT = {
    "longest_days": "90",
    "most_keys": "5",
    "most_visits": "3",
    "access_token_seconds": "900",
    "who_makes_keys": "granted",
    "who_makes_service_ids": "owner",
    "change_email": "yes",
    "longest_seconds": "10",
    "then": "answer",
}


@pytest.fixture
def owner(server: RunningServer) -> Browser:
    """The owner's browser."""
    assert hashing.COST.passes == 1
    return enter(server, "owner")


def test_each_tab_changes_its_part_and_keeps_the_others(server: RunningServer, owner: Browser) -> None:
    """Networks with what they are; numbers; who does what; and the page that was there before."""
    assert (
        owner.post(NETWORKS, {"api": "127.0.0.0/8 this machine\n2001:db8::/32\n", "console": ""}).status
        == 303
    )
    since = re.search(r'name="since" value="(\d+)"', owner.get(ACCESS).text)
    assert since is not None
    assert owner.post(ACCESS, {**RIGHT, "since": since[1]}).status == 303
    since = re.search(r'name="since" value="(\d+)"', owner.get("/settings/security").text)
    assert since is not None
    assert owner.post("/settings/security", {**DEFAULTS, "since": since[1]}).status == 303
    settings = server.host.snapshot("acme").account.security_settings
    assert settings.networks.api == (
        AllowedNetwork("127.0.0.0/8", "this machine"),
        AllowedNetwork("2001:db8::/32"),
    )
    assert (settings.keys.longest_days, settings.keys.most_for_one_identity) == (90, 5)
    assert (settings.keys.who_may_create, settings.service_ids.who_may_create) == ("granted", "owner")
    assert (settings.sessions.most_for_one_identity, settings.sessions.access_token_seconds) == (3, 900)
    assert (settings.may_change.password, settings.may_change.email) == (False, True)
    assert (settings.staleness.longest_seconds, settings.staleness.then) == (10, "answer")
    assert "127.0.0.0/8 this machine" in owner.get(NETWORKS).text


def test_what_is_wrong_stands_at_its_field(owner: Browser) -> None:
    """A line that is no network; whoever would shut themselves out; a number out of range."""
    for text, said in (("office", "is no network"), ("192.0.2.0/24", "you would shut yourself out")):
        wrong = owner.post(NETWORKS, {"console": text, "api": ""})
        assert (wrong.status, 'id="console-error"' in wrong.text, said in wrong.text) == (400, True, True)
    for name in ("most_keys", "most_visits", "access_token_seconds", "longest_seconds"):
        wrong = owner.post(ACCESS, {**RIGHT, name: "7200"})
        assert (wrong.status, f'id="{name}-error"' in wrong.text) == (400, True)


@pytest.mark.parametrize("whose", ["own", "service-id"])
def test_a_key_is_changed_and_gets_another_secret(server: RunningServer, owner: Browser, whose: str) -> None:
    """From one's own pages and from those of a service ID; the new secret is shown once, the old one ends as chosen."""
    server.owner().apply({"kind": "ServiceId", "name": "ci"})
    of = "user:owner" if whose == "own" else "service-id:ci"
    ends = (server.host.at() + timedelta(days=9)).isoformat()
    made = server.owner().post("api-keys", body={"owner": of, "expires_at": ends}).json
    uid = made["id"]
    page = f"/me/keys/{uid}" if whose == "own" else "/service-ids/ci/keys"
    query = "" if whose == "own" else f"?key={uid}"
    form = owner.get(f"{page}/edit{query}").text
    shown_end = re.search(r'name="expires_at"[^>]*value="([^"]*)"', form)
    assert shown_end is not None
    changed = {"key": uid, "description": "builds", "networks": "127.0.0.0/8", "expires_at": shown_end[1]}
    assert owner.post(f"{page}/edit", {**changed, "when_leaked": "delete"}).status == 303
    record = server.host.snapshot("acme").keys[uid]
    assert (record.networks, record.when_leaked) == (("127.0.0.0/8",), "delete")
    assert record.expires_at is not None
    assert record.expires_at.isoformat() == made["expires_at"]
    wrong = owner.post(f"{page}/edit", {**changed, "networks": "nowhere", "when_leaked": "none"})
    assert (wrong.status, "is no network" in wrong.text) == (400, True)
    assert owner.get(f"{page}/rotate{query}").status == 200
    reply = owner.post(f"{page}/rotate", {"key": uid, "overlap": "3600"})
    text = re.search(r'value="(bwk_[^"]+)"', reply.text)
    assert text is not None
    assert exchange_key(server.host, text[1], "127.0.0.1").lifetime_seconds == 3600
    assert exchange_key(server.host, made["apikey"], "127.0.0.1").text
    listed = owner.get("/me/keys" if whose == "own" else page).text
    assert "the secret before works until" in listed
    assert text[1] not in listed
    owner.post(f"{page}/rotate", {"key": uid, "overlap": "0", "leaked": "yes"})
    assert uid not in server.host.snapshot("acme").keys


def test_a_user_gets_a_kind_of_access(server: RunningServer, owner: Browser) -> None:
    """By the form that changes users; what it does not show stays."""
    server.owner().apply({"kind": "User", "name": "alice", "properties": {"team": "x"}})
    assert owner.post("/users/alice/edit", {"access": "console", "properties": "team: x"}).status == 303
    assert server.host.snapshot("acme").account.principals["user:alice"].access == "console"
    assert '<option value="console" selected>' in owner.get("/users/alice/edit").text


def test_who_is_inactive_is_shown_listed_and_taken_along(server: RunningServer, owner: Browser) -> None:
    """On the page, over HTTP and as CSV: the same, whole, with nothing that a spreadsheet would run."""
    client = server.owner()
    users = [{"kind": "User", "name": f"u{at:03}"} for at in range(120)]
    assert client.apply(*users, {"kind": "User", "name": "=1+1"}).status == 200
    server.clock.advance(91 * 86_400)
    client = server.caller(server.token(server.key("user:owner")))
    found: list[dict[str, object]] = []
    cursor = None
    while True:
        page = client.get(
            "inactive-identities", days=90, limit=50, **({"cursor": cursor} if cursor else {})
        ).json
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    people = [one["name"] for one in found if one["kind"] == "User"]
    assert people == sorted(["=1+1", *(f"u{at:03}" for at in range(120))])
    browser = another(server, "owner")
    shown = browser.get("/settings/inactive?days=90").text
    assert "u010" in shown
    assert 'rel="next"' in shown
    table = browser.get("/settings/inactive.csv?days=90")
    rows = list(csv.reader(io.StringIO(table.text)))
    assert rows[0][:4] == ["kind", "name", "id", "owner"]
    assert len(rows) == len(found) + 1
    assert "'=1+1" in {row[1] for row in rows}
    assert client.get("inactive-identities", days=0).status == 400


def test_people_change_of_themselves_what_the_settings_let_them(server: RunningServer) -> None:
    """Their email address and password, where these say so; the pages for it are not there otherwise."""
    server.owner().apply({"kind": "User", "name": "alice", "email": "old@acme.example"})
    alice = enter(server, "alice")
    assert alice.get("/me/email").status == 404
    assert alice.post("/me/email", {"email": "new@acme.example"}, seen_at="/me").status == 404
    settings = {"may_change": {"email": True, "password": False}}
    server.owner().apply({"kind": "SecuritySettings", "name": "security", **settings})
    wrong = alice.post("/me/email", {"email": "nowhere"})
    assert (wrong.status, 'id="email-error"' in wrong.text) == (400, True)
    assert alice.post("/me/email", {"email": "new@acme.example"}).status == 303
    assert server.host.snapshot("acme").account.principals["user:alice"].email == "new@acme.example"
    assert "/me/password" not in alice.get("/me").text
    words = {"old_password": PASSWORD, "password": "correct horse 2", "again": "correct horse 2"}
    refused = alice.post("/me/password", words)
    assert (refused.status, "people do not change their own passwords here" in refused.text) == (403, True)
    assert another(server, "alice").get("/me").status == 200
