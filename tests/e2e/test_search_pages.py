"""Pages of searches: tokens belong to one search of one caller for an hour; pages hold while the account changes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from tests.e2e.search_world import DOCUMENTS, RECORDS, SERVICE, entity, pages, results
from tests.e2e.server import Client, Reply, RunningServer

RESOURCE = "/access/v1/search/resource"
MANY = 10_000
BODY: dict[str, Any] = {
    "subject": entity("user:owner"),
    "action": {"name": "iam.policy.create"},
    "resource": {"type": "records/record"},
}
REFUSED = {
    "code": "invalid",
    "detail": "the token is not of this search, or has expired at page.token",
    "errors": [
        {
            "message": "the token is not of this search, or has expired",
            "place": "page.token",
            "help": "send the same request again without a token",
        }
    ],
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server with the world of search."""
    with RunningServer(tmp_path_factory.mktemp("pages")) as running:
        reply = running.owner().apply(*DOCUMENTS)
        assert reply.status == 200, reply.text
        yield running


def ask(client: Client, body: dict[str, Any], path: str = RESOURCE, **page: Any) -> Reply:
    """One page of a search."""
    return client.send("POST", path, {**body, "page": page})


def first_token(client: Client, body: dict[str, Any] | None = None) -> str:
    """The token of the second page."""
    token = ask(client, body or BODY, limit=2).json["page"]["next_token"]
    assert token
    return str(token)


def test_a_token_is_good_for_its_search_with_another_limit_and_address(server: RunningServer) -> None:
    """How long a page is may change, and the account may be named; nothing else."""
    owner = server.owner()
    token = first_token(owner)
    whole = results(owner, "resource", BODY)
    assert ask(owner, BODY, token=token, limit=3).json["results"] == whole[2:5]
    assert ask(owner, BODY, token=token).json["results"] == whole[2:]
    named = ask(owner, BODY, "/accounts/acme" + RESOURCE, token=token)
    assert named.json["results"] == whole[2:]
    assert ask(owner, {**BODY, "unknown": 1}, token=token).json["results"] == whole[2:]


@pytest.mark.parametrize(
    "other",
    [
        {"subject": entity("user:alice")},
        {"subject": entity("user:owner", role="admin")},
        {"action": {"name": "iam.policy.delete"}},
        {"action": {"name": "iam.policy.create", "properties": {"soft": True}}},
        {"resource": {"type": "record"}},
        {"resource": {"type": "records/page"}},
        {"resource": {"type": "records/record", "properties": {"region": "eu"}}},
        {"context": {"mfa": True}},
    ],
)
def test_a_token_is_refused_for_any_other_search(server: RunningServer, other: dict[str, Any]) -> None:
    """Whatever value is another, the token is not of that search."""
    owner = server.owner()
    reply = ask(owner, {**BODY, **other}, token=first_token(owner))
    assert (reply.status, reply.error) == (400, REFUSED)


def test_a_token_is_refused_where_its_page_was_narrowed_otherwise(server: RunningServer) -> None:
    """What `page.properties` says belongs to the search."""
    owner = server.owner()
    reply = ask(owner, BODY, token=first_token(owner), properties={"within": "folder/one"})
    assert reply.error == REFUSED


def test_a_token_is_refused_to_anybody_else(server: RunningServer) -> None:
    """Another caller who asks the same is not given the owner's place."""
    token = first_token(server.owner())
    assert ask(server.client("service-id:gateway"), BODY, token=token).error == REFUSED


def test_a_token_of_one_kind_of_search_is_refused_by_another(server: RunningServer) -> None:
    """Subjects are not continued as actions."""
    owner = server.owner()
    asked = {"subject": entity("user:owner"), "resource": {"type": "record", "id": "r-1"}}
    token = first_token(owner)
    assert ask(owner, asked, "/access/v1/search/action", token=token).error == REFUSED


def test_a_changed_or_invented_token_is_refused(server: RunningServer) -> None:
    """One changed character, a cut, an extended and an invented token get the same answer."""
    owner = server.owner()
    token = first_token(owner)
    middle = len(token) // 2
    changed = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    for wrong in (changed, token[:-4], token + "AAAA", "x", "ü", "A" * 400, "A" * 300_000):
        assert ask(owner, BODY, token=wrong).error == REFUSED, wrong[:20]


def test_a_token_ends_after_an_hour(server: RunningServer) -> None:
    """Later the search begins again."""
    token = first_token(server.owner())
    server.clock.advance(3599)
    assert ask(server.owner(), BODY, token=token).status == 200
    server.clock.advance(2)
    assert ask(server.owner(), BODY, token=token).error == REFUSED


def test_a_token_says_nothing_to_who_looks_into_it(server: RunningServer) -> None:
    """Two tokens of the same place differ, and tokens of short names are equally long."""
    owner = server.owner()
    tokens = [first_token(owner), first_token(owner), ask(owner, BODY, limit=1).json["page"]["next_token"]]
    assert len(set(tokens)) == 3
    assert len({len(token) for token in tokens}) == 1


def test_long_names_fit_into_a_token(server: RunningServer) -> None:
    """A name of thousands of characters is a position like any other."""
    owner = server.owner()
    names = [f"brn:acme:records:eu::folder/{'%C3%BC' * 330}{number}" for number in range(3)]
    assert owner.apply(*({"kind": "Resource", "name": name} for name in names)).status == 200
    body = {**BODY, "resource": {"type": "records/folder"}}
    found = results(owner, "resource", body, 1)
    assert [one["id"] for one in found[:3]] == names


def test_what_is_granted_throughout_is_neither_skipped_nor_doubled(server: RunningServer) -> None:
    """Between pages resources come and go before and behind the place; what stays is found once, in order."""
    owner = server.owner()
    body = {**BODY, "resource": {"type": "records/page"}}
    stays = [f"brn:acme:records:eu::folder/one/page/m{number:02}" for number in range(0, 20, 2)]
    goes = [f"brn:acme:records:eu::folder/one/page/m{number:02}" for number in range(1, 20, 2)]
    assert owner.apply(*({"kind": "Resource", "name": name} for name in stays)).status == 200
    seen: list[str] = []
    revisions: list[str] = []
    token = ""
    for name in [*goes, *reversed(goes)]:
        reply = ask(owner, body, limit=1, **({"token": token} if token else {})).json
        seen += [one["id"] for one in reply["results"]]
        revisions.append(reply["context"]["revision"]["account"])
        token = reply["page"]["next_token"]
        if not token:
            break
        there = owner.get("resources", name).status == 200
        changed = (
            owner.delete("resources", name) if there else owner.put("resources", name, body={"name": name})
        )
        assert changed.status in (200, 201, 204), changed.text
    assert token == ""
    assert [name for name in seen if name in stays] == stays
    assert all(one < other for one, other in pairwise(seen))
    assert len(set(revisions)) == len(revisions)


def test_what_is_withdrawn_between_pages_is_not_found_any_more(server: RunningServer) -> None:
    """A token carries a place, never a right: the second page is judged anew."""
    owner = server.owner()
    grant = {
        "kind": "Policy",
        "name": "zoe-for-a-moment",
        "subjects": ["user:zoe"],
        "roles": ["Reader"],
        "scope": {**RECORDS, "type": "record"},
    }
    assert owner.apply(grant).status == 200
    zoe = server.client("user:zoe")
    body = {"subject": entity("user:zoe"), "action": {"name": "read"}, "resource": {"type": "records/record"}}
    token = first_token(zoe, body)
    assert owner.delete("policies", "zoe-for-a-moment").status == 204
    assert ask(zoe, body, token=token).json["results"] == []


def test_ten_thousand_results_come_in_pages(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every one of them once, in order, whichever the limit; more than a thousand a page is not given."""
    with RunningServer(tmp_path_factory.mktemp("many")) as running:
        owner = running.owner()
        names = [f"brn:acme:records:eu::record/r{number:05}" for number in range(MANY)]
        reply = owner.apply(SERVICE, *({"kind": "Resource", "name": name} for name in names))
        assert reply.status == 200, reply.text
        found = pages(
            owner, "resource", {**BODY, "page": {"limit": 5000, "properties": {"total": True}}}, 5000
        )
        assert [one["id"] for page in found for one in page["results"]] == names
        assert [page["page"]["count"] for page in found] == [1000] * 10
        assert {page["page"]["total"] for page in found} == {MANY}
