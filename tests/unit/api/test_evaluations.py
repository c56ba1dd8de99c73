"""Several questions over AuthZEN: semantics, defaults, and failures that stay with their question."""

from __future__ import annotations

import json

import pytest
from tests.unit.api.asked_world import VECTOR, MemoryHost, entity, headers_of, post, question, read

from bailiwick.api.authzen import MAX_EXPLAINED_EVALUATIONS, answer_evaluation, answer_evaluations
from bailiwick.api.authzen_bodies import MAX_EVALUATIONS
from bailiwick.api.authzen_requests import EVALUATIONS_PATH

ALICE = entity("user", "alice")
READ = {"name": "read"}
ONE = entity("record", "record-1")


@pytest.fixture
def host() -> MemoryHost:
    """A host of `acme`."""
    return MemoryHost()


def several(*parts: object, **more: object) -> dict[str, object]:
    """A body of several questions about alice reading record-1, each changed by its part."""
    return {"subject": ALICE, "action": READ, "resource": ONE, "evaluations": list(parts)} | more


def verdicts(host: MemoryHost, body: dict[str, object]) -> list[bool]:
    """Which verdicts are answered?"""
    answer = post(host, body)
    assert answer[0] == 200
    return [one["decision"] for one in read(answer)["evaluations"]]


WRITE_TWO = {"action": {"name": "write"}, "resource": entity("record", "record-2")}


def test_questions_are_answered_in_their_order(host: MemoryHost) -> None:
    """Each answer stands where its question stood, and is the answer that the question gets alone."""
    parts: list[dict[str, object]] = [
        {},
        WRITE_TWO,
        {"subject": entity("user", "bob")},
        {"action": {"name": "delete"}},
    ]
    answers = read(post(host, several(*parts)))["evaluations"]
    alone = [read(post(host, {"subject": ALICE, "action": READ, "resource": ONE} | part)) for part in parts]
    assert answers == alone
    assert [one["decision"] for one in answers] == [True, False, True, False]


@pytest.mark.parametrize(
    ("semantic", "expected"),
    [
        ("execute_all", [True, False, True, False]),
        ("deny_on_first_deny", [True, False]),
        ("permit_on_first_permit", [True]),
    ],
)
def test_a_semantic_stops_where_it_says(host: MemoryHost, semantic: str, expected: list[bool]) -> None:
    """The list of answers ends with the first denial or permit that is waited for."""
    body = several({}, WRITE_TWO, {}, WRITE_TWO, options={"evaluations_semantic": semantic})
    assert verdicts(host, body) == expected
    assert len(host.counted) == len(expected)


def test_permit_on_first_permit_runs_on_over_denials(host: MemoryHost) -> None:
    """Denials before the first permit are answered, too."""
    body = several(WRITE_TWO, WRITE_TWO, {}, {}, options={"evaluations_semantic": "permit_on_first_permit"})
    assert verdicts(host, body) == [False, False, True]


def test_an_error_counts_as_a_denial_for_deny_on_first_deny(host: MemoryHost) -> None:
    """The list ends with a question that could not be answered."""
    body = several({}, {"subject": 7}, {}, options={"evaluations_semantic": "deny_on_first_deny"})
    assert verdicts(host, body) == [True, False]


def test_other_options_are_ignored(host: MemoryHost) -> None:
    """Options that nobody knows change nothing."""
    assert verdicts(host, several({}, {}, options={"evaluation_semantics": "x", "other": [1]})) == [
        True,
        True,
    ]


def test_a_default_is_replaced_whole(host: MemoryHost) -> None:
    """A question's own entity takes nothing over from the default one: no properties merge."""
    body = several(
        {},
        {"subject": ALICE},
        action={"name": "write"},
        resource=entity("record", "new", status="archived"),
        subject=entity("user", "alice", role="admin"),
    )
    assert verdicts(host, body) == [True, False]
    body = several(
        {}, {"resource": entity("record", "new")}, resource=entity("record", "new", status="active")
    )
    assert verdicts(host, body | {"action": {"name": "write"}}) == [True, False]


def test_a_default_context_is_replaced_whole(host: MemoryHost) -> None:
    """A question's own context, even an empty one, hides the default."""
    body = several({}, {"context": {}}, subject=entity("user", "nina"), context={"network": "private"})
    assert verdicts(host, body) == [True, False]


def test_questions_that_differ_only_in_context_are_kept_apart(host: MemoryHost) -> None:
    """No answer is taken over from a question that looks alike."""
    contexts = [{"network": "private"}, {"network": "public"}, {}, {"network": "private"}]
    body = several(*({"context": one} for one in contexts), subject=entity("user", "nina"))
    assert verdicts(host, body) == [True, False, False, True]


def test_a_default_that_is_a_piece_is_completed(host: MemoryHost) -> None:
    """What a question's entity lacks is taken from a default that lacks the rest; properties never are."""
    body = several(
        {"resource": {"id": "record-1"}},
        {"resource": {"id": "record-2", "properties": {"status": "active"}}},
        {"resource": {"type": "records/record", "id": "record-1"}},
        {"resource": {"id": "new", "properties": {"status": "active"}}},
        {"resource": {"id": "new"}},
        {"resource": {"properties": {"status": "active"}}},
        {},
        {"subject": {"type": "user"}, "resource": {"id": "record-1"}},
        action={"name": "write"},
        resource={"type": "record", "properties": {"status": "active"}},
    )
    answers = read(post(host, body))["evaluations"]
    assert [one["decision"] for one in answers] == [True, False, True, True, False, False, False, False]
    assert [one["context"]["error"]["message"] for one in answers[5:]] == [
        "expected `id`, got nothing at evaluations[5].resource",
        "expected `id`, got nothing at evaluations[6].resource",
        "expected `id`, got nothing at evaluations[7].subject",
    ]


def test_a_whole_default_lends_nothing(host: MemoryHost) -> None:
    """A question that forgets its id is not asked about the default's."""
    answers = read(post(host, several({"resource": {"type": "record"}})))["evaluations"]
    assert [one["decision"] for one in answers] == [False]


@pytest.mark.parametrize("extra", [{}, {"evaluations": []}])
def test_a_piece_alone_is_no_question(host: MemoryHost, extra: dict[str, object]) -> None:
    """Without questions that complete it, an entity without an id is refused."""
    body = {"subject": ALICE, "action": READ, "resource": {"type": "record"}, **extra}
    answer = post(host, body, path=EVALUATIONS_PATH)
    assert (answer[0], read(answer)["detail"]) == (400, "expected `id`, got nothing at resource")


@pytest.mark.parametrize("extra", [{}, {"evaluations": []}])
def test_no_questions_are_one_question(host: MemoryHost, extra: dict[str, object]) -> None:
    """Without evaluations, or with none, the body asks one question and is answered like it."""
    answer = post(host, question() | extra, path=EVALUATIONS_PATH)
    assert answer == post(host, question())
    missing = post(host, {"subject": ALICE} | extra, path=EVALUATIONS_PATH)
    assert missing[0] == 400
    assert read(missing)["errors"] == [{"message": "expected `action`, got nothing"}]


@pytest.mark.parametrize(
    ("part", "status", "message"),
    [
        ({"subject": {"type": "user"}}, 400, "expected `id`, got nothing at evaluations[1].subject"),
        ({"subject": "alice"}, 400, "expected an object, got text at evaluations[1].subject"),
        (7, 400, "expected an object, got a number at evaluations[1]"),
        ({"context": [1]}, 400, "expected an object, got a list at evaluations[1].context"),
        (
            {"resource": entity("folder", "one")},
            400,
            "`folder` is a type of several services at resource.type",
        ),
    ],
)
def test_a_question_that_fails_fails_alone(host: MemoryHost, part: object, status: int, message: str) -> None:
    """Its answer is a denial with status and message; the others are answered."""
    answers = read(post(host, several({}, part, {})))["evaluations"]
    assert [one["decision"] for one in answers] == [True, False, True]
    assert answers[1]["context"] == {
        "reason": "error",
        "revision": VECTOR,
        "error": {"status": status, "message": message},
    }


def test_a_question_that_may_not_be_asked_fails_alone(host: MemoryHost) -> None:
    """A refusal is the error of its question, with status 403."""
    body = several({}, {"resource": entity("record", "record-2")})
    answers = read(post(host, body, "service-id:dev-gateway"))["evaluations"]
    assert answers[0]["decision"] is True
    assert answers[1]["decision"] is False
    assert answers[1]["context"]["error"] == {
        "status": 403,
        "message": "`service-id:dev-gateway` lacks `iam.decision.evaluate` over the asked resource",
    }


def test_a_question_without_a_subject_anywhere_fails_alone(host: MemoryHost) -> None:
    """What neither the question nor the defaults say is missing."""
    body = {"action": READ, "resource": ONE, "evaluations": [{"subject": ALICE}, {}]}
    answers = read(post(host, body))["evaluations"]
    assert [one["decision"] for one in answers] == [True, False]
    assert answers[1]["context"]["error"]["message"] == (
        "expected `subject`, got nothing at evaluations[1].subject"
    )


def test_an_exception_inside_one_question_is_a_denial_without_its_text(
    host: MemoryHost, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Something unforeseen in one question never allows it, and leaks nothing."""

    def fail(*_: object) -> None:
        raise RuntimeError("secret connection string")

    monkeypatch.setattr("bailiwick.api.authzen.find_resource", fail)
    status, _, body = post(host, several({}))
    assert status == 200
    assert json.loads(body)["evaluations"] == [
        {
            "decision": False,
            "context": {
                "reason": "error",
                "revision": VECTOR,
                "error": {"status": 500, "message": "the request could not be answered"},
            },
        }
    ]
    assert "secret connection string" in caplog.text


@pytest.mark.parametrize(
    ("body", "message", "place"),
    [
        ({"evaluations": "x"}, "expected a list, got text", "evaluations"),
        ({"evaluations": None}, "expected a list, got null", "evaluations"),
        (several({}, subject=3), "expected an object, got a number", "subject"),
        (several({}, options=[]), "expected an object, got a list", "options"),
        (
            several({}, options={"evaluations_semantic": "first"}),
            "expected one of `execute_all`, `deny_on_first_deny`, `permit_on_first_permit`, got `first`",
            "options.evaluations_semantic",
        ),
    ],
)
def test_a_fault_of_the_whole_body_is_an_http_error(
    host: MemoryHost, body: dict[str, object], message: str, place: str
) -> None:
    """Wrong types outside the single questions refuse the request."""
    answer = post(host, body)
    assert answer[0] == 400
    assert read(answer)["errors"] == [{"message": message, "place": place}]


def test_broken_json_inside_a_question_is_an_http_error(host: MemoryHost) -> None:
    """A body that is no JSON has no questions."""
    for broken in (b'{"evaluations":[{"subject":nul}]}', b'{"evaluations":[{"a" 1}]}', b'{"evaluations":[{'):
        assert post(host, broken, path=EVALUATIONS_PATH)[0] == 400


def test_a_batch_has_a_limit(host: MemoryHost) -> None:
    """A thousand questions are answered, one more is refused."""
    most = post(host, several(*[{}] * MAX_EVALUATIONS))
    assert len(read(most)["evaluations"]) == MAX_EVALUATIONS
    more = post(host, several(*[{}] * (MAX_EVALUATIONS + 1)))
    assert more[0] == 400
    assert read(more)["detail"] == "expected at most 1000 evaluations, got 1001 at evaluations"


def test_a_batch_is_explained_one_by_one_within_a_limit(host: MemoryHost) -> None:
    """With `explain=true` each answer has its own reasons; asking for very many is refused."""
    path = EVALUATIONS_PATH + "?explain=true"
    answers = read(post(host, several({}, WRITE_TWO), "user:auditor", path=path))["evaluations"]
    assert [one["context"]["explanation"]["deciding"] for one in answers] == [["reading"], []]
    too_many = several(*[{}] * (MAX_EXPLAINED_EVALUATIONS + 1))
    assert post(host, too_many, "user:auditor", path=path)[0] == 400


def test_one_address_does_not_answer_for_the_other(host: MemoryHost) -> None:
    """A list of questions sent to the address of one question is no question."""
    assert post(host, several({"context": {}}), path="/access/v1/evaluation")[0] == 200
    assert post(host, {"evaluations": [question()]}, path="/access/v1/evaluation")[0] == 400
    body = json.dumps(question()).encode()
    assert answer_evaluation(host, EVALUATIONS_PATH, headers_of("user:alice"), body)[0] == 404
    assert answer_evaluations(host, "/access/v1/evaluation", headers_of("user:alice"), body)[0] == 404
