"""Which accounts go when there is too much, and that nothing else keeps them."""

from __future__ import annotations

import gc
from weakref import ref

import pytest
from tests.unit.service.accounts import START, Installation

from bailiwick.model.accounts import Group, Membership, Principal
from bailiwick.service.edits import Edit
from bailiwick.service.holding.held import Held
from bailiwick.service.holding.weighing import ACCOUNT_BYTES, VIEW_BYTES, weigh, weigh_views
from bailiwick.service.initial import create_account
from bailiwick.service.snapshots import Snapshot

NAMES = ("a", "b", "c", "d")


@pytest.fixture
def snapshots(acme: Installation) -> dict[str, Snapshot]:
    """Four small accounts."""
    for name in NAMES:
        create_account(acme.store, name, "owner", f"owner@{name}.example", START)
    return {name: acme.host.snapshot(name) for name in NAMES}


def filled(snapshots: dict[str, Snapshot], most_bytes: int) -> Held:
    """All four, held."""
    held = Held(most_bytes)
    for name, snapshot in snapshots.items():
        held.put(name, snapshot)
    return held


def test_the_least_used_go_first(snapshots: dict[str, Snapshot]) -> None:
    """Until a tenth of the bound is free, so that not every load looks for a victim."""
    size = weigh(snapshots["a"])
    held = filled(snapshots, int(size * 2.5))
    held.find("a")
    assert held.surplus() == ["b", "c"]
    assert held.surplus(kept=["b"]) == ["c", "a"]
    assert filled(snapshots, size * 5).surplus() == []


def test_nothing_goes_without_a_bound(snapshots: dict[str, Snapshot]) -> None:
    """Whoever gives none has room for all."""
    held = Held()
    for name, snapshot in snapshots.items():
        held.put(name, snapshot)
    assert held.surplus() == []
    assert sorted(held.names()) == list(NAMES)


def test_what_is_held_is_counted(acme: Installation, snapshots: dict[str, Snapshot]) -> None:
    """By its size and what it has grown by; nothing of what was let go of remains."""
    held = filled(snapshots, ACCOUNT_BYTES)
    one = held.bytes // 4
    acme.edit(*(Edit("User", f"u{n}", Principal(f"user:u{n}")) for n in range(200)))
    held.put("a", acme.host.snapshot("a"))
    assert held.bytes // 4 == one
    held.put("acme", acme.host.snapshot("acme"))
    assert held.largest(1)[0][0] == "acme"
    for name in (*NAMES, "acme", "not there"):
        held.drop(name)
    assert (held.bytes, len(held)) == (0, 0)


def test_an_account_that_grew_weighs_more(acme: Installation) -> None:
    """About as much as it would have if it were loaded now."""
    held = Held()
    held.put("acme", acme.host.snapshot("acme"))
    acme.edit(*(Edit("User", f"u{n}", Principal(f"user:u{n}")) for n in range(5)))
    before = acme.host.snapshot("acme")
    fresh = Held()
    fresh.put("acme", before)
    acme.edit(*(Edit("User", f"v{n}", Principal(f"user:v{n}")) for n in range(1000)))
    after = acme.host.snapshot("acme")
    fresh.put("acme", after)
    assert weigh(after) * 0.9 < fresh.bytes < weigh(after) * 2


def test_a_group_that_grew_weighs_more_when_it_is_looked_at(acme: Installation) -> None:
    """No object came, and yet it takes memory: many members must not push a process over its bound unseen."""
    users = [Edit("User", f"u{n}", Principal(f"user:u{n}")) for n in range(500)]
    acme.edit(*users, Edit("Group", "all", Group("all")))
    held = Held()
    held.put("acme", acme.host.snapshot("acme"))
    members = tuple(Membership(f"user:u{n}") for n in range(500))
    acme.edit(Edit("Group", "all", Group("all", members=members)))
    after = acme.host.snapshot("acme")
    held.put("acme", after)
    held.count_views(["acme"])
    assert held.bytes == weigh(after) + weigh_views(after)


def test_what_questions_leave_behind_is_counted(acme: Installation) -> None:
    """By principal that asked."""
    held = Held()
    snapshot = acme.host.snapshot("acme")
    held.put("acme", snapshot)
    before = held.bytes - weigh_views(snapshot)
    acme.edit(Edit("User", "alice", Principal("user:alice")))
    held.count_views(["acme", "not there"])
    assert held.bytes == before + len(snapshot.compiled.views) * VIEW_BYTES


def test_an_account_that_was_let_go_of_is_in_memory_no_more(acme: Installation) -> None:
    """Not by a session of it either, which stands again when somebody comes with it."""
    session = acme.owner
    held = ref(acme.host.snapshot("acme"))
    acme.host.held._held.drop("acme")
    gc.collect()
    assert held() is None
    assert acme.owner == session
