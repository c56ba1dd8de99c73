"""Several nodes on one database write the activity and the notes of the same logs at once, and no one stops another."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from tests.contract.on_postgresql import address_in, new_store
from tests.contract.stores import AT

from bailiwick.store.opening import open_store
from bailiwick.store.ports import SYSTEM_LOG, ActivityEvent, EventFilter, Note
from bailiwick.store.sql.store import SqlStore

LOGS = [f"account:a{number}" for number in range(12)]
TURNS = 8


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[list[SqlStore]]:
    """Three openings of one store with a few accounts."""
    with new_store(tmp_path, AT) as first:
        for log in LOGS:
            first.create_log(log, at=AT)
        address = address_in(tmp_path, str(first._logs.engine.url.database))
        with open_store(address) as second, open_store(address) as third:
            yield [first, second, third]


def work(node: SqlStore, chance: random.Random) -> None:
    """Write the activity of most logs, use credentials of them, and make and drop notes that others make and drop."""
    for _ in range(TURNS):
        some = chance.sample(LOGS, 9)
        node.activity.record([ActivityEvent(AT, "x", "ok", log) for log in some])
        for log in some:
            node.activity.touch_credential(log, f"c{chance.randrange(3)}", AT)
        node.activity.flush()
        for _ in range(4):
            # Some of them are over at once, and are cleared away by whoever comes next.
            note = Note({}, AT + timedelta(seconds=chance.choice([-5, 50])))
            made = chance.choice([None, note])
            node.activity.amend(SYSTEM_LOG, f"n{chance.randrange(5)}", AT, lambda _, made=made: made)  # type: ignore[misc]


def test_all_is_kept_once_and_nobody_waits_for_ever(nodes: list[SqlStore]) -> None:
    """Every chain is whole, every event is there, and no node was refused for what another did."""
    failed: list[BaseException] = []

    def attempt(number: int) -> None:
        try:
            work(nodes[number], random.Random(number))
        except BaseException as error:
            failed.append(error)

    threads = [Thread(target=attempt, args=(number,)) for number in range(len(nodes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    reports = [nodes[0].activity.verify(log) for log in LOGS]
    assert [report.findings for report in reports] == [()] * len(LOGS)
    assert sum(report.rows for report in reports) == len(nodes) * TURNS * 9
    ids = [one.id for one in nodes[1].activity.events(EventFilter(LOGS[0]), None, 1_000)]
    assert ids == list(range(1, len(ids) + 1))
