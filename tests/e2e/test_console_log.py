"""The pages of the change log: finding, showing and undoing changes, verifying, the past, the activity."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from html import unescape

import pytest
from tests.e2e.console import Browser
from tests.e2e.server import RunningServer
from tests.meta.test_pages import KeyVisit, visitor

from bailiwick.console import entrance
from bailiwick.service.host import Host

WORLD = """
kind: User
name: alice
---
kind: Group
name: dev
members: [user:alice]
---
kind: Policy
name: readers
subjects: [user:alice]
roles: [IMS ReadOnlyAccess]
scope: {service: ims}
---
kind: User
name: aud
---
kind: Policy
name: aud
subjects: [user:aud]
roles: [Auditor]
scope: {service: iam}
"""
IMAGE = "brn:acme:ims:eu-de::image/web-1"
HTML = re.compile(r"<[^>]*>|\s+")


@pytest.fixture
def browser(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """The owner's browser: revision 2 made the world above, 3 emptied the group, 4 deleted the policy."""

    def by_key(host: Host, ticket: str, *, address: str) -> KeyVisit:
        return KeyVisit(host.authenticator.session_of_key(ticket)[0])

    monkeypatch.setattr(entrance, "find_visit", by_key)
    owner = server.owner()
    assert owner.apply_text(WORLD).status == 200
    assert owner.put("groups", "dev", body={"members": []}).status == 200
    assert owner.delete("policies", "readers").status == 204
    return visitor(server, "user:owner")


def text_of(page: str) -> str:
    """What can be read on the page's main part?"""
    main = page.partition("<main")[2].partition("</main>")[0]
    return unescape(HTML.sub(" ", main)).replace("  ", " ")


def test_changes_are_listed_by_revision_newest_first(browser: Browser) -> None:
    """Each with who, and what was done to which objects."""
    page = browser.get("/log").text
    text = text_of(page)
    places = [
        text.index(one) for one in ("deleted policy readers", "changed group dev", "created user owner")
    ]
    assert places == sorted(places)
    assert re.findall(r'aria-label="Revision (\d+)"', page) == ["4", "3", "2", "1"]


def test_changes_are_filtered(browser: Browser) -> None:
    """By kind, name, actor, text and day; what finds nothing says so."""
    for query, there, gone in (
        ("kind=Group", "changed group", "policy readers"),
        ("kind=Policy&name=readers", "policy readers", "group dev"),
        ("q=IMAGE", "No such change", "policy readers"),
        ("q=readonly", "created policy readers", "group dev"),
        ("actor=user:aud", "No such change", "group dev"),
        ("until=2020-01-01", "No such change", "group dev"),
        ("since=2020-01-01", "changed group dev", "No such change"),
    ):
        text = re.sub(r"\s+", " ", text_of(browser.get(f"/log?{query}").text))
        assert there in text, query
        assert gone not in text, query
    assert browser.get("/log?since=yesterday").status == 400
    assert browser.get("/log?after=x").status == 400


def test_the_list_goes_on_where_it_ended(browser: Browser, server: RunningServer) -> None:
    """Fifty revisions a page, none twice, none left out, however many changes one has."""
    owner = server.owner()
    assert owner.apply(*({"kind": "Project", "name": f"p{number}"} for number in range(80))).status == 200
    for number in range(60):
        assert owner.put("groups", "dev", body={"description": str(number)}).status == 200
    seen: list[int] = []
    address = "/log"
    while address:
        page = browser.get(address).text
        seen += [int(one) for one in re.findall(r'aria-label="Revision (\d+)"', page)]
        found = re.search(r'rel="next" href="([^"]*)"', page)
        address = unescape(found[1]) if found else ""
    newest = server.host.snapshot("acme").revision
    assert seen == list(range(newest, 0, -1))


def test_a_revision_shows_before_and_after(browser: Browser) -> None:
    """The fields that differ, both documents, the chain's hash and the way to the past."""
    page = browser.get("/log/3").text
    text = re.sub(r"\s+", " ", text_of(page))
    assert "Changed: group dev" in text
    assert "was: - user:alice" in text
    assert re.search(r"\b[0-9a-f]{64}\b", page)
    assert f'href="{browser.path("/past/3")}"' in page
    assert browser.get("/log/99").status == 404
    assert browser.get("/log/x").status == 404


def test_a_revision_is_undone_after_a_look_at_it(browser: Browser, server: RunningServer) -> None:
    """The page before shows what would become of it, and changes nothing; the log tells of both afterwards."""
    preview = browser.get("/log/4/undo")
    assert "Made again: policy readers" in re.sub(r"\s+", " ", text_of(preview.text))
    assert server.host.snapshot("acme").revision == 4
    done = browser.post("/log/4/undo", {}, seen_at="/log/4/undo")
    assert (done.status, done.headers["location"]) == (303, browser.path("/log/5"))
    assert "readers" in server.host.snapshot("acme").account.policies
    assert "This undoes" in browser.get("/log/5").text
    assert "This was undone by" in browser.get("/log/4").text


def test_what_stands_in_the_way_of_an_undo_is_shown(browser: Browser) -> None:
    """Each object, and the revision that changed it again; sent anyway, it changes nothing."""
    page = browser.get("/log/2/undo").text
    text = re.sub(r"\s+", " ", text_of(page))
    assert "Later changes stand on it" in text
    assert "group dev revision 3" in text
    assert browser.post("/log/2/undo", {}).status == 409
    assert "it is the account's beginning" in text_of(browser.get("/log/1/undo").text)


def test_who_may_not_change_back_is_refused(browser: Browser, server: RunningServer) -> None:
    """An auditor reads the log, and is told the action that undoing would need."""
    auditor = visitor(server, "user:aud")
    assert auditor.get("/log/4").status == 200
    reply = auditor.get("/log/4/undo")
    assert reply.status == 403
    assert "Missing action: <code>iam.policy.create</code>" in reply.text


def test_the_log_is_verified(browser: Browser, server: RunningServer) -> None:
    """A button begins it, and the result says how many changes, up to which signed head."""
    assert "Not verified lately" in browser.get("/log/verify").text
    assert browser.post("/log/verify", {}).status == 303
    page = browser.get("/log/verify").text
    assert "The log is intact" in page
    assert "The activity is intact" in page
    assert server.host.store.head("account:acme").hash in page


def test_what_is_not_intact_is_named(browser: Browser, server: RunningServer) -> None:
    """The activity may be changed where the log is not; each is said by itself."""
    server.host.store.activity.flush()
    with closing(sqlite3.connect(server.data / "activity.db")) as database:
        database.execute("UPDATE event SET outcome = 'x' WHERE log = 'account:acme'")
        database.commit()
    assert browser.post("/log/verify", {}).status == 303
    page = browser.get("/log/verify").text
    assert "The log is intact" in page
    assert "The activity is not intact" in page
    assert "event 1 " in text_of(page) or "batch 1" in text_of(page)


def test_the_account_is_shown_as_it_was(browser: Browser) -> None:
    """Its kinds, lists and objects, with what has become of them, under addresses that can be shared."""
    page = re.sub(r"\s+", " ", text_of(browser.get("/past/2").text))
    assert "The account as it was after revision 2" in page
    listed = re.sub(r"\s+", " ", text_of(browser.get("/past/2/policies").text))
    assert "readers 2 gone" in listed
    assert "aud 2 unchanged" in listed
    gone = browser.get("/past/2/object?kind=policies&name=readers").text
    assert "It is no longer there." in gone
    changed = re.sub(r"\s+", " ", text_of(browser.get("/past/2/object?kind=groups&name=dev").text))
    assert "It has been changed since." in changed
    assert "was: - user:alice" in changed
    for address in ("/past/99", "/past/x", "/past/2/things", "/past/2/object?kind=groups&name=nobody"):
        assert browser.get(address).status == 404


def test_a_question_is_asked_of_the_past(browser: Browser) -> None:
    """Allowed then, denied now; an incomplete question says what is missing."""
    question = f"principal=user:alice&action=ims:images:get&resource={IMAGE}"
    assert "allowed by <code>readers</code>" in browser.get(f"/past/2/ask?{question}").text
    assert "denied" in text_of(browser.get(f"/past/4/ask?{question}").text)
    incomplete = browser.get("/past/2/ask?principal=user:alice")
    assert incomplete.status == 400
    assert 'value="user:alice"' in incomplete.text


def test_a_day_leads_to_its_last_revision(browser: Browser) -> None:
    """Any day since the account began; before that there was nothing."""
    reply = browser.get("/past?at=2100-01-01")
    assert (reply.status, reply.headers["location"]) == (303, browser.path("/past/4"))
    assert browser.get("/past").headers["location"] == browser.path("/past/4")
    assert browser.get("/past?at=2020-01-01").status == 404


def test_activity_is_listed_and_filtered(browser: Browser, server: RunningServer) -> None:
    """Refusals with the missing action, by whom; filters of kind, outcome and principal."""
    assert server.client("user:alice").get("users").status == 403
    text = re.sub(r"\s+", " ", text_of(browser.get("/activity").text))
    assert "Refused request iam.user.list GET /v1/accounts/{account}/users" in text
    assert "no matching policy" in text_of(browser.get("/activity?principal=user:alice&kind=refusal").text)
    assert "Nothing found" in browser.get("/activity?outcome=locked-out").text
    assert browser.get("/activity?after=x").status == 400
