"""The generation word: every bump is seen by every process that maps it, and none is lost."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path
from threading import Thread

import pytest

import bailiwick
from bailiwick.store.generation import LocalGeneration, SharedGeneration
from bailiwick.store.opening import open_store
from bailiwick.store.ports import Change
from bailiwick.store.sql.store import SqlStore

BUMPS = 500
PROGRAM = """
import sys
from pathlib import Path
from bailiwick.store.generation import SharedGeneration
word = SharedGeneration(Path(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    word.bump()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the word lies."""
    return tmp_path / "generation"


def test_a_bump_is_seen_through_every_mapping(path: Path) -> None:
    """Two mappings of one file are one word."""
    one, other = SharedGeneration(path), SharedGeneration(path)
    before = other.read()
    one.bump()
    assert other.read() == one.read() == before + 1
    one.close()
    other.close()


def test_the_word_survives_its_readers(path: Path) -> None:
    """Opening again goes on from where it was."""
    first = SharedGeneration(path)
    first.bump()
    first.close()
    second = SharedGeneration(path)
    assert second.read() == 1
    second.close()


def test_no_bump_of_any_process_or_thread_is_lost(path: Path) -> None:
    """Two processes and two threads bump at once; the word counts them all."""
    word = SharedGeneration(path)
    source = str(Path(bailiwick.__file__).parents[1])
    command = [sys.executable, "-c", PROGRAM, str(path), str(BUMPS)]
    processes = [subprocess.Popen(command, env={"PYTHONPATH": source}) for _ in range(2)]

    def bump() -> None:
        for _ in range(BUMPS):
            word.bump()

    threads = [Thread(target=bump) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait() for process in processes] == [0, 0]
    assert word.read() == 4 * BUMPS
    word.close()


def test_a_word_in_one_process_counts_too() -> None:
    """The in-memory store's word keeps the same promise."""
    word = LocalGeneration()
    word.bump()
    word.bump()
    assert word.read() == 2


def test_another_process_store_sees_a_commit(store: SqlStore, data_dir: Path, at: datetime) -> None:
    """A second opening of the directory sees the bump of the first one's append."""
    with open_store(data_dir) as other:
        before = other.generation.read()
        change = Change("User", "u1", "", "create", {})
        store.append("account:acme", 0, [change], actor_uid="u", via="test", at=at)
        assert other.generation.read() == before + 1
        assert other.head("account:acme") == store.head("account:acme")
