"""The access explorer's pages: questions as links, ways, proposals granted, searches, tables to take along."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import unquote, urlencode

import pytest
from tests.e2e.console import Browser, words_of
from tests.e2e.processes import company
from tests.e2e.server import Reply, RunningServer
from tests.meta.test_pages import KeyVisit, visitor

from bailiwick.console import entrance
from bailiwick.console.downloads import safe_cell
from bailiwick.service.host import Host

WEB_1 = "brn:acme:ims:eu-de::image/web-1"
GET, DELETE = "ims:images:get", "ims:images:delete"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """The sample company; visitors sign in by their API keys."""

    def by_key(host: Host, ticket: str, *, address: str) -> KeyVisit:
        return KeyVisit(host.authenticator.session_of_key(ticket)[0])

    with (
        pytest.MonkeyPatch.context() as patch,
        company(tmp_path_factory.mktemp("explorer")) as running,
    ):
        patch.setattr(entrance, "find_visit", by_key)
        yield running


@pytest.fixture(scope="module")
def owner(server: RunningServer) -> Browser:
    """A browser in which the account's owner has signed in."""
    return visitor(server, "user:owner")


def ask(browser: Browser, page: str = "", /, **query: str) -> Reply:
    """The page of this question."""
    return browser.get(f"/explorer{page}?{urlencode(query)}")


def words(reply: Reply) -> str:
    """What does one read on the page?"""
    return words_of(reply.text)


def links(reply: Reply, text: str) -> list[str]:
    """The addresses of links whose page begins so."""
    return [unescape(one) for one in re.findall(r'href="([^"]+)"', reply.text) if text in one]


def test_without_a_question_the_page_teaches(owner: Browser) -> None:
    """The visitor is in the first field, and the page says what it is for."""
    reply = ask(owner)
    assert reply.status == 200
    assert 'value="user:owner"' in reply.text
    assert "Ask a question" in reply.text


def test_an_allowed_question_is_drawn_as_a_list(owner: Browser) -> None:
    """Principal, group, policy, role and resource, in this order, each with how it was reached."""
    reply = ask(owner, who="user:alice", action=GET, resource=WEB_1)
    said = words(reply)
    assert "Allowed user:alice may do ims:images:get (Querying image details) on image web-1" in said
    way = said[said.index("User alice") :]
    for step in ("is a member of Group image-readers", "is granted by Policy image-readers-eu-de",
                 "gives the role Role IMS ReadOnlyAccess", "allows it on Image web-1"):  # fmt: skip
        assert step in way
    assert '<ol class="way" aria-label="How it is decided">' in reply.text
    assert links(reply, "/groups/image-readers")


def test_a_denied_question_says_where_the_nearest_way_ends(owner: Browser) -> None:
    """The miss is at its edge, for a screen reader too, and what would follow is still shown."""
    reply = ask(owner, who="user:alice", action=GET, resource=WEB_1.replace("eu-de", "eu-nl"))
    said = words(reply)
    assert "Denied user:alice may not do" in said
    assert "its scope says region eu-de and the request says eu-nl" in said
    assert 'class="way-step way-beyond"' in reply.text
    assert "Here it ends:" in reply.text


def test_the_badge_stands_at_the_proposal_that_brings_least(owner: Browser) -> None:
    """A role that brings more actions is offered first, and is not said to be the narrowest."""
    page = ask(owner, who="user:dave", action=GET, resource=WEB_1).text
    proposals = page.split('class="list-group-item proposal"')[1:]
    assert ["Brings nothing else." in one for one in proposals] == [
        "brings least" in one for one in proposals
    ]
    assert 0 < sum("brings least" in one for one in proposals) < len(proposals)
    assert "brings least" not in proposals[0]


def test_what_is_missing_is_granted_and_the_question_is_allowed(
    server: RunningServer, owner: Browser
) -> None:
    """From the question to the confirmation, to the grant, and back; the note offers to undo it."""
    question = {"who": "user:dave", "action": DELETE, "resource": WEB_1}
    reply = ask(owner, **question)
    assert "What would allow just this" in words(reply)
    confirm = owner.get(links(reply, "/explorer/grant")[0])
    assert "Grant exactly this?" in words(confirm)
    assert "id: web-1" in confirm.text
    proposal = re.search(r'name="proposal" value="([0-9a-f]{16})"', confirm.text)
    assert proposal is not None
    before = server.owner().get("log").json["items"][0]["revision"]
    done = owner.post("/explorer/grant", {**question, "proposal": proposal[1]})
    assert done.status == 303, done.text
    again = owner.get(done.headers["location"])
    assert "Allowed user:dave may do" in words(again)
    assert "Granted: just this is allowed now." in again.text
    assert links(again, f"/log/{before + 1}"), "the note offers to show or undo it"
    assert "Denied" in words(ask(owner, **{**question, "resource": WEB_1.replace("web-1", "web-2")}))
    late = owner.post("/explorer/grant", {**question, "proposal": proposal[1]})
    assert (late.status, "This is allowed already" in late.text) == (409, True)
    assert server.owner().post("log", str(before + 1), "undo", body={}).status == 200
    assert "Denied user:dave may not do" in words(ask(owner, **question))


def test_who_may_not_grant_is_told_whom_to_ask(server: RunningServer) -> None:
    """Alice sees why she is refused and no button; what she would post is refused as any change."""
    alice = visitor(server, "user:alice")
    question = {"who": "user:alice", "action": "ims:images:update", "resource": WEB_1}
    reply = ask(alice, **question)
    assert "Ask an administrator of the account." in words(reply)
    assert not links(reply, "/explorer/grant")
    found = server.client("user:alice").post(
        "proposals", body={"action": "ims:images:update", "resource": WEB_1}
    )
    refused = alice.post("/explorer/grant", {**question, "proposal": found.json["proposals"][0]["id"]})
    assert refused.status == 403
    assert "Insufficient permissions" in refused.text


def test_who_may_not_ask_about_others_is_told_so(server: RunningServer) -> None:
    """The form keeps what was asked."""
    reply = ask(visitor(server, "user:alice"), who="user:dave", action=GET, resource=WEB_1)
    assert reply.status == 403
    assert "user:alice lacks iam.decision.evaluate over the asked resource" in words(reply)
    assert 'value="user:dave"' in reply.text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"who": "x:y", "action": GET, "resource": WEB_1}, "x:y is no principal"),
        ({"action": GET, "resource": "web-1"}, "web-1 is no resource name"),
        (
            {"action": GET, "resource": WEB_1.replace("acme", "other")},
            "this is a resource of account other, not of this one",
        ),
        ({"action": GET, "resource": WEB_1, "time": "tomorrow"}, "expected a date and a time, in UTC"),
        ({"action": GET, "resource": WEB_1, "context": "mfa"}, "mfa is not name=value"),
        ({"resource": WEB_1}, "say what to ask about"),
    ],
)
def test_a_question_that_cannot_be_read_says_so_at_its_field(
    owner: Browser, query: dict[str, str], said: str
) -> None:
    """Nothing is asked, and nothing is lost."""
    reply = ask(owner, **query)
    assert reply.status == 400
    assert said in words(reply)
    assert "is-invalid" in reply.text


def test_an_unknown_action_is_answered_with_the_nearest(owner: Browser) -> None:
    """As on the command line."""
    said = words(ask(owner, who="user:alice", action="ims:images:gte", resource=WEB_1))
    assert "Unknown action" in said
    assert "did you mean ims:images:get?" in said


def test_a_resource_is_named_in_parts(owner: Browser) -> None:
    """The action says which parts there are; the parts become one link."""
    reply = ask(owner, who="user:alice", action="container-registry.image.pull")
    for field in ("region", "id-namespace", "id-image"):
        assert f'name="{field}"' in reply.text
    parts = {"who": "user:alice", "action": "container-registry.image.pull", "service": "container-registry"}
    lead = ask(owner, "/resource", **parts, region="eu-de", **{"id-namespace": "shared", "id-image": "a b"})
    assert lead.status == 303
    assert "namespace/shared/image/a%20b" in unquote(lead.headers["location"])
    assert "Allowed user:alice" in words(owner.get(lead.headers["location"]))


def test_what_is_said_of_the_situation_is_heard(server: RunningServer, owner: Browser) -> None:
    """Conditions read what the question says, whoever asks from wherever."""
    reply = server.owner().apply(
        {
            "kind": "Policy", "name": "from-inside", "subjects": ["user:erin"], "roles": ["IMS ReadOnlyAccess"],
            "scope": {"service": "ims"},
            "when": {"all": [
                {"key": "context.network", "operator": "string-equals", "value": "private"},
                {"key": "context.mfa", "operator": "bool-equals", "value": True},
                {"key": "context.time", "operator": "date-greater-than", "value": "2026-01-01T00:00:00Z"},
                {"key": "context.level", "operator": "number-equals", "value": 3},
            ]},
        }
    )  # fmt: skip
    assert reply.status == 200, reply.text
    question = {"who": "user:erin", "action": GET, "resource": WEB_1}
    said = {"network": "private", "mfa": "yes", "time": "2026-06-01T12:00", "context": "level=3"}
    assert "Allowed user:erin" in words(ask(owner, **question, **said))
    for name in said:
        less = {key: value for key, value in said.items() if key != name}
        assert "Denied user:erin" in words(ask(owner, **question, **less)), name


def test_who_can_finds_whom_the_single_question_allows(server: RunningServer, owner: Browser) -> None:
    """The same people as by the search of the API, with the policy by which they may."""
    reply = ask(owner, "/who-can", action=GET, resource=WEB_1)
    said = words(reply)
    assert "alice alice@acme.example image-readers-eu-de (through group:image-readers)" in said
    assert "owns the account" in said
    body = {
        "subject": {"type": "user"},
        "action": {"name": GET},
        "resource": {"type": "ims/image", "id": WEB_1},
    }
    found = server.owner().send("POST", "/access/v1/search/subject", body).json["results"]
    table = list(csv.DictReader(io.StringIO(ask(owner, "/who-can.csv", action=GET, resource=WEB_1).text)))
    assert [row["principal"] for row in table] == [f"user:{one['id']}" for one in found]


def test_who_may_not_ask_about_others_finds_itself(server: RunningServer) -> None:
    """And sees no reasons but its own."""
    reply = ask(visitor(server, "user:alice"), "/who-can", action=GET, resource=WEB_1)
    said = words(reply)
    assert "1 shown, 1 in all" in said
    assert "alice@acme.example" in said


def test_what_can_lists_actions_or_resources(owner: Browser) -> None:
    """With a resource its actions, with an action its resources."""
    actions = words(ask(owner, "/what-can", who="user:alice", resource=WEB_1))
    assert "What user:alice may do on image web-1" in actions
    assert GET in actions
    assert DELETE not in actions
    volumes = words(ask(owner, "/what-can", who="user:frank", action="volume.Detach"))
    assert "volume v-17 Dell Cloud Manager · us-east" in volumes


def test_long_results_are_paged_with_sealed_cursors(server: RunningServer, owner: Browser) -> None:
    """Fifty to a page; a cursor is of its question alone."""
    people = [{"kind": "User", "name": f"p{number:03}"} for number in range(120)]
    crowd = {"kind": "Group", "name": "crowd", "members": [f"user:p{number:03}" for number in range(120)]}
    policy = {
        "kind": "Policy", "name": "crowd", "subjects": ["group:crowd"], "roles": ["IMS ReadOnlyAccess"],
        "scope": {"service": "ims", "region": "eu-crowd"},
    }  # fmt: skip
    assert server.owner().apply(*people, crowd, policy).status == 200
    name = WEB_1.replace("eu-de", "eu-crowd")
    first = ask(owner, "/who-can", action=GET, resource=name)
    assert first.text.count('class="name"') == 50
    following = next(one for one in links(first, "cursor=") if "who-can?" in one)
    assert "p049" not in following
    second = owner.get(following)
    assert second.text.count('class="name"') == 50
    assert "user:p000" not in second.text
    elsewhere = owner.get(following.replace("eu-crowd", "eu-nl"))
    assert elsewhere.status == 400
    rows = list(csv.reader(io.StringIO(ask(owner, "/who-can.csv", action=GET, resource=name).text)))
    assert len(rows) == 1 + 121


def test_a_table_runs_nothing_in_a_spreadsheet(server: RunningServer, owner: Browser) -> None:
    """What begins like a formula is text; the file is called by what was asked, and nothing else."""
    evil = {"kind": "User", "name": "=cmd|' C calc'!A0", "description": "+1"}
    assert server.owner().apply(evil).status == 200
    policy = {
        "kind": "Policy", "name": "evil", "subjects": [f"user:{evil['name']}"], "roles": ["IMS ReadOnlyAccess"],
        "scope": {"service": "ims", "region": "eu-evil"},
    }  # fmt: skip
    assert server.owner().apply(policy).status == 200
    reply = ask(owner, "/who-can.csv", action=GET, resource=WEB_1.replace("eu-de", "eu-evil"))
    assert reply.headers["content-type"].startswith("text/csv")
    assert reply.headers["content-disposition"] == 'attachment; filename="who-can-ims-images-get.csv"'
    rows = list(csv.reader(io.StringIO(reply.text)))
    assert rows[1][:2] == ["user:=cmd|' C calc'!A0", "'+1"]
    for begin in ("=", "+", "-", "@", "\t", "\r"):
        assert safe_cell(f"{begin}1") == f"'{begin}1"
    assert safe_cell("a=1") == "a=1"
