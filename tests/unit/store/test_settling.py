"""A commit whose answer is lost: the log says whether it was carried out, and the caller is told that."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event
from threading import enumerate as enumerate_threads

import pytest
from sqlalchemy import Connection, RootTransaction
from tests.contract.on_postgresql import new_store, server
from tests.contract.stores import AT, LOG, create, state, write
from tests.faults.cluster import MAINTENANCE

from bailiwick.errors import Unavailable
from bailiwick.store.ports import SYSTEM_LOG
from bailiwick.store.sql import postgresql, settling
from bailiwick.store.sql.database import Contended, OutcomeUnknown, raw
from bailiwick.store.sql.store import SqlStore

ACTIVITY = 1
"""How many commits does the activity of a new log take, before the log's own?"""
_commit = postgresql._commit


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    """A store with one empty account log."""
    with new_store(tmp_path, AT) as store:
        store.create_log(LOG, at=AT)
        yield store


def end(connection: Connection) -> None:
    """The server ends this connection."""
    server().execute(f"SELECT pg_terminate_backend({raw(connection).info.backend_pid}, 5000)", MAINTENANCE)


def replace_commit(
    monkeypatch: pytest.MonkeyPatch, deed: Callable[[Connection, RootTransaction], None], after: int = 0
) -> None:
    """This is done instead of the next commit, or of that after so many others; the rest are as always."""
    commits = iter(range(after))

    def commit(connection: Connection, transaction: RootTransaction) -> None:
        if next(commits, None) is not None:
            _commit(connection, transaction)
            return
        monkeypatch.setattr(postgresql, "_commit", _commit)
        deed(connection, transaction)

    monkeypatch.setattr(postgresql, "_commit", commit)


def once(monkeypatch: pytest.MonkeyPatch, *, is_carried_out: bool, after: int = 0) -> None:
    """The answer of the next commit is lost, or of that after so many others."""

    def lose(connection: Connection, transaction: RootTransaction) -> None:
        if is_carried_out:
            _commit(connection, transaction)
            end(connection)
            raise OutcomeUnknown
        end(connection)
        _commit(connection, transaction)

    replace_commit(monkeypatch, lose, after)


def test_a_commit_that_was_carried_out_is_acknowledged(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller gets the head as if nothing had happened, and the change is there once."""
    once(monkeypatch, is_carried_out=True)
    head = write(store, create("u1", "alice"))
    assert head == store.head(LOG)
    assert store.change_count(LOG) == 1
    assert store.verify(LOG).ok


def test_a_commit_that_was_not_carried_out_is_said_to_be_so(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller is told, nothing is there, and sending it again succeeds."""
    once(monkeypatch, is_carried_out=False)
    with pytest.raises(Unavailable, match="not carried out") as refused:
        write(store, create("u1", "alice"))
    assert not isinstance(refused.value, OutcomeUnknown)
    assert state(store) == {}
    write(store, create("u1", "alice"))
    assert set(state(store)) == {"u1"}
    assert store.verify(LOG).ok


def test_a_lost_rotation_of_the_signing_key_is_settled(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Carried out, it is acknowledged; not carried out, it is said, and the old key signs on."""
    once(monkeypatch, is_carried_out=True)
    rotated = store.rotate_signing_key(actor_uid="u-root", via="test", at=AT)
    assert rotated == store.head(SYSTEM_LOG)
    once(monkeypatch, is_carried_out=False)
    with pytest.raises(Unavailable, match="not carried out"):
        store.rotate_signing_key(actor_uid="u-root", via="test", at=AT)
    assert store.head(SYSTEM_LOG) == rotated
    write(store, create("u1", "alice"))
    assert store.verify(SYSTEM_LOG).ok
    assert store.verify(LOG).ok


def test_a_lost_creation_of_a_log_is_settled(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Carried out, it is acknowledged; not carried out, it is said, and may be done again."""
    once(monkeypatch, is_carried_out=True, after=ACTIVITY)
    assert store.create_log("account:b", at=AT) == store.head("account:b")
    once(monkeypatch, is_carried_out=False, after=ACTIVITY)
    with pytest.raises(Unavailable, match="not carried out"):
        store.create_log("account:c", at=AT)
    store.create_log("account:c", at=AT)


@pytest.mark.parametrize("is_carried_out", [True, False])
def test_a_lost_beginning_of_activity_is_made_good(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch, is_carried_out: bool
) -> None:
    """It comes before the log itself and may be made twice, so nobody is told of it."""
    once(monkeypatch, is_carried_out=is_carried_out)
    assert store.create_log("account:b", at=AT) == store.head("account:b")
    assert "account:b" in store.activity.list_logs()
    assert store.activity.verify("account:b").ok


def test_a_log_that_others_made_meanwhile_is_not_taken_for_ones_own(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new log looks the same whoever made it; its instant tells, and else the outcome is unknown."""

    def lose(_connection: Connection, transaction: RootTransaction) -> None:
        transaction.rollback()
        store.create_log("account:b", at=AT + timedelta(seconds=1))
        raise OutcomeUnknown

    replace_commit(monkeypatch, lose, after=ACTIVITY)
    with pytest.raises(OutcomeUnknown):
        store.create_log("account:b", at=AT)


def test_what_is_contended_is_tried_again(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of creating a log and of turning the signing key, as of every change."""

    def contend(_connection: Connection, transaction: RootTransaction) -> None:
        transaction.rollback()
        raise Contended("others were first")

    for after in (0, ACTIVITY):
        replace_commit(monkeypatch, contend, after)
        store.create_log(f"account:{after}", at=AT)
    replace_commit(monkeypatch, contend)
    store.rotate_signing_key(actor_uid="u-root", via="test", at=AT)
    assert store.verify(SYSTEM_LOG).ok


def test_settling_ends_in_time(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits is told in time that nobody knows, also while one look at a silent server goes on and on."""
    silent = Event()

    def wait(connection: Connection) -> bool:
        return silent.wait(30)

    monkeypatch.setattr(settling, "SETTLE_SECONDS", 0.5)
    begun = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        settling.settle_by(store._logs, wait)
    taken = time.monotonic() - begun
    silent.set()
    for thread in enumerate_threads():
        if thread.name == "settling a commit":
            thread.join(30)
    assert taken < 15
