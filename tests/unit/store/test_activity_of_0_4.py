"""The activity that 0.4 kept for all accounts together comes to its logs, and back: events, notes, last uses."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from bailiwick.authn.refresh_tokens import account_tag
from bailiwick.errors import Unavailable
from bailiwick.service.locating import locate
from bailiwick.service.oauth.family_notes import note_name
from bailiwick.service.people.attempts import _note as note_of_attempts
from bailiwick.store.migrating import migrate_store
from bailiwick.store.opening import open_store
from bailiwick.store.ports import ActivityEvent, EventFilter
from bailiwick.store.sql.store import SqlStore

AT = datetime(2026, 11, 21, tzinfo=UTC)
UNTIL = "2036-01-01T00:00:00.000000Z"
ACME, GLOBEX = "account:acme", "account:globex"
KEY_OF_ACME, APPLICATION_OF_GLOBEX = "apikey-19db53be64e5b9783b92", "application-globex"
OF_ACME, OF_THE_COMMAND_LINE = note_name(account_tag("acme"), "s-1"), note_name(account_tag("acme"), "s-2")
NOTES = {
    OF_ACME: ({"client_id": "application-acme"}, ACME),
    OF_THE_COMMAND_LINE: ({"client_id": "bailiwick-cli"}, "system"),
    note_of_attempts("globex", "name", "owner"): ({"at": [1.0]}, GLOBEX),
    note_of_attempts("nobody", "name", "owner"): ({"at": [1.0]}, "system"),
    note_of_attempts("", "address", "192.0.2.1"): ({"at": [1.0]}, "system"),
    # What is named by its uid: any object of the account does as an example.
    f"code/{APPLICATION_OF_GLOBEX}": ({"step": 7}, GLOBEX),
    f"passkey/{KEY_OF_ACME}": ({"count": 7}, ACME),
    "code/factor-that-is-gone": ({"step": 7}, "system"),
    f"challenge/{sha256(b'x').hexdigest()}": ({}, "system"),
}


def run(directory: Path, statement: str, *rows: tuple[object, ...]) -> list[tuple[object, ...]]:
    """What does the activity's file say to this?"""
    with closing(sqlite3.connect(directory / "activity.db")) as connection, connection:
        for row in rows:
            connection.execute(statement, row)
        return [] if rows else connection.execute(statement).fetchall()


@pytest.fixture
def filled(old: Path) -> Path:
    """A store of 0.4 with notes of every kind, and a key that was used."""
    notes = [(name, json.dumps(document), UNTIL) for name, (document, _) in NOTES.items()]
    run(old, "INSERT INTO note VALUES (?, ?, ?)", *notes)
    run(old, "INSERT INTO credential_use VALUES (?, ?)", (KEY_OF_ACME, "2026-11-20T10:00:01.000000Z"))
    return old


def events(store: SqlStore, log: str) -> list[tuple[int, str, object]]:
    """Which events has the log: id, principal, and what they say?"""
    found = store.activity.events(EventFilter(log), None, 100)
    return [(one.id, one.event.principal_uid, one.event.detail.get("n")) for one in found]


def assert_intact(store: SqlStore) -> None:
    """Every log has an activity that verifies."""
    assert store.activity.list_logs() == store.list_logs()
    assert [store.activity.verify(log).findings for log in store.list_logs()] == [(), (), ()]


def test_everything_comes_to_its_log(filled: Path) -> None:
    """Events in their order, notes where they are looked for, uses with their credential's account."""
    migrate_store(filled, locate=locate)
    with open_store(filled, locate=locate) as store:
        assert_intact(store)
        assert events(store, ACME) == events(store, GLOBEX) == [(n + 1, "user-1", n) for n in range(3)]
        assert events(store, "system") == [(n + 1, "", None) for n in range(6)]
        for name, (document, log) in NOTES.items():
            assert [(name, one.document) for _, one in store.activity.notes(log, name, AT, 2)] == [
                (name, document)
            ]
        assert store.activity.last_used(ACME, KEY_OF_ACME) is not None
        assert store.activity.last_used("system", "c-acme") is not None


def test_it_is_used_and_goes_back_and_comes_again(filled: Path) -> None:
    """0.4 finds one chain with all events by their instant, and its notes; back in the newest, everything is there."""
    before = {name: run(filled, f"SELECT * FROM {name} ORDER BY 1") for name in ("note", "credential_use")}
    migrate_store(filled, locate=locate)
    with open_store(filled, locate=locate) as store:
        store.activity.record([ActivityEvent(AT, "token", "issued", GLOBEX, "user-1", "c-1", {"n": 3})])
    migrate_store(filled, to="0001")
    assert {name: run(filled, f"SELECT * FROM {name} ORDER BY 1") for name in before} == before
    assert run(filled, "SELECT count(*), max(id), max(at) FROM event") == [
        (13, 13, "2026-11-21T00:00:00.000000Z")
    ]
    assert run(filled, "SELECT last_event_id, pruned_number FROM activity_head") == [(13, 0)]
    assert run(filled, "SELECT * FROM setting") == [("schema_version", "1")]
    migrate_store(filled, locate=locate)
    with open_store(filled, locate=locate) as store:
        assert_intact(store)
        assert [n for _, _, n in events(store, GLOBEX)] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE event SET outcome = 'refused' WHERE id = 3",
        "DELETE FROM event WHERE id = 3",
        "INSERT INTO event SELECT 13, at, log, kind, outcome, principal_uid, credential_uid, detail FROM event LIMIT 1",
        "UPDATE batch SET hash = 'text' WHERE number = 6",
        "UPDATE activity_head SET last_event_id = 13",
        "UPDATE activity_head SET signature = x'00'",
    ],
)
def test_what_is_damaged_is_not_signed_anew(filled: Path, damage: str) -> None:
    """It is refused, in either direction, and stays as it is."""
    run(filled, damage, ())
    with pytest.raises(Unavailable, match="the activity is not as it was written, and is not signed anew"):
        migrate_store(filled, locate=locate)
    assert run(filled, "SELECT count(*) FROM sqlite_master WHERE name LIKE 'old_%'") == [(0,)]
    assert run(filled, "SELECT value FROM setting") == [("1",)]


def test_a_damaged_log_is_not_joined(filled: Path) -> None:
    """On the way back each log is looked at, too."""
    migrate_store(filled, locate=locate)
    run(filled, "UPDATE event SET outcome = 'refused' WHERE id = 1 AND log = 'account:globex'", ())
    with pytest.raises(Unavailable, match="the activity of `account:globex` is not as it was written"):
        migrate_store(filled, to="0001")
    with open_store(filled, locate=locate) as store:
        assert store.activity.verify(ACME).ok
        assert not store.activity.verify(GLOBEX).ok
