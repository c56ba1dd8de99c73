"""Errors over HTTP: one shape (RFC 9457, problem details), made in one place.

Every surface answers an error with these functions, so that no other shape exists and nothing of an unexpected
exception reaches a client. It must not decide anything; which class means which status is the table below.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from starlette.responses import Response

from bailiwick.errors import (
    BailiwickError,
    Conflict,
    Denied,
    Finding,
    Invalid,
    NotFound,
    Stale,
    Unauthenticated,
    Unavailable,
)
from bailiwick.service.carrying import carried_request
from bailiwick.service.history.undoing import ChangedSince
from bailiwick.service.proving import StepUpRequired
from bailiwick.service.rates import TooManyRequests

Headers = list[tuple[bytes, bytes]]
WireAnswer = tuple[int, Headers, bytes]


class BodyTooLarge(BailiwickError):
    """The body is longer than anything that is answered here."""

    code = "body_too_large"

    def __init__(self, most_bytes: int) -> None:
        super().__init__(f"expected a body of at most {most_bytes} bytes, got a longer one")


class PreconditionFailed(BailiwickError):
    """The object is not in the form that the request is for."""

    code = "precondition_failed"


class UnsupportedEncoding(BailiwickError):
    """The body is compressed."""

    code = "unsupported_encoding"


PROBLEM_TYPE = b"application/problem+json"
CHALLENGE = b"Bearer"
MOST_FINDINGS = 100
RETRY_SECONDS = b"1"
INVALID_TOKEN = b'Bearer error="invalid_token"'

_TYPE_PREFIX = "urn:problem-type:bailiwick:"
_STATUS: tuple[tuple[type[BailiwickError], int, str], ...] = (
    (Invalid, 400, "Invalid request"),
    (Unauthenticated, 401, "Not authenticated"),
    (Denied, 403, "Not allowed"),
    (StepUpRequired, 403, "A newer proof is needed"),
    (NotFound, 404, "Not found"),
    (Conflict, 409, "Conflict"),
    (PreconditionFailed, 412, "Precondition failed"),
    (BodyTooLarge, 413, "Body too large"),
    (UnsupportedEncoding, 415, "Unsupported content encoding"),
    (Stale, 503, "Nothing was heard of the store for too long"),
    (TooManyRequests, 429, "Too many requests"),
    (Unavailable, 503, "Unavailable for now"),
)


def status_of(error: BailiwickError) -> int:
    """Which HTTP status says this error?"""
    return _status_and_title(error)[0]


def problem(
    status: int, code: str, title: str, detail: str, errors: Iterable[Finding] = (), **extra: object
) -> Response:
    """Which response says this problem? `extra` are further members; a value of None is left out."""
    return respond(problem_answer(status, code, title, detail, errors, **extra))


def problem_of(error: BailiwickError) -> Response:
    """Which response says this error?"""
    return respond(answer_of(error))


def internal_problem() -> Response:
    """Which response says that something broke, and nothing else?"""
    return respond(internal_answer())


def answer_of(error: BailiwickError, *, challenge: bytes = CHALLENGE) -> WireAnswer:
    """Which status, headers and body say this error? `challenge` is what a 401 asks for."""
    status, title = _status_and_title(error)
    findings = error.findings if isinstance(error, Invalid) else ()
    extra: dict[str, object] = {}
    if isinstance(error, Denied):
        extra = {"action": error.action, "reason": error.reason}
    elif isinstance(error, StepUpRequired):
        extra = {"action": error.action, "max_age_seconds": error.max_age_seconds}
    elif isinstance(error, ChangedSince):
        later = [{"kind": one.kind, "name": one.name, "revision": one.revision} for one in error.later]
        extra = {"later": later[:MOST_FINDINGS]}
    answer = problem_answer(status, error.code, title, detail_of(error), findings, help=error.help, **extra)
    if status == 401:
        answer[1].append((b"www-authenticate", challenge))
    elif isinstance(error, StepUpRequired):
        answer[1].append((b"www-authenticate", proof_challenge(error)))
    answer[1].extend(retry_headers(error))
    return answer


def retry_headers(error: BailiwickError) -> Headers:
    """Which header says when to try again, of an error that goes by itself?"""
    if isinstance(error, TooManyRequests):
        return [(b"retry-after", str(error.retry_after_seconds).encode())]
    return [(b"retry-after", RETRY_SECONDS)] if isinstance(error, Unavailable) else []


def proof_challenge(error: StepUpRequired) -> bytes:
    """Which challenge asks for a newer proof? Source: RFC 9470, 3."""
    said = "a newer proof of who you are is needed"
    return (
        f'Bearer error="insufficient_user_authentication", error_description="{said}", '
        f'max_age="{error.max_age_seconds}"'
    ).encode()


def internal_answer() -> WireAnswer:
    """Which status, headers and body say that something broke, and nothing else?"""
    return problem_answer(500, "internal", "Internal error", "the request could not be answered")


def problem_answer(
    status: int, code: str, title: str, detail: str, errors: Iterable[Finding] = (), **extra: object
) -> WireAnswer:
    """Which status, headers and body say this problem, and of which request?"""
    body: dict[str, object] = {
        "type": _TYPE_PREFIX + code,
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
    }
    request = carried_request()
    if request is not None:
        body["request_id"] = request.id
    body.update((name, value) for name, value in extra.items() if value is not None)
    findings = list(errors)
    if findings:
        body["errors"] = [_finding(one) for one in findings[:MOST_FINDINGS]]
    if len(findings) > MOST_FINDINGS:
        body["error_count"] = len(findings)
    return status, [(b"content-type", PROBLEM_TYPE)], msgspec.json.encode(body)


def respond(answer: WireAnswer) -> Response:
    """Which Starlette response has exactly these headers and this body?"""
    status, headers, body = answer
    response = Response(body, status)
    response.raw_headers = [*headers, (b"content-length", str(len(body)).encode())]
    return response


def detail_of(error: BailiwickError) -> str:
    """What is wrong, in one sentence? The findings of a document are listed beside it."""
    if isinstance(error, Invalid):
        return _summary(error.findings)
    return error.message


def _summary(findings: Sequence[Finding]) -> str:
    if not findings:
        return "invalid input"
    first = f"{findings[0].message} at {findings[0].place}" if findings[0].place else findings[0].message
    return first if len(findings) == 1 else f"{len(findings)} errors, the first: {first}"


def _finding(one: Finding) -> dict[str, object]:
    said: dict[str, object] = {"message": one.message}
    for name in ("place", "file", "line", "help", "code"):
        if value := getattr(one, name):
            said[name] = value
    return said


def _status_and_title(error: BailiwickError) -> tuple[int, str]:
    for kind, status, title in _STATUS:
        if isinstance(error, kind):
            return status, title
    return 400, "Not possible"
