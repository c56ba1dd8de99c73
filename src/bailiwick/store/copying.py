"""A whole store into an empty data directory: copy, backup and restore are this one deed.

The source is read in one transaction, so that it may be written meanwhile, and verified before a row is carried; the
target is verified after, and its heads compared. Until then it bears a mark, so that nobody opens half a store.
Implements docs/spec.md, section "The data directory".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes
from typing import Literal

from sqlalchemy import Connection, inspect

from bailiwick.errors import Conflict, Unavailable
from bailiwick.store.directory import DataDirectory, create_private
from bailiwick.store.opening import Parts, open_parts, pin_plans
from bailiwick.store.ports import Head, RandomBytes, Signer, VerifyReport
from bailiwick.store.sql import reads
from bailiwick.store.sql.activity import verify_activity
from bailiwick.store.sql.carrying import Carrier, NewKey, check_counts
from bailiwick.store.sql.database import Database, examined, failures_named
from bailiwick.store.sql.evidence import SqlEvidence
from bailiwick.store.sql.migrations.running import ACTIVITY_PART, LOGS_PART, forget, stamp
from bailiwick.store.sql.schema import ACTIVITY, LOGS
from bailiwick.store.sql.secret_rows import SecretRows
from bailiwick.store.sql.sqlite import open_database
from bailiwick.store.sql.unfinished import is_unfinished, mark_finished, mark_unfinished
from bailiwick.store.vault import Vault, new_key, sync_directory, write_keys
from bailiwick.store.verify import verify_log

KeyOfCopy = Literal["same", "new", "none"]
CopyProgress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Copied:
    """What came into the copy: where its logs stand, how many changes and events they hold."""

    heads: tuple[Head, ...]
    changes: int
    events: int


@dataclass(frozen=True, slots=True)
class _Target:
    directory: DataDirectory
    logs: Database
    activity: Database


@dataclass(frozen=True, slots=True)
class _Moment:
    """Both files of the source, as they were at one moment."""

    logs: Connection
    activity: Connection


def copy_store(
    source: Path,
    target: Path,
    *,
    master_key: Path | None = None,
    key: KeyOfCopy = "same",
    again: bool = False,
    signer: Signer | None = None,
    random_bytes: RandomBytes = token_bytes,
    progress: CopyProgress = lambda _what, _done, _total: None,
) -> Copied:
    """What came of the store in `source` into the new or empty directory `target`?

    `master_key`: where the source's keys lie, if not beside it. `key`: whether the copy has the same master keys, a
    new one that everything is encrypted under, or none beside it (the same, kept apart). `again`: over a copy that was
    not finished. While it runs, no master key of the source is rotated.
    Raises Conflict (the target is not empty), Unavailable (the source, or the copy, is not as it was written).
    """
    if source.resolve() == target.resolve():
        raise Conflict(f"`{source}` cannot be copied into itself", "name a new or empty directory")
    with closing(
        open_parts(DataDirectory(source, master_key), signer=signer, random_bytes=random_bytes)
    ) as have:
        into = DataDirectory(target)
        into.make()
        # INVARIANT: the keys that the source is under are in its file until the copy is whole.
        with have.place.locked(), into.locked(), _opened(into, again) as copy, _moment(have) as moment:
            _refuse_damaged(_verify(moment, have, have.secrets, progress), f"the store in `{source}`")
            fresh = _begin(copy, have, key, random_bytes)
            carrier = Carrier(have.secrets.vault, fresh, progress)
            carrier.carry(LOGS, moment.logs, copy.logs)
            carrier.carry(ACTIVITY, moment.activity, copy.activity)
            secrets = have.secrets if key == "none" else SecretRows(Vault(into.master_key, random_bytes))
            return _finish(copy, moment, have, secrets, progress)


@contextmanager
def _opened(directory: DataDirectory, again: bool) -> Iterator[_Target]:
    """Which target is in this directory, in which nothing is yet? Raises Conflict."""
    had_key = directory.master_key.exists()
    for path in (directory.logs, directory.activity):
        create_private(path)
    logs, activity = open_database(directory.logs, "FULL"), open_database(directory.activity, "FULL")
    try:
        with logs.reading() as in_logs, activity.reading() as in_activity:
            unfinished = is_unfinished(in_logs)
            tables = (inspect(each).get_table_names() for each in (in_logs, in_activity))
            occupied = had_key or any(tables)
        if unfinished and not again:
            raise Conflict(
                f"`{directory.path}` holds a copy that was not finished",
                "begin it anew with `--again`, or remove the directory",
            )
        if occupied and not unfinished:
            raise Conflict(f"`{directory.path}` is not empty", "name a new or empty directory")
        yield _Target(directory, logs, activity)
    finally:
        logs.close()
        activity.close()


@contextmanager
def _moment(have: Parts) -> Iterator[_Moment]:
    """What does the source say, at one moment?"""
    with have.logs.reading() as logs, have.activity.reading() as activity:
        # WHY: SQLite's moment is that of the first read.
        reads.list_logs(logs)
        inspect(activity).get_table_names()
        yield _Moment(logs, activity)


def _verify(
    moment: _Moment, have: Parts, secrets: SecretRows, progress: CopyProgress
) -> Iterator[VerifyReport]:
    """What does verification say of each log, and of the activity?"""
    signer = have.keys.signer(moment.logs)
    logs = reads.list_logs(moment.logs)
    with examined(moment.logs), examined(moment.activity):
        for log in logs:
            evidence = SqlEvidence(moment.logs, log, secrets)
            yield verify_log(log, evidence, signer, _told(progress, f"verifying {log}"))
        yield verify_activity(moment.activity, signer)


def _told(progress: CopyProgress, what: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(what, done, total)


def _refuse_damaged(reports: Iterator[VerifyReport], place: str) -> tuple[int, int]:
    """How many changes and events are there, all as they were written? Raises Unavailable."""
    seen = list(reports)
    found = [finding for report in seen for finding in report.findings]
    if found:
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        raise Unavailable(
            f"{place} is not as it was written: {found[0].format()}{more}",
            "see all by `bailiwick store verify`; what is damaged is not copied: restore a backup",
        )
    return sum(report.rows for report in seen[:-1]), seen[-1].rows


def _begin(copy: _Target, have: Parts, key: KeyOfCopy, random_bytes: RandomBytes) -> NewKey | None:
    """Under which new key, if any, does the target come, whose tables are there now and empty?

    INVARIANT: the mark is committed before anything else.
    """
    with copy.logs.writing() as connection:
        mark_unfinished(connection)
        forget(connection, LOGS_PART)
        LOGS.drop_all(connection)
        LOGS.create_all(connection)
        pin_plans(connection)
    with copy.activity.writing() as connection:
        forget(connection, ACTIVITY_PART)
        ACTIVITY.drop_all(connection)
        ACTIVITY.create_all(connection)
    file = copy.directory.master_key
    if key == "none":
        file.unlink(missing_ok=True)
    elif key == "same":
        have.secrets.vault.hand_over(file)
    else:
        key_id, value = new_key(random_bytes)
        write_keys(file, {key_id: value})
        return NewKey(Vault(file, random_bytes), key_id)
    return None


def _finish(
    copy: _Target, moment: _Moment, have: Parts, secrets: SecretRows, progress: CopyProgress
) -> Copied:
    """What is in the copy, which is the same as the source, and is a store from now on? Raises Unavailable."""
    logs = reads.list_logs(moment.logs)
    with copy.logs.reading() as in_logs, copy.activity.reading() as in_activity, failures_named():
        check_counts(LOGS, moment.logs, in_logs)
        check_counts(ACTIVITY, moment.activity, in_activity)
        there = _Moment(in_logs, in_activity)
        changes, events = _refuse_damaged(_verify(there, have, secrets, progress), "the copy")
        heads = reads.read_heads(in_logs, logs)
        if heads != reads.read_heads(moment.logs, logs):
            raise Unavailable(
                "the heads of the copy are not those of the source", "begin the copy anew with `--again`"
            )
    with copy.activity.writing() as connection:
        stamp(connection, ACTIVITY_PART)
    with copy.logs.writing() as connection:
        stamp(connection, LOGS_PART)
        mark_finished(connection)
    copy.activity.forget_overwritten()
    copy.logs.forget_overwritten()
    sync_directory(copy.directory.path)
    return Copied(tuple(heads[log] for log in logs), changes, events)
