"""The two ends of a copy: a data directory or a database, each read or written by its own means.

Only here is it known which engine an end is.
Implements docs/spec.md, section "The data directory".
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from errno import EACCES, EROFS
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, inspect

from bailiwick.errors import Conflict, Invalid
from bailiwick.store.address import Address, DatabaseAddress
from bailiwick.store.directory import DataDirectory, create_private
from bailiwick.store.opening import Parts, open_parts, pin_plans
from bailiwick.store.ports import RandomBytes, Signer
from bailiwick.store.sql import reads
from bailiwick.store.sql.carrying import NewKey
from bailiwick.store.sql.database import Database
from bailiwick.store.sql.migrations.running import ACTIVITY_PART, LOGS_PART, forget
from bailiwick.store.sql.postgresql import open_postgres
from bailiwick.store.sql.schema import ACTIVITY, LOGS
from bailiwick.store.sql.secret_rows import MASTER_KEY_ID, SecretRows, read_setting
from bailiwick.store.sql.sqlite import open_database
from bailiwick.store.sql.unfinished import is_unfinished, mark_unfinished
from bailiwick.store.vault import Vault, new_key, read_keys, sync_directory, write_keys

KeyOfCopy = Literal["same", "new", "none"]


@dataclass(frozen=True, slots=True)
class Moment:
    """Logs and activity of a store, as they were at one moment."""

    logs: Connection
    activity: Connection


@contextmanager
def moment_of(logs: Database, activity: Database) -> Iterator[Moment]:
    """What is there, at one moment? Of a database in one transaction; of two files in two that begin together."""
    with ExitStack() as stack:
        in_logs = stack.enter_context(logs.reading())
        logs.require_own(in_logs, "copying")
        # WHY a read at once: the moment is that of the first one.
        reads.list_logs(in_logs)
        if activity is logs:
            yield Moment(in_logs, in_logs)
            return
        in_activity = stack.enter_context(activity.reading())
        activity.require_own(in_activity, "copying")
        inspect(in_activity).get_table_names()
        yield Moment(in_logs, in_activity)


def open_source(
    source: Address, master_key: Path | None, *, signer: Signer | None, random_bytes: RandomBytes
) -> Parts:
    """Which parts has the store to be copied, read however long that takes? `master_key`: of a directory."""
    if isinstance(source, DatabaseAddress):
        return open_parts(source, signer=signer, random_bytes=random_bytes, is_patient=True)
    return open_parts(DataDirectory(source, master_key), signer=signer, random_bytes=random_bytes)


class Target(ABC):
    """Where a copy comes to, in which nothing is yet, or a copy that was not finished."""

    logs: Database
    activity: Database
    key_file: Path

    def __init__(self, place: str) -> None:
        self.place = place

    @abstractmethod
    def locked(self) -> AbstractContextManager[None]:
        """For how long does nobody else on this machine write here?"""

    @abstractmethod
    def keep_key(self, have: Parts, key: KeyOfCopy, random_bytes: RandomBytes) -> NewKey | None:
        """Under which new key does everything come here, if not under the source's? Its file is there afterwards."""

    def check_empty(self, *, again: bool) -> None:
        """Is nothing here, or, where that is asked for, a copy that was not finished? Raises Conflict."""
        unfinished, tables = False, list[str]()
        for each in dict.fromkeys((self.logs, self.activity)):
            with each.reading() as connection:
                unfinished |= is_unfinished(connection)
                tables += inspect(connection).get_table_names()
        if unfinished and not again:
            raise Conflict(
                f"`{self.place}` holds a copy that was not finished",
                "begin it anew with `--again`, or remove it",
            )
        if (tables or self._holds_more()) and not unfinished:
            raise Conflict(f"`{self.place}` is not empty", self._wanted())

    @abstractmethod
    def _holds_more(self) -> bool:
        """Is there something that is in no table?"""

    @abstractmethod
    def _wanted(self) -> str:
        """What should have been named?"""

    def begin(self) -> None:
        """Let the tables be there, and empty.

        INVARIANT: the mark is committed before anything else, or with it.
        """
        with self.logs.writing() as connection:
            mark_unfinished(connection)
            forget(connection, LOGS_PART)
            LOGS.drop_all(connection)
            LOGS.create_all(connection)
            if connection.dialect.name == "sqlite":
                pin_plans(connection)
        with self.activity.writing() as connection:
            forget(connection, ACTIVITY_PART)
            ACTIVITY.drop_all(connection)
            ACTIVITY.create_all(connection)

    def secrets(self, have: Parts, key: KeyOfCopy, random_bytes: RandomBytes) -> SecretRows:
        """By what are the secrets here read?"""
        return have.secrets if key == "none" else SecretRows(Vault(self.key_file, random_bytes))

    def end(self) -> None:
        """Let nothing be left of what was written over, and all of it survive a crash of the machine."""
        for each in (self.activity, self.logs):
            each.forget_overwritten()

    def close(self) -> None:
        """Let go of it."""
        self.logs.close()
        self.activity.close()


class _DirectoryTarget(Target):
    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._directory = DataDirectory(path)
        self.key_file = self._directory.master_key
        self._directory.make()
        self._had_key = self.key_file.exists()
        for file in (self._directory.logs, self._directory.activity):
            create_private(file)
        self.logs = open_database(self._directory.logs, "FULL")
        self.activity = open_database(self._directory.activity, "FULL")

    def locked(self) -> AbstractContextManager[None]:
        return self._directory.locked()

    def _holds_more(self) -> bool:
        return self._had_key

    def _wanted(self) -> str:
        return "name a new or empty directory"

    def keep_key(self, have: Parts, key: KeyOfCopy, random_bytes: RandomBytes) -> NewKey | None:
        if key == "new":
            key_id, value = new_key(random_bytes)
            write_keys(self.key_file, {key_id: value})
            return NewKey(Vault(self.key_file, random_bytes), key_id)
        if key == "same":
            have.secrets.vault.hand_over(self.key_file)
        else:
            self.key_file.unlink(missing_ok=True)
        return None

    def end(self) -> None:
        super().end()
        sync_directory(self._directory.path)


class _DatabaseTarget(Target):
    def __init__(self, address: DatabaseAddress) -> None:
        super().__init__(str(address))
        self._address = address
        self.key_file = address.master_key
        if not self.key_file.parent.is_dir():
            raise Invalid.at("to_master_key", f"there is no directory `{self.key_file.parent}`", "make it")
        self.logs = self.activity = open_postgres(address.url, is_patient=True)

    def locked(self) -> AbstractContextManager[None]:
        return self._address.locked()

    def _holds_more(self) -> bool:
        return False

    def _wanted(self) -> str:
        return "name an empty database"

    def keep_key(self, have: Parts, key: KeyOfCopy, random_bytes: RandomBytes) -> NewKey | None:
        """SECURITY: a key file that is there is another store's, perhaps: it is used, and never written."""
        with have.logs.reading() as connection:
            old_id = read_setting(connection, MASTER_KEY_ID)
        if not self.key_file.exists():
            create_private(self.key_file)
            if key == "new":
                write_keys(self.key_file, dict([new_key(random_bytes)]))
            else:
                have.secrets.vault.hand_over(self.key_file)
        self._address.check_key()
        if key == "same":
            Vault(self.key_file, random_bytes).require(old_id)
            return None
        keys = read_keys(self.key_file)
        if old_id in keys:
            raise Conflict(
                f"`{self.key_file}` holds the key of the source, expected a new one", "name another file"
            )
        return NewKey(Vault(self.key_file, random_bytes), next(reversed(keys)))


@contextmanager
def opened_target(target: Address, key: KeyOfCopy) -> Iterator[Target]:
    """Which end is at this address? Raises Invalid."""
    if key == "none" and isinstance(target, DatabaseAddress):
        raise Invalid.at(
            "to", f"`{target}` is a database, and a backup a data directory", "name an empty directory"
        )
    opened = _DatabaseTarget(target) if isinstance(target, DatabaseAddress) else _DirectoryTarget(target)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def both_locked(have: Parts, into: Target) -> Iterator[None]:
    """For how long does nobody else on this machine rotate keys of the source, or write to the target?

    INVARIANT: the keys that the source is under are in its file until the copy is whole.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(have.place.locked())
        except OSError as error:
            # WHY no failure: a key file whose place cannot be written, as a container's secret, is rotated by nobody.
            if error.errno not in (EROFS, EACCES) or not isinstance(have.place, DatabaseAddress):
                raise
        # WHY: beside one key file lies one lock, which nobody gets twice.
        shared = (
            isinstance(have.place, DatabaseAddress)
            and have.place.master_key.resolve() == into.key_file.resolve()
        )
        if not (shared and isinstance(into, _DatabaseTarget)):
            stack.enter_context(into.locked())
        yield
