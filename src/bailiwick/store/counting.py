"""How did the writes of this process end? Plain numbers, for whoever watches it.

CAUTION: counted without a lock. An addition to an attribute is not interrupted by another thread in CPython, and a
number that is one too small would harm nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from bailiwick.errors import Unavailable
from bailiwick.store.ports import RevisionConflict, WriteNumbers

P = ParamSpec("P")
T = TypeVar("T")


class _Counts(Protocol):
    @property
    def writes(self) -> WriteNumbers: ...


S = TypeVar("S", bound=_Counts)


def counted(write: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """The same, and how it ended is counted."""

    @wraps(write)
    def count(store: S, /, *arguments: P.args, **options: P.kwargs) -> T:
        try:
            done = write(store, *arguments, **options)
        except RevisionConflict:
            store.writes.conflicts += 1
            raise
        except Unavailable:
            store.writes.failed += 1
            raise
        store.writes.committed += 1
        return done

    return count
