"""Accounts that are loaded, kept up, published and let go of, while others do the same."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from tests.unit.service.accounts import SETTINGS, START, Installation

from bailiwick.errors import Unavailable
from bailiwick.model.accounts import Principal
from bailiwick.service.changes import change_account
from bailiwick.service.edits import Edit, Plan
from bailiwick.service.effects import effects_of
from bailiwick.service.holding.accounts import NotHeld
from bailiwick.service.holding.loads import MOST_FOR_ONE, MOST_WAITING
from bailiwick.service.holding.weighing import weigh
from bailiwick.service.host import Host
from bailiwick.service.initial import create_account
from bailiwick.service.keys.exchanging import exchange_key
from bailiwick.service.loading import load_snapshot
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import Head

LOAD = "bailiwick.service.holding.accounts.load_snapshot"
ALICE = Edit("User", "alice", Principal("user:alice"))
BOB = Edit("User", "bob", Principal("user:bob"))


def names_of(snapshot: Snapshot) -> set[str]:
    """Who is in it?"""
    return set(snapshot.account.principals)


def test_within_the_bound_the_least_used_accounts_go_and_come_back(acme: Installation) -> None:
    """What comes back is what it was, and is counted as a load."""
    for name in ("a", "b", "c", "d"):
        create_account(acme.store, name, "owner", f"owner@{name}.example", START)
    bound = int(weigh(acme.host.snapshot("a")) * 3.5)
    host = Host(acme.store, replace(SETTINGS, most_held_bytes=bound), clock=acme.clock)
    vectors = {name: dict(host.snapshot(name).vector) for name in ("a", "b", "c", "d")}
    assert host.held.sizes().bytes <= bound
    assert "d" in host.held.names()
    assert "a" not in host.held.names()
    assert host.held.sizes().evictions == 4 - len(host.held.names())
    loads = host.held.loads.count
    assert host.snapshot("a").vector == vectors["a"]
    assert host.held.loads.count == loads + 1


def test_a_thread_that_may_not_wait_is_told_so(acme: Installation) -> None:
    """Until what it asks for is held, and again when something was announced."""
    other = acme.another_host()
    other.held.never_wait_here()
    with pytest.raises(NotHeld):
        other.snapshot("acme")
    with ThreadPoolExecutor() as threads:
        assert names_of(threads.submit(other.snapshot, "acme").result()) == {"user:owner"}
        assert names_of(other.snapshot("acme")) == {"user:owner"}
        acme.edit(ALICE)
        with pytest.raises(NotHeld):
            other.snapshot("acme")
        threads.submit(other.snapshot, "acme").result()
    assert "user:alice" in names_of(other.snapshot("acme"))
    other.held.may_wait_again()
    acme.edit(BOB)
    assert "user:bob" in names_of(other.snapshot("acme"))


def test_a_thread_that_may_not_wait_authenticates_by_what_is_held(acme: Installation) -> None:
    """Signing keys are looked up for every question, and take the store only when something was announced."""
    header = f"Bearer {exchange_key(acme.host, acme.owner_key).text}"
    other = acme.another_host()
    assert other.authenticate(header).principal == "user:owner"
    other.held.never_wait_here()
    assert other.authenticate(header).principal == "user:owner"
    acme.edit(ALICE)
    with pytest.raises(NotHeld):
        other.authenticate(header)


def test_an_earlier_state_never_replaces_a_later_one(acme: Installation) -> None:
    """Whoever publishes second may have committed first."""
    before = acme.host.snapshot("acme")
    acme.edit(ALICE)
    earlier = acme.host.snapshot("acme")
    acme.edit(BOB)
    later = acme.host.snapshot("acme")
    for one in (earlier, before):
        acme.host.publish("acme", one)
        assert acme.host.snapshot("acme") is later


def test_what_is_held_no_more_is_not_published(acme: Installation) -> None:
    """Nobody followed it since; who asks next loads what the store has now."""
    other = acme.another_host()
    stale = other.snapshot("acme")
    other.held._held.drop("acme")
    acme.edit(ALICE)
    other.publish("acme", stale)
    assert other.held.names() == []
    assert "user:alice" in names_of(other.snapshot("acme"))


def test_what_was_committed_while_an_account_was_read_is_in_it(
    acme: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The announcement came when nothing was held yet."""
    other, load, owner = acme.another_host(), load_snapshot, acme.owner

    def slow(*given: Any) -> Snapshot:
        found = load(*given)
        acme.edit(ALICE, session=owner)
        other.held.follow()
        return found

    monkeypatch.setattr(LOAD, slow)
    assert "user:alice" in names_of(other.snapshot("acme"))
    assert other.held.loads.count == 1


def test_an_account_that_many_ask_for_is_read_once(
    acme: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others wait for the first."""
    other, load, begun = acme.another_host(), load_snapshot, Event()

    def slow(*given: Any) -> Snapshot:
        begun.wait(0.2)
        return load(*given)

    monkeypatch.setattr(LOAD, slow)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(other.snapshot, ["acme"] * 8))
    assert other.held.loads.count == 1
    assert all(one is found[0] for one in found)


def test_too_many_loads_at_once_are_refused_and_what_is_held_is_answered(
    acme: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that wait take their threads with them."""
    accounts = [f"a{number}" for number in range(MOST_WAITING + 1)]
    for name in accounts:
        create_account(acme.store, name, "owner", f"owner@{name}.example", START)
    other, load, go = acme.another_host(), load_snapshot, Event()
    other.snapshot("acme")

    def blocked(*given: Any) -> Snapshot:
        go.wait(20)
        return load(*given)

    monkeypatch.setattr(LOAD, blocked)
    with ThreadPoolExecutor(MOST_WAITING + 1) as threads:
        waiting = [threads.submit(other.snapshot, name) for name in accounts]
        while not any(one.done() for one in waiting):
            assert names_of(other.snapshot("acme")) == {"user:owner"}
        (refused,) = [one for one in waiting if one.done()]
        assert isinstance(refused.exception(), Unavailable)
        go.set()
    assert other.held.loads.count == MOST_WAITING + 1
    assert other.held.loads.under_way == 0
    assert other.snapshot(accounts[-1]).account.name == accounts[-1]


def test_writers_of_one_account_do_not_wait_for_those_of_another(
    acme: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor do questions, nor what is taken in of others."""
    key = create_account(acme.store, "slow", "owner", "owner@slow.example", START)
    session = acme.host.authenticator.session_of_key(key)[0]
    append, held_up, go = acme.store.append, Event(), Event()

    def slow(log: str, *given: Any, **named: Any) -> Head:
        if log == "account:slow":
            held_up.set()
            assert go.wait(20)
        return append(log, *given, **named)

    monkeypatch.setattr(acme.store, "append", slow)
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(change_account, acme.host, session, _adding(BOB), via="test")
        assert held_up.wait(20)
        acme.edit(ALICE)
        assert "user:alice" in names_of(acme.host.snapshot("acme"))
        assert "user:bob" not in names_of(acme.host.snapshot("slow"))
        assert not waiting.done()
        go.set()
        waiting.result()
    assert "user:bob" in names_of(acme.host.snapshot("slow"))


def _adding(*edits: Edit) -> Any:
    def prepare(_: Snapshot) -> Sequence[Edit]:
        return edits

    return prepare


def test_many_writers_and_readers_end_at_what_the_store_has(acme: Installation) -> None:
    """Two processes write at once, a third evicts all the time; nobody sees an account go back."""
    tiny = Host(acme.store, replace(SETTINGS, most_held_bytes=1), clock=acme.clock)
    hosts = [acme.host, acme.another_host(), tiny]
    owner = acme.owner

    def write(number: int) -> None:
        edit = Edit("User", f"u{number}", Principal(f"user:u{number}"))
        change_account(hosts[number % 3], owner, _adding(edit), via="test")

    def read(number: int) -> None:
        seen = 0
        for _ in range(200):
            revision = hosts[number % 3].snapshot("acme").revision
            assert revision >= seen
            seen = revision
            hosts[2].held.make_room()

    with ThreadPoolExecutor(6) as threads:
        done = [*threads.map(write, range(45)), *threads.map(read, range(3))]
    assert len(done) == 48
    newest = acme.store.head("account:acme").vector
    assert [host.refresh("acme").vector["account"] for host in hosts] == [newest] * 3
    assert [len(names_of(host.snapshot("acme"))) for host in hosts] == [46] * 3


def test_what_was_committed_and_cannot_be_placed_is_not_answered_as_it_was(
    acme: Installation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The writer is told of the commit; whoever asks next gets what was committed."""
    acme.owner  # noqa: B018 - the session is made before the store fails

    def gone(_: Snapshot) -> None:
        raise OSError("the store is gone")

    with monkeypatch.context() as patched:
        patched.setattr(acme.host.held, "_bring_management_of", gone)
        acme.edit(ALICE)
    assert "account `acme` could not be placed in its enterprise" in caplog.text
    assert acme.host.held.names() == []
    assert "user:alice" in names_of(acme.host.snapshot("acme"))


def test_many_who_ask_for_one_account_leave_threads_for_others(
    acme: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server has forty threads for everybody: most of those who wait for one account wait for a short time."""
    for name in ("slow", "quick"):
        create_account(acme.store, name, "owner", f"owner@{name}.example", START)
    other, load, go = acme.another_host(), load_snapshot, Event()

    def blocked(*given: Any) -> Snapshot:
        if given[2] == "slow":
            go.wait(30)
        return load(*given)

    monkeypatch.setattr(LOAD, blocked)
    with ThreadPoolExecutor(40) as threads:
        waiting = [threads.submit(other.snapshot, "slow") for _ in range(100)]
        try:
            assert threads.submit(other.snapshot, "quick").result(timeout=20).account.name == "quick"
            until = time.monotonic() + 20
            while sum(one.done() for one in waiting) < 100 - MOST_FOR_ONE and time.monotonic() < until:
                time.sleep(0.01)
        finally:
            go.set()
        refused = [one for one in waiting if one.exception() is not None]
    assert len(refused) == 100 - MOST_FOR_ONE
    assert all(isinstance(one.exception(), Unavailable) for one in refused)


def test_who_compiles_a_change_for_long_keeps_nobody_from_being_followed(
    acme: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A preview of a large account takes seconds; what others commit is taken in meanwhile, of the same account too."""
    other, owner, go, begun = acme.another_host(), acme.owner, Event(), Event()
    other.snapshot("acme")
    compiled = Plan.compile

    def slow(plan: Plan) -> Any:
        begun.set()
        assert go.wait(20)
        return compiled(plan)

    with ThreadPoolExecutor() as threads, monkeypatch.context() as patched:
        patched.setattr(Plan, "compile", slow)
        preview = threads.submit(effects_of, other, owner, _adding(BOB))
        assert begun.wait(20)
        patched.undo()
        acme.edit(ALICE)
        threads.submit(other.held.look).result(timeout=10)
        assert "user:alice" in names_of(other.snapshot("acme"))
        go.set()
        preview.result()
