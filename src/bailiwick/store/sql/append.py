"""One transaction on one log: check the head, fold the changes into the objects, extend the chain, sign.

Works on a connection that the caller opened for writing; nothing here commits.
Implements docs/spec.md, section "The change log".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from bailiwick.errors import Conflict, NotFound, Unavailable
from bailiwick.store.chain import SALT_BYTES, empty_head, head_message
from bailiwick.store.evidence import RawHead
from bailiwick.store.fold import (
    ObjectKey,
    Origin,
    SealedChange,
    SealedRow,
    fold_changes,
    name_taken,
    seal_erasure,
    seal_row,
)
from bailiwick.store.ports import Head, Locate, RandomBytes, Revision, RevisionConflict, Signer
from bailiwick.store.sql.clock import this_move
from bailiwick.store.sql.locators import remove_locators, write_locators
from bailiwick.store.sql.schema import IS_NAMED, body, change, head, object_
from bailiwick.store.verify import is_head_signed

BATCH_ROWS = 2_000
KEYS_IN_QUERY = 500
T = TypeVar("T")


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Which lists of at most `size` do these items come to? None is lost: the last may be short."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def insert_log(connection: Connection, log: str, at: str, signer: Signer) -> Head:
    """What is the head of this new log?"""
    if connection.execute(select(head.c.log).where(head.c.log == log)).first() is not None:
        raise Conflict(f"log `{log}` exists already")
    start = empty_head(log)
    values = _head_values(start, at, signer)
    try:
        connection.execute(insert(head).values(log=log, **values))
    except IntegrityError:
        raise Conflict(f"log `{log}` exists already") from None
    return start


def lock_heads(connection: Connection, log: str, others: Iterable[str]) -> None:
    """Let nobody write to this log, nor move the others, until the transaction ends.

    INVARIANT: in the order of names, so that no two transactions wait for each other; one log a statement, so that
    each lies on one shard.
    """
    for name in sorted({log, *others}):
        one = select(head.c.log).where(head.c.log == name)
        connection.execute(one.with_for_update(read=name != log))


def lock_head(connection: Connection, log: str, expected: Revision, signer: Signer) -> Head:
    """What is the head to write on? Nobody else can write until the transaction ends.

    SECURITY: its signature is checked first, else the next honest write would sign a forged chain.
    """
    row = connection.execute(select(head).where(head.c.log == log).with_for_update()).one_or_none()
    if row is None:
        raise NotFound(f"there is no log `{log}`")
    if not is_head_signed(log, RawHead(row.revision, row.hash, row.signature, row.at), signer):
        raise Unavailable(f"the head of `{log}` is not signed by this store", "run `bailiwick log verify`")
    now = Head(log, row.revision, row.hash.hex())
    if not now.is_at(expected):
        raise RevisionConflict(expected, now)
    return now


def append_changes(
    connection: Connection,
    now: Head,
    changes: Sequence[SealedChange],
    *,
    origin: Origin,
    signer: Signer,
    locate: Locate | None,
) -> Head:
    """What is the head after these changes, applied to the objects and written to the log?"""
    _apply(connection, now.log, now.revision + 1, changes, locate)
    return _extend(connection, now, changes, origin, signer)


def _apply(
    connection: Connection, log: str, revision: int, changes: Sequence[SealedChange], locate: Locate | None
) -> None:
    """Bring the objects to the state after these changes."""
    alive = _find_alive(connection, log, {change.key for change in changes})
    after = fold_changes(changes, alive)
    # WHY: everything touched leaves before anything comes back, so two objects may swap names.
    leave = delete(object_).where(
        object_.c.log == bindparam("in_log"),
        object_.c.kind == bindparam("of_kind"),
        object_.c.uid == bindparam("of_uid"),
    )
    for keys in batched(alive, BATCH_ROWS):
        connection.execute(leave, [{"in_log": log, "of_kind": kind, "of_uid": uid} for kind, uid in keys])
        remove_locators(connection, log, keys)
    staying = [change for change in after.values() if change is not None]
    for batch in batched(staying, BATCH_ROWS):
        _refuse_taken(connection, log, batch)
        try:
            connection.execute(insert(object_), [_object_values(log, revision, change) for change in batch])
        except IntegrityError as error:
            raise Unavailable("the objects do not fit the log", "run `bailiwick store verify`") from error
        living = ((change.kind, change.uid, str(change.document_text)) for change in batch)
        write_locators(connection, log, living, locate)


def _find_alive(connection: Connection, log: str, keys: set[ObjectKey]) -> set[ObjectKey]:
    """Which of these objects live?"""
    by_kind: dict[str, list[str]] = defaultdict(list)
    for kind, uid in keys:
        by_kind[kind].append(uid)
    alive: set[ObjectKey] = set()
    for kind, uids in by_kind.items():
        for batch in batched(uids, KEYS_IN_QUERY):
            where = (object_.c.log == log) & (object_.c.kind == kind) & object_.c.uid.in_(batch)
            alive.update((kind, uid) for uid in connection.scalars(select(object_.c.uid).where(where)))
    return alive


def _object_values(log: str, revision: int, change: SealedChange) -> dict[str, Any]:
    """Which row stands for the object after this change?"""
    return {
        "log": log,
        "kind": change.kind,
        "uid": change.uid,
        "name": change.name,
        "body": change.document_text,
        "revision": revision,
    }


def _refuse_taken(connection: Connection, log: str, batch: Sequence[SealedChange]) -> None:
    """Has another living object a name that this batch wants? Raises Conflict.

    WHY asked before, and not learned from the failure: that would end the transaction in which it is explained.
    """
    by_kind: dict[str, dict[str, str]] = defaultdict(dict)
    for item in batch:
        if item.name:
            by_kind[item.kind][item.name] = item.uid
    for kind, wanted in by_kind.items():
        for names in batched(wanted, KEYS_IN_QUERY):
            of_kind = (object_.c.log == log) & (object_.c.kind == kind) & IS_NAMED
            columns = select(object_.c.name, object_.c.uid).where(of_kind, object_.c.name.in_(names))
            for name, uid in connection.execute(columns):
                if wanted[name] != uid:
                    raise name_taken(kind, name)


def _extend(
    connection: Connection, now: Head, changes: Sequence[SealedChange], origin: Origin, signer: Signer
) -> Head:
    """What is the head after rows for these changes?"""
    last = bytes.fromhex(now.hash)
    for batch in batched(enumerate(changes, 1), BATCH_ROWS):
        rows: list[SealedRow] = []
        for seq, item in batch:
            rows.append(seal_row(now, seq, origin, item, last))
            last = rows[-1].hash
        connection.execute(insert(body), [_body_values(now.log, item) for _, item in batch])
        connection.execute(insert(change), [_change_values(row) for row in rows])
    return _move_head(connection, now, Head(now.log, now.revision + 1, last.hex()), origin.at, signer)


def _body_values(log: str, item: SealedChange) -> dict[str, Any]:
    """Which row keeps this change's body?"""
    return {"log": log, "digest": item.body.digest, "salt": item.body.salt, "document": item.body.text}


def _change_values(row: SealedRow) -> dict[str, Any]:
    """Which row of the log is this?"""
    return {**row.fields._asdict(), "prev_hash": row.prev_hash, "hash": row.hash}


def _head_values(to: Head, at: str, signer: Signer) -> dict[str, Any]:
    """Which signed values stand for this head?"""
    head_hash = bytes.fromhex(to.hash)
    signature = signer.sign(head_message(to.log, to.revision, head_hash, at))
    return {
        "revision": to.revision,
        "hash": head_hash,
        "signature": signature,
        "at": at,
        "moved_at": this_move(),
    }


def _move_head(connection: Connection, now: Head, to: Head, at: str, signer: Signer) -> Head:
    """Sign the new head and put it in the place of the old one."""
    where = (head.c.log == now.log) & (head.c.revision == now.revision)
    moved = connection.execute(update(head).where(where).values(**_head_values(to, at, signer)))
    if moved.rowcount != 1:
        raise Unavailable(f"the head of `{now.log}` moved inside a transaction", "try again")
    return to


def erase_bodies(
    connection: Connection,
    now: Head,
    key: ObjectKey,
    *,
    origin: Origin,
    signer: Signer,
    random_bytes: RandomBytes,
) -> Head:
    """What is the head once every past body of this object is gone, and the log says so?"""
    digests = _find_past_digests(connection, now.log, key)
    erased = 0
    for batch in batched(digests, KEYS_IN_QUERY):
        where = (body.c.log == now.log) & body.c.digest.in_(batch)
        erased += connection.execute(delete(body).where(where)).rowcount
    if not erased:
        raise NotFound(f"there is no past body of {key[0]} `{key[1]}` to erase")
    row = seal_erasure(*key, erased, random_bytes(SALT_BYTES))
    return _extend(connection, now, [row], origin, signer)


def _find_past_digests(connection: Connection, log: str, key: ObjectKey) -> list[bytes]:
    """Which digests name the bodies of this object but the one that is its state?"""
    where = (
        (change.c.log == log)
        & (change.c.kind == key[0])
        & (change.c.uid == key[1])
        & (change.c.op != "erase")
    )
    order = (change.c.revision, change.c.seq)
    digests = list(connection.scalars(select(change.c.digest).where(where).order_by(*order)))
    return digests[:-1] if _find_alive(connection, log, {key}) else digests
