"""What must be true of every history, whatever was broken meanwhile. Each check says all that it found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.faults.history import AccountState, Operation, allows, step, strong_calls
from tests.faults.linearizable import find_order
from tests.faults.load import ACCOUNT, GROUPS

from bailiwick.store.ports import Store

LOG = f"account:{ACCOUNT}"
PAGE = 1000
MOST_SHOWN = 20


@dataclass(frozen=True)
class Log:
    """What the account's log holds: the vector of each revision, and the groups as they were after it."""

    vectors: Mapping[int, str]
    states: Mapping[int, AccountState]
    writers: Mapping[int, tuple[int, int]]

    @property
    def last(self) -> int:
        """Where does it end?"""
        return max(self.states)


def read_log(store: Store) -> Log:
    """The whole log, and the state after each of its revisions."""
    vectors, states, writers = {}, {}, {}
    groups, names = [(0, 0)] * GROUPS, {f"g{number}": number for number in range(GROUPS)}
    revision = 0
    while rows := store.changes(LOG, revision, PAGE):
        for row in rows:
            if row.kind == "Group" and row.name in names and row.document is not None:
                number = names[row.name]
                groups[number] = (int(row.document["description"]), row.revision)
                writers[row.revision] = (number, groups[number][0])
            revision = row.revision
            vectors[revision] = f"{revision}-{row.hash[:12]}"
            states[revision] = AccountState(revision, tuple(groups))
    return Log(vectors, states, writers)


def check_history(operations: Sequence[Operation], log: Log, begun: AccountState, bound: float) -> None:
    """Is everything true that must be? `begun`: the account before; `bound`: how old an answer may be, in seconds."""
    found = [
        *find_broken(operations),
        *find_lost(operations, log),
        *find_untrue(operations, log),
        *find_stale(operations, bound),
    ]
    assert not found, "\n".join(found[:MOST_SHOWN])
    verdict = find_order(begun, strong_calls(operations), step)
    assert verdict, verdict.explain()


def find_broken(operations: Iterable[Operation]) -> list[str]:
    """Which answers are of a bug rather than of a fault?"""
    return [f"broken: {one}" for one in operations if one.status == 500]


def find_lost(operations: Iterable[Operation], log: Log) -> list[str]:
    """Which acknowledged write is not in the log at its revision, with its hash and content? Which refused one is?"""
    found = []
    written = {value for _, value in log.writers.values()}
    for one in operations:
        if not one.changes:
            continue
        if one.outcome == "ok":
            if log.vectors.get(one.revision) != one.vector:
                found.append(f"lost: {one}; the log has {log.vectors.get(one.revision)}")
            elif log.writers.get(one.revision) != (one.group, one.value):
                found.append(f"other content at its revision: {one}; {log.writers.get(one.revision)}")
        elif one.outcome == "refused" and one.value in written:
            found.append(f"refused, and carried out: {one}")
    values = [value for _, value in log.writers.values() if value]
    found += [f"written twice: {value}" for value in set(values) if values.count(value) > 1]
    return found


def find_untrue(operations: Iterable[Operation], log: Log) -> list[str]:
    """Which answer is not what the log says at the revision on which the answer says that it rests?"""
    found = []
    for one in operations:
        if one.changes or one.outcome != "ok":
            continue
        if log.vectors.get(one.revision) != one.vector:
            found.append(f"rests on a revision that is not there: {one}; {log.vectors.get(one.revision)}")
            continue
        value, tag = log.states[one.revision].groups[one.group]
        expected = (int(allows(value)), 0) if one.kind == "ask" else (value, tag)
        if (one.seen, one.tag) != expected:
            found.append(f"untrue: {one}; the log says {expected}")
    return found


def find_stale(operations: Sequence[Operation], bound: float) -> list[str]:
    """Which answer is older than the bound allows, or than what its asker demanded?

    With `find_untrue` this is that no revoked access is granted: an answer that rests on a revision at or after the
    revocation, and is true there, allows only what was granted again.
    """
    found = []
    acknowledged = sorted(
        (one.end, one.revision) for one in operations if one.changes and one.outcome == "ok"
    )
    newest, position = 0, 0
    for one in sorted(operations, key=lambda each: each.start):
        while position < len(acknowledged) and acknowledged[position][0] <= one.start - bound:
            newest = max(newest, acknowledged[position][1])
            position += 1
        if one.outcome != "ok" or one.changes:
            continue
        if one.revision < newest and not one.stale:
            found.append(f"older than {bound:g} s: {one}; acknowledged was {newest}")
        if one.demanded and one.revision < int(one.demanded.partition("-")[0]):
            found.append(f"older than demanded: {one}")
    return found
