"""What a store takes and gives: frozen values, and the protocols that every store keeps.

A store knows logs, JSON documents and secrets. It must not know what a user or a policy is, and it
never looks up the time: every instant is an argument.
Implements docs/spec.md, section "The change log"; the contract tests hold every store to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, Protocol, Self

from bailiwick.errors import Conflict, Finding, Invalid

Document = dict[str, Any]
Operation = Literal["create", "replace", "delete"]
LoggedOperation = Literal["create", "replace", "delete", "erase"]
Progress = Callable[[int, int], None]
RandomBytes = Callable[[int], bytes]
# By which values is the object of this kind, uid and document found while its log is not known?
Locate = Callable[[str, str, Document], Sequence[str]]

SYSTEM_LOG = "system"
VECTOR_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Change:
    """One object's new state. `name` is unique among the living objects of its kind; "" means unnamed.

    `document` is None exactly when `op` is `delete`.
    """

    kind: str
    uid: str
    name: str
    op: Operation
    document: Document | None = None


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change as it was logged; hashes are hex text.

    `document` is None for a deletion and for an erased body; `erased` tells them apart, and an
    erased body has lost its `name` too. An `erase` row changes no object: it says that the older
    bodies of (`kind`, `uid`) were removed.
    """

    log: str
    revision: int
    seq: int
    at: datetime
    actor_uid: str
    via: str
    kind: str
    uid: str
    op: LoggedOperation
    digest: str
    prev_hash: str
    hash: str
    name: str
    document: Document | None
    erased: bool


@dataclass(frozen=True, slots=True)
class Head:
    """Where a log stands: its last revision and the chain hash there (64 hex digits)."""

    log: str
    revision: int
    hash: str

    @property
    def vector(self) -> str:
        """How is this head written in a revision vector? `812-9f3c0a1b2c3d`."""
        return f"{self.revision}-{self.hash[:VECTOR_DIGITS]}"

    def is_at(self, expected: Revision) -> bool:
        """Does the log stand where it is expected to?"""
        return expected in (self.revision, self.vector)


Revision = int | str
"""Where a log is expected to stand: the number of a revision, or its vector, by which it is of this history too."""


def parse_vector(text: str) -> tuple[int, str]:
    """Which revision and hash digits does this part of a revision vector name?"""
    revision, dash, digits = text.partition("-")
    plain = revision.isascii() and revision.isdigit() and len(revision) <= 18
    if not (plain and dash and len(digits) == VECTOR_DIGITS and set(digits) <= set("0123456789abcdef")):
        raise Invalid.at("", f"revision `{text}` is malformed", "expected a form such as `812-9f3c0a1b2c3d`")
    return int(revision), digits


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object's state; `revision` is the one that set it. An erased past state has an empty document."""

    kind: str
    uid: str
    name: str
    document: Document
    revision: int
    erased: bool = False


@dataclass(frozen=True, slots=True)
class SecretWrite:
    """A secret to keep (or to replace) in the same transaction as the changes that refer to it."""

    name: str
    purpose: str
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SecretDelete:
    """A secret to remove in the same transaction; it must exist."""

    name: str


SecretChange = SecretWrite | SecretDelete


@dataclass(frozen=True, slots=True)
class Secret:
    """A stored secret, decrypted; `revision` is the one that wrote it."""

    name: str
    purpose: str
    value: bytes = field(repr=False)
    revision: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered to a request with an idempotency key. `body` is encrypted at rest."""

    principal_uid: str
    key: str
    request_digest: str
    status: int
    body: bytes = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class Idempotency:
    """Under which key is this append's answer kept?

    `answer` is called inside the transaction with the new head, again where the transaction is tried again; it returns
    status and body and must neither block nor call the store.
    """

    principal_uid: str
    key: str
    request_digest: str
    answer: Callable[[Head], tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a verification found. `findings` is bounded; `truncated` says that there were more."""

    log: str
    ok: bool
    rows: int
    findings: tuple[Finding, ...]
    truncated: bool = False

    def told(self) -> dict[str, Any]:
        """How do answers and commands say what was found, beside of which log?"""
        return {
            "ok": self.ok,
            "rows": self.rows,
            "findings": [finding.format() for finding in self.findings],
            "truncated": self.truncated,
        }


@dataclass(frozen=True, slots=True)
class ActivityEvent:
    """Something that happened and changed no state: a sign-in, a refusal, a key used, a token issued."""

    at: datetime
    kind: str
    outcome: str
    log: str = SYSTEM_LOG
    principal_uid: str = ""
    credential_uid: str = ""
    detail: Document = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as kept; `id` grows by one in its log and is never given twice there."""

    id: int
    event: ActivityEvent


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events of this log? Every given field must be equal; `since` is included, `until` is not."""

    log: str
    kind: str | None = None
    outcome: str | None = None
    principal_uid: str | None = None
    credential_uid: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """What is remembered under a name until then: how often somebody failed, which code was used last."""

    document: Document
    until: datetime


ChangeNote = Callable[[Document | None], Note | None]


class RevisionConflict(Conflict):
    """The head moved: prepare again on `head`, then append again."""

    def __init__(self, expected: Revision, head: Head) -> None:
        found = head.vector if isinstance(expected, str) else head.revision
        super().__init__(
            f"expected `{head.log}` at revision `{expected}`, it is at revision `{found}`",
            "read the new state and try again",
        )
        self.expected = expected
        self.head = head


class DuplicateRequest(Conflict):
    """A request with this idempotency key was carried out before; `stored` is its answer."""

    def __init__(self, stored: Answer) -> None:
        super().__init__(
            f"idempotency key `{stored.key}` was used before", "give each new request its own key"
        )
        self.stored = stored


NOTHING_ELSE: Mapping[str, Revision] = {}


class Signer(Protocol):
    """Signs the heads of logs, so that a cut tail or a rewritten chain shows."""

    @property
    def key_id(self) -> str:
        """Which key signs now?"""

    @property
    def algorithm(self) -> str:
        """By which algorithm, in JOSE's words?"""

    @property
    def public_key(self) -> bytes:
        """With which raw public key can others verify?"""

    def sign(self, message: bytes) -> bytes:
        """What is the signature of this message?"""

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Did a key that this signer trusts sign exactly this message?"""


class GenerationWord(Protocol):
    """A number that grows after every commit; reading it costs no system call on a host's shared store."""

    def read(self) -> int:
        """Which generation is the newest that was announced?"""

    def bump(self) -> None:
        """Announce that something was committed."""


class Feed(Protocol):
    """Tells a follower to look now. It only wakes: whoever misses it finds the same at the next look."""

    def wait(self, seconds: float) -> bool:
        """Was something announced since this was last asked, or within so long? One follower asks."""


class Activity(Protocol):
    """What happened without changing state, of each log apart: own retention, chained in batches, no revision.

    What is not of one account, or is there before its account is known, is of the system log.
    """

    def record(self, events: Sequence[ActivityEvent], *, durable: bool = False) -> None:
        """Keep these events; buffered, unless `durable` asks to write them out before returning."""

    def touch_credential(self, log: str, credential_uid: str, at: datetime) -> None:
        """Remember when a credential of this log was last used (buffered; an older instant changes nothing). No I/O."""

    def last_used(self, log: str, credential_uid: str) -> datetime | None:
        """When was this credential last used?"""

    def amend(self, log: str, name: str, at: datetime, change: ChangeNote) -> None:
        """Change the note of this name, alone among all processes; written out before returning.

        `change` is given what holds at `at` (None: nothing) and returns what shall hold (None: nothing). It may run
        while others wait, so it must neither block nor call the store; what it raises changes nothing.
        """

    def notes(
        self, log: str, prefix: str, at: datetime, limit: int, *, after: str = ""
    ) -> tuple[tuple[str, Note], ...]:
        """Which notes of the log hold at `at` whose names begin with this prefix, by name, beyond `after`?"""

    def flush(self) -> None:
        """Write out what is buffered, of each log as one chained batch. Raises Unavailable for what could not be."""

    def events(
        self, wanted: EventFilter, after: int | None, limit: int, *, newest_first: bool = False
    ) -> tuple[StoredEvent, ...]:
        """Which events match, beyond the id `after` in the order asked for?"""

    def prune(self, log: str, before: datetime, *, at: datetime) -> int:
        """How many events of the log went, whole batches from the oldest on, all of them older than `before`?

        An event at this instant tells of it. Raises Unavailable for a log that is not as it was written.
        """

    def count_before(self, log: str, before: datetime) -> int:
        """How many events would pruning the log take? Raises as it does."""

    def list_logs(self) -> tuple[str, ...]:
        """Of which logs is there activity, if only a beginning, by code point?"""

    def verify(self, log: str) -> VerifyReport:
        """Is every kept event of the log as it was recorded, with none missing inside?"""

    def buffered(self) -> int:
        """How many events are not written out yet? No I/O."""


@dataclass(slots=True)
class WriteNumbers:
    """How did the changes end that this process wrote?

    `conflicts`: the head had moved, so that they are prepared anew. `contended`: tried again in the store, because
    others held the same rows. `failed`: the store did not carry them out, or it is not known.
    """

    committed: int = 0
    conflicts: int = 0
    contended: int = 0
    failed: int = 0


class Store(Protocol):
    """Logs of changes with the objects that follow from them. Safe for threads."""

    @property
    def generation(self) -> GenerationWord:
        """The word that readers compare before trusting what they hold."""

    @property
    def feed(self) -> Feed:
        """What wakes whoever follows the logs."""

    @property
    def activity(self) -> Activity:
        """What happened without changing state."""

    @property
    def writes(self) -> WriteNumbers:
        """How did the changes end that were written by this process?"""

    def create_log(self, log: str, *, at: datetime) -> Head:
        """What is the signed head, at revision 0, of this new log? Raises Conflict if it exists."""

    def list_logs(self) -> tuple[str, ...]:
        """Which logs are there, by code point?"""

    def head(self, log: str) -> Head:
        """Where does this log stand? Raises NotFound."""

    def heads(self, logs: Sequence[str]) -> dict[str, Head]:
        """Where do these logs stand, at one moment? Unknown logs are left out."""

    def head_at(self, log: str, revision: int) -> Head:
        """Which hash did the chain have at this revision? Raises NotFound beyond the head."""

    def load(self, log: str) -> tuple[Head, Iterator[StoredObject]]:
        """What is the state, and at which head, in one read transaction? Sorted by kind and uid."""

    def append(
        self,
        log: str,
        expected: Revision,
        changes: Sequence[Change],
        *,
        actor_uid: str,
        via: str,
        at: datetime,
        activity: Sequence[ActivityEvent] = (),
        secrets: Sequence[SecretChange] = (),
        idempotency: Idempotency | None = None,
        based_on: Mapping[str, Revision] = NOTHING_ELSE,
    ) -> Head:
        """What is the head after these changes, all or none of them, as one revision?

        `based_on`: the revisions of other logs on which they rest, 0 for a log that is not there; where one of them
        has moved it is a RevisionConflict of that log.
        SECURITY: what was judged on a state is expected by its vector; after a fork another state has its number.
        Raises RevisionConflict, DuplicateRequest, Conflict (uid or name taken), NotFound (nothing to
        replace or delete), Invalid (not JSON), Unavailable. Activity is recorded after the commit.
        """

    def erase_body(
        self,
        log: str,
        expected: Revision,
        *,
        kind: str,
        uid: str,
        actor_uid: str,
        via: str,
        at: datetime,
    ) -> Head:
        """What is the head after all past bodies of this object are gone for good?

        The state of an object that lives is kept: delete it first to be rid of everything.
        """

    def changes(self, log: str, after_revision: int, limit: int) -> tuple[ChangeRow, ...]:
        """Which changes follow this revision? Whole revisions, at least one, else at most `limit` rows."""

    def history(
        self,
        log: str,
        *,
        limit: int,
        before: tuple[int, int] | None = None,
        kind: str | None = None,
        uid: str | None = None,
        actor_uid: str | None = None,
    ) -> tuple[ChangeRow, ...]:
        """Which changes match, newest first, older than the (revision, seq) `before`?"""

    def change_count(self, log: str) -> int:
        """How many changes does this log hold?"""

    def document_at(self, log: str, kind: str, uid: str, revision: int) -> StoredObject | None:
        """What was this object's state right after this revision? None where it did not exist."""

    def state_at(self, log: str, revision: int) -> Iterator[StoredObject]:
        """What was the whole state right after this revision? Sorted by kind and uid."""

    def find_object(self, log: str, kind: str, uid: str) -> StoredObject | None:
        """What is this object's state now?"""

    def find_named(self, log: str, kind: str, name: str) -> StoredObject | None:
        """Which living object has exactly this name, byte for byte?"""

    def find_secret(self, log: str, name: str) -> Secret | None:
        """What is kept under this name?"""

    def list_secrets(self, log: str, purpose: str) -> tuple[Secret, ...]:
        """Which secrets are kept for this purpose, sorted by name?"""

    def find_located(self, kind: str, value: str) -> tuple[str, ...]:
        """In which logs lives an object of this kind that is found by this value? By code point."""

    def moved_since(self, mark: int) -> tuple[int, tuple[Head, ...]]:
        """Which heads moved since this mark (0: all), and from which mark on shall be asked next?

        A head may be told twice, and none is missed (docs/spec.md 11.10).
        """

    def find_answer(self, log: str, principal_uid: str, key: str) -> Answer | None:
        """What was answered to this principal's request on this log with this idempotency key?"""

    def prune_answers(self, before: datetime) -> int:
        """How many answers went, all older than `before`?"""

    def verify(self, log: str, progress: Progress | None = None) -> VerifyReport:
        """Is the log as it was written, and do the objects follow from it?"""

    def close(self) -> None:
        """Write out what is buffered and let go of files."""

    def __enter__(self) -> Self:
        """Use the store for a while."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
