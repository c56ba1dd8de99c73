"""What the pages of every object have: its document as text, its changes, its deletion with all that goes along."""

from __future__ import annotations

import re
from html import unescape

import pytest
from tests.e2e.console import Browser, words_of
from tests.e2e.server import Reply, RunningServer
from tests.meta.test_pages import KeyVisit, visitor

from bailiwick.console import entrance
from bailiwick.service.host import Host

VOLUME = "brn:acme:cloud:us-east::volume/v-1"
WORLD: tuple[dict[str, object], ...] = (
    {"kind": "User", "name": "alice", "email": "alice@acme.example"},
    {"kind": "User", "name": "bob"},
    {"kind": "ServiceId", "name": "ci", "owner": "user:alice"},
    {"kind": "Profile", "name": "ops", "trust": ["user:alice", "user:bob"]},
    {"kind": "Group", "name": "dev", "members": ["user:alice", "user:bob"]},
    {
        "kind": "Role",
        "name": "Volume Worker",
        "service": "cloud",
        "rights": [{"actions": ["volume.Attach", "volume.Detach"]}],
    },
    {
        "kind": "Policy",
        "name": "operators",
        "subjects": ["group:dev"],
        "roles": ["Volume Worker"],
        "scope": {"service": "cloud"},
    },
    {
        "kind": "Policy",
        "name": "both",
        "subjects": ["user:alice", "user:bob"],
        "roles": ["IMS FullAccess"],
        "scope": {"service": "ims"},
    },
    {
        "kind": "Policy",
        "name": "hers",
        "subjects": ["user:alice"],
        "roles": ["IMS FullAccess"],
        "scope": {"service": "ims"},
    },
    {"kind": "Resource", "name": VOLUME, "owner": "user:alice"},
)


@pytest.fixture
def owner(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A browser in which the account's owner has signed in; an account with people who hold this and that."""

    def by_key(host: Host, ticket: str, *, address: str) -> KeyVisit:
        return KeyVisit(host.authenticator.session_of_key(ticket)[0])

    monkeypatch.setattr(entrance, "find_visit", by_key)
    reply = server.owner().apply(*WORLD)
    assert reply.status == 200, reply.text
    return visitor(server, "user:owner")


def in_backticks(text: str) -> str:
    """The page with its code as messages write it."""
    return re.sub("</?code>", "`", text)


def text_in(reply: Reply) -> str:
    """Which text is in the page's text area?"""
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", reply.text, re.DOTALL)
    assert found is not None
    return unescape(found[1]).removeprefix("\n")


def hidden(reply: Reply, name: str) -> str:
    """Which value has this hidden field?"""
    found = re.search(rf'name="{name}" value="([^"]*)"', reply.text)
    assert found is not None, reply.text[-1500:]
    return unescape(found[1])


def confirmed(browser: Browser, path: str) -> Reply:
    """Look at what will be lost, then do it."""
    asked = browser.get(path)
    assert asked.status == 200, asked.text[-1500:]
    return browser.post(path, {"since": hidden(asked, "since"), "mark": hidden(asked, "mark")})


def test_the_text_is_the_document_and_changes_the_object(server: RunningServer, owner: Browser) -> None:
    """What is saved is what was written; the note offers to undo it."""
    shown = owner.get("/users/alice/document")
    text = text_in(shown)
    assert text == "kind: User\nname: alice\nemail: alice@acme.example\n"
    reply = owner.post(
        "/users/alice/document",
        {"text": text + "properties: {department: imaging}\n", "since": hidden(shown, "since")},
    )
    assert reply.status == 303, reply.text
    assert server.owner().get("users", "alice").json["properties"] == {"department": "imaging"}
    after = owner.get("/users/alice/document").text
    assert "User alice was saved." in words_of(after)
    assert "Show or undo" in after


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: User\nname: alice\nemial: x\n", "Line 3:</strong> unknown field `emial`"),
        ("kind: User\nname: bob\n", "Line 2:</strong> expected `alice`, got `bob`"),
        ("kind: Group\nname: alice\n", "Line 1:</strong> expected `User`, got `Group`"),
        ("kind: User\nname: alice\n---\nkind: User\nname: bob\n", "expected one document, got 2"),
        ("kind: [", "broken YAML: did not find"),
        ("kind: User\nname: alice\nowner: user:nobody\n", "Line 3:</strong>"),
    ],
)
def test_a_mistake_is_shown_with_its_line_and_the_text_stays(
    server: RunningServer, owner: Browser, text: str, said: str
) -> None:
    """Nothing is changed, and nothing that was written is lost."""
    before = server.export()
    reply = owner.post("/users/alice/document", {"text": text, "since": ""})
    assert reply.status == 400
    assert said in in_backticks(reply.text)
    assert text_in(reply) == text
    assert server.export() == before


def test_two_people_do_not_overwrite_each_other(server: RunningServer, owner: Browser) -> None:
    """Who saves a text that is of an older state is told so."""
    shown = owner.get("/users/alice/document")
    assert server.owner().patch("users", "alice", body={"description": "new"}).status == 200
    reply = owner.post("/users/alice/document", {"text": text_in(shown), "since": hidden(shown, "since")})
    assert reply.status == 409
    assert "`alice` was changed meanwhile" in in_backticks(reply.text)


def test_who_may_not_change_sees_the_text_without_a_form(server: RunningServer, owner: Browser) -> None:
    """And a file of it."""
    grant = {
        "kind": "Policy",
        "name": "viewers",
        "subjects": ["user:bob"],
        "roles": ["Viewer"],
        "scope": {"service": "iam"},
    }
    assert server.owner().apply(grant).status == 200
    bob = visitor(server, "user:bob")
    assert "<textarea" not in bob.get("/users/alice/document").text
    taken = bob.get("/users/alice/document?as=file")
    assert taken.headers["content-disposition"] == "attachment; filename*=UTF-8''alice.yaml"
    assert taken.text.startswith("kind: User\n")
    reply = bob.post("/users/alice/document", {"text": "kind: User\nname: alice\n"})
    assert (reply.status, "iam.user.update" in reply.text) == (403, True)


def test_changes_say_who_did_what(server: RunningServer, owner: Browser) -> None:
    """Newest first, with the fields that differ."""
    assert server.owner().patch("users", "alice", body={"email": "a@acme.example"}).status == 200
    text = owner.get("/users/alice/changes").text
    assert "changed: <code>email</code>" in text
    assert text.index("changed: ") < text.index("created")
    assert "user:owner" in text


def test_deleting_a_user_says_what_goes_along_and_does_it(server: RunningServer, owner: Browser) -> None:
    """Memberships, policies, trust, ownership and keys; nothing else is touched."""
    server.client("user:alice")
    text = owner.get("/users/alice/delete").text
    for said in (
        "memberships end in these groups: <code>dev</code>",
        "these policies are deleted, for nothing is left of them: <code>hers</code>",
        "these policies lose this subject: <code>both</code>",
        "these profiles trust it no longer: <code>ops</code>",
        "these service IDs have no owner any more: <code>ci</code>",
        f"these resources have no owner any more: <code>{VOLUME}</code>",
        "1 API key stops working",
    ):
        assert said in text
    reply = confirmed(owner, "/users/alice/delete")
    assert (reply.status, reply.headers["location"]) == (303, "/console/accounts/acme/users")
    api = server.owner()
    assert api.get("users", "alice").status == 404
    assert api.get("groups", "dev").json["members"] == ["user:bob"]
    assert api.get("policies", "hers").status == 404
    assert api.get("policies", "both").json["subjects"] == ["user:bob"]
    assert api.get("profiles", "ops").json["trust"] == ["user:bob"]
    assert "owner" not in api.get("service-ids", "ci").json


def test_deleting_a_group_goes_the_same_way(server: RunningServer, owner: Browser) -> None:
    """Its policies lose it; its members stay."""
    assert confirmed(owner, "/groups/dev/delete").status == 303
    assert server.owner().get("policies", "operators").status == 404
    assert server.owner().get("users", "bob").status == 200


def test_what_cannot_let_go_stands_in_the_way(server: RunningServer, owner: Browser) -> None:
    """A policy that names the object in its scope, and the account that it owns: no button."""
    scoped = {
        "kind": "Policy",
        "name": "on-alice",
        "subjects": ["user:bob"],
        "roles": ["Viewer"],
        "scope": {"service": "iam", "type": "user", "id": "alice"},
    }
    assert server.owner().apply(scoped).status == 200
    text = owner.get("/users/alice/delete").text
    assert "these policies name it in their scope: <code>on-alice</code>" in text
    assert "Delete alice</button>" not in text
    assert "it owns the account" in owner.get("/users/owner/delete").text


def test_what_was_not_shown_is_not_lost(server: RunningServer, owner: Browser) -> None:
    """A group that was joined after the look at the page: the deletion asks again."""
    asked = owner.get("/users/bob/delete")
    assert server.owner().apply({"kind": "Group", "name": "new", "members": ["user:bob"]}).status == 200
    fields = {"since": hidden(asked, "since"), "mark": hidden(asked, "mark")}
    reply = owner.post("/users/bob/delete", fields)
    assert reply.status == 409
    assert "something else refers to it than a moment ago" in reply.text
    assert "<code>new</code>" in reply.text
    assert server.owner().get("users", "bob").status == 200


def test_who_may_not_delete_is_told_what_is_missing(server: RunningServer, owner: Browser) -> None:
    """And nothing of what refers to the object."""
    grant = {
        "kind": "Policy",
        "name": "viewers",
        "subjects": ["user:bob"],
        "roles": ["Viewer"],
        "scope": {"service": "iam", "type": "user"},
    }
    assert server.owner().apply(grant).status == 200
    text = visitor(server, "user:bob").get("/users/alice/delete").text
    assert "You may not delete it" in text
    assert "<code>dev</code>" not in text
