"""How many requests may somebody send? A bucket for each credential, and one for each address without a credential.

A bucket holds BURST requests and is filled again at RATE a second. Whoever finds one in it is let in; a request of many
evaluations takes them all, and leaves a debt that is waited for. No I/O, and bounded memory whatever is sent.
It must not know HTTP. Source: the generic cell rate algorithm (ITU-T I.371), one number for each bucket.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from math import ceil
from time import monotonic

from bailiwick.errors import BailiwickError, Invalid
from bailiwick.service.carrying import carried_request
from bailiwick.service.sessions import Session

MOST_BUCKETS = 65_536
MOST_A_SECOND = 1_000_000
_ROUNDING = 1e-6
_RATE = re.compile(r"([0-9]{1,7})(?::([0-9]{1,7}))?", re.ASCII)


class TooManyRequests(BailiwickError):
    """The caller has sent more than the limit lets through; nothing was done."""

    code = "too_many_requests"

    def __init__(self, retry_after_seconds: int, whose: str) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(
            f"more requests than this server takes of one {whose}",
            f"try again in {retry_after_seconds} s, ask many questions in one request, or more slowly",
        )


@dataclass(frozen=True, slots=True)
class Rate:
    """How many requests a second, in the long run, and how many at once?"""

    per_second: int
    burst: int


def parse_rate(text: str) -> Rate:
    """Which rate does `N` or `N:BURST` say? Without BURST it is twice N. Raises Invalid."""
    found = _RATE.fullmatch(text)
    rate = Rate(int(found[1]), int(found[2] or 2 * int(found[1]))) if found else None
    if rate is None or not 1 <= rate.per_second <= MOST_A_SECOND or rate.burst < 1:
        raise Invalid.at(
            "requests_per_second",
            f"expected N or N:BURST, got `{text[:40]}`",
            f"such as 200 or 200:1000; N is from 1 to {MOST_A_SECOND}",
        )
    return rate


class Buckets:
    """The buckets of one kind. At most `most` are kept: those that were used last."""

    __slots__ = ("_clock", "_full_at", "_half", "_interval", "_older", "_slack")

    def __init__(self, rate: Rate, most: int = MOST_BUCKETS, clock: Callable[[], float] = monotonic) -> None:
        self._interval = 1.0 / rate.per_second
        self._slack = (rate.burst - 1) * self._interval
        self._half = most // 2
        self._clock = clock
        # For each bucket, when it will be full again. What nobody used for a whole generation is forgotten.
        self._full_at: dict[str, float] = {}
        self._older: dict[str, float] = {}

    def take(self, name: str, count: int = 1) -> float:
        """Take so many from this bucket. 0: done; else nothing was taken, and how many seconds are to be waited.

        CAUTION: two threads that ask at the same moment may be counted once; a lock would cost more than all the rest.
        """
        now = self._clock()
        full_at = self._full_at.get(name)
        if full_at is None:
            full_at = self._find(name)
        full_at = max(full_at, now)
        wait = full_at - now - self._slack
        # WHY the tolerance: a caller who waits as long as it was told must not fail by rounding.
        if wait > _ROUNDING:
            self._full_at[name] = full_at
            return wait
        self._full_at[name] = full_at + count * self._interval
        return 0.0

    def owe(self, name: str, count: int) -> None:
        """Take so many more, though it be empty."""
        full_at = max(self._find(name), self._clock())
        self._full_at[name] = full_at + count * self._interval

    def _find(self, name: str) -> float:
        known = self._full_at.get(name)
        if known is not None:
            return known
        if len(self._full_at) >= self._half:
            self._older, self._full_at = self._full_at, {}
        return self._older.pop(name, 0.0)

    def __len__(self) -> int:
        return len(self._full_at) + len(self._older)


class Rates:
    """The limits of one installation, or none. `refused`: how many requests were beyond them."""

    def __init__(self, rate: Rate | None = None, clock: Callable[[], float] = monotonic) -> None:
        self.refused = {"credential": 0, "address": 0}
        self._credentials = None if rate is None else Buckets(rate, clock=clock)
        # SECURITY: apart, so that addresses, which cost nothing, push no credential's bucket out.
        self._addresses = None if rate is None else Buckets(rate, clock=clock)

    def charge(self, session: Session) -> None:
        """This session sends one request. Raises TooManyRequests."""
        if self._credentials is not None:
            wait = self._credentials.take(session.credential or session.uid)
            if wait:
                raise self._refusal(wait, "credential")

    def charge_more(self, session: Session, count: int) -> None:
        """The request that was let in holds so many evaluations more than one."""
        if self._credentials is not None and count > 0:
            self._credentials.owe(session.credential or session.uid, count)

    def charge_address(self, address: str) -> None:
        """A request without a credential that holds comes from this address. Once a request. Raises TooManyRequests."""
        if self._addresses is None:
            return
        request = carried_request()
        if request is not None:
            if request.is_charged:
                return
            request.is_charged = True
        wait = self._addresses.take(neighbourhood(address))
        if wait:
            raise self._refusal(wait, "address")

    def _refusal(self, wait: float, whose: str) -> TooManyRequests:
        self.refused[whose] += 1
        return TooManyRequests(max(1, ceil(wait)), whose)


def neighbourhood(address: str) -> str:
    """Which addresses count as one? Of IPv6 a network of 64 bits, which one customer has; else the address itself."""
    if ":" not in address:
        return address[:64]
    try:
        found = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or int(found) >> 64)
    return address
