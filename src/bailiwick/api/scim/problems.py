"""Errors of SCIM: status, `scimType` and a sentence, of whatever went wrong.

Source: RFC 7644, section 3.12. It must not decide anything.
"""

from __future__ import annotations

from typing import Any

import msgspec
from pydantic import ValidationError
from scim2_models import Error, SCIMException

from bailiwick.api.authzen_requests import AskHeaders
from bailiwick.api.problems import CHALLENGE, WireAnswer, detail_of, proof_challenge, status_of
from bailiwick.api.problems import INVALID_TOKEN as INVALID
from bailiwick.errors import BailiwickError, Conflict, Invalid, Unauthenticated
from bailiwick.service.proving import StepUpRequired
from bailiwick.service.scim.refusing import Immutable, Taken, TooMany

SCIM_JSON = b"application/scim+json"
ERROR_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"
MOST_DETAIL = 1000
_TYPES: tuple[tuple[type[BailiwickError], str], ...] = (
    (Immutable, "mutability"),
    (Taken, "uniqueness"),
    (TooMany, "tooMany"),
    (Invalid, "invalidValue"),
)


class ScimInvalid(Invalid):
    """A request that SCIM has a word of its own for."""

    def __init__(self, scim_type: str, message: str, status: int = 400) -> None:
        super().__init__(Invalid.at("", message).findings)
        self.scim_type = scim_type
        self.status = status


def scim_error(status: int, detail: str, scim_type: str = "") -> dict[str, Any]:
    """Which body says this error?"""
    body: dict[str, Any] = {"schemas": [ERROR_SCHEMA], "status": str(status), "detail": detail[:MOST_DETAIL]}
    return {**body, "scimType": scim_type} if scim_type else body


def error_body(error: BailiwickError) -> tuple[int, dict[str, Any]]:
    """Which status and body say this error?"""
    if isinstance(error, ScimInvalid):
        return error.status, scim_error(error.status, detail_of(error), error.scim_type)
    status = 409 if isinstance(error, Conflict) else status_of(error)
    word = next((name for kind, name in _TYPES if isinstance(error, kind)), "")
    return status, scim_error(status, detail_of(error), word)


def answer_scim_error(error: BailiwickError, headers: AskHeaders) -> WireAnswer:
    """Which status, headers and body say this error?"""
    status, body = error_body(error)
    more = [(b"content-type", SCIM_JSON), (b"cache-control", b"no-store")]
    if isinstance(error, Unauthenticated):
        more.append((b"www-authenticate", CHALLENGE if headers.authorization is None else INVALID))
    elif isinstance(error, StepUpRequired):
        more.append((b"www-authenticate", proof_challenge(error)))
    return status, more, msgspec.json.encode(body)


def of_model(error: ValidationError | SCIMException) -> ScimInvalid:
    """Which error is it, when a body or a filter does not fit the schema?

    SECURITY: one sentence of the first thing found; what was sent is not repeated.
    """
    said = error.to_error() if isinstance(error, SCIMException) else Error.from_validation_errors(error)[0]
    return ScimInvalid(said.scim_type or "invalidValue", said.detail or "the request does not fit the schema")
