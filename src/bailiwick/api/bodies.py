"""JSON bodies as plain values: strict, bounded, and the same for every reader.

Refused: duplicate names, NaN, numbers beyond 64 bits, half characters, more than 32 levels. It must not know what a
body means; `catalog.reading` reads the fields. Serves docs/spec.md section 9 by never reading one body in two ways.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request

from bailiwick.api.doubled_names import members
from bailiwick.api.problems import BodyTooLarge
from bailiwick.errors import Invalid

MAX_BODY_BYTES = 1 << 20
MAX_APPLY_BYTES = 256 << 20
MAX_NESTING = 32
MAX_VALUES = 20_000_000
_MAX_INTEGER = 2**63
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_HALF = re.compile(r"\\u[dD][89abAB]")


async def read_body(request: Request, most_bytes: int) -> bytes:
    """Which body was sent? Raises BodyTooLarge as soon as it is known, without reading the rest."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and (len(length) > 18 or int(length) > most_bytes):
        raise BodyTooLarge(most_bytes)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise BodyTooLarge(most_bytes)
    return bytes(body)


def check_content_type(sent: str, *allowed: str) -> None:
    """Is the body of a type that is read here? Raises Invalid."""
    kind = sent.partition(";")[0].strip().lower()
    if kind not in allowed:
        expected = " or ".join(f"`{one}`" for one in allowed)
        got = f"`{sent[:80]}`" if sent else "none"
        raise Invalid.at("content-type", f"expected content type {expected}, got {got}")


def parse_object(body: bytes) -> dict[str, Any]:
    """Which JSON object is this body? Raises Invalid."""
    value = parse_json(body)
    if not isinstance(value, dict):
        raise Invalid.at("", "expected a JSON object, got something else")
    return value


def parse_json(body: bytes) -> object:
    """Which JSON value is this body? Raises Invalid."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise Invalid.at("", f"expected UTF-8, got something else at byte {error.start}") from None
    if not text:
        raise Invalid.at("", "expected JSON, got an empty body")
    if _count(text) > MAX_VALUES and _count(_TEXT.sub("", text)) > MAX_VALUES:
        raise Invalid.at("", f"expected at most {MAX_VALUES} values, got more", "send several requests")
    try:
        value: object = json.loads(
            text,
            object_pairs_hook=members,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_no_number,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Invalid.at(place, f"expected JSON: {error.msg[:1].lower()}{error.msg[1:]}") from None
    except RecursionError:
        raise _too_deep() from None
    _check_nesting(value)
    if _HALF.search(text):
        _check_characters(text, value)
    return value


def _count(text: str) -> int:
    """How many values can this JSON hold at most?"""
    return 1 + text.count(",") + text.count("[") + text.count("{")


def _integer(text: str) -> int:
    if len(text) > 20 or abs(int(text)) >= _MAX_INTEGER:
        raise Invalid.at("", f"number `{text[:40]}` is out of range")
    return int(text)


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Invalid.at("", f"number `{text[:40]}` is out of range")
    return number


def _no_number(text: str) -> float:
    raise Invalid.at("", f"`{text}` is no JSON")


def _check_nesting(value: object) -> None:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_NESTING):
        level = [inner for one in level for inner in _inside(one) if isinstance(inner, dict | list)]
        if not level:
            return
    raise _too_deep()


def _inside(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def _too_deep() -> Invalid:
    return Invalid.at("", f"expected at most {MAX_NESTING} levels of nesting, got more")


def _check_characters(text: str, value: object) -> None:
    """Does every escaped half of a character have its other half?"""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Invalid.at("", "text holds half of a character") from None


def merge_patch(target: object, patch: object) -> object:
    """What does the target become by this patch? Source: RFC 7396, section 2."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged
