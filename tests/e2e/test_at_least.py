"""`Bailiwick-At-Least` on a real server: administration and decisions rest on what the caller has seen, or say so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.e2e.server import RunningServer

from bailiwick.api import freshness

HEADER = "Bailiwick-At-Least"
QUESTION = {
    "subject": {"type": "user", "id": "owner"},
    "action": {"name": "ims:images:get"},
    "resource": {"type": "ims/image", "id": "brn:acme:ims:eu-de::image/web-1"},
}
EVALUATION = "/access/v1/evaluation"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server whose patience is short."""
    patience, freshness.PATIENCE_SECONDS = freshness.PATIENCE_SECONDS, 0.2
    with RunningServer(tmp_path_factory.mktemp("at-least")) as running:
        yield running
    freshness.PATIENCE_SECONDS = patience


def test_what_an_answer_said_can_be_demanded_of_the_next(server: RunningServer) -> None:
    """The header of one answer, sent back, is met by administration and by decisions."""
    owner = server.owner()
    made = owner.post("users", body={"name": "alice"})
    seen = {HEADER: made.headers["bailiwick-revision"]}
    assert owner.get("users", "alice", headers=seen).status == 200
    decided = owner.send("POST", EVALUATION, QUESTION, headers=seen)
    assert decided.json["decision"] is True
    assert owner.send("POST", EVALUATION, QUESTION).json == decided.json


@pytest.mark.parametrize("path", [EVALUATION, "/v1/accounts/acme/users"])
def test_a_revision_that_does_not_arrive_is_an_error(server: RunningServer, path: str) -> None:
    """No stale answer is given."""
    body = QUESTION if path == EVALUATION else {"name": "bob"}
    reply = server.owner().send("POST", path, body, headers={HEADER: "account=999999-9f3c0a1b2c3d"})
    assert reply.status == 503
    assert reply.error == {
        "code": "unavailable",
        "detail": "revision `999999-9f3c0a1b2c3d` of the account has not arrived here in 0.2 seconds",
        "help": "ask again, or ask where it was made",
    }


@pytest.mark.parametrize("path", [EVALUATION, "/v1/accounts/acme/users"])
def test_another_hash_at_a_revision_is_a_fork(server: RunningServer, path: str) -> None:
    """A store that was put back to an earlier state is not taken for the one that the caller has seen."""
    body = QUESTION if path == EVALUATION else {"name": "bob"}
    reply = server.owner().send("POST", path, body, headers={HEADER: "account=1-000000000000"})
    assert (reply.status, reply.error["code"]) == (409, "forked")


@pytest.mark.parametrize("path", [EVALUATION, "/v1/accounts/acme/users"])
def test_a_demand_that_is_not_understood_is_refused(server: RunningServer, path: str) -> None:
    """It is never passed over."""
    reply = server.owner().send("POST", path, QUESTION, headers={HEADER: "newest"})
    assert (reply.status, reply.error["code"]) == (400, "invalid")


@pytest.mark.parametrize("path", [EVALUATION, "/v1/accounts/acme/users"])
def test_nobody_waits_without_a_credential(server: RunningServer, path: str) -> None:
    """Who asks is settled first."""
    reply = server.nobody().send("POST", path, QUESTION, headers={HEADER: "account=999999-9f3c0a1b2c3d"})
    assert reply.status == 401
