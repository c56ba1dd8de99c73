"""The AuthZEN certification scenario, every level, against a running server that holds the shipped fixture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.e2e.authzen_harness import (
    ACTION,
    ALICE_READS,
    BASIC,
    BATCH,
    EVALUATION,
    EVALUATIONS,
    EVERY_PATH,
    NOTHING_FOUND,
    REFUSED,
    SEARCHES,
    SEMANTICS,
    SUBJECT,
    WHO_READS,
    Body,
    Case,
    act,
    record,
    user,
)
from tests.e2e.server import PUBLIC_URL, Client, Reply, RunningServer

from bailiwick.cli.sample_authzen import DOCUMENTS, read_fixture
from bailiwick.service.applying import Source, apply_wanted, parse_wanted

FOUND = [(path, case) for path, cases in SEARCHES.items() for case in cases]
ACCOUNT_PATH = "/accounts/acme"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with the shipped fixture, loaded as `bailiwick sample authzen` loads it."""
    with RunningServer(tmp_path_factory.mktemp("authzen")) as running:
        host = running.host
        session, _ = host.authenticator.session_of_key(running.key("user:owner"))
        wanted = parse_wanted("acme", [Source(DOCUMENTS, read_fixture())])
        apply_wanted(host, session, wanted, via="sample")
        yield running


@pytest.fixture
def harness(server: RunningServer) -> Client:
    """The one who asks: the fixture's own service ID, which may ask about everybody and describe them."""
    return server.client("service-id:harness")


def send(client: Client, path: str, body: object, **headers: str) -> Reply:
    """One request of the scenario."""
    return client.send(
        "POST", path, body, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )


def is_json(reply: Reply) -> bool:
    """Is it a JSON answer?"""
    return reply.headers["content-type"] == "application/json"


@pytest.mark.parametrize("prefix", ["", ACCOUNT_PATH])
@pytest.mark.parametrize("case", BASIC, ids=lambda case: case.name)
def test_basic_decisions(harness: Client, case: Case, prefix: str) -> None:
    """Basic: each request gets its decision, a boolean, with a context that is an object; and again the same."""
    for _ in range(3):
        reply = send(harness, prefix + EVALUATION, case.body)
        assert (reply.status, is_json(reply)) == (200, True), reply.text
        assert reply.json["decision"] is case.expected
        assert isinstance(reply.json["context"], dict)


@pytest.mark.parametrize("prefix", ["", ACCOUNT_PATH])
@pytest.mark.parametrize("case", BATCH, ids=lambda case: case.name)
def test_batch_decisions(harness: Client, case: Case, prefix: str) -> None:
    """Batch: as many answers as questions, in their order, no decision at the top."""
    reply = send(harness, prefix + EVALUATIONS, case.body)
    assert (reply.status, is_json(reply)) == (200, True), reply.text
    assert set(reply.json) == {"evaluations"}
    decisions = [one["decision"] for one in reply.json["evaluations"]]
    assert len(decisions) == len(case.expected)
    assert all(type(one) is bool for one in decisions)
    assert [
        None if wanted is None else got for got, wanted in zip(decisions, case.expected, strict=True)
    ] == (case.expected)


@pytest.mark.parametrize(("semantic", "actions", "expected"), SEMANTICS)
def test_batch_semantics(harness: Client, semantic: str, actions: list[str], expected: list[bool]) -> None:
    """Batch: all are answered, or the answers end with the first denial or the first permission."""
    body = {
        "subject": user("bob"),
        "resource": record("record-1"),
        "evaluations": [{"action": act(name)} for name in actions],
        "options": {"evaluations_semantic": semantic},
    }
    reply = send(harness, EVALUATIONS, body)
    assert [one["decision"] for one in reply.json["evaluations"]] == expected


@pytest.mark.parametrize("extra", [{}, {"evaluations": []}])
def test_a_batch_without_questions_is_one_question(harness: Client, extra: Body) -> None:
    """Batch: without evaluations, or with none of them, the answer is that of one evaluation."""
    reply = send(harness, EVALUATIONS, {**ALICE_READS, **extra})
    assert (reply.status, reply.json) == (200, send(harness, EVALUATION, ALICE_READS).json)
    assert reply.json["decision"] is True


@pytest.mark.parametrize("prefix", ["", ACCOUNT_PATH])
@pytest.mark.parametrize(("path", "case"), FOUND, ids=[case.name for _, case in FOUND])
def test_search_results(harness: Client, path: str, case: Case, prefix: str) -> None:
    """Search: what the scenario expects is among the results, and each of them is of the type that was asked for."""
    reply = send(harness, prefix + path, case.body)
    assert (reply.status, is_json(reply)) == (200, True), reply.text
    found = reply.json["results"]
    assert [one for one in case.expected if one not in found] == []
    if path == ACTION:
        assert all(set(one) == {"name"} for one in found)
    else:
        sought = case.body["subject" if path == SUBJECT else "resource"]["type"]
        assert all(set(one) == {"type", "id"} and one["type"] == sought for one in found)


@pytest.mark.parametrize(("path", "case"), FOUND, ids=[case.name for _, case in FOUND])
def test_every_search_result_evaluates_to_true(harness: Client, path: str, case: Case) -> None:
    """Search: asked one by one, with the properties of the search, each result is allowed."""
    place = {SUBJECT: "subject", ACTION: "action"}.get(path, "resource")
    for one in send(harness, path, case.body).json["results"]:
        said = {name: value for name, value in case.body.get(place, {}).items() if name == "properties"}
        assert send(harness, EVALUATION, {**case.body, place: {**one, **said}}).json["decision"] is True, one


@pytest.mark.parametrize(("path", "case"), FOUND, ids=[case.name for _, case in FOUND])
def test_search_pages(harness: Client, path: str, case: Case) -> None:
    """Search: with a limit of one, pages follow by their tokens; the last has an empty one; together they are all."""
    whole = send(harness, path, case.body).json["results"]
    found: list[Any] = []
    page: Body = {"limit": 1}
    while page.get("token") != "":
        page.pop("token", None) if not page.get("token") else None
        reply = send(harness, path, {**case.body, "page": page})
        assert reply.status == 200
        found += reply.json["results"]
        assert len(reply.json["results"]) <= 1
        assert isinstance(reply.json["page"]["next_token"], str)
        assert reply.json["page"]["count"] == len(reply.json["results"])
        page = {"limit": 1, "token": reply.json["page"]["next_token"]}
    assert found == whole


def test_search_may_go_on_without_a_limit(harness: Client) -> None:
    """Search: the request that follows a page of one may leave the limit out."""
    first = send(harness, SUBJECT, {**WHO_READS, "page": {"limit": 1}}).json
    assert first["page"]["next_token"]
    rest = send(harness, SUBJECT, {**WHO_READS, "page": {"token": first["page"]["next_token"]}}).json
    assert first["results"] + rest["results"] == send(harness, SUBJECT, WHO_READS).json["results"]
    assert rest["page"]["next_token"] == ""


@pytest.mark.parametrize(("path", "body"), NOTHING_FOUND)
def test_unknown_ids_and_types_find_nothing(harness: Client, path: str, body: Body) -> None:
    """Search: what is not known gives an empty list, and no error."""
    reply = send(harness, path, body)
    assert (reply.status, reply.json["results"]) == (200, [])


@pytest.mark.parametrize(("path", "body"), REFUSED)
def test_what_is_missing_or_of_another_type_is_refused(harness: Client, path: str, body: Body) -> None:
    """All levels: a missing field, a missing part of one, and a wrong type are 400."""
    assert send(harness, path, body).status == 400


@pytest.mark.parametrize(("path", "body"), EVERY_PATH.items())
def test_what_is_no_json_is_refused(harness: Client, path: str, body: Body) -> None:
    """All levels: another content type, broken JSON and an empty body are 400; unknown fields are ignored."""
    assert send(harness, path, body, Content_Type="text/plain").status == 400
    assert send(harness, path, b'{"subject": ').status == 400
    assert send(harness, path, b"").status == 400
    known = send(harness, path, body)
    assert send(harness, path, {**body, "foo": "bar", "futureField": {"nested": True}}).json == known.json


@pytest.mark.parametrize(("path", "body"), EVERY_PATH.items())
def test_a_request_id_is_repeated(harness: Client, server: RunningServer, path: str, body: Body) -> None:
    """All levels: `X-Request-ID` comes back as it was sent, with errors too; without one nothing fails."""
    sent = "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"
    assert send(harness, path, body, X_Request_ID=sent).headers["x-request-id"] == sent
    assert send(harness, path, b"{", X_Request_ID=sent).headers["x-request-id"] == sent
    assert send(server.nobody(), path, body, X_Request_ID=sent).headers["x-request-id"] == sent
    assert send(harness, path, body).status == 200


@pytest.mark.parametrize(("path", "body"), EVERY_PATH.items())
def test_nobody_is_told_to_authenticate(server: RunningServer, path: str, body: Body) -> None:
    """All levels: without a credential 401 with a challenge, also where the body would be refused."""
    for sent in (body, b"{"):
        reply = send(server.nobody(), path, sent)
        assert (reply.status, reply.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(("tenant", "below"), [("", ""), (ACCOUNT_PATH, ACCOUNT_PATH)])
def test_discovery_names_every_endpoint(server: RunningServer, tenant: str, below: str) -> None:
    """Discovery: the document's identifier is the address that it was found by; every endpoint named there answers."""
    reply = server.nobody().send("GET", "/.well-known/authzen-configuration" + tenant)
    assert (reply.status, is_json(reply)) == (200, True)
    point = PUBLIC_URL + below
    assert reply.json == {
        "policy_decision_point": point,
        "access_evaluation_endpoint": point + "/access/v1/evaluation",
        "access_evaluations_endpoint": point + "/access/v1/evaluations",
        "search_subject_endpoint": point + "/access/v1/search/subject",
        "search_resource_endpoint": point + "/access/v1/search/resource",
        "search_action_endpoint": point + "/access/v1/search/action",
    }
    assert all(address.startswith("https://") for address in reply.json.values())
    harness = server.client("service-id:harness")
    for name, address in reply.json.items():
        if name != "policy_decision_point":
            path = address.removeprefix(PUBLIC_URL)
            assert send(harness, path, EVERY_PATH[path.removeprefix(below)]).status == 200


def test_discovery_does_not_believe_a_host_header(server: RunningServer) -> None:
    """Discovery: addresses are configured ones."""
    reply = server.nobody().send(
        "GET", "/.well-known/authzen-configuration", headers={"X-Forwarded-Host": "evil"}
    )
    assert "evil" not in reply.text
