"""How long searches take in a world with as many resources as policies: first pages, counts, who can, a change.

A figure is the median of several runs in processor time, after one that makes what later ones find made; of searches
for principals that one is told apart (`first_ms`). Memory is what the process grew by, so that a million can be
measured without tracing each allocation.
`python -m bench.searching 1000` prints JSON.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from statistics import median
from typing import TypeVar

from bailiwick.engine import (
    CompiledAccount,
    Page,
    PrincipalSearch,
    ResourceSearch,
    compile_account,
    count_principals,
    count_resources,
    find_principals,
    find_resources,
)
from bailiwick.engine.indexes import find_holders, find_inventory, find_people
from bailiwick.model.accounts import Account, Membership, Principal, Resource
from bailiwick.model.conditions import Comparison, Ref
from bailiwick.model.names import format_resource_name
from bailiwick.model.overlays import as_overlay
from bailiwick.model.policies import Policy, Scope
from bailiwick.model.requests import Request
from bailiwick.model.services import Qualifier, Right, Role, Service
from bench.questions import CONTEXT
from bench.worlds import KINDS, NOW, Target, World, services

PAGE = 100
RUNS = 9
CHANGES = 7
FIRST_QUEUE = 450
MINE_EVERY = 500  # of the resources, so that the one who holds what is theirs alone owns some

Figures = dict[str, float]
Found = TypeVar("Found")


class SearchedWorld(World):
    """The world `wide`, with as many registered resources as policies, and principals of every kind of grant."""

    name = "searched"

    def __init__(self, policies: int) -> None:
        super().__init__(policies)
        self.resources = policies

    def is_registered(self, target: Target) -> bool:
        """All are."""
        return True

    def account(self) -> Account:
        """Which account is it?"""
        plain = super().account()
        more = {policy.name: policy for policy in _more_policies(self)}
        people = {subject: Principal(subject) for p in more.values() for subject in p.subjects}
        resources = dict(plain.resources)
        for number in range(100, self.resources, MINE_EVERY):
            name = format_resource_name(self.target(number).name(self.account_name))
            resources[name] = replace(resources[name], owner="user:mine")
        return replace(
            plain,
            principals={**plain.principals, **{k: v for k, v in people.items() if k.startswith("user:")}},
            policies=Joined(more, plain.policies),
            resources=as_overlay(resources),
        )


class Joined(Mapping[str, Policy]):
    """Some policies before many others that are made when they are read."""

    def __init__(self, first: Mapping[str, Policy], others: Mapping[str, Policy]) -> None:
        self._first = first
        self._others = others

    def __getitem__(self, name: str) -> Policy:
        return self._first[name] if name in self._first else self._others[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._first
        yield from (name for name in self._others if name not in self._first)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _more_policies(world: World) -> list[Policy]:
    """Who holds what in one piece?"""
    servers, images = Scope(("servers",)), Scope(("images",))
    projects = Scope(project=tuple(f"project-{number}" for number in range(1, 6)))
    queue = world.target(FIRST_QUEUE)
    of_queue = Scope((queue.service,), project=(queue.project,))
    low = Comparison("resource.id", "string-ends-with", "00")
    return [
        Policy("of-projects", ("user:projects",), ("Viewer",), projects),
        Policy("of-a-service", ("user:service",), ("Reader",), images),
        Policy("of-everything", ("user:everything",), ("Reader",)),
        Policy("of-mine", ("user:mine",), ("Own",), servers),
        Policy("of-condition", ("user:condition",), ("Reader",), images, when=low),
        Policy("of-members", ("group:members",), ("Viewer",), of_queue),
    ]


def searched_services() -> dict[str, Service]:
    """The services of every world, with a qualified role in one of them."""
    found = services()
    is_mine = Comparison("resource.owner", "string-equals", Ref("principal.id"))
    own = Right("servers", ("servers.server.*",), qualifier="mine")
    found["servers"] = replace(
        found["servers"],
        roles={**found["servers"].roles, "Own": Role("servers", "Own", "service", (own,))},
        qualifiers={"mine": Qualifier("mine", "Mine", frozenset({"owner"}), is_mine)},
    )
    return found


def measure(world: SearchedWorld) -> dict[str, Figures]:
    """Which figures has this world?"""
    account = world.account()
    compiled, seconds = _timed(lambda: compile_account(searched_services(), account))
    gc.collect()
    gc.freeze()
    found = {
        "world": {"resources": float(len(account.resources)), "compile_s": seconds / 1000},
        "inventory": _making(lambda: find_inventory(compiled)),
        "who_index": _making(lambda: (find_holders(compiled), find_people(compiled))),
        "attributes": _making(lambda: _touch_columns(compiled)),
    }
    for name, search in _searches(world).items():
        found[f"resources, {name}"] = _of_resources(compiled, search)
    for name, asked in _who(world).items():
        found[f"principals, {name}"] = _of_principals(compiled, asked)
    found["all that one sees"] = _all_that_one_sees(compiled)
    found["change"] = _changes(world, compiled)
    return found


def _timed(ask: Callable[[], Found]) -> tuple[Found, float]:
    began = time.thread_time()
    found = ask()
    return found, (time.thread_time() - began) * 1000


def _resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _making(make: Callable[[], object]) -> Figures:
    """How long does it take to make, and how large is the process by it?"""
    before = _resident()
    _, milliseconds = _timed(make)
    gc.collect()
    return {"seconds": milliseconds / 1000, "megabytes": (_resident() - before) / 1e6}


def _touch_columns(compiled: CompiledAccount) -> None:
    """Have the attributes of everything been looked up once?"""
    for service, (outer, inner) in KINDS.items():
        for kind in filter(None, (outer, inner)):
            count_resources(compiled, _search("user:projects", service, kind))
            count_resources(compiled, _search("user:mine", service, kind))
            count_resources(compiled, _search("user:u1", service, kind))


def _search(principal: str, service: str, kind: str = "") -> ResourceSearch:
    kind = kind or KINDS[service][1]
    return ResourceSearch(principal, f"{service}.{kind}.read", service, kind, NOW, CONTEXT)


def _searches(world: World) -> dict[str, ResourceSearch]:
    few = next(number for number in range(world.principals) if len(world.groups_of(number)) == 1)
    service = world.target_of(world.policies_of(few)[0]).service
    asked = _search("user:projects", "images")
    return {
        "few grants": _search(world.user(few), service),
        "200 groups": _search(world.user(world.hub), "images"),
        "five projects": asked,
        "a whole service": _search("user:service", "images"),
        "everything": _search("user:everything", "buckets"),
        "all members": _search("user:everything", "queues"),
        "the owner": _search("user:owner", "images"),
        "only their own": _search("user:mine", "servers"),
        "a condition on each": _search("user:condition", "images"),
        "joined with another": replace(asked, also=_search("user:service", "images")),
    }


def _who(world: World) -> dict[str, PrincipalSearch]:
    def about(number: int, *, by: str = "user") -> PrincipalSearch:
        target = world.target(number)
        action = f"{target.service}.{target.path[-1][0]}.read"
        return PrincipalSearch(Request("", action, target.query(described=False), NOW, CONTEXT), by)

    staff = next(
        number
        for number in range(world.policies - world.staff, world.policies)
        if (policy := world.policy(number)).effect == "allow" and policy.when is None
    )
    return {
        "few": about(world.target_of(11).number),
        "a group of many": about(world.target_of(staff).number),
        "all members": about(FIRST_QUEUE),
    }


def _of_resources(compiled: CompiledAccount, search: ResourceSearch) -> Figures:
    def page() -> Page:
        return find_resources(compiled, search, after=None, limit=PAGE)

    found = page()
    middle = found.found[-1] if found.found else None
    return {
        "page": float(len(found.found)),
        "page_ms": _median(page),
        "next_page_ms": _median(lambda: find_resources(compiled, search, after=middle, limit=PAGE)),
        "count": float(count_resources(compiled, search) or 0),
        "count_ms": _median(lambda: count_resources(compiled, search)),
    }


def _of_principals(compiled: CompiledAccount, search: PrincipalSearch) -> Figures:
    def page() -> Page:
        return find_principals(compiled, search, after=None, limit=PAGE)

    found, first = _timed(page)
    return {
        "first_ms": first,
        "page": float(len(found.found)),
        "page_ms": _median(page),
        "count": float(count_principals(compiled, search) or 0),
        "count_ms": _median(lambda: count_principals(compiled, search)),
    }


def _median(ask: Callable[[], object]) -> float:
    return median(_timed(ask)[1] for _ in range(RUNS))


def _all_that_one_sees(compiled: CompiledAccount) -> Figures:
    """How long does it take to count everything, of every type, that one principal may read?"""

    def count(principal: str) -> int:
        return sum(
            count_resources(compiled, _search(principal, service, kind)) or 0
            for service, kinds in KINDS.items()
            for kind in filter(None, kinds)
        )

    found: Figures = {}
    for principal in ("user:owner", "user:everything", "user:projects", "user:u1"):
        found[principal] = float(count(principal))
        found[f"{principal} ms"] = _median(lambda who=principal: count(who))  # type: ignore[misc]
    return found


def _changes(world: SearchedWorld, compiled: CompiledAccount) -> Figures:
    """How long until one change is taken in, and how long does the next page take?"""
    taken: dict[str, list[float]] = {}
    for number in range(CHANGES):
        for kind, name, account in _changed(world, compiled.account, number):
            compiled = _one_change(world, compiled, account, (kind, name), taken)
    return {name: median(figures) for name, figures in taken.items()}


def _one_change(
    world: SearchedWorld,
    compiled: CompiledAccount,
    account: Account,
    change: tuple[str, str],
    taken: dict[str, list[float]],
) -> CompiledAccount:
    search, who = _search("user:projects", "images"), _who(world)["a group of many"]
    applied, change_ms = _timed(lambda: compiled.apply(account, [change]))
    _, page_ms = _timed(lambda: find_resources(applied, search, after=None, limit=PAGE))
    _, who_ms = _timed(lambda: find_principals(applied, who, after=None, limit=PAGE))
    for name, figure in (("change", change_ms), ("page after", page_ms), ("who after", who_ms)):
        taken.setdefault(f"{change[0]}, {name}, ms", []).append(figure)
    return applied


def _changed(world: SearchedWorld, account: Account, number: int) -> Iterator[tuple[str, str, Account]]:
    """Which one thing is another: a resource, a policy, a membership of the largest group?"""
    name = format_resource_name(world.target(number * 500).name(account.name))
    moved = Resource(name, project="project-3", owner="user:u9")
    account = replace(account, resources=as_overlay(account.resources).changed({name: moved}))
    yield "Resource", name, account
    policy = replace(world.policy(number), roles=("Manager",))
    account = replace(account, policies=Joined({policy.name: policy}, account.policies))
    yield "Policy", policy.name, account
    staff = account.groups["staff"]
    members = (
        *staff.members[:number],
        Membership(world.user(world.principals - 1 - number)),
        *staff.members[number:],
    )
    yield (
        "Group",
        "staff",
        replace(account, groups={**account.groups, "staff": replace(staff, members=members)}),
    )


if __name__ == "__main__":
    print(json.dumps(measure(SearchedWorld(int(sys.argv[1])))))
