"""The estimate against what Python holds: never far below, so that a bound is one, and never absurdly above."""

from __future__ import annotations

import gc
import tracemalloc

import pytest
from tests.unit.service.accounts import Installation

from bailiwick.service.holding.weighing import weigh
from bailiwick.service.loading import load_snapshot

COUNT = 400
LEAST, MOST = 0.9, 1.6


def users(count: int) -> list[str]:
    """So many users."""
    return [f"kind: User\nname: u{number}\n" for number in range(count)]


def groups(count: int) -> list[str]:
    """As many groups of five."""

    def members(number: int) -> str:
        return ", ".join(f"user:u{(number * 7 + one) % count}" for one in range(5))

    return [f"kind: Group\nname: g{number}\nmembers: [{members(number)}]\n" for number in range(count)]


def policies(count: int) -> list[str]:
    """As many policies, half of them of one subject each, the others narrow and of two."""
    return [
        f"kind: Policy\nname: p{number}\nsubjects: [user:u{number}]\nroles: [Viewer]\nscope: {{service: iam}}\n"
        if number % 2
        else f"kind: Policy\nname: p{number}\nsubjects: [user:u{number % 50}, user:u{(number + 1) % 50}]\n"
        f"roles: [Viewer, Editor]\nscope: {{service: iam, type: group, id: team-{number}}}\n"
        for number in range(count)
    ]


WORLDS = {
    "nobody but the owner": [],
    "users": users(COUNT),
    "groups": users(COUNT) + groups(COUNT),
    "policies": users(COUNT) + policies(COUNT),
}


@pytest.mark.parametrize("world", WORLDS)
def test_an_account_weighs_about_what_it_takes(acme: Installation, world: str) -> None:
    """Loaded, before anybody asks."""
    if WORLDS[world]:
        acme.apply("---\n".join(WORLDS[world]))
    given = (acme.store, acme.host.catalog, "acme", acme.host.system_head())
    load_snapshot(*given)
    tracemalloc.start()
    try:
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        snapshot = load_snapshot(*given)
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert LEAST * taken < weigh(snapshot) < MOST * taken
