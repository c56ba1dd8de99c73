"""How the activity was chained and signed, before and after revision `0002`: what that revision checks and writes.

INVARIANT: history, and so never changed. Rows are mappings with the names of the columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from bailiwick.errors import Unavailable
from bailiwick.store.canonical import encode_fields
from bailiwick.store.ports import Signer

Row = Mapping[str, Any]
FIELDS = ("at", "log", "kind", "outcome", "principal_uid", "credential_uid", "detail")
HEAD_FIELDS = ("number", "hash", "last_event_id", "pruned_number", "pruned_hash")
BATCH_EVENTS = 1_000


def beginning(log: str | None) -> tuple[str, ...]:
    """With which words begin the messages of this log's chain? None: of the one chain that there was before."""
    return ("bailiwick.activity.1",) if log is None else ("bailiwick.activity.2", log)


def sign_head(
    log: str | None, number: int, last_hash: bytes, last_event_id: int, signer: Signer
) -> dict[str, Any]:
    """Which signed head of a chain of which nothing was pruned is this?"""
    start = sha256(encode_fields(*beginning(log))).digest()
    values = (number, last_hash if number else start, last_event_id, 0, start)
    signature = signer.sign(encode_fields(*beginning(log), *values))
    return {**dict(zip(HEAD_FIELDS, values, strict=True)), "signature": signature}


def seal(prev_hash: bytes, number: int, first_id: int, last_at: str, events: Sequence[Row]) -> bytes:
    """What is the chain hash of this batch?"""
    inner = sha256()
    for row in events:
        inner.update(encode_fields(*(str(row[name]).encode("utf-8", "replace") for name in FIELDS)))
    outer = encode_fields("bailiwick.batch.1", number, first_id, len(events), last_at, inner.digest())
    return sha256(prev_hash + outer).digest()


def chain(
    log: str | None, events: Iterable[Row], signer: Signer, put: Callable[[Row, Sequence[Row]], None]
) -> dict[str, Any]:
    """Which head has the chain of these events, numbered from 1 on? Each batch is `put` as it comes."""
    number, last_id = 0, 0
    last_hash: bytes = sha256(encode_fields(*beginning(log))).digest()
    for some in _batched(events):
        numbered = [{**row, "id": last_id + at} for at, row in enumerate(some, 1)]
        number, first_id, last_at = number + 1, last_id + 1, max(row["at"] for row in numbered)
        sealed = seal(last_hash, number, first_id, last_at, numbered)
        put(
            {
                "number": number,
                "first_id": first_id,
                "event_count": len(numbered),
                "last_at": last_at,
                "prev_hash": last_hash,
                "hash": sealed,
            },
            numbered,
        )
        last_hash, last_id = sealed, last_id + len(numbered)
    return sign_head(log, number, last_hash, last_id, signer)


def _batched(events: Iterable[Row]) -> Iterator[list[Row]]:
    some: list[Row] = []
    for row in events:
        some.append(row)
        if len(some) == BATCH_EVENTS:
            yield some
            some = []
    if some:
        yield some


def check(
    log: str | None,
    head: Row | None,
    batches: Iterable[tuple[Row, Sequence[Row]]],
    event_count: int,
    signer: Signer,
) -> None:
    """Is this chain as it was written? Raises Unavailable: nothing that was forged is signed anew."""
    try:
        intact = head is not None and _follows(log, head, batches, event_count, signer)
    except (TypeError, ValueError):
        # WHY: what lies there may be of any type.
        intact = False
    if not intact:
        of_log = "" if log is None else f" of `{log}`"
        raise Unavailable(
            f"the activity{of_log} is not as it was written, and is not signed anew",
            "see what is wrong by `bailiwick log verify` of the version that wrote it, or restore a backup",
        )


def _follows(
    log: str | None,
    head: Row,
    batches: Iterable[tuple[Row, Sequence[Row]]],
    event_count: int,
    signer: Signer,
) -> bool:
    signed = encode_fields(*beginning(log), *(head[name] for name in HEAD_FIELDS))
    intact = signer.verify(signed, head["signature"])
    number, last_hash, seen = head["pruned_number"], head["pruned_hash"], 0
    for one, events in batches:
        ids = list(range(one["first_id"], one["first_id"] + one["event_count"]))
        intact &= one["number"] == number + 1 and one["prev_hash"] == last_hash
        intact &= [row["id"] for row in events] == ids
        intact &= seal(last_hash, one["number"], one["first_id"], one["last_at"], events) == one["hash"]
        number, last_hash, seen = one["number"], one["hash"], seen + len(events)
    return intact and (number, last_hash, seen) == (head["number"], head["hash"], event_count)
