"""Applications as people keep them: by commands, and on pages; a secret is shown once, wherever it is made."""

from __future__ import annotations

import json
import re

import pytest
from tests.e2e.console import Browser
from tests.e2e.processes import asking
from tests.e2e.server import FORM, RunningServer
from tests.meta.test_pages import KeyVisit, visitor

from bailiwick.console import entrance
from bailiwick.service.host import Host

WORLD: tuple[dict[str, object], ...] = (
    {"kind": "User", "name": "helen"},
    {"kind": "ServiceId", "name": "portal"},
    {"kind": "Policy", "name": "portal", "subjects": ["service-id:portal"], "roles": ["Viewer"],
     "scope": {"service": "iam"}},
    {"kind": "Policy", "name": "helen", "subjects": ["user:helen"], "roles": ["Editor"], "scope": {"service": "iam"}},
    {"kind": "Application", "name": "portal", "type": "confidential", "grants": ["client_credentials"],
     "acts_as": "service-id:portal", "scopes": ["all"]},
)  # fmt: skip
FILLED: dict[str, str | list[str]] = {
    "name": "web",
    "title": "Web",
    "type": "confidential",
    "grants": ["authorization_code", "refresh_token"],
    "redirect_uris": ["https://app.example/callback", ""],
    "scopes": ["openid", "ims:images:get"],
    "access_token_seconds": "900",
    "refresh_token_seconds": "36000",
    "refresh_idle_seconds": "7200",
}


@pytest.fixture
def owner(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A browser in which the account's owner has signed in."""

    def by_key(host: Host, ticket: str, *, address: str) -> KeyVisit:
        return KeyVisit(host.authenticator.session_of_key(ticket)[0])

    monkeypatch.setattr(entrance, "find_visit", by_key)
    assert server.owner().apply(*WORLD).status == 200
    return visitor(server, "user:owner")


def is_good(server: RunningServer, client_id: str, secret: str) -> bool:
    """Does this secret give a token?"""
    body = f"grant_type=client_credentials&client_id={client_id}&client_secret={secret}".encode()
    reply = server.nobody().send("POST", "/oauth/token", body, headers={"Content-Type": FORM})
    return reply.status == 200


def test_by_commands(server: RunningServer) -> None:
    """The secret alone is on standard output; the one before it stands for as long as was said."""
    assert server.owner().apply(*WORLD).status == 200
    ask = asking(server)
    done = ask("application", "rotate-secret", "portal")
    client_id = re.fullmatch(r"client_id (\S+); this is the only time that the secret is shown\n", done.err)
    assert client_id is not None
    first = done.out.strip()
    assert is_good(server, client_id[1], first)
    second = json.loads(
        ask("application", "rotate-secret", "portal", "--overlap-seconds", "0", "--output", "json").out
    )
    assert not is_good(server, client_id[1], first)
    assert is_good(server, client_id[1], second["client_secret"])
    shown = json.loads(ask("application", "show", "portal", "--output", "json").out)
    assert [one["id"] for one in shown["secrets"]] == [second["id"]]
    assert shown["client_id"] == client_id[1]
    assert first not in json.dumps(shown)
    assert "client_credentials" in ask("application", "list").out
    assert client_id[1] in ask("application", "show", "portal").out
    assert ask("application", "withdraw-secret", "portal", second["id"]).out == f"withdrawn {second['id']}\n"
    assert not is_good(server, client_id[1], second["client_secret"])
    assert ask("application", "withdraw-secret", "portal", "none").code != 0


def test_on_pages(server: RunningServer, owner: Browser) -> None:
    """Made, shown, changed without losing anything, disabled; its secret is on one page and on no other."""
    assert owner.post("/applications/:new", FILLED).status == 303
    before = server.owner().get("applications", "web").json
    assert before["redirect_uris"] == ["https://app.example/callback"]
    assert "https://app.example/callback" in owner.get("/applications/web").text
    made = owner.post("/applications/web/secrets/new", {"overlap": "0"})
    found = re.search(r'id="secret" value="(bws_[^"]+)"', made.text)
    assert found is not None
    assert made.headers["cache-control"] == "no-store"
    pages = [owner.get(f"/applications/web{step}").text for step in ("", "/secrets", "/changes", "/document")]
    assert not any(found[1] in text for text in (*pages, server.export()))
    since = re.search(r'name="since" value="([^"]*)"', owner.get("/applications/web/edit").text)
    assert since is not None
    assert owner.post("/applications/web/edit", {**FILLED, "title": "Site", "since": since[1]}).status == 303
    after = server.owner().get("applications", "web").json
    assert {**before, "title": "Site"} == after
    assert owner.post("/applications/web/disable", {}).status == 303
    assert server.owner().get("applications", "web").json["disabled"] is True
    assert owner.post("/applications/web/enable", {}).status == 303
    listed = re.search(r'name="secret" value="([^"]+)"', owner.get("/applications/web/secrets").text)
    assert listed is not None
    assert owner.post("/applications/web/secrets/withdraw", {"secret": listed[1]}).status == 303
    assert "No secret" in owner.get("/applications/web/secrets").text


def test_what_is_wrong_is_said_at_its_field(server: RunningServer, owner: Browser) -> None:
    """An address with a wildcard, a number that is none; nothing is made, and what was typed stays."""
    wrong = {**FILLED, "redirect_uris": "https://*.example/", "access_token_seconds": "1"}
    reply = owner.post("/applications/:new", wrong)
    assert reply.status == 400
    assert "is no redirect URI" in reply.text
    assert "expected a whole number from 60 to 3600" in reply.text
    assert "https://*.example/" in reply.text
    assert server.owner().get("applications", "web").status == 404


def test_who_could_not_grant_it_makes_no_secret_of_it(server: RunningServer, owner: Browser) -> None:
    """An editor of `iam` makes one for an application that acts as nobody, and none where more is handed over."""
    helen = visitor(server, "user:helen")
    assert helen.post("/applications/:new", FILLED).status == 303
    assert "bws_" in helen.post("/applications/web/secrets/new", {"overlap": "0"}).text
    refused = helen.post("/applications/portal/secrets/new", {"overlap": "0"})
    assert refused.status == 403
    assert "bws_" not in refused.text
    trusted = helen.post("/applications/:new", {**FILLED, "name": "first", "first_party": "yes"})
    assert trusted.status == 403
