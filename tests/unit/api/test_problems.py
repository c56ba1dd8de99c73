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


def test_an_error_may_have_the_code_of_a_service_s_document() -> None:
    """It stands in the body and the type, and behind the message where people read it; a class's word does not."""
    error = Conflict("taken", "take another", code="EPS.0010")
    body = read(problem_of(error))
    assert (body["code"], body["type"], body["status"]) == (
        "EPS.0010",
        "urn:problem-type:bailiwick:EPS.0010",
        409,
    )
    assert str(error) == "taken (EPS.0010)\n  help: take another"
    assert str(Conflict("taken")) == "taken"
    denied = Denied("no", action="a", reason="r", code="EPS.0039")
    assert read(problem_of(denied))["code"] == "EPS.0039"


def test_findings_have_codes_of_their_own() -> None:
    """The answer has the code that all of them share, and none where they differ; each says its own."""
    name, long = (
        Finding("bad name", "name", code="EPS.0007"),
        Finding("too long", "description", code="EPS.0008"),
    )
    body = read(problem_of(Invalid([name])))
    assert (body["code"], body["errors"]) == (
        "EPS.0007", [{"message": "bad name", "place": "name", "code": "EPS.0007"}],
    )  # fmt: skip
    both = read(problem_of(Invalid([name, long])))
    assert (both["code"], [one["code"] for one in both["errors"]]) == ("invalid", ["EPS.0007", "EPS.0008"])
    assert str(Invalid([name])) == "bad name at name (EPS.0007)"
    assert Invalid([name, Finding("other")]).code == "invalid"


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
