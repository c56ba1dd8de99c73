"""A commit whose answer is lost: the log says whether it was carried out, and the caller is told that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, RootTransaction
from tests.contract.on_postgresql import new_store, server
from tests.contract.stores import AT, LOG, create, state, write
from tests.faults.cluster import MAINTENANCE

from bailiwick.errors import Unavailable
from bailiwick.store.sql import postgresql
from bailiwick.store.sql.database import OutcomeUnknown, raw
from bailiwick.store.sql.store import SqlStore

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


def once(monkeypatch: pytest.MonkeyPatch, *, is_carried_out: bool) -> None:
    """The next commit's answer is lost; those after it are as always."""

    def lose(connection: Connection, transaction: RootTransaction) -> None:
        monkeypatch.setattr(postgresql, "_commit", _commit)
        if is_carried_out:
            _commit(connection, transaction)
            end(connection)
            raise OutcomeUnknown
        end(connection)
        _commit(connection, transaction)

    monkeypatch.setattr(postgresql, "_commit", lose)


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
