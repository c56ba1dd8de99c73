"""Forgetting activity that is old, of any number of logs: `bailiwick store prune-activity`.

Implements docs/spec.md 13.6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bailiwick.errors import Invalid, Unavailable
from bailiwick.store.ports import Store

YOUNGEST = timedelta(days=7)
"""What is younger is not forgotten. WHY: sessions that may still be open are found by the events of their beginning."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many events of a log went, or would go. `problem`: why none of a damaged one does."""

    log: str
    events: int
    problem: str = ""


def check_age(before: datetime, at: datetime) -> None:
    """Is what happened before then old enough to be forgotten at this instant? Raises Invalid."""
    if before > at - YOUNGEST:
        raise Invalid.at(
            "before",
            f"`{before:%Y-%m-%d}` is too late",
            f"what is younger than {YOUNGEST.days} days is kept; name a day before {at - YOUNGEST:%Y-%m-%d}",
        )


def find_prunable(store: Store, logs: Iterable[str], before: datetime, at: datetime) -> Iterator[Pruned]:
    """Of which of these logs would events go, and how many? Raises Invalid."""
    check_age(before, at)
    return _of_each(logs, lambda log: store.activity.count_before(log, before))


def prune_activity(store: Store, logs: Iterable[str], before: datetime, at: datetime) -> Iterator[Pruned]:
    """What went of each of these logs? Raises Invalid."""
    check_age(before, at)
    return _of_each(logs, lambda log: store.activity.prune(log, before, at=at))


def _of_each(logs: Iterable[str], work: Callable[[str], int]) -> Iterator[Pruned]:
    """What does this come to? A log that cannot be pruned keeps no other from it; where nothing goes, none is told."""
    for log in logs:
        try:
            events = work(log)
        except Unavailable as error:
            yield Pruned(log, 0, str(error))
        else:
            if events:
                yield Pruned(log, events)
