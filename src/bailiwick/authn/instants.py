"""Instants at the edge of authn: aware datetimes in records, whole epoch seconds in tokens.

A naive datetime is a bug of the caller and raises; nothing here reads a clock.
"""

from __future__ import annotations

from datetime import UTC, datetime
from math import floor


def require_aware(instant: datetime, name: str) -> datetime:
    """Is this a point in time, and not merely a reading of some clock?"""
    if instant.utcoffset() is None:
        raise ValueError(f"`{name}` needs an offset from UTC, got the naive `{instant.isoformat()}`")
    return instant


def epoch_seconds(instant: datetime, name: str = "now") -> int:
    """Which whole second, counted from 1970 in UTC, does this instant lie in?"""
    return floor(require_aware(instant, name).timestamp())


def from_epoch(seconds: int) -> datetime:
    """Which instant is this many seconds after 1970 in UTC?"""
    return datetime.fromtimestamp(seconds, UTC)
