"""What every page of the console has: headers, cookies, errors as pages, parts for scripts."""

from __future__ import annotations

from itertools import count
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.e2e.console import Browser, words_of
from tests.e2e.server import RunningServer
from tests.meta.test_pages import KeyVisit, visitor

from bailiwick.console import entrance
from bailiwick.console.headers import CONTENT_POLICY
from bailiwick.service.host import Host


@pytest.fixture
def owner(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A browser in which the account's owner has signed in."""

    def by_key(host: Host, ticket: str, *, address: str) -> KeyVisit:
        return KeyVisit(host.authenticator.session_of_key(ticket)[0])

    monkeypatch.setattr(entrance, "find_visit", by_key)
    return visitor(server, "user:owner")


def test_every_answer_has_the_headers(owner: Browser) -> None:
    """Pages, errors and redirects are framed by nobody, run nothing inline, and are kept by no cache."""
    for path in ("", "/users", "/nothing/here", "/console"):
        reply = owner.get(path)
        assert reply.headers["content-security-policy"] == CONTENT_POLICY
        assert "unsafe" not in CONTENT_POLICY
        assert reply.headers["x-frame-options"] == "DENY"
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["strict-transport-security"].startswith("max-age=")


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/", "/console/accounts/acme"),
        ("/console", "/console/accounts/acme"),
        ("/console/", "/console"),
        ("/console/accounts/acme/", "/console/accounts/acme"),
        ("/console/accounts/acme/users/?q=a%20b", "/console/accounts/acme/users?q=a%20b"),
        ("/console//elsewhere.example/", "/console//elsewhere.example"),
    ],
)
def test_an_address_that_is_nearly_right_leads_there(owner: Browser, path: str, target: str) -> None:
    """The server's own address, and one slash too many; nothing leads away from here."""
    reply = owner.get(path)
    assert (reply.status, reply.headers["location"]) == (303, target)
    assert reply.headers["content-security-policy"] == CONTENT_POLICY


def test_pages_have_no_inline_script_or_style(owner: Browser) -> None:
    """What the content policy forbids is not there either."""
    text = owner.get("/users").text
    assert "<style" not in text
    assert " style=" not in text
    assert "<script>" not in text
    assert " onclick=" not in text


def test_a_static_file_is_kept_for_good_and_packed(owner: Browser) -> None:
    """Under the hash of its content only."""
    page = owner.get("").text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]
    reply = owner.get(address, headers={"Accept-Encoding": "gzip"})
    assert (reply.status, reply.headers["content-encoding"]) == (200, "gzip")
    assert "immutable" in reply.headers["cache-control"]
    digest = address.split("/")[3]
    assert owner.get(address.replace(digest, "0" * 16)).status == 404
    assert owner.get(f"/console/static/{digest}/..%2Fapp.py").status == 404


def test_a_link_of_another_account_says_so(owner: Browser) -> None:
    """It names both accounts and shows nothing of either."""
    reply = owner.get("/console/accounts/other/users")
    assert reply.status == 403
    assert "This page is of another account" in reply.text


def test_signing_in_leads_back(server: RunningServer, owner: Browser) -> None:
    """A guest's link is kept; the cookie of a visit that has ended is taken away."""
    guest = Browser(server.address, {entrance.cookie_name(server.host): "ended"})
    reply = guest.get("/users?q=a%20b")
    back = parse_qs(urlsplit(reply.headers["location"]).query)["next"]
    assert back == ["/console/accounts/acme/users?q=a%20b"]
    assert guest.cookies == {}


def test_a_script_gets_the_part_that_it_asks_for(owner: Browser) -> None:
    """Only the block that is put into the page, never a page within the page."""
    partial = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#rows"}
    text = owner.get("/users?q=own", headers=partial).text
    assert text.strip().startswith('<div class="card" id="rows">')
    assert "<html" not in text


def test_lists_are_searched_and_paged_by_the_server(server: RunningServer, owner: Browser) -> None:
    """Fifty to a page, by name; the link to the next page keeps the search."""
    documents = [{"kind": "User", "name": f"u{number:03}"} for number in range(120)]
    assert server.owner().apply(*documents).status == 200
    first = owner.get("/users?q=u").text
    assert first.count('class="name"') == 50
    address = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = owner.get(address).text
    assert ">u050<" not in first
    assert ">u050<" in second or ">u049<" in second
    assert "q=u" in address


def test_names_are_escaped(server: RunningServer, owner: Browser) -> None:
    """A name or text with markup is text."""
    email = '"<img-src=x>"@acme.example'
    reply = server.owner().apply(
        {"kind": "User", "name": "mallory", "description": "<script>alert(1)</script>"}
    )
    assert reply.status == 200
    assert server.owner().apply({"kind": "User", "name": "eve", "email": email}).status in (200, 400)
    text = owner.get("/users").text
    assert "<script>alert" not in text
    assert "<img-src" not in text


def test_a_page_of_another_account_is_refused_while_others_write(
    owner: Browser, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something was announced since the visitor was found: the store is asked in a thread, not in the server's own."""
    words = count(1)
    monkeypatch.setattr(server.host.store.generation, "read", lambda: next(words))
    reply = owner.get("/console/accounts/other/users")
    assert (reply.status, "other" in words_of(reply.text)) == (403, True)
