"""AuthZEN as routes: each names its action, and reads the address that was sent."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.types import Message
from tests.unit.api.asked_world import MemoryHost, question

from bailiwick.api.authzen_answers import answers_at, format_instant
from bailiwick.api.authzen_bodies import MAX_BODY_BYTES
from bailiwick.api.authzen_metadata import metadata
from bailiwick.api.authzen_routes import ActionRoute, authzen_routes
from bailiwick.model.requests import Decision, Reason

HOST = MemoryHost()


def ask(
    path: str, body: bytes, *, root_path: str = "", raw_path: str | None = None, leave: bool = False
) -> tuple[int, Any]:
    """What does the application answer to this request, put to it without a server?"""
    app = Starlette(routes=authzen_routes(HOST))
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"} if leave else {"type": "http.request", "body": body}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": root_path + path,
        "raw_path": (raw_path or root_path + path).encode(),
        "root_path": root_path,
        "query_string": b"",
        "headers": [(b"authorization", b"Bearer user:alice"), (b"content-type", b"application/json")],
    }
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])


def test_every_route_names_its_action_or_is_public() -> None:
    """Evaluations need the action of asking; the metadata is public and says so."""
    found = {}
    for route in authzen_routes(HOST):
        assert isinstance(route, ActionRoute)
        found[route.path] = (sorted((route.methods or set()) - {"HEAD"}), route.action)
    evaluate = (["POST"], "iam.decision.evaluate")
    assert found == {
        "/access/v1/evaluation": evaluate,
        "/access/v1/evaluations": evaluate,
        "/accounts/{account}/access/v1/evaluation": evaluate,
        "/accounts/{account}/access/v1/evaluations": evaluate,
        "/.well-known/authzen-configuration": (["GET"], None),
        "/.well-known/authzen-configuration/accounts/{account}": (["GET"], None),
    }


def test_a_root_path_is_not_part_of_the_address() -> None:
    """Behind a proxy that adds a path the question is the same."""
    body = json.dumps(question()).encode()
    plain = ask("/access/v1/evaluation", body)
    assert plain[0] == 200
    assert ask("/access/v1/evaluation", body, root_path="/iam") == plain


def test_the_router_and_the_answer_read_one_address() -> None:
    """Where the router would take another spelling for the route, there is nothing."""
    body = json.dumps(question()).encode()
    assert ask("/access/v1/evaluation", body, raw_path="/access/v1/evaluatio%6e")[0] == 404


def test_a_client_that_leaves_is_not_answered_with_a_decision() -> None:
    """A body that never came is an empty one."""
    assert ask("/access/v1/evaluation", b"", leave=True)[0] == 400


def test_a_long_body_is_refused_after_reading() -> None:
    """More than a mebibyte is no question."""
    assert ask("/access/v1/evaluation", b" " * (MAX_BODY_BYTES + 1))[0] == 413


@pytest.mark.parametrize("public_url", ["https://iam.acme.example/base", "https://iam.acme.example/base/"])
def test_metadata_keeps_the_path_of_the_public_address(public_url: str) -> None:
    """Endpoints are below the configured address; an account's are below the account."""
    assert json.loads(metadata(public_url, "a b")) == {
        "policy_decision_point": "https://iam.acme.example/base/accounts/a%20b",
        "access_evaluation_endpoint": "https://iam.acme.example/base/accounts/a%20b/access/v1/evaluation",
        "access_evaluations_endpoint": "https://iam.acme.example/base/accounts/a%20b/access/v1/evaluations",
        "search_subject_endpoint": "https://iam.acme.example/base/accounts/a%20b/access/v1/search/subject",
        "search_resource_endpoint": "https://iam.acme.example/base/accounts/a%20b/access/v1/search/resource",
        "search_action_endpoint": "https://iam.acme.example/base/accounts/a%20b/access/v1/search/action",
    }


def test_instants_are_written_as_the_calendar_has_them() -> None:
    """Fractions stay; what lies beyond the calendar is not written, and the answer holds all the same."""
    assert format_instant(1_800_000_000.25) == "2027-01-15T08:00:00.250000Z"
    assert format_instant(1e18) is None
    answer = answers_at("x", {"account": "1-a"}).of(Decision(True, Reason.ALLOWED, 1e18))
    assert json.loads(answer) == {
        "decision": True,
        "context": {"reason": "allowed", "revision": {"account": "1-a"}},
    }


def test_answers_of_one_account_never_stand_for_another() -> None:
    """What is remembered belongs to account and revision."""
    first = answers_at("one", {"account": "1-a"})
    assert answers_at("one", {"account": "1-a"}) is first
    assert answers_at("two", {"account": "1-a"}) is not first
    assert json.loads(answers_at("one", {"account": "2-b"}).of(Decision(False, Reason.GUARDRAIL))) == {
        "decision": False,
        "context": {"reason": "guardrail", "revision": {"account": "2-b"}},
    }


def test_what_is_remembered_of_accounts_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """All answers go when there are too many, and are made again when asked."""
    monkeypatch.setattr("bailiwick.api.authzen_answers.MOST_ACCOUNTS", 2)
    monkeypatch.setattr("bailiwick.api.authzen_answers._ANSWERS", {})
    vector = {"account": "1-a"}
    first, second = answers_at("one", vector), answers_at("two", vector)
    assert answers_at("one", vector) is first
    third = answers_at("three", vector)
    assert answers_at("three", vector) is third
    assert answers_at("two", vector) is not second
