"""One way to write each value: documents as canonical JSON, fields as bytes, instants as text.

Everything that is hashed or signed goes through here, so a second writing of the same value does
not exist. Pure; knows nothing of logs.
Implements docs/spec.md, section "The change log".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bailiwick.errors import Invalid, Unavailable

_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=True
)
_UTC_OFFSET = timedelta(0)


def format_canonical(value: Mapping[str, Any] | str, place: str = "") -> str:
    """What is the one JSON text of this value? Keys sorted by code point, no spaces, only needed escapes."""
    try:
        text = _ENCODER.encode(value)
        text.encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise Invalid.at(place, f"document is not JSON: {_reason(error)}") from error
    if not _has_only_text_keys(value):
        raise Invalid.at(place, "document is not JSON: a key is not text")
    return text


def _reason(error: Exception) -> str:
    """Which words name this failure?"""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeEncodeError):
        return "it holds half of a surrogate pair"
    return str(error)[:1].lower() + str(error)[1:]


def _has_only_text_keys(value: object) -> bool:
    """Is every key text? WHY: the encoder silently turns the key 1 into "1", which then differs when read."""
    rest = [value]
    while rest:
        item = rest.pop()
        if isinstance(item, dict):
            if not all(isinstance(key, str) for key in item):
                return False
            rest.extend(inner for inner in item.values() if isinstance(inner, dict | list | tuple))
        elif isinstance(item, list | tuple):
            rest.extend(inner for inner in item if isinstance(inner, dict | list | tuple))
    return True


def parse_document(text: str) -> Any:
    """Which value does this stored text hold?"""
    try:
        return json.loads(text)
    except (TypeError, ValueError) as error:
        raise Unavailable("a stored document is damaged", "run `bailiwick log verify`") from error


def encode_fields(*fields: str | int | bytes) -> bytes:
    """Which bytes stand for exactly this list of fields?

    INVARIANT: each field is preceded by its length, so no two lists of fields share an encoding.
    """
    parts: list[bytes] = []
    for field in fields:
        data = field if isinstance(field, bytes) else str(field).encode()
        parts.append(len(data).to_bytes(8, "big"))
        parts.append(data)
    return b"".join(parts)


def format_instant(at: datetime) -> str:
    """How is this instant written? Fixed width, so text order is time order."""
    if at.utcoffset() != _UTC_OFFSET:
        raise ValueError(f"expected an instant in UTC, got `{at.isoformat()}`")
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_instant(text: str) -> datetime:
    """Which instant does this stored text name?"""
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise Unavailable("a stored instant is damaged", "run `bailiwick log verify`") from error
