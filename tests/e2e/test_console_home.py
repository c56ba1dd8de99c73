"""Home: what an administrator is told there, what everybody else is, and that nobody is told more than they may see."""

from __future__ import annotations

import re
from html import unescape

import pytest
from tests.e2e.console import Browser
from tests.e2e.server import RunningServer
from tests.e2e.test_console_log import text_of
from tests.e2e.test_console_signing_in import session
from tests.meta.test_pages import KeyVisit, visitor

from bailiwick.console import entrance
from bailiwick.service.host import Host
from bailiwick.service.people.accepting import accept
from bailiwick.service.people.events import Client
from bailiwick.service.people.invitations import invite_to_password

WORLD = """
kind: User
name: alice
---
kind: User
name: gone
disabled: true
---
kind: User
name: vera
---
kind: Group
name: dev
members: [user:alice, user:gone]
---
kind: Policy
name: readers
subjects: [group:dev]
roles: [IMS ReadOnlyAccess]
scope: {service: ims}
---
kind: Policy
name: vera
subjects: [user:vera]
roles: [Viewer]
scope: {service: iam}
---
kind: Policy
name: for-all
subjects: [group:members]
roles: [Reader]
scope: {service: container-registry}
"""


@pytest.fixture
def world(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> RunningServer:
    """A server whose account holds the world above."""

    def by_key(host: Host, ticket: str, *, address: str) -> KeyVisit:
        return KeyVisit(host.authenticator.session_of_key(ticket)[0])

    monkeypatch.setattr(entrance, "find_visit", by_key)
    reply = server.owner().apply_text(WORLD)
    assert reply.status == 200, reply.text
    return server


def home(server: RunningServer, principal: str) -> str:
    """What can be read on this visitor's home?"""
    return re.sub(r"\s+", " ", text_of(visitor(server, principal).get("").text))


def test_an_administrator_is_told_what_needs_attention(world: RunningServer) -> None:
    """Topics with what to do, each object with a link, the most pressing first; figures and recent changes."""
    page = visitor(world, "user:owner").get("").text
    text = re.sub(r"\s+", " ", text_of(page))
    assert text.index("Policies for everyone 1") < text.index("Disabled people in groups 1")
    assert "group dev user:gone" in text
    assert f'href="{visitor(world, "user:owner").path("/policies/for-all")}"' in page
    assert "4 users" in text
    assert "You own this account" in text
    assert "Created policy vera and more" in text


def test_a_change_is_called_after_what_came_of_a_link(world: RunningServer) -> None:
    """A link that was used up is deleted by the same change; the password that was chosen says more."""
    link = invite_to_password(world.host, session(world), "vera").address
    client = Client("192.0.2.1", "a browser")
    accept(world.host, link.rpartition("/")[2], "seven quiet otters", client)
    text = home(world, "user:owner")
    assert "Created password" in text
    assert "Deleted invitation" not in text


def test_a_page_names_the_revisions_that_it_shows(world: RunningServer) -> None:
    """As every answer does; to whoever has signed in."""
    page = visitor(world, "user:owner").get("")
    assert page.headers["bailiwick-revision"].startswith("account=")
    assert ", system=" in page.headers["bailiwick-revision"]
    guest = Browser(world.address, {}).get("/console/sign-in")
    assert guest.status == 200
    assert "bailiwick-revision" not in guest.headers


def test_a_quiet_account_says_so(server: RunningServer, world: RunningServer) -> None:
    """What is mended is no longer named."""
    owner = world.owner()
    owner.delete("policies", "for-all")
    owner.put("groups", "dev", body={"members": ["user:alice"]})
    assert "Nothing needs attention" in home(world, "user:owner")


def test_who_may_not_read_the_log_sees_no_changes(world: RunningServer) -> None:
    """A Viewer sees topics and figures, and nothing of who changed what."""
    text = home(world, "user:vera")
    assert "Policies for everyone" in text
    assert "4 users" in text
    assert "Recent changes" not in text


def test_everybody_else_sees_their_own(world: RunningServer) -> None:
    """Which services they have, through what, and what was refused to them; nothing of others."""
    text = home(world, "user:alice")
    assert "2 policies reach you, through 2 groups." in text
    assert "Your services" in text
    assert "Container Registry Image Management Service" in text
    for hidden in ("Needs attention", "Recent changes", "users", "vera", "gone", "Refused to you lately"):
        assert hidden not in text
    alice = world.client("user:alice")
    for _ in range(3):
        assert alice.get("users").status == 403
    refused = home(world, "user:alice").partition("Refused to you lately")[2]
    assert "iam.user.list 3 times no matching policy" in refused
    assert "Ask an administrator of the account" in refused
    assert "Refused to you lately" not in home(world, "user:vera")


def test_who_has_nothing_is_told_what_to_do(world: RunningServer) -> None:
    """An empty home teaches."""
    world.owner().delete("policies", "for-all")
    world.owner().put("users", "new", body={})
    text = home(world, "user:new")
    assert "No policy reaches you yet" in text
    assert "No services yet" in text


def test_the_days_are_drawn_where_they_differ(world: RunningServer) -> None:
    """One day says nothing; two are shown beside each other, told in words to who does not see them."""
    assert '<svg class="bars"' not in visitor(world, "user:owner").get("").text
    world.clock.advance(86_400)
    world.owner().put("users", "new", body={})
    page = visitor(world, "user:owner").get("").text
    drawn = unescape(page.partition('<svg class="bars"')[2].partition("</svg>")[0])
    assert re.search(r'aria-label="\d+ changes in the last 14 days"', drawn)
    assert len(re.findall(r"<rect [^>]*class=\"none\"", drawn)) == 12


def test_names_on_home_are_text(world: RunningServer) -> None:
    """A name that looks like markup is shown as it is written."""
    name = "<script>alert(1)<script>"
    body = {"subjects": ["group:members"], "roles": ["Reader"], "scope": {"service": "container-registry"}}
    made = world.owner().put("policies", name, body=body)
    assert made.status == 201, made.text
    page = visitor(world, "user:owner").get("").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
