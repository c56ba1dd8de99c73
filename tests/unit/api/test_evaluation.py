"""One question over AuthZEN: verdict, reason, revision, and who may ask it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.unit.api.asked_world import (
    ACME,
    NOW,
    VECTOR,
    MemoryHost,
    entity,
    post,
    question,
    read,
    session_of,
)

from bailiwick.api.authzen_requests import EVALUATION_PATH
from bailiwick.errors import Stale
from bailiwick.model.policies import Guardrail, Scope

EXPLAIN = EVALUATION_PATH + "?explain=true"


@pytest.fixture
def host() -> MemoryHost:
    """A host of `acme`."""
    return MemoryHost()


@pytest.mark.parametrize(
    ("subject", "action", "resource", "allowed"),
    [
        (entity("user", "alice"), {"name": "read"}, entity("record", "record-1"), True),
        (entity("user", "alice"), {"name": "write"}, entity("record", "record-1"), True),
        (entity("user", "bob"), {"name": "read"}, entity("record", "record-1"), True),
        (entity("user", "bob"), {"name": "write"}, entity("record", "record-1"), False),
        (entity("user", "alice"), {"name": "write"}, entity("record", "new", status="archived"), False),
        (
            entity("user", "alice", role="admin"),
            {"name": "write"},
            entity("record", "new", status="archived"),
            True,
        ),
        (
            entity("user", "alice"),
            {"name": "delete", "properties": {"soft": True}},
            entity("record", "record-1"),
            True,
        ),
        (
            entity("user", "alice"),
            {"name": "delete", "properties": {"soft": False}},
            entity("record", "record-1"),
            False,
        ),
    ],
)
def test_the_certification_scenario_is_decided_as_it_demands(
    host: MemoryHost, subject: object, action: object, resource: object, allowed: bool
) -> None:
    """Each of the eight decisions comes out as the scenario says, properties included."""
    answer = post(host, {"subject": subject, "action": action, "resource": resource})
    assert answer[0] == 200
    assert read(answer)["decision"] is allowed


def test_an_answer_carries_reason_and_revision_and_nothing_else(host: MemoryHost) -> None:
    """The plain answer is exactly these bytes, allowed or not."""
    revision = json.dumps(VECTOR, separators=(",", ":"))
    status, headers, body = post(host, question())
    assert (status, headers) == (200, [(b"content-type", b"application/json")])
    assert body.decode() == f'{{"decision":true,"context":{{"reason":"allowed","revision":{revision}}}}}'
    denied = post(host, question(action="write", subject="bob"))[2].decode()
    assert denied == (
        f'{{"decision":false,"context":{{"reason":"no_matching_policy","revision":{revision}}}}}'
    )


def test_an_answer_says_until_when_it_holds(host: MemoryHost) -> None:
    """A verdict that a window can change carries the instant."""
    context = read(post(host, question("carol")))["context"]
    assert context["valid_until"] == "2027-01-16T08:00:00Z"
    assert context["reason"] == "allowed"


def test_an_answer_names_the_prerequisite_that_is_missing(host: MemoryHost) -> None:
    """Deleting requires writing, which carol may not."""
    answer = read(post(host, question("carol", "delete")))
    assert answer["decision"] is False
    assert answer["context"]["reason"] == "prerequisite_missing"
    assert answer["context"]["prerequisite"] == "write"


def test_an_answer_names_the_denied_link_of_a_chain(host: MemoryHost) -> None:
    """A service that acts for bob may do only what bob may."""
    host.sessions["acting"] = session_of("user:alice", chain=("user:bob",))
    answer = read(post(host, question(action="write"), "acting"))
    assert answer["decision"] is False
    assert answer["context"]["link"] == "user:bob"


def test_the_revision_follows_the_account(host: MemoryHost) -> None:
    """After a change the answer says the new revision, not a remembered one."""
    post(host, question())
    host.change(replace(ACME, policies={}), {"account": "813-aa", "system": "3-bb"})
    answer = read(post(host, question(), "user:alice"))
    assert answer == {
        "decision": False,
        "context": {"reason": "no_matching_policy", "revision": {"account": "813-aa", "system": "3-bb"}},
    }


def test_an_error_names_the_revision_to_whoever_may_know_it(host: MemoryHost) -> None:
    """What was asked wrongly, what may not be asked, and what failed inside; not to whom nobody knows."""
    named = (b"bailiwick-revision", ", ".join(f"{log}={one}" for log, one in VECTOR.items()).encode())
    wrong, forbidden = post(host, b"{"), post(host, question(), "service-id:nobody")
    assert (wrong[0], forbidden[0]) == (400, 403)
    assert wrong[1].count(named) == forbidden[1].count(named) == 1
    stranger = post(host, question(), "wrong")
    assert stranger[0] == 401
    assert named[0] not in dict(stranger[1])


def test_context_reaches_conditions(host: MemoryHost) -> None:
    """What the body says of the context decides where a policy reads it; what it leaves out does not allow."""
    said = question("nina", context={"network": "private"})
    assert read(post(host, said))["decision"] is True
    assert read(post(host, question("nina", context={"network": "public"})))["decision"] is False
    assert read(post(host, question("nina", context={"network": None})))["decision"] is False
    assert read(post(host, question("nina")))["decision"] is False


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (question("mallory"), "unknown_principal"),
        (question("dora"), "principal_disabled"),
        (question(action="destroy"), "unknown_action"),
        (question(resource="secret-1"), "guardrail"),
        (question(resource=entity("starship", "one")), "unknown_resource_type"),
        (question(resource=entity("nowhere/record", "one")), "unknown_service"),
        (question(resource=entity("page", "loose")), "incomplete_resource"),
        (question(resource=entity("page", "index"), action="page.read"), "ambiguous_resource"),
        (question(resource=entity("records/folder", "one")), "wrong_resource_type"),
    ],
)
def test_what_cannot_be_allowed_is_denied_with_its_reason(
    host: MemoryHost, asked: dict[str, object], reason: str
) -> None:
    """A denial is status 200 with `decision: false` and the reason, errors in names included."""
    answer = post(host, asked)
    assert answer[0] == 200
    assert read(answer)["decision"] is False
    assert read(answer)["context"]["reason"] == reason


@pytest.mark.parametrize("subject", [entity("group", "night"), entity("User", "alice"), entity("", "alice")])
def test_a_subject_that_is_no_principal_is_unknown(host: MemoryHost, subject: object) -> None:
    """Only principals of the exact kind and name are known."""
    asked = question() | {"subject": subject}
    assert read(post(host, asked))["context"]["reason"] == "unknown_principal"


def test_anonymous_and_services_are_principals(host: MemoryHost) -> None:
    """`anonymous` is known under its own name; a catalog service acts as itself."""
    for subject in (entity("anonymous", "anonymous"), entity("service", "ims")):
        assert (
            read(post(host, question() | {"subject": subject}))["context"]["reason"] == "no_matching_policy"
        )
    other = question() | {"subject": entity("anonymous", "someone")}
    assert read(post(host, other))["context"]["reason"] == "unknown_principal"


def test_about_oneself_anyone_may_ask(host: MemoryHost) -> None:
    """Somebody without any right to ask gets an answer about themselves, reasons included."""
    assert read(post(host, question("bob"), "user:bob"))["decision"] is True
    assert post(host, question("bob"), "user:bob", path=EXPLAIN)[0] == 200


def test_asking_about_another_needs_the_right_over_the_resource(host: MemoryHost) -> None:
    """Without `iam.decision.evaluate` over the asked resource the question is refused, whatever the answer."""
    for subject in ("alice", "mallory", "dora"):
        status, _, _ = answer = post(host, question(subject), "service-id:nobody")
        assert status == 403
        assert read(answer)["action"] == "iam.decision.evaluate"
        assert read(answer)["reason"] == "no_matching_policy"
        assert "decision" not in read(answer)


def test_the_right_to_ask_is_judged_on_the_asked_resource(host: MemoryHost) -> None:
    """Who may ask in one project is refused for a resource of another."""
    assert post(host, question(resource="record-1"), "service-id:dev-gateway")[0] == 200
    assert post(host, question(resource="record-2"), "service-id:dev-gateway")[0] == 403
    lying = entity("record", "record-2", project="dev")
    assert post(host, question(resource=lying), "service-id:dev-gateway")[0] == 403


def test_the_right_to_ask_takes_nothing_from_the_body_but_the_resource(host: MemoryHost) -> None:
    """A caller whose right depends on its network cannot claim the network in the body."""
    assert post(host, question(context={"network": "private"}), "service-id:inside")[0] == 403
    host.sessions["connected"] = session_of("service-id:inside", context={"network": "private"})
    assert post(host, question(context={"network": "public"}), "connected")[0] == 200


def test_an_ambiguous_resource_is_asked_of_the_whole_service(host: MemoryHost) -> None:
    """Who may ask in one project only is not told that an id stands for several resources."""
    asked = question(action="page.read", resource=entity("page", "index"))
    assert post(host, asked, "service-id:dev-gateway")[0] == 403
    own = asked | {"subject": entity("service-id", "nobody")}
    assert read(post(host, own, "service-id:nobody"))["context"]["reason"] == "ambiguous_resource"


def test_what_nobody_knows_is_said_to_anybody(host: MemoryHost) -> None:
    """A type that no service has says nothing about anyone, so it needs no right."""
    asked = question(resource=entity("starship", "one"))
    answer = post(host, asked, "service-id:nobody")
    assert answer[0] == 200
    assert read(answer)["decision"] is False


def test_describing_a_principal_needs_its_own_right(host: MemoryHost) -> None:
    """Properties of a subject are taken from who may describe, oneself included; empty ones describe nothing."""
    described = question("alice", "write", entity("record", "new", status="archived"))
    described["subject"] = entity("user", "alice", role="admin")
    refused = post(host, described, "user:alice")
    assert refused[0] == 403
    assert read(refused)["action"] == "iam.decision.describe"
    empty = question() | {"subject": {"type": "user", "id": "alice", "properties": {}}}
    assert post(host, empty, "user:alice")[0] == 200


def test_stored_properties_of_a_principal_win(host: MemoryHost) -> None:
    """Bob is an admin whatever the request says."""
    asked = question(action="write", resource="record-2") | {"subject": entity("user", "bob", role="guest")}
    assert read(post(host, asked))["decision"] is True


def test_a_restricted_session_restricts_questions_about_itself(host: MemoryHost) -> None:
    """A session's restriction binds what is answered about itself and what it may ask."""
    nothing = Guardrail("read-only", ("write", "iam.*"), Scope())
    host.sessions["narrow"] = session_of("user:alice", restrictions=(nothing,))
    host.sessions["gate"] = session_of("service-id:gateway", restrictions=(nothing,))
    assert read(post(host, question(), "narrow"))["decision"] is True
    answer = read(post(host, question(action="write"), "narrow"))
    assert (answer["decision"], answer["context"]["reason"]) == (False, "guardrail")
    assert post(host, question(), "gate")[0] == 403
    assert read(post(host, question(action="write")))["decision"] is True


def test_decisions_are_counted_and_refusals_are_not(host: MemoryHost) -> None:
    """Every answer is counted once, for who asked."""
    post(host, question())
    post(host, question("bob", "write"))
    post(host, question(), "service-id:nobody")
    post(host, b"{}")
    assert host.counted == [("service-id:gateway", True), ("service-id:gateway", False)]


def test_an_explanation_says_what_decided(host: MemoryHost) -> None:
    """With `explain=true` the answer names the deciding policies and every one considered."""
    answer = read(post(host, question(), "user:alice", path=EXPLAIN))
    said = answer["context"]["explanation"]
    assert answer["decision"] is True
    assert said["text"] == "allowed by `reading`"
    assert said["deciding"] == ["reading"]
    assert said["near_misses"] == []
    assert {one["policy"]: one["applies"] for one in said["considered"]} == {
        "reading": True,
        "alice-writes-active": False,
        "admins-write-archived": False,
        "alice-deletes-softly": False,
    }


def test_an_explanation_of_a_denial_says_what_came_near(host: MemoryHost) -> None:
    """A policy that would allow but for its condition is named."""
    said = read(post(host, question("nina"), "user:nina", path=EXPLAIN))["context"]["explanation"]
    assert said["deciding"] == []
    assert [(one["policy"], one["failed"]) for one in said["near_misses"]] == [
        ("trusted-network", "condition")
    ]


def test_an_explanation_of_an_unresolved_resource_has_no_policies(host: MemoryHost) -> None:
    """Nothing decided where the resource cannot be told."""
    asked = question("nina", "page.read", entity("page", "index"))
    context = read(post(host, asked, "user:nina", path=EXPLAIN))["context"]
    assert context["reason"] == "ambiguous_resource"
    assert context["explanation"] == {
        "text": "denied: ambiguous resource",
        "principal": "user:nina",
        "deciding": [],
        "considered": [],
        "near_misses": [],
    }


def test_reasons_of_another_need_their_own_right(host: MemoryHost) -> None:
    """The gateway may ask but not see why; the auditor may."""
    refused = post(host, question(), path=EXPLAIN)
    assert refused[0] == 403
    assert read(refused)["action"] == "iam.decision.explain"
    assert post(host, question(), "user:auditor", path=EXPLAIN)[0] == 200


def test_reasons_of_those_one_acts_for_are_others_reasons(host: MemoryHost) -> None:
    """A session that acts for another does not learn about it what it may not see."""
    host.sessions["acting"] = session_of("service-id:nobody", chain=("user:alice",))
    asked = question() | {"subject": entity("service-id", "nobody")}
    assert post(host, asked, "acting")[0] == 200
    assert post(host, asked, "acting", path=EXPLAIN)[0] == 403


@pytest.mark.parametrize("query", ["?explain=false", "?other=1", "?"])
def test_other_queries_give_the_plain_answer(host: MemoryHost, query: str) -> None:
    """Only `explain=true` asks for reasons."""
    assert post(host, question(), path=EVALUATION_PATH + query)[2] == post(host, question())[2]


def test_an_exception_inside_is_an_error_without_its_text(
    host: MemoryHost, caplog: pytest.LogCaptureFixture
) -> None:
    """Something unforeseen gives status 500, no decision and nothing of its text."""
    host.broken = RuntimeError("secret connection string")
    status, headers, body = post(host, question(), request_id=b"r-1")
    assert status == 500
    assert (b"x-request-id", b"r-1") in headers
    assert b"secret" not in body
    assert b"decision" not in body
    assert "secret connection string" in caplog.text


def test_the_clock_is_the_servers(host: MemoryHost) -> None:
    """A time in the request opens no window that has closed."""
    host.moment = NOW + 2 * 86_400
    assert read(post(host, question("carol", context={"time": "2027-01-15T08:00:00Z"})))["decision"] is False


def test_a_stale_answer_says_since_when(host: MemoryHost) -> None:
    """In its header and in the context of each decision; a fresh one says nothing."""
    fresh = post(host, question())
    host.silent_since = datetime(2026, 11, 29, 6, 30, tzinfo=UTC)
    said = "2026-11-29T06:30:00Z"
    status, headers, _ = one = post(host, question())
    assert (status, dict(headers)[b"bailiwick-stale"].decode()) == (200, said)
    assert read(one)["context"]["stale_since"] == said
    several = read(post(host, {**question(), "evaluations": [{}, {}]}))
    assert [part["context"]["stale_since"] for part in several["evaluations"]] == [said, said]
    host.silent_since = None
    assert post(host, question()) == fresh


def test_an_account_that_is_refused_for_is_a_problem_of_its_own(host: MemoryHost) -> None:
    """Nothing is decided; it is said when to ask again."""
    host.broken = Stale("account `acme` was not heard of since then", "ask another node")
    status, headers, _ = answer = post(host, question())
    assert (status, dict(headers)[b"retry-after"]) == (503, b"1")
    assert read(answer)["type"] == "urn:problem-type:bailiwick:stale"
    assert "decision" not in read(answer)
