"""Inviting users in the console, and what an administrator may do about how they sign in."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from tests.e2e.console import Browser
from tests.e2e.server import Reply, RunningServer
from tests.e2e.test_console_subjects import HELPDESK, WORLD, done, plain
from tests.meta.test_pages import KeyVisit, visitor

from bailiwick.console import entrance
from bailiwick.errors import Unauthenticated
from bailiwick.service.host import Host
from bailiwick.service.people.accepting import accept
from bailiwick.service.people.attempts import LockedOut
from bailiwick.service.people.events import Client
from bailiwick.service.people.signing_in import CodeDue, Given, sign_in
from bailiwick.service.people.visits import Visit

PASSWORD = "a long way to Tipperary 1914"
CLIENT = Client("127.0.0.1", "a test")


@pytest.fixture
def owner(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A browser in which the account's owner has signed in."""

    def by_key(host: Host, ticket: str, *, address: str) -> KeyVisit:
        return KeyVisit(host.authenticator.session_of_key(ticket)[0])

    monkeypatch.setattr(entrance, "find_visit", by_key)
    reply = server.owner().apply(*WORLD)
    assert reply.status == 200, reply.text
    return visitor(server, "user:owner")


def link_in(reply: Reply) -> str:
    """Which one-time link does the page show?"""
    assert reply.status == 200, plain(reply)
    assert reply.headers["cache-control"] == "no-store"
    found = re.search(r'value="https://iam\.acme\.example/console/invitation/([^"]*)"', reply.text)
    assert found is not None, plain(reply)
    return found[1]


def entered(server: RunningServer, name: str, password: str = PASSWORD) -> Visit | CodeDue:
    """Sign in as this user."""
    return sign_in(server.host, Given("acme", name, password), CLIENT)


def guess_until_locked_out(server: RunningServer) -> None:
    """Try wrong passwords, but not for ever."""
    for _ in range(50):
        with suppress(Unauthenticated):
            entered(server, "alice", "wrong")


def test_an_invitation_gives_groups_and_roles_to_whoever_opens_it(
    server: RunningServer, owner: Browser
) -> None:
    """The link is shown once; the user is there when it is opened, with what was given."""
    fields = {
        "name": "carol",
        "email": "carol@acme.example",
        "groups": ["staff"],
        "roles": ["IMS ReadOnlyAccess"],
        "service": "ims",
        "region": "eu-de",
        "days": "3",
    }
    link = link_in(owner.post("/users/:invite", fields))
    api = server.owner()
    assert api.get("users", "carol").status == 404
    accept(server.host, link, PASSWORD, CLIENT)
    assert api.get("users", "carol").json["email"] == "carol@acme.example"
    assert "user:carol" in api.get("groups", "staff").json["members"]
    policy = api.get("policies", "carol-access").json
    assert (policy["subjects"], policy["roles"], policy["scope"]) == (
        ["user:carol"],
        ["IMS ReadOnlyAccess"],
        {"service": "ims", "region": "eu-de"},
    )
    assert isinstance(entered(server, "carol"), Visit)
    assert "chosen" in plain(owner.get("/users/carol/sign-in"))


@pytest.mark.parametrize(
    ("field", "text", "said", "place"),
    [
        ("name", "alice", "there is a user alice already", ""),
        ("name", "a:b", "a:b is no name", "name"),
        ("groups", "nobodies", "there is no group nobodies", "groups"),
        ("roles", "Nonsense", "Nonsense", "roles"),
        ("service", "nowhere", "expected a role for this scope", "roles"),
        ("email", "x", "x is no email address", "email"),
    ],
)
def test_a_mistake_in_an_invitation_stands_at_its_field(
    owner: Browser, field: str, text: str, said: str, place: str
) -> None:
    """No link is made, and what was written stays."""
    reply = owner.post("/users/:invite", {"name": "carol", "description": "kept", field: text})
    assert reply.status in (400, 409)
    assert said in plain(reply)
    assert "/console/invitation/" not in reply.text
    if place:
        assert f'id="{place}-error"' in reply.text


def test_nobody_invites_to_what_they_could_not_grant(server: RunningServer, owner: Browser) -> None:
    """The form says what is lacking; without the group it is an invitation."""
    assert server.owner().apply(*HELPDESK).status == 200
    helen = visitor(server, "user:helen")
    reply = helen.post("/users/:invite", {"name": "carol", "groups": "staff"})
    assert (reply.status, "iam.user.invite" in reply.text or "iam.policy.create" in reply.text) == (403, True)
    assert "/console/invitation/" not in reply.text


def test_a_password_is_reset_by_a_link(server: RunningServer, owner: Browser) -> None:
    """The first for alice, then another: what was signed in by the old one is over."""
    text = plain(owner.get("/users/alice/sign-in"))
    assert "none: cannot sign in to the console" in text
    assert "Never signed in" in text
    assert "the first password" in plain(owner.get("/users/alice/sign-in/link"))
    accept(server.host, link_in(owner.post("/users/alice/sign-in/link", {})), PASSWORD, CLIENT)
    assert isinstance(entered(server, "alice"), Visit)
    assert "succeeded 127.0.0.1 a test" in plain(owner.get("/users/alice/sign-in"))
    assert "every session by the old one ends" in plain(owner.get("/users/alice/sign-in/link"))
    link = link_in(owner.post("/users/alice/sign-in/link", {}))
    accept(server.host, link, f"{PASSWORD} 2", CLIENT)
    assert isinstance(entered(server, "alice", f"{PASSWORD} 2"), Visit)


def test_sessions_of_a_user_are_ended_everywhere(server: RunningServer, owner: Browser) -> None:
    """The page says what goes on, and how many ended."""
    accept(server.host, link_in(owner.post("/users/alice/sign-in/link", {})), PASSWORD, CLIENT)
    entered(server, "alice")
    assert "API keys, and sessions that rest on them, go on." in plain(
        owner.get("/users/alice/sign-in/end-sessions")
    )
    text = done(owner, owner.post("/users/alice/sign-in/end-sessions", {}))
    assert "2 of the sessions of alice ended." in text
    assert "There was no session to end." in done(owner, owner.post("/users/alice/sign-in/end-sessions", {}))


def test_a_lock_out_is_shown_and_lifted(server: RunningServer, owner: Browser) -> None:
    """After too many wrong passwords; then the right one is enough again."""
    accept(server.host, link_in(owner.post("/users/alice/sign-in/link", {})), PASSWORD, CLIENT)
    with pytest.raises(LockedOut):
        guess_until_locked_out(server)
    assert "Locked out" in plain(owner.get("/users/alice/sign-in"))
    assert "may try to sign in again" in done(owner, owner.post("/users/alice/sign-in/unlock", {}))
    assert "Locked out" not in plain(owner.get("/users/alice/sign-in"))


def test_who_may_not_sees_no_button_and_does_nothing(server: RunningServer, owner: Browser) -> None:
    """A viewer of users sees how they sign in, and changes nothing."""
    grant = {
        "kind": "Policy",
        "name": "viewers",
        "subjects": ["user:alice"],
        "roles": ["Viewer"],
        "scope": {"service": "iam"},
    }
    assert server.owner().apply(grant).status == 200
    alice, before = visitor(server, "user:alice"), server.export()
    text = plain(alice.get("/users/owner/sign-in"))
    assert "Reset password" not in text
    assert "choose a password" not in text
    for step in ("link", "remove-second-factor", "end-sessions", "unlock"):
        assert alice.post(f"/users/owner/sign-in/{step}", {}).status == 403
    assert server.export() == before
