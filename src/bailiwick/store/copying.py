"""A whole store into an empty data directory or database: copy, backup and restore are this one deed.

The source is read in one transaction, so that it may be written meanwhile, and verified before a row is carried; the
target is verified after, its rows and heads compared. Until then it bears a mark, so that nobody opens half a store.
Implements docs/spec.md, section "The data directory".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes

from bailiwick.errors import Conflict, Unavailable
from bailiwick.store.address import Address
from bailiwick.store.copy_ends import (
    KeyOfCopy,
    Moment,
    Target,
    both_locked,
    moment_of,
    open_source,
    opened_target,
)
from bailiwick.store.opening import Parts
from bailiwick.store.ports import Head, RandomBytes, Signer, VerifyReport
from bailiwick.store.sql import reads
from bailiwick.store.sql.activity_rows import list_logs as activity_logs
from bailiwick.store.sql.activity_rows import verify_activity
from bailiwick.store.sql.carrying import Carried, Carrier, check_rows
from bailiwick.store.sql.database import examined, failures_named
from bailiwick.store.sql.evidence import SqlEvidence
from bailiwick.store.sql.migrations.running import ACTIVITY_PART, LOGS_PART, stamp
from bailiwick.store.sql.schema import ACTIVITY, LOGS
from bailiwick.store.sql.secret_rows import SecretRows
from bailiwick.store.sql.unfinished import mark_finished
from bailiwick.store.verify import verify_log

__all__ = ["Copied", "CopyProgress", "KeyOfCopy", "copy_store"]

CopyProgress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Copied:
    """What came into the copy: where its logs stand, how many changes and events they hold."""

    heads: tuple[Head, ...]
    changes: int
    events: int


@dataclass(frozen=True, slots=True)
class _Verified:
    """What verification said of each log, and of the activity of each."""

    changes: Sequence[VerifyReport]
    activity: Sequence[VerifyReport]


def copy_store(
    source: Address,
    target: Address,
    *,
    master_key: Path | None = None,
    key: KeyOfCopy = "same",
    again: bool = False,
    signer: Signer | None = None,
    random_bytes: RandomBytes = token_bytes,
    progress: CopyProgress = lambda _what, _done, _total: None,
) -> Copied:
    """What came of the store at `source` into the new or empty directory, or the empty database, at `target`?

    `master_key`: where the keys of a source that is a directory lie, if not in it. `key`: whether the copy has the same
    master keys, a new one that everything is encrypted under, or none beside it (the same, kept apart). `again`: over a
    copy that was not finished. While it runs, no master key of the source is rotated.
    Raises Conflict (the target is not empty), Unavailable (the source, or the copy, is not as it was written).
    """
    if isinstance(source, Path) and isinstance(target, Path) and source.resolve() == target.resolve():
        raise Conflict(f"`{source}` cannot be copied into itself", "name a new or empty directory")
    parts = open_source(source, master_key, signer=signer, random_bytes=random_bytes)
    with closing(parts) as have, opened_target(target, key) as into, both_locked(have, into):
        into.check_empty(again=again)
        with moment_of(have.logs, have.activity) as moment:
            _refuse_damaged(_verify(moment, have, have.secrets, progress), f"the store in `{source}`")
            into.begin()
            carrier = Carrier(have.secrets.vault, into.keep_key(have, key, random_bytes), progress)
            carried = {
                **carrier.carry(LOGS, moment.logs, into.logs),
                **carrier.carry(ACTIVITY, moment.activity, into.activity),
            }
            return _finish(into, moment, have, into.secrets(have, key, random_bytes), carried, progress)


def _verify(moment: Moment, have: Parts, secrets: SecretRows, progress: CopyProgress) -> _Verified:
    """What does verification say of each log, and of its activity?"""
    signer = have.keys.signer(moment.logs)
    logs = reads.list_logs(moment.logs)
    with examined(moment.logs), examined(moment.activity):
        changes = [
            verify_log(
                log,
                SqlEvidence(moment.logs, log, secrets),
                signer,
                _told(progress, f"verifying {log}"),
            )
            for log in logs
        ]
        begun = sorted({*logs, *activity_logs(moment.activity)})
        return _Verified(changes, [verify_activity(moment.activity, log, signer) for log in begun])


def _told(progress: CopyProgress, what: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(what, done, total)


def _refuse_damaged(verified: _Verified, place: str) -> tuple[int, int]:
    """How many changes and events are there, all as they were written? Raises Unavailable."""
    found = [finding for report in (*verified.changes, *verified.activity) for finding in report.findings]
    if found:
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        raise Unavailable(
            f"{place} is not as it was written: {found[0].format()}{more}",
            "see all by `bailiwick store verify`; what is damaged is not copied: restore a backup",
        )
    return sum(report.rows for report in verified.changes), sum(report.rows for report in verified.activity)


def _finish(
    into: Target,
    moment: Moment,
    have: Parts,
    secrets: SecretRows,
    carried: Carried,
    progress: CopyProgress,
) -> Copied:
    """What is in the copy, which is the same as the source, and is a store from now on? Raises Unavailable."""
    logs = reads.list_logs(moment.logs)
    with moment_of(into.logs, into.activity) as there, failures_named():
        check_rows(LOGS, there.logs, carried, progress)
        check_rows(ACTIVITY, there.activity, carried, progress)
        changes, events = _refuse_damaged(_verify(there, have, secrets, progress), "the copy")
        heads = reads.read_heads(there.logs, logs)
        if heads != reads.read_heads(moment.logs, logs):
            raise Unavailable(
                "the heads of the copy are not those of the source", "begin the copy anew with `--again`"
            )
    with into.activity.writing() as connection:
        stamp(connection, ACTIVITY_PART)
    with into.logs.writing() as connection:
        stamp(connection, LOGS_PART)
        mark_finished(connection)
    into.end()
    return Copied(tuple(heads[log] for log in logs), changes, events)
