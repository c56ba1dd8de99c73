"""The data directory: private, whole, of a known schema, or not opened at all."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
from contextlib import closing
from datetime import datetime
from pathlib import Path
from secrets import token_bytes

import pytest

from bailiwick.errors import Conflict, NotFound, Unavailable
from bailiwick.store.opening import create_store, open_store
from bailiwick.store.signing import Ed25519Signer
from bailiwick.store.sql.migrations.running import ACTIVITY_PART, LOGS_PART, newest
from bailiwick.store.sql.store import SqlStore

PARTS = {"bailiwick.db": LOGS_PART, "activity.db": ACTIVITY_PART}


def run(path: Path, statement: str, *values: object) -> None:
    """Write to a file behind the store's back."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


def test_a_new_store_has_a_system_log_with_its_signing_key(data_dir: Path, at: datetime) -> None:
    """Revision 1 of the system log publishes the key that signs heads."""
    with create_store(data_dir, at=at) as store:
        assert store.list_logs() == ("system",)
        (row,) = store.changes("system", 0, 10)
        assert (row.kind, row.op, row.at, row.actor_uid) == ("SigningKey", "create", at, "bailiwick")
        assert row.document is not None
        assert row.document["algorithm"] == "Ed25519"
        assert store.verify("system").ok
        assert store.activity.verify("system").ok


def test_everything_in_the_directory_is_for_its_owner_alone(store: SqlStore, data_dir: Path) -> None:
    """The directory has mode 0700 and each file 0600, the side files of SQLite too, whatever the umask."""
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in data_dir.iterdir()}
    assert set(modes.values()) == {0o600}
    assert {"bailiwick.db", "bailiwick.db-wal", "activity.db", "master.key", "generation"} <= set(modes)


def test_a_permissive_umask_opens_nothing(tmp_path: Path, at: datetime) -> None:
    """Files are created private and not made so afterwards."""
    old = os.umask(0)
    try:
        with create_store(tmp_path / "data", at=at) as store:
            store.activity.record([], durable=True)
            modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()}
    finally:
        os.umask(old)
    assert modes == {0o600}


def test_a_store_opens_with_all_that_was_written(data_dir: Path, at: datetime) -> None:
    """Closing and opening changes nothing."""
    with create_store(data_dir, at=at) as store:
        head = store.create_log("account:acme", at=at)
    with open_store(data_dir) as store:
        assert store.head("account:acme") == head


def test_a_store_is_not_created_over_another(store: SqlStore, data_dir: Path, at: datetime) -> None:
    """The second creation is refused and touches nothing."""
    before = store.head("system")
    with pytest.raises(Conflict) as refused:
        create_store(data_dir, at=at)
    assert refused.value.message == f"data directory `{data_dir}` holds a store already"
    assert store.head("system") == before
    assert store.activity.verify("system").ok


def test_a_store_is_not_created_among_other_files(data_dir: Path, at: datetime) -> None:
    """A directory that is used for something else is left alone."""
    data_dir.mkdir(mode=0o700)
    (data_dir / "thesis.doc").touch()
    with pytest.raises(Conflict) as refused:
        create_store(data_dir, at=at)
    assert refused.value.message == f"data directory `{data_dir}` is not empty: it holds `thesis.doc`"


def test_a_store_is_created_in_an_empty_directory(data_dir: Path, at: datetime) -> None:
    """A prepared directory is used as it is."""
    data_dir.mkdir(mode=0o700)
    create_store(data_dir, at=at).close()


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path, at: datetime) -> None:
    """The parent must be there."""
    with pytest.raises(Unavailable) as refused:
        create_store(tmp_path / "no" / "data", at=at)
    assert (
        refused.value.message
        == f"data directory `{tmp_path}/no/data` cannot be created: No such file or directory"
    )


@pytest.mark.parametrize("fails_at", range(1, 6))
def test_a_creation_that_was_interrupted_can_be_repeated(data_dir: Path, at: datetime, fails_at: int) -> None:
    """Wherever creating stops, nothing opens the half of it, and creating again succeeds."""
    calls = 0

    def fail(size: int) -> bytes:
        nonlocal calls
        calls += 1
        if calls == fails_at:
            raise OSError("no more randomness")
        return token_bytes(size)

    with pytest.raises(OSError, match="no more randomness"):
        create_store(data_dir, at=at, random_bytes=fail)
    with pytest.raises((NotFound, Unavailable)):
        open_store(data_dir)
    with create_store(data_dir, at=at) as store:
        assert store.verify("system").ok
        assert store.activity.verify("system").ok


def test_a_directory_that_is_not_there_is_not_opened(data_dir: Path) -> None:
    """Opening never creates."""
    with pytest.raises(NotFound) as refused:
        open_store(data_dir)
    assert refused.value.message == f"there is no data directory `{data_dir}`"
    assert not data_dir.exists()


@pytest.mark.parametrize("name", ["bailiwick.db", "activity.db", "master.key"])
def test_a_store_with_a_lost_file_is_not_opened(data_dir: Path, at: datetime, name: str) -> None:
    """A missing file is an error and never an empty one."""
    create_store(data_dir, at=at).close()
    (data_dir / name).unlink()
    with pytest.raises(NotFound) as refused:
        open_store(data_dir)
    assert refused.value.message == f"data directory `{data_dir}` holds no `{name}`"
    assert not (data_dir / name).exists()


@pytest.mark.parametrize(
    ("name", "mode", "expected"),
    [(".", 0o750, "700"), (".", 0o701, "700"), ("bailiwick.db", 0o640, "600"), ("master.key", 0o604, "600")],
)
def test_a_store_that_others_can_read_is_not_opened(
    data_dir: Path, at: datetime, name: str, mode: int, expected: str
) -> None:
    """The error names the file and the command that helps."""
    create_store(data_dir, at=at).close()
    path = data_dir if name == "." else data_dir / name
    path.chmod(mode)
    with pytest.raises(Unavailable) as refused:
        open_store(data_dir)
    assert refused.value.message == f"`{path}` has mode `{mode:o}`, expected `{expected}`"
    assert refused.value.help == f"run `chmod {expected} {path}`"


def test_a_store_of_another_user_is_not_opened(
    data_dir: Path, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that another user made would lock the owner out."""
    create_store(data_dir, at=at).close()
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(Unavailable) as refused:
        open_store(data_dir)
    assert refused.value.message == f"`{data_dir}` belongs to user id `{owner}`, expected `{owner + 1}`"


@pytest.mark.parametrize("name", ["bailiwick.db", "activity.db"])
@pytest.mark.parametrize("version", ["9999", "0", "x"])
def test_a_store_of_another_schema_is_not_opened(
    data_dir: Path, at: datetime, name: str, version: str
) -> None:
    """An older one is migrated first; a newer one says that it is not for this program."""
    create_store(data_dir, at=at).close()
    part = PARTS[name]
    both = f"UPDATE {part.revision_table} SET version_num = ?1, readable_from = ?1"
    run(data_dir / name, both, version)
    with pytest.raises(Unavailable) as refused:
        open_store(data_dir)
    own = newest(part)
    newer = f", for programs from revision `{version}` on; this one is of `{own}`"
    expected = f", expected `{own}`" if version < own else newer
    assert refused.value.message == f"`{data_dir / name}` has schema revision `{version}`{expected}"


def test_a_file_that_is_no_database_is_not_opened(data_dir: Path, at: datetime) -> None:
    """A driver's words stay inside; ours say what to do."""
    create_store(data_dir, at=at).close()
    (data_dir / "bailiwick.db").write_bytes(b"not a database at all" * 500)
    with pytest.raises(Unavailable) as refused:
        open_store(data_dir)
    assert refused.value.message == "the store failed"
    assert "database" not in str(refused.value)


def test_a_store_without_its_key_is_not_opened(data_dir: Path, at: datetime) -> None:
    """Another store's key file does not fit."""
    create_store(data_dir, at=at).close()
    create_store(data_dir.parent / "other", at=at).close()
    (data_dir / "master.key").write_bytes((data_dir.parent / "other" / "master.key").read_bytes())
    with pytest.raises(Unavailable) as refused:
        open_store(data_dir)
    assert re.fullmatch(r"master key `master-[0-9a-f]{16}` is not in `master\.key`", refused.value.message)


def test_a_store_signed_from_outside_needs_its_key_too(data_dir: Path, at: datetime) -> None:
    """Secrets are encrypted under the key file whoever signs."""
    signer = Ed25519Signer(b"s" * 32)
    create_store(data_dir, at=at, signer=signer).close()
    create_store(data_dir.parent / "other", at=at).close()
    (data_dir / "master.key").write_bytes((data_dir.parent / "other" / "master.key").read_bytes())
    with pytest.raises(Unavailable, match="master key"):
        open_store(data_dir, signer=signer)


def test_a_store_that_lost_a_setting_is_not_opened(data_dir: Path, at: datetime) -> None:
    """Which keys are current is needed to go on."""
    create_store(data_dir, at=at).close()
    run(data_dir / "bailiwick.db", "DELETE FROM setting WHERE name = 'signing_key_id'")
    with pytest.raises(Unavailable) as refused:
        open_store(data_dir)
    assert refused.value.message == "the store has no setting `signing_key_id`"


@pytest.mark.parametrize("text", ["", "master-1\n", "master-1 %%%\n", "master-1 AAAA\n", "\xff"])
def test_a_damaged_key_file_is_named(data_dir: Path, at: datetime, text: str) -> None:
    """A key file that holds no key does not open the store."""
    create_store(data_dir, at=at).close()
    (data_dir / "master.key").write_text(text, "latin-1")
    with pytest.raises(Unavailable) as refused:
        open_store(data_dir)
    assert "master.key" in refused.value.message


def test_a_store_with_a_signer_of_its_own_needs_it_again(data_dir: Path, at: datetime) -> None:
    """Heads are signed by the signer that was passed in, and by no other."""
    signer = Ed25519Signer(b"s" * 32)
    with create_store(data_dir, at=at, signer=signer) as store:
        assert store.verify("system").ok
        assert store.list_secrets("system", "log-signing-key") == ()
        with pytest.raises(Conflict, match="signed from outside"):
            store.rotate_signing_key(actor_uid="u", via="test", at=at)
    with open_store(data_dir, signer=signer) as store:
        assert store.verify("system").ok
    with pytest.raises(Unavailable, match="the store is signed with"):
        open_store(data_dir, signer=Ed25519Signer(b"x" * 32))
    with pytest.raises(Unavailable, match="the store does not hold signing key"):
        open_store(data_dir)


def test_a_refused_opening_leaves_nothing_open(data_dir: Path, at: datetime) -> None:
    """After refusals the directory can be removed and made again."""
    create_store(data_dir, at=at).close()
    run(data_dir / "activity.db", "UPDATE activity_revision SET version_num = '9', readable_from = '9'")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with pytest.raises(Unavailable):
            open_store(data_dir)
    assert len(os.listdir("/proc/self/fd")) == before
