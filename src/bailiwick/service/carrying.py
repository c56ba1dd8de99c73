"""Which request is being carried out here, in this task or thread, and who was found to ask?

Errors and the log name it. It must hold nothing that a request brought, but for its id, which was checked before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Carried:
    """A request: its id, and of which account and principal (by uid) it turned out to be ("": not known).

    `is_charged`: it was counted as one of its address (rates.py).
    """

    id: str
    account: str = ""
    principal: str = ""
    is_charged: bool = False


_CARRIED: ContextVar[Carried | None] = ContextVar("carried", default=None)


def carried_request() -> Carried | None:
    """Which request is it? None: what is done here is done for no request."""
    return _CARRIED.get()


@contextmanager
def carrying(request: Carried) -> Iterator[Carried]:
    """Everything in here is done for this request."""
    before = _CARRIED.set(request)
    try:
        yield request
    finally:
        _CARRIED.reset(before)


def note_who(account: str, principal_uid: str) -> None:
    """It is known who asks."""
    request = _CARRIED.get()
    if request is not None:
        request.account, request.principal = account, principal_uid
