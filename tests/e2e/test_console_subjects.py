"""The pages of users, groups, service IDs and profiles: lists, forms, members, access, keys, sessions, states."""

from __future__ import annotations

import re
from html import unescape

import pytest
from tests.e2e.console import Browser, words_of
from tests.e2e.server import Reply, RunningServer
from tests.e2e.test_console_objects import hidden
from tests.meta.test_pages import KeyVisit, visitor

from bailiwick.console import entrance
from bailiwick.service.host import Host

VOLUME = "brn:acme:cloud:us-east::volume/v-{}"
WORLD: tuple[dict[str, object], ...] = (
    {"kind": "User", "name": "alice", "email": "alice@acme.example"},
    {"kind": "User", "name": "bob", "disabled": True},
    {"kind": "ServiceId", "name": "ci", "description": "builds images"},
    {"kind": "Profile", "name": "ops", "trust": ["user:alice"]},
    {"kind": "Group", "name": "readers", "members": ["user:alice"]},
    {"kind": "Group", "name": "staff", "members": ["group:readers"]},
    {
        "kind": "Policy",
        "name": "volumes",
        "subjects": ["group:staff"],
        "roles": ["cloud/Admin"],
        "scope": {"service": "cloud"},
    },
    {"kind": "Resource", "name": VOLUME.format(1)},
    {"kind": "Resource", "name": VOLUME.format(2)},
)
# Who administers people, and holds nothing else to hand on.
HELPDESK: tuple[dict[str, object], ...] = (
    {"kind": "User", "name": "helen"},
    {
        "kind": "Policy",
        "name": "helpdesk",
        "subjects": ["user:helen"],
        "roles": ["Editor"],
        "scope": {"service": "iam"},
    },
)


@pytest.fixture
def owner(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A browser in which the account's owner has signed in."""

    def by_key(host: Host, ticket: str, *, address: str) -> KeyVisit:
        return KeyVisit(host.authenticator.session_of_key(ticket)[0])

    monkeypatch.setattr(entrance, "find_visit", by_key)
    reply = server.owner().apply(*WORLD)
    assert reply.status == 200, reply.text
    return visitor(server, "user:owner")


@pytest.fixture
def helen(server: RunningServer, owner: Browser) -> Browser:
    """A browser of the help desk."""
    reply = server.owner().apply(*HELPDESK)
    assert reply.status == 200, reply.text
    return visitor(server, "user:helen")


def plain(reply: Reply) -> str:
    """What does one read on the page?"""
    return words_of(reply.text)


def names(reply: Reply) -> list[str]:
    """Which names stand first in the lines of the list?"""
    return re.findall(r'<td class="name"><a [^>]*>([^<]*)</a>', reply.text)


def done(browser: Browser, reply: Reply) -> str:
    """What does the page say that follows the form?"""
    assert reply.status == 303, plain(reply)
    return plain(browser.get(reply.headers["location"]))


# Lists


def test_lists_show_what_helps_to_choose(owner: Browser) -> None:
    """Groups of users, sizes of groups, purposes and trust; filters by state."""
    assert names(owner.get("/users")) == ["alice", "bob", "owner"]
    assert ">readers</a>" in owner.get("/users").text
    assert names(owner.get("/users?disabled=yes")) == ["bob"]
    assert names(owner.get("/users?q=ALICE@")) == ["alice"]
    assert names(owner.get("/groups")) == ["readers", "staff"]
    assert "builds images" in owner.get("/service-ids").text
    assert "user:alice" in owner.get("/profiles").text


# Forms


def test_a_user_is_made_with_every_field(server: RunningServer, owner: Browser) -> None:
    """What the form says is the document."""
    fields = {
        "name": "carol",
        "email": "carol@acme.example",
        "description": "new here",
        "owner": "user:alice",
        "budgets": ["a", "", "b"],
        "properties": "department: imaging\nlevel: 3\n",
    }
    assert "User carol was created." in done(owner, owner.post("/users/:new", fields))
    assert server.owner().get("users", "carol").json == {
        "kind": "User",
        "account": "acme",
        "name": "carol",
        "email": "carol@acme.example",
        "properties": {"department": "imaging", "level": 3},
        "budgets": ["a", "b"],
        "owner": "user:alice",
        "description": "new here",
    }


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("name", "a/b", "a/b is no name"),
        ("name", "alice", "there is a user alice already"),
        ("email", "nobody", "nobody is no email address"),
        ("owner", "user:nobody", "nobody"),
        ("properties", "a: [", "broken YAML"),
        ("properties", "a.b: 1", "holds a ."),
    ],
)
def test_a_mistake_stands_at_its_field_and_what_was_written_stays(
    server: RunningServer, owner: Browser, field: str, text: str, said: str
) -> None:
    """Nothing is made."""
    before = server.export()
    fields = {"name": "carol", "description": "kept", field: text}
    reply = owner.post("/users/:new", fields)
    assert reply.status in (400, 409)
    assert said in plain(reply)
    assert 'value="kept"' in reply.text
    if text != "alice":
        assert f'id="{field}-error"' in reply.text
    assert server.export() == before


def test_changing_keeps_what_the_form_does_not_hold(server: RunningServer, owner: Browser) -> None:
    """A disabled user stays disabled; an emptied field is gone."""
    assert server.owner().patch("users", "bob", body={"email": "bob@acme.example"}).status == 200
    shown = owner.get("/users/bob/edit")
    fields = {"email": "", "description": "left", "since": hidden(shown, "since")}
    assert "User bob was saved." in done(owner, owner.post("/users/bob/edit", fields))
    document = server.owner().get("users", "bob").json
    assert (document.get("disabled"), document.get("email"), document["description"]) == (True, None, "left")


def test_a_group_keeps_its_members_when_it_is_described(server: RunningServer, owner: Browser) -> None:
    """And two who change it at once are told."""
    shown = owner.get("/groups/readers/edit")
    fields = {"description": "May look", "since": hidden(shown, "since")}
    assert "Group readers was saved." in done(owner, owner.post("/groups/readers/edit", fields))
    assert server.owner().get("groups", "readers").json["members"] == ["user:alice"]
    assert owner.post("/groups/readers/edit", fields).status == 409


def test_a_profile_is_made_with_its_trust(server: RunningServer, owner: Browser) -> None:
    """Whom it trusts, on which condition, for how long; the page says it in words."""
    fields = {
        "name": "deployer",
        "trust": ["user:alice", "group:staff", "account:dev", "group:members"],
        "when": "{key: context.ip, operator: ip-in, value: [10.0.0.0/8]}",
        "maximum_session_seconds": "1800",
    }
    text = done(owner, owner.post("/profiles/:new", fields))
    for said in (
        "user alice",
        "whoever is in group staff",
        "everybody of account dev",
        "every user and service ID",
        "30 minutes",
    ):
        assert said in text
    document = server.owner().get("profiles", "deployer").json
    assert document["when"] == {"key": "context.ip", "operator": "ip-in", "value": ["10.0.0.0/8"]}


def test_who_may_not_make_is_told_before_the_form(server: RunningServer, owner: Browser) -> None:
    """The form is not even shown."""
    alice = visitor(server, "user:alice")
    reply = alice.get("/users/:new")
    assert (reply.status, "iam.user.invite" in reply.text) == (403, True)


# Members


def test_members_are_added_for_a_time_and_taken_out(server: RunningServer, owner: Browser) -> None:
    """In one step for several; the window is UTC where no script has turned it."""
    fields = {"member": ["user:bob", "service-id:ci"], "expires_at": "2999-01-01T00:00"}
    assert "2 members were added to group readers." in done(owner, owner.post("/groups/readers/add", fields))
    assert server.owner().get("groups", "readers").json["members"] == [
        "user:alice",
        {"member": "user:bob", "expires_at": "2999-01-01T00:00:00Z"},
        {"member": "service-id:ci", "expires_at": "2999-01-01T00:00:00Z"},
    ]
    asked = owner.get("/groups/readers/remove?member=user:bob&expires_at=2999-01-01T00:00:00Z")
    assert "Take user:bob out of readers?" in plain(asked)
    taken = {"member": "user:bob", "expires_at": "2999-01-01T00:00:00Z"}
    assert "user:bob was taken out of group readers." in done(
        owner, owner.post("/groups/readers/remove", taken)
    )
    assert len(server.owner().get("groups", "readers").json["members"]) == 2


def test_taking_out_says_which_policies_are_lost(server: RunningServer, owner: Browser) -> None:
    """Through the group within the group; nothing where another way stays."""
    text = plain(owner.get("/groups/readers/remove?member=user:alice"))
    assert "user:alice will not be reached any more by: volumes" in text
    assert "group:readers and its members" in plain(owner.get("/groups/staff/remove?member=group:readers"))
    assert server.owner().apply({"kind": "Group", "name": "more", "members": ["user:alice"]}).status == 200
    assert (
        server.owner().patch("policies", "volumes", body={"subjects": ["group:staff", "group:more"]}).status
        == 200
    )
    assert "nothing else changes" in plain(owner.get("/groups/readers/remove?member=user:alice"))


@pytest.mark.parametrize(
    ("fields", "said", "place"),
    [
        ({"member": "alice"}, "alice cannot be a member", "member"),
        ({"member": "user:alice"}, "user:alice is in group readers already", ""),
        ({"member": "user:nobody"}, "nobody", "member"),
        ({"member": "group:staff"}, "contains itself", ""),
        ({"member": ""}, "expected somebody to add", "member"),
        ({"member": "user:bob", "expires_at": "soon"}, "soon", "expires_at"),
    ],
)
def test_what_cannot_be_a_member_is_said_at_its_field(
    server: RunningServer, owner: Browser, fields: dict[str, str], said: str, place: str
) -> None:
    """And nothing is added."""
    before = server.export()
    reply = owner.post("/groups/readers/add", fields)
    assert reply.status in (400, 404, 409)
    assert said in plain(reply)
    if place:
        assert f'id="{place}-error"' in reply.text
    assert server.export() == before


def test_nobody_adds_to_what_they_could_not_grant(server: RunningServer, helen: Browser) -> None:
    """The help desk, which may add members, does not hand over what it has not; the form says so."""
    before = server.export()
    reply = helen.post("/groups/readers/add", {"member": "user:bob"})
    assert reply.status == 403
    assert "you lack iam.policy.create" in plain(reply)
    assert 'value="user:bob"' in reply.text
    assert server.export() == before


def test_large_groups_come_in_pages(server: RunningServer, owner: Browser) -> None:
    """In the order of names, fifty at a time, searched by the server; all of them once."""
    people = [{"kind": "User", "name": f"u{number:03}"} for number in range(120)]
    members = [f"user:u{number:03}" for number in range(120)]
    assert server.owner().apply(*people, {"kind": "Group", "name": "big", "members": members}).status == 200
    seen: list[str] = []
    address = "/groups/big"
    while address:
        page = owner.get(address)
        seen += names(page)
        found = re.search(r'rel="next" href="([^"]*)"', page.text)
        address = unescape(found[1]) if found else ""
    assert seen == members
    assert names(owner.get("/groups/big?q=u11")) == [f"user:u11{number}" for number in range(10)]
    assert names(owner.get("/groups/big?kind=group")) == []


def test_groups_of_somebody_are_told_with_the_way(server: RunningServer, owner: Browser) -> None:
    """Its own and those around them; it joins another, and leaves from here."""
    text = plain(owner.get("/users/alice/groups"))
    assert "readers itself" in text
    assert "staff by way of readers" in text
    assert "user:bob was added to group staff." in done(
        owner, owner.post("/users/bob/join", {"group": "staff"})
    )
    reply = owner.post("/groups/staff/remove", {"member": "user:bob", "back": "user:bob"})
    assert reply.headers["location"].endswith("/users/bob/groups")


# Access


def test_access_says_by_which_way_and_how_much(owner: Browser) -> None:
    """The policy with its groups; counted by asking for each action of a service."""
    text = plain(owner.get("/users/alice/access"))
    assert "volumes cloud/Admin service cloud readers staff holds" in text
    text = plain(owner.get("/users/alice/access?service=cloud"))
    assert re.search(r"volume\.Attach \S+ 2 ", text), text
    assert "allowed on no registered resource" in text
    assert "No policy reaches it" in plain(owner.get("/service-ids/ci/access"))


def test_access_tells_what_stands_in_the_way(server: RunningServer, owner: Browser) -> None:
    """Disabled, the owner, guardrails; what says nothing now is behind a link."""
    guardrail = {
        "kind": "Guardrail",
        "name": "stop",
        "actions": ["volume.Delete"],
        "scope": {"service": "cloud"},
    }
    assert server.owner().apply(guardrail).status == 200
    assert server.owner().patch("policies", "volumes", body={"state": "disabled"}).status == 200
    text = plain(owner.get("/users/alice/access"))
    assert "stop denies volume.Delete" in text
    assert "Show 1 that says nothing now" in text
    assert "policy disabled" in plain(owner.get("/users/alice/access?show=all"))
    assert "It is disabled" in plain(owner.get("/users/bob/access"))
    assert "It owns the account" in plain(owner.get("/users/owner/access"))


def test_who_may_not_ask_about_others_gets_no_counts(server: RunningServer, helen: Browser) -> None:
    """The page says which action is missing, and shows the rest."""
    text = plain(helen.get("/users/alice/access?service=cloud"))
    assert "Missing action: iam.decision.evaluate" in text


# Keys


def test_a_key_is_shown_once_works_and_is_withdrawn(server: RunningServer, owner: Browser) -> None:
    """Made for a service ID, disabled, enabled, withdrawn."""
    made = owner.post("/service-ids/ci/keys/new", {"description": "night"})
    assert made.status == 200
    assert made.headers["cache-control"] == "no-store"
    secret = re.search(r'value="(bwk_[^"]*)"', made.text)
    assert secret is not None
    assert server.host.authenticator.session_of_key(secret[1])[0].principal == "service-id:ci"
    shown = owner.get("/service-ids/ci/keys")
    assert secret[1] not in shown.text
    assert "night" in shown.text
    key = hidden(shown, "key")
    assert "was disabled" in done(owner, owner.post("/service-ids/ci/keys/disable", {"key": key}))
    assert "was enabled" in done(owner, owner.post("/service-ids/ci/keys/enable", {"key": key}))
    assert "This cannot be undone" in plain(owner.get(f"/service-ids/ci/keys/delete?key={key}"))
    assert "withdrawn" in done(owner, owner.post("/service-ids/ci/keys/delete", {"key": key}))
    assert server.owner().get("api-keys", key).status == 404


def test_a_key_is_changed_only_on_its_owners_page(server: RunningServer, owner: Browser) -> None:
    """What the address says is what is changed."""
    key = server.owner().post("api-keys", body={"owner": "user:alice"}).json["id"]
    assert owner.post("/service-ids/ci/keys/disable", {"key": key}).status == 404
    assert server.owner().get("api-keys", key).json["disabled"] is False


def test_nobody_makes_a_key_for_who_holds_more(server: RunningServer, helen: Browser) -> None:
    """The form says why, and keeps what was written."""
    reply = helen.post("/users/alice/keys/new", {"description": "mine now"})
    assert reply.status == 403
    assert "bwk_" not in reply.text
    assert 'value="mine now"' in reply.text


# Sessions and states


def test_sessions_of_a_profile_are_shown_and_ended(server: RunningServer, owner: Browser) -> None:
    """Who assumed it, and who was refused; ended from here it is over."""
    grant = {
        "kind": "Policy",
        "name": "assumers",
        "subjects": ["user:alice", "service-id:ci"],
        "roles": ["Profile User"],
        "scope": {"service": "iam", "type": "profile", "id": "ops"},
    }
    assert server.owner().apply(grant).status == 200
    begun = server.client("user:alice").post("profiles", "ops", "assume", body={}).json
    assert server.client("service-id:ci").post("profiles", "ops", "assume", body={}).status == 403
    text = plain(owner.get("/profiles/ops/sessions"))
    assert "assumed by acme/user:alice" in text
    assert "refused not trusted" in text
    reply = owner.post("/profiles/ops/sessions/end", {"session": begun["id"]})
    assert "The session was ended" in done(owner, reply)
    assert server.caller(begun["access_token"]).get("users").status == 401
    assert owner.post("/users/alice/sessions/end", {"session": begun["id"]}).status == 404


def test_disabling_says_what_it_ends_and_enabling_brings_it_back(
    server: RunningServer, owner: Browser
) -> None:
    """Keys, policies, sessions; nothing is deleted."""
    server.client("user:alice")
    text = plain(owner.get("/users/alice/disable"))
    assert "What 1 policy allows it now is denied." in text
    assert "1 API key of it stops working." in text
    assert "User alice was disabled." in done(owner, owner.post("/users/alice/disable", {}))
    assert not server.owner().is_allowed("volume.Attach", VOLUME.format(1), "user:alice")
    assert "User alice was enabled." in done(owner, owner.post("/users/alice/enable", {}))
    assert server.owner().is_allowed("volume.Attach", VOLUME.format(1), "user:alice")


def test_the_owner_is_neither_disabled_nor_deleted_from_here(owner: Browser) -> None:
    """The buttons are not there."""
    text = plain(owner.get("/users/owner"))
    assert "owner of the account" in text
    assert "Delete" not in text
    assert "Disable" not in text


def test_an_object_called_new_has_its_pages(server: RunningServer, owner: Browser) -> None:
    """No word of an address is taken from names."""
    assert (
        server.owner().apply({"kind": "User", "name": "new"}, {"kind": "Group", "name": "new"}).status == 200
    )
    assert "user:new" in plain(owner.get("/users/new"))
    assert owner.get("/groups/new").status == 200
