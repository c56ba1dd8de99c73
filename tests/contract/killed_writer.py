"""Writes to a store until it is killed; says each revision on standard output once it was acknowledged.

Run as `python killed_writer.py <data directory> <round>`.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from bailiwick.store.opening import open_store
from bailiwick.store.ports import Change, Head, Idempotency, SecretWrite

AT = datetime(2026, 11, 20, tzinfo=UTC)
LOG = "account:acme"


def answer(head: Head) -> tuple[int, bytes]:
    """What is answered to the writer of this head?"""
    return 201, head.vector.encode()


def main() -> None:
    """Write transactions of one to a thousand changes, each with a secret and an answer."""
    store = open_store(Path(sys.argv[1]))
    revision, turn = store.head(LOG).revision, 0
    while True:
        turn += 1
        uid = f"{sys.argv[2]}-{turn}"
        size = 1_000 if turn % 7 == 0 else 1 + turn % 3
        changes = [Change("User", f"{uid}-{number}", "", "create", {"n": number}) for number in range(size)]
        head = store.append(
            LOG,
            revision,
            changes,
            actor_uid="u-root",
            via="test",
            at=AT,
            secrets=[SecretWrite(f"fp-{revision + 1}", "password", uid.encode())],
            idempotency=Idempotency("u-root", f"k-{revision + 1}", "d", answer),
        )
        revision = head.revision
        print(head.vector, flush=True)


main()
