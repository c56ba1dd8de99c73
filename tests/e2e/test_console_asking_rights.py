"""What the explorer tells a visitor: the right to ask is judged in the visitor's own situation (docs/spec.md 10.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from tests.e2e.console import Browser
from tests.e2e.server import RunningServer
from tests.meta.test_pages import KeyVisit, visitor

from bailiwick.console import entrance
from bailiwick.service.host import Host

IMAGE = "brn:acme:ims:eu-de::image/web-1"
GET = "ims:images:get"
WORLD: tuple[dict[str, object], ...] = (
    {"kind": "User", "name": "ann"},
    {"kind": "User", "name": "bea"},
    {"kind": "User", "name": "sam", "email": "sam@private.example", "description": "about sam"},
    {
        "kind": "Role",
        "name": "Asker",
        "service": "iam",
        "rights": [{"actions": ["iam.decision.evaluate", "iam.decision.explain"]}],
    },
    {
        "kind": "Policy",
        "name": "sam",
        "subjects": ["user:sam"],
        "roles": ["IMS ReadOnlyAccess"],
        "scope": {"service": "ims"},
    },
    {
        "kind": "Policy",
        "name": "ann",
        "subjects": ["user:ann"],
        "roles": ["iam/Asker"],
        "scope": {"service": "ims"},
    },
    {
        "kind": "Policy",
        "name": "bea",
        "subjects": ["user:bea"],
        "roles": ["iam/Asker"],
        "scope": {"service": "ims"},
        "when": {"key": "context.mfa", "operator": "bool-equals", "value": True, "missing": True},
    },
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server whose visitors have signed in without a second factor."""

    def by_key(host: Host, ticket: str, *, address: str) -> KeyVisit:
        session = host.authenticator.session_of_key(ticket)[0]
        return KeyVisit(replace(session, context={"mfa": False}))

    with pytest.MonkeyPatch.context() as patch, RunningServer(tmp_path_factory.mktemp("asking")) as running:
        patch.setattr(entrance, "find_visit", by_key)
        reply = running.owner().apply(*WORLD)
        assert reply.status == 200, reply.text
        yield running


def ask(browser: Browser, page: str, /, **query: str) -> str:
    """What does the page of this question say?"""
    return browser.get(f"/explorer{page}?{urlencode(query)}").text


def test_the_right_to_ask_holds_only_in_the_visitors_own_situation(server: RunningServer) -> None:
    """Who may ask with a second factor may not without one, whatever the question leaves out."""
    bea = visitor(server, "user:bea")
    said = ask(bea, "", who="user:sam", action=GET, resource=IMAGE)
    assert "lacks" in said
    assert "IMS ReadOnlyAccess" not in said
    assert "user:sam" not in ask(bea, "/who-can.csv", action=GET, resource=IMAGE)
    ann = visitor(server, "user:ann")
    assert "IMS ReadOnlyAccess" in ask(ann, "", who="user:sam", action=GET, resource=IMAGE)


def test_who_can_says_of_somebody_what_the_visitor_may_read(server: RunningServer) -> None:
    """The name, which the answer is; the address and the description only to who may read the user."""
    query = {"action": GET, "resource": IMAGE}
    seen = ask(visitor(server, "user:owner"), "/who-can", **query)
    assert "sam@private.example" in seen
    ann = visitor(server, "user:ann")
    for page in ("/who-can", "/who-can.csv"):
        said = ask(ann, page, **query)
        assert "sam@private.example" not in said
        assert "about sam" not in said
    assert "user:sam" in ask(ann, "/who-can.csv", **query)


def test_regions_are_named_to_who_lists_what_names_them(server: RunningServer) -> None:
    """Others are offered those of their own policies."""
    reply = server.owner().apply(
        {
            "kind": "Policy",
            "name": "elsewhere",
            "subjects": ["user:ann"],
            "roles": ["IMS ReadOnlyAccess"],
            "scope": {"service": "ims", "region": "secret-lab"},
        }
    )
    assert reply.status == 200, reply.text
    assert "secret-lab" in visitor(server, "user:owner").get("/services").text
    assert "secret-lab" in visitor(server, "user:ann").get("/services").text
    assert "secret-lab" not in visitor(server, "user:sam").get("/services").text
