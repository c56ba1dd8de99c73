"""Is a log as it was written? Recomputes every hash, follows the chain, and folds it into objects.

Reads evidence as a stream, so memory does not grow with the log, and trusts none of it: a value of
the wrong type is a finding, never a crash.
Two passes: by revision (rows, bodies, head, signature) and by object (the log folded, against the
objects). Both must have seen the same rows, so an index that hides a row shows.
CAUTION: a whole store that was put back to an earlier, once valid state verifies; only a revision
vector noted elsewhere shows that (`head_at`).
Implements docs/spec.md, section "The change log".
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import groupby
from typing import TypeGuard

from bailiwick.errors import Finding
from bailiwick.store.chain import (
    HASH_BYTES,
    SALT_BYTES,
    RowFields,
    digest_of,
    format_body,
    genesis_hash,
    head_message,
    is_encodable,
    row_hash,
)
from bailiwick.store.evidence import Evidence, RawHead, RawObject, RawRow, order_of
from bailiwick.store.fold import ObjectKey
from bailiwick.store.ports import Progress, Signer, VerifyReport

MOST_FINDINGS = 100
_PROGRESS_STEP = 2_000


class _Findings:
    """Collects findings up to a bound, and says when there were more."""

    def __init__(self, log: str) -> None:
        self._log = log
        self.kept: list[Finding] = []
        self.truncated = False

    def add(self, message: str, place: str = "") -> None:
        """Note that something is wrong at this place of the log."""
        if len(self.kept) >= MOST_FINDINGS:
            self.truncated = True
            return
        self.kept.append(Finding(message, f"{self._log} {place}".rstrip()))


class _Chain:
    """What the first pass knows between two rows."""

    def __init__(self, log: str, erasures: dict[ObjectKey, int], findings: _Findings) -> None:
        self.log = log
        self.revision = 0
        self.seq = 0
        self.hash: object = genesis_hash(log)
        self.rows = 0
        self.bodies = 0
        self.total = 0
        self._erasures = erasures
        self._findings = findings

    def follow(self, row: RawRow) -> None:
        """Does this row follow the one before it, unchanged?"""
        self.rows += 1
        self.total += _seal_of(self.log, row)
        place = place_of(row)
        flaw = _find_malformed(row)
        if flaw is not None:
            self._findings.add(f"{flaw} is malformed", place)
        else:
            self._check_order(row, place)
            self._check_hash(row, place)
            self._check_body(row, place)
        if flaw not in ("revision", "seq"):
            self.revision, self.seq = row.revision, row.seq
        self.hash = row.hash

    def _check_order(self, row: RawRow, place: str) -> None:
        """Is its place the next one?"""
        expected = ((self.revision, self.seq + 1), (self.revision + 1, 1))
        if (row.revision, row.seq) not in expected[1 if self.revision == 0 else 0 :]:
            before = f"revision {self.revision} seq {self.seq}"
            self._findings.add(f"rows are missing or out of order after {before}", place)

    def _check_hash(self, row: RawRow, place: str) -> None:
        """Is it linked to the row before, and are its fields those that were hashed?"""
        if row.prev_hash != self.hash:
            self._findings.add("the row does not follow the row before it", place)
        fields = RowFields(self.log, *row[:9])
        if row_hash(row.prev_hash, fields) != row.hash:
            self._findings.add("the row was changed", place)

    def _check_body(self, row: RawRow, place: str) -> None:
        """Is its body the one that was sealed, or rightly erased?"""
        if row.salt is None and row.text is None:
            if row.revision >= self._erasures.get((row.kind, row.uid), 0):
                self._findings.add("the body is missing", place)
            return
        self.bodies += 1
        if not _is_sealed(row):
            self._findings.add("the body was changed", place)


def place_of(row: RawRow) -> str:
    """Where is this row?"""
    return f"revision {row.revision} seq {row.seq}"


def _find_malformed(row: RawRow) -> str | None:
    """Which field has a type or a form that was never written?"""
    for field in ("revision", "seq"):
        if type(getattr(row, field)) is not int:
            return field
    for field in ("at", "actor_uid", "via", "kind", "uid", "op"):
        if not _is_text(getattr(row, field)):
            return field
    for field in ("digest", "prev_hash", "hash"):
        value = getattr(row, field)
        if not isinstance(value, bytes) or len(value) != HASH_BYTES:
            return field
    return None


def _is_text(value: object) -> TypeGuard[str]:
    """Is this text that can be hashed?"""
    return isinstance(value, str) and is_encodable(value)


def _is_sealed(row: RawRow) -> bool:
    """Does the body have the digest that the row holds?

    SECURITY: the salt's length is fixed; else bytes could be moved between salt and text.
    """
    salted = isinstance(row.salt, bytes) and len(row.salt) == SALT_BYTES
    return salted and _is_text(row.text) and digest_of(row.salt, row.text) == row.digest


def _seal_of(log: str, row: RawRow) -> int:
    """Which number stands for everything that this row says? WHY: sums of them compare two readings."""
    if _find_malformed(row) is None:
        seal = row_hash(row.prev_hash, RowFields(log, *row[:9]))
    else:
        seal = sha256(repr(row[:11]).encode("utf-8", "replace")).digest()
    return int.from_bytes(seal, "big")


def verify_log(log: str, evidence: Evidence, signer: Signer, progress: Progress | None) -> VerifyReport:
    """Is this log as it was written, and do the objects follow from it?"""
    findings = _Findings(log)
    chain = _Chain(log, evidence.erasures(), findings)
    total = 2 * evidence.change_count()
    for row in _counted(evidence.rows(), 0, total, progress):
        chain.follow(row)
    if evidence.body_count() != chain.bodies:
        findings.add("there are bodies that no row refers to")
    _check_head(log, evidence.head(), chain, signer, findings)
    _check_objects(evidence, chain, findings, progress)
    # WHY only then: what objects are found by is read from their documents.
    if evidence.is_located() and not findings.kept:
        _check_locators(evidence, findings)
    for name in evidence.damaged_secrets():
        findings.add("the secret does not decrypt", f"secret `{name}`")
    if progress is not None:
        progress(total, total)
    return VerifyReport(log, not findings.kept, chain.rows, tuple(findings.kept), findings.truncated)


def _counted(rows: Iterator[RawRow], start: int, total: int, progress: Progress | None) -> Iterator[RawRow]:
    """Which rows, telling `progress` every so often?"""
    for count, row in enumerate(rows, start + 1):
        if progress is not None and count % _PROGRESS_STEP == 0:
            progress(count, total)
        yield row


def _check_head(log: str, head: RawHead | None, chain: _Chain, signer: Signer, findings: _Findings) -> None:
    """Does the signed head name exactly the last row?"""
    if head is None:
        findings.add("the head is missing")
        return
    place = f"head at revision {head.revision}"
    if head.hash != chain.hash or head.revision != chain.revision:
        findings.add(f"the last row is revision {chain.revision}, the head says otherwise", place)
    if not is_head_signed(log, head, signer):
        findings.add("the head's signature is wrong", place)


def is_head_signed(log: str, head: RawHead, signer: Signer) -> bool:
    """Did a trusted key sign exactly this head?"""
    typed = type(head.revision) is int and isinstance(head.hash, bytes)
    if not (typed and isinstance(head.signature, bytes) and _is_text(head.at)):
        return False
    return signer.verify(head_message(log, head.revision, head.hash, head.at), head.signature)


def _check_objects(evidence: Evidence, chain: _Chain, findings: _Findings, progress: Progress | None) -> None:
    """Are the objects exactly what the rows fold into?"""
    objects = evidence.objects()
    have = next(objects, None)
    seen = total = 0
    rows = _counted(evidence.rows_by_object(), chain.rows, 2 * chain.rows, progress)
    for _, group in groupby(rows, key=lambda row: (row.kind, row.uid)):
        folded = _Folded(findings)
        for row in group:
            seen, total = seen + 1, total + _seal_of(chain.log, row)
            folded.follow(row)
        while have is not None and _key(have) < _key(folded.last):
            findings.add("the object is in no row of the log", _object_place(have))
            have = next(objects, None)
        found = have if have is not None and _key(have) == _key(folded.last) else None
        if found is not None:
            have = next(objects, None)
        folded.compare(found)
    while have is not None:
        findings.add("the object is in no row of the log", _object_place(have))
        have = next(objects, None)
    if (seen, total) != (chain.rows, chain.total):
        findings.add("the index by object does not hold the rows of the log")


def _check_locators(evidence: Evidence, findings: _Findings) -> None:
    """Is every object found by its own values, and by nothing else?"""
    want = ((item.kind, item.uid, value) for item in evidence.objects() for value in evidence.locate(item))
    have = evidence.locators()
    wanted, held = next(want, None), next(have, None)
    while wanted is not None or held is not None:
        if wanted == held:
            wanted, held = next(want, None), next(have, None)
        elif held is None or (wanted is not None and wanted < held):
            assert wanted is not None
            findings.add("the object is not found from outside", f"{wanted[0]} `{wanted[1]}`")
            wanted = next(want, None)
        else:
            findings.add("the object is found by what is not its own", f"{held[0]} `{held[1]}`")
            held = next(have, None)


def _key(item: RawRow | RawObject) -> tuple[tuple[int, str], tuple[int, str]]:
    """Where does this item stand in the order by kind and uid?"""
    return order_of(item.kind), order_of(item.uid)


def _object_place(item: RawRow | RawObject) -> str:
    """Which object?"""
    return f"{item.kind} `{item.uid}`"


class _Folded:
    """What the rows of one object, in order, come to."""

    last: RawRow

    def __init__(self, findings: _Findings) -> None:
        self._findings = findings
        self._state: RawRow | None = None

    def follow(self, row: RawRow) -> None:
        """Could this row follow those before it?"""
        self.last = row
        if row.op == "erase":
            return
        if (row.op == "create") != (self._state is None):
            self._findings.add(f"{row.op} does not fit the object's state", place_of(row))
        self._state = None if row.op == "delete" else row

    def compare(self, have: RawObject | None) -> None:
        """Is this what the object's row says?"""
        state, place = self._state, _object_place(self.last)
        if state is None and have is not None:
            self._findings.add("the object was deleted in the log, and is still there", place)
        elif state is not None and have is None:
            self._findings.add("the object is missing", place)
        elif state is not None and have is not None and not _is_state(state, have):
            self._findings.add(f"the object is not what {place_of(state)} says", place)


def _is_state(row: RawRow, have: RawObject) -> bool:
    """Does the object row hold exactly the name, document and revision of this change?"""
    if not (_is_text(have.name) and _is_text(have.text)):
        return False
    return bool(have.revision == row.revision) and format_body(have.name, have.text) == row.text
