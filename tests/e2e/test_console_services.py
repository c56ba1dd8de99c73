"""The services' pages, and the verification walk of the Image Management Service's document on them.

What every page says is compared with the engine, for several people and regions of the sample company.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from tests.e2e.console import Browser
from tests.e2e.processes import company
from tests.e2e.server import RunningServer
from tests.e2e.test_console_explorer import words
from tests.meta.test_pages import KeyVisit, visitor

from bailiwick.console import entrance
from bailiwick.engine import CompiledAccount, decide
from bailiwick.engine.operations import allowed_operation
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.service.host import Host

PEOPLE = ("user:owner", "user:alice", "user:dave", "user:frank", "user:grace", "user:helen", "user:klara")
REGIONS = ("eu-de", "eu-nl", "us-south")
CREATE = "Create Private Image (server or file)"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """The sample company; visitors sign in by their API keys."""

    def by_key(host: Host, ticket: str, *, address: str) -> KeyVisit:
        return KeyVisit(host.authenticator.session_of_key(ticket)[0])

    with (
        pytest.MonkeyPatch.context() as patch,
        company(tmp_path_factory.mktemp("services")) as running,
    ):
        patch.setattr(entrance, "find_visit", by_key)
        yield running


@pytest.fixture(scope="module")
def owner(server: RunningServer) -> Browser:
    """A browser in which the account's owner has signed in."""
    return visitor(server, "user:owner")


def try_it(browser: Browser, service: str, operation: str, **more: str) -> str:
    """What is said when this operation is tried?"""
    reply = browser.post(f"/services/{service}/try", {"operation": operation, **more}, seen_at="/services")
    assert reply.status == 200, reply.text
    return words(reply)


def test_the_walk_of_the_document(server: RunningServer) -> None:
    """Alice, who may only read images in one region, switches regions and tries what the document tries."""
    alice = visitor(server, "user:alice")
    ims = words(alice.get("/services/ims?region=eu-de"))
    assert "Image Management Service" in ims
    assert "Allowed user:alice may do this in region eu-de" in try_it(alice, "ims", "Querying images")
    for operation, action in (
        (CREATE, "ims:serverImages:create"),
        ("Updating image information", "ims:images:update"),
        ("Deleting images", "ims:images:delete"),
    ):
        said = try_it(alice, "ims", operation, region="eu-de")
        assert "Insufficient permissions user:alice may not do this in region eu-de" in said
        assert f"Missing action: {action}" in said
        assert "Ask an administrator of the account." in said
    elsewhere = alice.get("/services/ims?region=eu-nl")
    assert elsewhere.status == 403
    assert "Insufficient permissions to access the service" in words(elsewhere)
    assert "Insufficient permissions user:alice" in try_it(alice, "ims", "Querying images", region="eu-nl")
    vpc = alice.get("/services/vpc?region=eu-de")
    assert vpc.status == 403
    assert "Insufficient permissions to access the service" in words(vpc)
    assert "ask an administrator of the account" in words(vpc)


def test_the_region_is_remembered(server: RunningServer) -> None:
    """What the address chose is chosen on the next page that says nothing of it."""
    browser = visitor(server, "user:alice")
    browser.get("/services?region=eu-nl")
    assert '<option value="eu-nl" selected>' in browser.get("/services").text
    browser.get("/services?region=eu-de")
    assert '<option value="eu-de" selected>' in browser.get("/services/ims").text


def witnesses(compiled: CompiledAccount, service: str, region: str) -> Iterator[ResourceQuery]:
    """Every registered resource of the service in the region, and some that policies describe."""
    for name in compiled.account.resources:
        parts = name.split(":", 5)
        if parts[2] == service and parts[3] in (region, ""):
            path = parts[5].split("/")
            nodes = tuple(zip(path[::2], path[1::2], strict=True))
            yield ResourceQuery(service, nodes, region or None, parts[4] or None)


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("region", REGIONS)
def test_each_service_is_open_just_where_the_engine_allows_something(
    server: RunningServer, owner: Browser, who: str, region: str
) -> None:
    """Sound: what is called open has a resource on which the engine allows an action. Complete: for what is there."""
    text = owner.get(f"/services?region={region}&as={who}").text
    cards = re.findall(r"/services/([a-z-]+)\?[^>]*>[^<]*</a></h2>(.*?)</li>", text, flags=re.DOTALL)
    shown = {name: ">open<" in card for name, card in cards}
    compiled = server.host.snapshot("acme").compiled
    assert set(shown) == set(compiled.services)
    now = server.host.now()
    for name, is_open in shown.items():
        service = compiled.services[name]
        queries = [
            ResourceQuery(name, (("service", name),), region if service.regional else None),
            *witnesses(compiled, name, region if service.regional else ""),
        ]
        allowed = any(
            decide(compiled, Request(who, action, query, now)).allowed
            for query in queries
            for action in service.actions
        )
        assert is_open or not allowed, f"{who} may do something in {name} in {region}"


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("service", ["ims", "container-registry", "vpc"])
def test_an_operation_is_called_allowed_just_where_it_is_on_anything(
    server: RunningServer, owner: Browser, who: str, service: str
) -> None:
    """Asked of the service itself: of a resource of which nothing but the region is known."""
    compiled = server.host.snapshot("acme").compiled
    entry = compiled.services[service]
    target = ResourceQuery(service, (("service", service),), "eu-de")
    expected = {
        operation.id
        for operation in entry.operations.values()
        if allowed_operation(
            compiled,
            entry,
            operation,
            {"target": target, "source": target},
            principal=who,
            now=server.host.now(),
        ).allowed
    }
    found: set[str] = set()
    after = 0
    while True:
        reply = owner.get(f"/services/{service}?region=eu-de&as={who}&access=all&after={after}")
        if reply.status == 403:
            # Where a service is closed, what needs no action is not offered either.
            expected = {one for one in expected if entry.operations[one].actions}
            break
        found |= {
            quote_back(one)
            for one in re.findall(r'<input type="hidden" name="operation" value="([^"]*)"', reply.text)
        }
        after += 50
        if 'rel="next"' not in reply.text:
            break
    assert found == expected


def quote_back(text: str) -> str:
    """What was written in this attribute?"""
    return unescape(text)


def test_trying_changes_nothing_and_is_remembered_as_a_refusal(server: RunningServer) -> None:
    """The account's revision stays; who tried in vain finds it among the refusals."""
    alice = visitor(server, "user:alice")
    before = server.host.snapshot("acme").revision
    counted = server.host.counters.denied
    try_it(alice, "ims", CREATE, region="eu-de")
    assert server.host.counters.denied > counted
    assert server.host.snapshot("acme").revision == before


def test_an_operation_is_tried_on_one_resource(server: RunningServer, owner: Browser) -> None:
    """Ivan manages one namespace: on some it is allowed, on this one, not on that."""
    ivan = visitor(server, "user:ivan")
    text = ivan.get("/services/container-registry?region=eu-de&access=some").text
    compiled = server.host.snapshot("acme").compiled
    name = next(
        one.id
        for one in compiled.services["container-registry"].operations.values()
        if one.actions == (("container-registry.image.delete", "target"),)
    )
    assert name in quote_back(text)
    said = try_it(
        ivan, "container-registry", name, region="eu-de", **{"id-namespace": "dev", "id-image": "app"}
    )
    assert "Allowed user:ivan" in said
    said = try_it(
        ivan, "container-registry", name, region="eu-de", **{"id-namespace": "prod", "id-image": "app"}
    )
    assert "Missing action: container-registry.image.delete" in said


def test_only_who_may_ask_about_others_looks_as_another(server: RunningServer, owner: Browser) -> None:
    """The owner sees what alice may do; alice does not see what the owner may."""
    assert "You see what user:alice may do." in words(owner.get("/services?as=user:alice"))
    refused = visitor(server, "user:alice").get("/services?as=user:owner")
    assert refused.status == 403
    assert "iam.decision.evaluate" in refused.text
    refused = visitor(server, "user:alice").get("/services/ims?as=user:owner&region=eu-de")
    assert refused.status == 403
    assert "iam.decision.evaluate" in refused.text


def test_only_mine_hides_what_is_closed(server: RunningServer) -> None:
    """And says so where nothing is left."""
    alice = visitor(server, "user:alice")
    mine = words(alice.get("/services?region=eu-de&mine=yes"))
    assert "Image Management Service" in mine
    assert "Virtual Private Cloud" not in mine
    assert "No service is open here" in words(alice.get("/services?region=eu-nl&mine=yes"))


def test_what_is_discontinued_cannot_be_tried(owner: Browser) -> None:
    """It says since when, and what to use instead."""
    said = words(owner.get("/services/container-registry/operation?operation=ibmcloud%20cr%20build"))
    assert "Discontinued" in said


def test_a_service_that_is_not_there_is_not_found(owner: Browser) -> None:
    """With the nearest name."""
    reply = owner.get("/services/imss")
    assert reply.status == 404
    assert "Did you mean ims?" in words(reply)
