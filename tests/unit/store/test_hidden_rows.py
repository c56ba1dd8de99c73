"""Verification against storage that lies: readings by revision and by object must hold the same rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from bailiwick.store.evidence import RawRow, order_of
from bailiwick.store.memory import MemoryStore
from bailiwick.store.memory_reads import MemoryEvidence
from bailiwick.store.ports import Change, VerifyReport
from bailiwick.store.signing import Ed25519Signer
from bailiwick.store.verify import verify_log

AT = datetime(2026, 11, 20, tzinfo=UTC)
LOG = "account:acme"
SIGNER = Ed25519Signer(b"s" * 32)


class LyingEvidence(MemoryEvidence):
    """Evidence whose index by object was tampered with."""

    lie: Callable[[list[RawRow]], list[RawRow]]

    def rows_by_object(self) -> Iterator[RawRow]:
        """Which rows does the bad index give?"""
        return iter(self.lie(list(super().rows_by_object())))


def verify_with(lie: Callable[[list[RawRow]], list[RawRow]], *, upto: int) -> VerifyReport:
    """What is found when the index lies and the objects were set back to fit it?"""
    store = MemoryStore(at=AT, signer=SIGNER)
    store.create_log(LOG, at=AT)
    for revision in range(2):
        change = Change("User", "u1", "alice", "create" if revision == 0 else "replace", {"n": revision})
        store.append(LOG, revision, [change], actor_uid="u", via="test", at=AT)
    kept = store.logs[LOG]
    kept.objects["User", "u1"] = kept.objects["User", "u1"]._replace(
        text=f'{{"n":{upto - 1}}}', revision=upto
    )
    evidence = LyingEvidence(kept, None)
    evidence.lie = lie
    return verify_log(LOG, evidence, SIGNER, None)


LIES: dict[str, Callable[[list[RawRow]], list[RawRow]]] = {
    "hides the last": lambda rows: rows[:-1],
    "doubles the first": lambda rows: [rows[0], rows[0]._replace(op="replace")],
    "moves the last": lambda rows: [rows[0], rows[1]._replace(uid="u2")],
}


def test_an_honest_index_verifies() -> None:
    """Without a lie nothing is found."""
    assert verify_with(lambda rows: rows, upto=2).ok


@pytest.mark.parametrize("name", sorted(LIES))
def test_an_index_that_hides_a_row_shows(name: str) -> None:
    """Objects set back to an earlier state fit the lying index, and the rows' sum does not."""
    findings = [item.message for item in verify_with(LIES[name], upto=1).findings]
    assert findings[-1] == "the index by object does not hold the rows of the log"


def test_values_of_any_type_have_an_order() -> None:
    """Numbers come before text, text before the rest, as the file sorts them."""
    assert sorted([b"x", "a", 2, "B", 1.5], key=order_of) == [1.5, 2, "B", "a", b"x"]
