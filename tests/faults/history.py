"""What many clients did and were answered: recorded operations, and the model of an account that explains them.

An account is its revision and, for each of its groups, the number written last and the revision that wrote it. An even
number makes the group's user a member, who is allowed to look at images; an odd one takes that away.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from tests.faults.linearizable import UNKNOWN, Call

Kind = Literal["write", "swap", "read", "ask"]
Outcome = Literal["ok", "refused", "unknown"]


@dataclass(frozen=True)
class Operation:
    """One request, or one that was repeated under its idempotency key until it was answered.

    `value` is what was written; `seen` what was read (of `ask`: 1 for allowed, else 0). `expected` is the revision of
    the group on which a swap insists. `demanded` is the vector that the answer had to rest on at least, "" for none,
    `vector` the one on which it rests. Times are seconds of one monotonic clock.
    """

    number: int
    client: int
    node: str
    kind: Kind
    group: int
    start: float
    end: float = UNKNOWN
    outcome: Outcome = "unknown"
    status: int = 0
    value: int = 0
    expected: int = 0
    seen: int = 0
    tag: int = 0
    demanded: str = ""
    vector: str = ""
    stale: bool = False
    key: str = ""
    detail: str = ""

    @property
    def revision(self) -> int:
        """On which revision of the account does the answer rest? 0: it says none."""
        return revision_of(self.vector)

    @property
    def changes(self) -> bool:
        """Was it to write something?"""
        return self.kind in ("write", "swap")

    @property
    def allows(self) -> bool:
        """Does it let the group's user in: by what was written, or by what was answered?"""
        return self.seen == 1 if self.kind == "ask" else allows(self.value)


def allows(value: int) -> bool:
    """Does this number make the group's user a member?"""
    return value % 2 == 0


def revision_of(vector: str) -> int:
    """Which revision does `812-9f3c0a1b2c3d` name? 0 for none."""
    return int(vector.partition("-")[0]) if vector else 0


class History:
    """Operations of many threads, as they end; kept as JSON lines where a test fails."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._operations: list[Operation] = []
        self._number = 0

    def next_number(self) -> int:
        """A number that no operation has yet."""
        with self._lock:
            self._number += 1
            return self._number

    def add(self, operation: Operation) -> None:
        """It has ended, or was given up."""
        with self._lock:
            self._operations.append(operation)

    @property
    def operations(self) -> tuple[Operation, ...]:
        """What was done so far, by start."""
        with self._lock:
            return tuple(sorted(self._operations, key=lambda one: one.start))

    def write_lines(self, file: Path) -> None:
        """One JSON line an operation, to look at after a failure."""
        lines = []
        for one in self.operations:
            said = {name: value for name, value in asdict(one).items() if value not in ("", UNKNOWN)}
            lines.append(json.dumps(said) + "\n")
        file.write_text("".join(lines), encoding="utf-8")


@dataclass(frozen=True)
class AccountState:
    """An account at one moment: its revision; of each group the number written last, and at which revision."""

    revision: int
    groups: tuple[tuple[int, int], ...]


def step(state: AccountState, done: Operation) -> AccountState | None:
    """Which state follows from this operation with its answer? None: it could not be answered so."""
    value, tag = state.groups[done.group]
    if done.kind == "read":
        return state if (done.seen, done.tag) == (value, tag) else None
    if done.kind == "ask":
        return state if allows(value) is (done.seen == 1) else None
    matches = done.kind == "write" or done.expected == tag
    if done.outcome == "refused":
        return None if matches else state
    if not matches or (done.outcome == "ok" and done.revision != state.revision + 1):
        return None
    groups = list(state.groups)
    groups[done.group] = (done.value, state.revision + 1)
    return AccountState(state.revision + 1, tuple(groups))


def strong_calls(operations: Iterable[Operation]) -> list[Call[Operation]]:
    """Which operations must have an order that time respects?

    Writes always; what is read only where it had to rest on all that was acknowledged before it began: other reads may
    be older, within the bound that checks.py looks at. A refusal counts where it speaks of the state (412), for others
    say only that nothing was done.
    """
    calls = []
    for one in operations:
        if one.outcome == "refused" and not (one.status == 412 and one.demanded):
            continue
        if not one.changes and (one.outcome != "ok" or not one.demanded):
            continue
        calls.append(Call(one.start, UNKNOWN if one.outcome == "unknown" else one.end, one))
    return calls


def ended(operation: Operation, end: float, outcome: Outcome, status: int, detail: str = "") -> Operation:
    """The operation with what came of it."""
    return replace(
        operation, end=UNKNOWN if outcome == "unknown" else end, outcome=outcome, status=status, detail=detail
    )
