"""The HTTP side of an AuthZEN question: its address, its headers, what is refused before the body is read.

An address is matched once, on its raw text, and the same match serves every path into the process, so that
nothing is authorized under one reading of it and answered under another. It must not look at bodies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote_to_bytes

from bailiwick.api.problems import UnsupportedEncoding
from bailiwick.api.requests.ids import ID_HEADER, id_of
from bailiwick.errors import Invalid, NotFound
from bailiwick.service.carrying import Carried, carried_request, carrying

EVALUATION_PATH = "/access/v1/evaluation"
EVALUATIONS_PATH = "/access/v1/evaluations"
SEARCH_PATHS = ("/access/v1/search/subject", "/access/v1/search/resource", "/access/v1/search/action")
MAX_TARGET_CHARACTERS = 2048
JSON = b"application/json"

_TARGET = re.compile(r"(?:/accounts/([^/?#]{1,1024}))?/access/v1/evaluation(s)?(?:\?([^#]*))?")
_ESCAPES = re.compile(r"%(?![0-9A-Fa-f]{2})")
_KEPT = frozenset(
    {
        *(b"authorization", b"content-type", b"content-encoding", b"x-request-id", b"expect"),
        *(b"content-length", b"bailiwick-at-least", b"traceparent"),
    }
)


class Target(NamedTuple):
    """Which account does the address name (None: the session's), one question or several, with reasons?"""

    account: str | None
    several: bool
    explain: bool


class AskHeaders(NamedTuple):
    """Which headers matter for a question? One that is repeated holds its values joined by commas.

    `address`: from where the request comes, as the connection says ("": not known), and no header of a stranger's.
    """

    authorization: str | None = None
    content_type: bytes | None = None
    request_id: bytes | None = None
    content_encoding: bytes | None = None
    repeated_authorization: bool = False
    expect: bytes | None = None
    content_length: bytes | None = None
    at_least: str | None = None
    address: str = ""
    traceparent: bytes | None = None


def collect_headers(raw: Iterable[tuple[bytes, bytes]], address: str = "") -> AskHeaders:
    """Which of these headers (names in lower case) of a request from this address matter?"""
    found: dict[bytes, bytes] = {}
    repeated = False
    for name, value in raw:
        if name in _KEPT:
            if name in found:
                repeated = repeated or name == b"authorization"
                value = found[name] + b", " + value  # noqa: PLW2901 - a repeated header is one value, RFC 9110
            found[name] = value
    get = found.get
    authorization, at_least = get(b"authorization"), get(b"bailiwick-at-least")
    return AskHeaders(
        None if authorization is None else authorization.decode("latin-1"),
        get(b"content-type"),
        get(b"x-request-id"),
        get(b"content-encoding"),
        repeated,
        get(b"expect"),
        get(b"content-length"),
        None if at_least is None else at_least.decode("latin-1"),
        address,
        get(b"traceparent"),
    )


def parse_target(target: str) -> Target:
    """What does this address (path and query, as sent) ask for? Raises NotFound, Invalid."""
    if len(target) > MAX_TARGET_CHARACTERS:
        raise NotFound("there is nothing at this address")
    return _parse_target(target)


@lru_cache(maxsize=1024)
def _parse_target(target: str) -> Target:
    found = _TARGET.fullmatch(target)
    if found is None:
        raise NotFound("there is nothing at this address")
    account, several, query = found.groups()
    return Target(None if account is None else _decoded(account), several is not None, _explain(query or ""))


def _decoded(segment: str) -> str:
    try:
        if _ESCAPES.search(segment):
            raise ValueError("broken escape")
        return unquote_to_bytes(segment.encode("ascii")).decode()
    except ValueError:
        raise NotFound("there is nothing at this address") from None


def _explain(query: str) -> bool:
    said = [value for name, value in parse_qsl(query, keep_blank_values=True) if name == "explain"]
    if not said:
        return False
    if len(said) > 1 or said[0] not in ("true", "false"):
        shown = ", ".join(said)[:40]
        raise Invalid.at("explain", f"expected `explain` once, `true` or `false`, got `{shown}`")
    return said[0] == "true"


def check_headers(headers: AskHeaders) -> None:
    """May the body be read as JSON? Raises Invalid, UnsupportedEncoding."""
    if not is_json(headers.content_type):
        shown = (headers.content_type or b"").decode("latin-1")[:80]
        raise Invalid.at(
            "content-type",
            "expected content type `application/json`, got " + (f"`{shown}`" if shown else "none"),
        )
    if not is_identity(headers.content_encoding):
        shown = (headers.content_encoding or b"").decode("latin-1")[:80]
        raise UnsupportedEncoding(f"expected a body without content encoding, got `{shown}`")


def is_json(content_type: bytes | None) -> bool:
    """Is this content type JSON, whatever its parameters?"""
    if content_type == JSON:
        return True
    return content_type is not None and content_type.partition(b";")[0].strip().lower() == JSON


def is_identity(content_encoding: bytes | None) -> bool:
    """Does this content encoding leave the body as it is?"""
    return content_encoding is None or content_encoding.strip().lower() == b"identity"


def check_authorization(headers: AskHeaders) -> None:
    """Is there at most one credential? Raises Invalid."""
    if headers.repeated_authorization:
        raise Invalid.at("authorization", "expected one `Authorization` header, got several")


def request_id(headers: AskHeaders) -> bytes:
    """Which id has the request? The one that it is carried out under, else that of its headers, else a new one."""
    request = carried_request()
    return id_of(headers.request_id, headers.traceparent) if request is None else request.id.encode("ascii")


def echo(headers: AskHeaders) -> list[tuple[bytes, bytes]]:
    """Which headers of the answer name the request? Its id, as it was sent where it is fit for that."""
    return [(ID_HEADER, request_id(headers))]


@contextmanager
def identified(headers: AskHeaders) -> Iterator[None]:
    """What is said in here, to the caller and to the log, is said of the request with these headers."""
    if carried_request() is not None:
        yield
        return
    with carrying(Carried(request_id(headers).decode("ascii"))):
        yield
