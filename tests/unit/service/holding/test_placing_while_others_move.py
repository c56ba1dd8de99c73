"""Accounts of an enterprise that are loaded while their management account moves, comes or goes."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from tests.unit.service.accounts import SETTINGS, Installation
from tests.unit.service.test_enterprises import TREE, Company

from bailiwick.authn.signing import KeyPurpose
from bailiwick.service.enterprise.placing import place
from bailiwick.service.holding.loads import LOADS_AT_ONCE
from bailiwick.service.host import Host
from bailiwick.service.loading import load_snapshot
from bailiwick.service.snapshots import Snapshot

LOAD = "bailiwick.service.holding.accounts.load_snapshot"
PLACE = "bailiwick.service.holding.accounts.place"
NO_READS = """
kind: Guardrail
name: no-reads
node: account-group:live
actions: ["ims:images:get"]
scope: {service: ims}
"""


@pytest.fixture
def company(acme: Installation) -> Company:
    """A company whose tree is made; its account `prod` is not held yet."""
    found = Company(acme)
    found.apply("acme", TREE)
    found.host.held._held.drop("prod")
    return found


def test_a_thread_that_may_not_wait_is_answered_what_is_held(acme: Installation) -> None:
    """Keys and accounts are here, and nothing was announced."""
    acme.host.snapshot("acme")
    acme.host.held.never_wait_here()
    assert acme.host.key_set(KeyPurpose.ACCESS) is not None
    assert acme.host.snapshot("acme").account.name == "acme"


def test_a_guardrail_that_is_acknowledged_while_an_account_is_placed_binds_it(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever published it did not see the account held yet."""
    host, before = company.host, company.host.snapshot("acme").revision
    with ThreadPoolExecutor() as threads:
        writing: list[Future[Any]] = []

        def slow(own: Snapshot, management: Snapshot | None) -> Snapshot:
            found = place(own, management)
            if own.account.name == "prod" and not writing:
                writing.append(threads.submit(company.apply, "acme", NO_READS))
                until = time.monotonic() + 20
                while host.snapshot("acme").revision == before and time.monotonic() < until:
                    wait(writing, 0.01)
                wait(writing, 0.2)
            return found

        monkeypatch.setattr(PLACE, slow)
        host.snapshot("prod")
        writing[0].result()
    assert company.reason("prod", "ims:images:get") == "guardrail"


def test_an_account_is_not_placed_without_the_management_account_that_was_let_go_of(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another account was loaded meanwhile, and nobody named it yet."""
    company.begin("large")
    host = Host(company.acme.store, replace(SETTINGS, most_held_bytes=1), clock=company.acme.clock)
    hold = host.held._hold

    def slow(account: str, own: Snapshot) -> Snapshot:
        if account == "prod":
            host.snapshot("large")
        return hold(account, own)

    monkeypatch.setattr(host.held, "_hold", slow)
    assert company.reason("prod", host=host) == "guardrail"
    assert "acme" in host.held.names()


def test_an_account_that_joins_while_it_is_read_is_bound(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read named no enterprise; what is held does."""
    company.begin("late")
    other = company.acme.another_host()
    joined: list[bool] = []

    def slow(*given: Any) -> Snapshot:
        found = load_snapshot(*given)
        if given[2] == "late" and not joined:
            joined.append(True)
            company.apply("late", "{kind: Account, name: late, owner: user:owner, enterprise: acme}")
            company.apply("acme", "{kind: EnterpriseAccount, name: late, parent: account-group:live}")
        return found

    monkeypatch.setattr(LOAD, slow)
    assert company.reason("late", host=other) == "guardrail"
    assert joined


def test_an_account_that_is_loaded_is_not_ahead_of_its_tree(company: Company) -> None:
    """Its management account is held, and moved before it did, on another node (rule 35.8)."""
    other = company.acme.another_host()
    other.snapshot("acme")
    generation = other.store.generation.read()
    company.apply("acme", NO_READS)
    company.apply("prod", "{kind: User, name: new}")
    # As on PostgreSQL, where no word is read before an answer.
    other.held._generation = other.store.generation.read()
    assert other.held._generation != generation
    assert "user:new" in other.snapshot("prod").account.principals
    assert company.reason("prod", "ims:images:get", host=other) == "guardrail"


def test_an_account_that_moves_while_others_are_taken_in_is_not_ahead_of_its_tree(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its heads were compared before its management account moved, its changes are read after (rule 35.8)."""
    other = company.acme.another_host()
    other.snapshot("prod")
    changes, moved = other.store.changes, list[bool]()
    company.apply("prod", "{kind: User, name: first}")

    def slow(log: str, *given: Any) -> Any:
        if log == "account:prod" and not moved:
            moved.append(True)
            company.apply("acme", NO_READS)
            company.apply("prod", "{kind: User, name: new}")
        return changes(log, *given)

    monkeypatch.setattr(other.store, "changes", slow)
    other.held.look()
    assert moved
    held = other.find_held("prod")
    assert held is not None
    assert "user:first" in held.account.principals
    assert "user:new" not in held.account.principals
    other.held.look()
    assert "user:new" in other.snapshot("prod").account.principals
    assert company.reason("prod", "ims:images:get", host=other) == "guardrail"


def test_whoever_follows_does_not_wait_for_loads(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """A management account that has to be read for a held account is, however many others are being loaded."""
    other, go = company.acme.another_host(), Event()
    other.snapshot("prod")
    names = [f"a{number}" for number in range(LOADS_AT_ONCE)]
    for name in names:
        company.begin(name)
    other.held._held.drop("acme")
    company.apply("acme", NO_READS)

    def blocked(*given: Any) -> Snapshot:
        if given[2] in names:
            go.wait(30)
        return load_snapshot(*given)

    monkeypatch.setattr(LOAD, blocked)
    with ThreadPoolExecutor() as threads:
        # As on PostgreSQL, where whoever asks does not look.
        other.held._generation = other.store.generation.read()
        waiting = [threads.submit(other.snapshot, name) for name in names]
        until = time.monotonic() + 20
        while other.held.loads.under_way < LOADS_AT_ONCE and time.monotonic() < until:
            wait(waiting, 0.01)
        try:
            threads.submit(other.held.look).result(timeout=20)
        finally:
            go.set()
    assert company.reason("prod", "ims:images:get", host=other) == "guardrail"
