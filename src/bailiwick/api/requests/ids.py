"""Request ids: the one that was sent, where it is fit to be repeated, else a new one.

Source: AuthZEN Authorization API 1.0 (the answer repeats `X-Request-ID`); W3C Trace Context, Level 1 (`traceparent`).
SECURITY: what is taken over stands in headers, bodies and logs, so that it is short and of visible ASCII characters.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from itertools import count

ID_HEADER = b"x-request-id"
_SENT = re.compile(rb"[\x21-\x7e]{1,128}")
_PARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?")
_BEGINNING = secrets.token_hex(10).encode()
_number = count(1)


def is_sampled(traceparent: bytes | None) -> bool:
    """Does whoever sends this `traceparent` keep the trace?"""
    found = None if traceparent is None else _PARENT.fullmatch(traceparent)
    return found is not None and int(found[2], 16) & 1 == 1


def make_id() -> bytes:
    """Which id has nobody had? 32 hexadecimal digits: the process's own 20, and a number."""
    return b"%b%012x" % (_BEGINNING, next(_number))


def id_of(request_id: bytes | None, traceparent: bytes | None) -> bytes:
    """Which id has a request with these headers?"""
    if request_id is not None and _SENT.fullmatch(request_id):
        return request_id
    if traceparent is not None and (found := _PARENT.fullmatch(traceparent)):
        return found[1]
    return make_id()


def id_of_headers(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Which id has a request with these headers (names in lower case)? One that is repeated does not count."""
    found: dict[bytes, bytes | None] = {}
    for name, value in headers:
        if name in (ID_HEADER, b"traceparent"):
            found[name] = None if name in found else value
    return id_of(found.get(ID_HEADER), found.get(b"traceparent"))


def parent_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """Which valid `traceparent` do the headers hold? None: none, or several."""
    sent = [value for name, value in headers if name == b"traceparent"]
    return sent[0] if len(sent) == 1 and _PARENT.fullmatch(sent[0]) else None
