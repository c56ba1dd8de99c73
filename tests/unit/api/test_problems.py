"""Errors over HTTP have one shape."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.responses import Response

from bailiwick.api.problems import (
    BodyTooLarge,
    UnsupportedEncoding,
    answer_of,
    internal_problem,
    problem,
    problem_of,
    status_of,
)
from bailiwick.errors import (
    BailiwickError,
    Conflict,
    Denied,
    Finding,
    Invalid,
    NotFound,
    Unauthenticated,
    Unavailable,
)


def read(response: Response) -> Any:
    """The JSON of a response."""
    return json.loads(bytes(response.body))


def test_a_problem_has_type_title_status_code_and_detail() -> None:
    """The response is RFC 9457's, with the stable code beside it and further members after it."""
    response = problem(418, "teapot", "A teapot", "it pours tea", retry_after=3, absent=None)
    assert response.status_code == 418
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["content-length"] == str(len(response.body))
    assert read(response) == {
        "type": "urn:problem-type:bailiwick:teapot",
        "title": "A teapot",
        "status": 418,
        "code": "teapot",
        "detail": "it pours tea",
        "retry_after": 3,
    }


@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        (Invalid.at("name", "expected a name"), 400, "Invalid request"),
        (BailiwickError("no"), 400, "Not possible"),
        (Unauthenticated("who"), 401, "Not authenticated"),
        (Denied("no", action="a", reason="r"), 403, "Not allowed"),
        (NotFound("none"), 404, "Not found"),
        (Conflict("taken"), 409, "Conflict"),
        (BodyTooLarge(9), 413, "Body too large"),
        (UnsupportedEncoding("gzip"), 415, "Unsupported content encoding"),
        (Unavailable("later"), 503, "Unavailable for now"),
    ],
)
def test_every_error_has_its_status(error: BailiwickError, status: int, title: str) -> None:
    """The class of an error says its status and title."""
    body = read(problem_of(error))
    assert (body["status"], body["title"], body["code"]) == (status, title, error.code)
    assert status_of(error) == status


def test_findings_are_listed_and_summed_up() -> None:
    """Each finding keeps its place, file, line and help; the detail names the first."""
    one = Finding("expected a name", "name", "write one", "acme.yaml", 3)
    body = read(problem_of(Invalid([Finding("expected an owner"), one])))
    assert body["detail"] == "2 errors, the first: expected an owner"
    assert body["errors"] == [
        {"message": "expected an owner"},
        {"message": "expected a name", "place": "name", "file": "acme.yaml", "line": 3, "help": "write one"},
    ]
    assert read(problem_of(Invalid([one])))["detail"] == "expected a name at name"
    assert read(problem_of(Invalid([])))["detail"] == "invalid input"


def test_a_denial_says_action_reason_and_help() -> None:
    """Who is refused learns what was missing."""
    body = read(problem_of(Denied("no", action="iam.x", reason="guardrail", help="ask")))
    assert (body["detail"], body["action"], body["reason"], body["help"]) == (
        "no",
        "iam.x",
        "guardrail",
        "ask",
    )


def test_a_401_has_a_challenge_and_others_have_none() -> None:
    """Only an unauthenticated answer asks for a credential."""
    assert problem_of(Unauthenticated("who")).headers["www-authenticate"] == "Bearer"
    _, headers, _ = answer_of(Unauthenticated("who"), challenge=b"Basic")
    assert (b"www-authenticate", b"Basic") in headers
    assert "www-authenticate" not in problem_of(NotFound("none")).headers


def test_an_internal_problem_says_nothing_of_its_cause() -> None:
    """The body is always the same."""
    body = read(internal_problem())
    assert (body["status"], body["code"], body["detail"]) == (
        500,
        "internal",
        "the request could not be answered",
    )
