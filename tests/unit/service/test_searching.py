"""Searches of a session: what is looked at, how pages are cut, and what a page never rests on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.api.asked_world import ACME, NOW, MemoryHost, session_of

from bailiwick.engine import Page
from bailiwick.errors import Conflict, Denied
from bailiwick.model.accounts import Account, Resource
from bailiwick.model.policies import Policy, Scope
from bailiwick.model.requests import Reason, ResourceQuery
from bailiwick.service import searching
from bailiwick.service.asking import Asking, Question
from bailiwick.service.narrowing import StoredSo
from bailiwick.service.searching import (
    ResourcesSought,
    Search,
    search_actions,
    search_resources,
    search_subjects,
)

MANY = [
    Resource(f"brn:acme:records:::record/m{number:02}", project="dev" if number % 3 == 0 else "prod")
    for number in range(30)
]
WORLD = replace(ACME, resources={**ACME.resources, **{one.name: one for one in MANY}})
DEV = [one.name for one in MANY if one.project == "dev"]
RECORD_ONE = ResourceQuery("records", (("record", "record-1"),))


def asking(principal: str, account: Account = WORLD) -> Asking:
    """This principal asks."""
    host = MemoryHost(account)
    return Asking(host, session_of(principal), host.snapshot("acme"), NOW)


def sought(principal: str = "user:alice", action: str = "read", **more: object) -> ResourcesSought:
    """On which records may this principal do this?"""
    return ResourcesSought(principal, action, "records", "record", **more)  # type: ignore[arg-type]  # the remaining fields


def every(search: Search, limit: int = 7) -> list[str]:
    """All that is found, page by page."""
    found: list[str] = []
    after: str | None = None
    while True:
        page = search.page(after, limit)
        found += page.found
        after = page.after
        if after is None:
            return found


def ids(names: list[str]) -> list[str]:
    """The ids at the ends of these names."""
    return [name.rpartition("/")[2] for name in names]


def test_an_evaluator_of_one_project_searches_that_project() -> None:
    """Found, counted and cut into pages is what lies there."""
    search = search_resources(asking("service-id:dev-gateway"), sought())
    expected = sorted([*DEV, "brn:acme:records:::record/record-1"])
    assert every(search) == every(search, 1) == expected
    assert search.count() == len(expected)


def test_pages_never_end_at_what_may_not_be_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    """However little is looked at for a page, its end and its length rest on the asker's own resources."""
    monkeypatch.setattr(searching, "CHUNK", 2)
    monkeypatch.setattr(searching, "MOST_LOOKED_AT", 3)
    granted = search_resources(asking("service-id:dev-gateway"), sought("user:alice", "write"))
    nothing = search_resources(asking("service-id:dev-gateway"), sought("user:carol", "write"))
    for search in (granted, nothing):
        after: str | None = None
        ends = []
        while True:
            page = search.page(after, 5)
            after = page.after
            if after is None:
                break
            ends.append(after)
        assert ends
        assert set(ends) <= set(DEV)
    assert ids(every(granted)) == ["record-1"]
    assert every(nothing) == []
    assert not nothing.finds_any()
    assert granted.finds_any()


def test_too_many_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where more would have to be looked at one by one than is done, no number is given."""
    monkeypatch.setattr(searching, "CHUNK", 2)
    monkeypatch.setattr(searching, "MOST_COUNTED", 6)
    assert search_resources(asking("service-id:dev-gateway"), sought()).count() is None
    assert search_resources(asking("service-id:gateway"), sought()).count() == 32
    of_a_condition = search_resources(asking("service-id:gateway"), sought("user:alice", "write"))
    assert of_a_condition.count() is None
    monkeypatch.setattr(searching, "MOST_COUNTED", 32)
    assert of_a_condition.count() == len(every(of_a_condition))


def test_a_limit_of_nothing_finds_whether_there_is_something() -> None:
    """The page is empty; it goes on only where something follows."""
    search = search_resources(asking("user:alice"), sought())
    assert search.page(None, 0) == Page((), "")
    nothing = search_resources(asking("user:alice"), sought(action="nonsense"))
    assert nothing.page(None, 0) == Page((), None)


def test_who_could_hold_the_right_nowhere_is_refused() -> None:
    """By the asker's own policies alone: what it asks for need not exist."""
    for what in (sought(), sought(action="nonsense"), replace(sought(), service="nowhere")):
        with pytest.raises(Denied, match=r"lacks `iam\.decision\.evaluate` over every resource"):
            search_resources(asking("user:carol"), what)
    described = sought("user:carol", principal_properties={"role": "admin"})
    with pytest.raises(Denied, match=r"lacks `iam\.decision\.describe` over every resource"):
        search_resources(asking("user:carol"), described)


def test_describing_needs_its_right_where_something_is_found() -> None:
    """An evaluator that may describe in one project only finds there only."""
    describer = Policy(
        "describes", ("user:auditor",), ("iam/Evaluator",), Scope(("records",), project=("prod",))
    )
    world = replace(WORLD, policies={**WORLD.policies, describer.name: describer})
    search = search_resources(
        asking("user:auditor", world),
        sought("user:bob", "write", principal_properties={"role": "admin"}),
    )
    assert ids(every(search)) == ["record-2"]


def test_a_condition_on_the_connection_is_no_right_to_search() -> None:
    """The evaluator from inside holds its right over nothing while nobody says where it is."""
    assert every(search_resources(asking("service-id:inside"), sought())) == []


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (StoredSo(project="prod", groups=()), ["record-2"]),
        (StoredSo(budget="b"), []),
        (StoredSo(project="pr*"), []),
        (StoredSo(below="brn:acme:records:::record/record-"), ["record-1", "record-2"]),
        (StoredSo(below="brn:acme:records:::record/record-", groups=()), ["record-1", "record-2"]),
    ],
)
def test_what_the_index_cannot_narrow_is_compared(stored: StoredSo, expected: list[str]) -> None:
    """Groups, budgets, and texts that would be wildcards in a scope."""
    found = every(search_resources(asking("user:alice", ACME), sought(stored=stored)))
    assert ids(found) == expected


def test_a_search_for_subjects_without_the_right_finds_oneself_at_most() -> None:
    """Others who may are not found, in whichever kind."""
    question = Question("", "read", RECORD_ONE)
    for kind, expected in (("user", ["user:alice"]), ("service-id", []), ("group", [])):
        assert every(search_subjects(asking("user:alice"), question, kind)) == expected
    assert every(search_subjects(asking("user:carol"), Question("", "write", RECORD_ONE), "user")) == []


def test_a_session_with_restrictions_is_judged_by_them_among_the_subjects() -> None:
    """The one who asks is found as its session is, the others as they are."""
    host = MemoryHost(WORLD)
    narrow = session_of("user:olivia", restrictions=(next(iter(WORLD.guardrails.values())),))
    question = Question("", "read", ResourceQuery("records", (("record", "secret-1"),)))
    found = every(search_subjects(Asking(host, narrow, host.snapshot("acme"), NOW), question, "user"))
    assert found == []
    question = Question("", "read", RECORD_ONE)
    found = every(search_subjects(Asking(host, narrow, host.snapshot("acme"), NOW), question, "user"))
    assert found == ["user:alice", "user:bob", "user:carol", "user:olivia"]


def test_what_cannot_be_told_is_found_by_nobody() -> None:
    """An id of several resources gives nothing, in each kind of search."""
    question = Question(
        "user:alice", "read", ResourceQuery("records", (("service", "records"),)), Reason.AMBIGUOUS_RESOURCE
    )
    gateway = asking("service-id:gateway")
    assert every(search_subjects(gateway, question, "user")) == []
    assert every(search_actions(gateway, question)) == []


def test_services_are_subjects_of_their_own_kind() -> None:
    """A service that holds a policy is found as a service."""
    policy = Policy("imaging", ("service:ims",), ("Reader",), Scope(service=("records",)))
    world = replace(WORLD, policies={**WORLD.policies, policy.name: policy})
    question = Question("", "read", RECORD_ONE)
    assert every(search_subjects(asking("service-id:gateway", world), question, "service")) == ["service:ims"]
    assert every(search_subjects(asking("service-id:gateway", world), question, "anonymous")) == []


def test_looking_for_any_ends_with_an_error_where_too_much_was_looked_at() -> None:
    """That nothing is found would be a wrong answer."""
    endless = Search(lambda after, limit: Page((), f"{after or ''}x"[-9:]))
    with pytest.raises(Conflict) as caught:
        endless.finds_any()
    assert str(caught.value) == (
        "too many would have to be looked at one by one to tell whether any is allowed\n"
        "  help: name a narrower container: a region, a project, or something that lies in it"
    )
