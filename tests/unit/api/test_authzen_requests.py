"""The HTTP side of a question: addresses, headers, request ids, accounts, and broken bodies."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.api.asked_world import JSON, MemoryHost, entity, post, question, read

from bailiwick.api.authzen_bodies import MAX_BODY_BYTES, MAX_NESTING
from bailiwick.api.authzen_requests import (
    EVALUATION_PATH,
    EVALUATIONS_PATH,
    AskHeaders,
    Target,
    collect_headers,
    parse_target,
)
from bailiwick.errors import Invalid, NotFound

HOST = MemoryHost()


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/access/v1/evaluation", Target(None, False, False)),
        ("/access/v1/evaluations", Target(None, True, False)),
        ("/access/v1/evaluation?", Target(None, False, False)),
        ("/access/v1/evaluation?explain=true", Target(None, False, True)),
        ("/access/v1/evaluation?a=b&explain=false", Target(None, False, False)),
        ("/accounts/acme/access/v1/evaluations?explain=true", Target("acme", True, True)),
        ("/accounts/m%C3%BCller%20%26/access/v1/evaluation", Target("müller &", False, False)),
    ],
)
def test_an_address_is_read_as_it_was_sent(target: str, expected: Target) -> None:
    """Account, kind and options come from the raw text."""
    assert parse_target(target) == expected


@pytest.mark.parametrize(
    "target",
    [
        "/access/v1/evaluation/",
        "//access/v1/evaluation",
        "/access/v1//evaluation",
        "/access/v1/evaluatio%6E",
        "/%61ccess/v1/evaluation",
        "/x/../access/v1/evaluation",
        "/access/v1/evaluation;a=b",
        "/access/v1/evaluation#x",
        "/Access/v1/evaluation",
        "/access/v1/evaluation\x00",
        "/accounts//access/v1/evaluation",
        "/accounts/a/b/access/v1/evaluation",
        "/accounts/%ff/access/v1/evaluation",
        "/accounts/%zz/access/v1/evaluation",
        "/accounts/é/access/v1/evaluation",
        "/access/v1/evaluation?" + "x" * 3000,
        "",
    ],
)
def test_other_spellings_of_an_address_are_nothing(target: str) -> None:
    """No second reading of an address exists."""
    with pytest.raises(NotFound, match="there is nothing at this address"):
        parse_target(target)
    assert post(HOST, question(), path=target or "/")[0] == 404


@pytest.mark.parametrize("query", ["explain=1", "explain=", "explain=true&explain=true", "explain=TRUE"])
def test_a_wrong_option_is_refused(query: str) -> None:
    """`explain` is true or false, once."""
    with pytest.raises(Invalid):
        parse_target(f"{EVALUATION_PATH}?{query}")
    assert post(HOST, question(), path=f"{EVALUATION_PATH}?{query}")[0] == 400


def test_headers_are_collected_and_repeated_ones_joined() -> None:
    """Of all headers those that matter are kept; two credentials are seen."""
    raw = [
        (b"host", b"x"),
        (b"authorization", b"Bearer a"),
        (b"content-type", JSON),
        (b"content-type", b"text/plain"),
        (b"x-request-id", b"1"),
    ]
    assert collect_headers(raw) == AskHeaders("Bearer a", JSON + b", text/plain", b"1")
    twice = collect_headers([*raw, (b"authorization", b"Bearer b")])
    assert twice.repeated_authorization
    assert twice.authorization == "Bearer a, Bearer b"


def test_two_credentials_are_refused_whoever_they_are() -> None:
    """A request with two `Authorization` headers names nobody."""
    answer = post(HOST, question(), repeated_authorization=True)
    assert answer[0] == 400
    assert read(answer)["detail"] == "expected one `Authorization` header, got several at authorization"


@pytest.mark.parametrize(
    ("authorization", "challenge"),
    [(None, b"Bearer"), ("Bearer nonsense", b'Bearer error="invalid_token"'), ("Basic eA==", None)],
)
def test_nobody_is_told_how_to_say_who_they_are(authorization: str | None, challenge: bytes | None) -> None:
    """Without a believed credential the answer is 401 with a challenge, whatever the body."""
    for body in (question(), b"{", b""):
        status, headers, content = post(HOST, body, authorization=authorization)
        assert status == 401
        assert dict(headers)[b"www-authenticate"] == (challenge or b'Bearer error="invalid_token"')
        assert json.loads(content)["code"] == "unauthenticated"


def test_the_account_of_the_address_must_be_the_sessions() -> None:
    """One's own account may be named; any other, known or not, is refused alike."""
    assert post(HOST, question(), path="/accounts/acme/access/v1/evaluation")[0] == 200
    refused = [
        post(HOST, question(), path=f"/accounts/{name}/access/v1/evaluation")
        for name in ("Acme", "x", "acme%20")
    ]
    assert [answer[0] for answer in refused] == [403, 403, 403]
    assert {read(answer)["reason"] for answer in refused} == {"other_account"}


@pytest.mark.parametrize(
    "content_type", [JSON, b"application/json; charset=utf-8", b"Application/JSON ;x=y", b"application/json;"]
)
def test_json_is_json_with_any_parameters(content_type: bytes) -> None:
    """Case and parameters of the content type do not matter."""
    assert post(HOST, question(), content_type=content_type)[0] == 200


@pytest.mark.parametrize(
    ("content_type", "shown"),
    [
        (None, "none"),
        (b"", "none"),
        (b"text/plain", "`text/plain`"),
        (b"application/jsonp", "`application/jsonp`"),
        (b"application/json, text/plain", "`application/json, text/plain`"),
        (b"application/problem+json", "`application/problem+json`"),
    ],
)
def test_another_content_type_is_refused(content_type: bytes | None, shown: str) -> None:
    """What is not said to be JSON is a bad request."""
    answer = post(HOST, question(), content_type=content_type)
    assert answer[0] == 400
    assert read(answer)["errors"] == [
        {"message": f"expected content type `application/json`, got {shown}", "place": "content-type"}
    ]


def test_a_compressed_body_is_refused() -> None:
    """Only identity is read."""
    assert post(HOST, question(), content_encoding=b"identity")[0] == 200
    answer = post(HOST, question(), content_encoding=b"gzip")
    assert answer[0] == 415
    assert read(answer)["code"] == "unsupported_encoding"


@pytest.mark.parametrize("request_id", [b"bfe9eb29-ab87", b"a" * 128, b'weird"{}!~'])
def test_a_request_id_is_echoed(request_id: bytes) -> None:
    """Answers and errors repeat the id that was sent."""
    for body, principal in ((question(), "user:alice"), (b"", "user:alice"), (question(), None)):
        answer = post(HOST, body, principal, request_id=request_id)
        assert dict(answer[1])[b"x-request-id"] == request_id


@pytest.mark.parametrize("request_id", [b"", b"a" * 129, b"a b", b"a\r\nset-cookie: x", b"\xff", b"a, b"])
def test_a_request_id_that_is_not_safe_is_replaced(request_id: bytes) -> None:
    """Long ones and other characters than visible ones do not come back: the answer has an id that was made."""
    answer = post(HOST, question(), request_id=request_id)
    assert answer[0] == 200
    assert re.fullmatch(rb"[0-9a-f]{32}", dict(answer[1])[b"x-request-id"])


REAL = question()


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "expected a JSON object, got an empty body"),
        (b"{", "expected JSON, got a text that is cut off"),
        (b"nonsense", "expected JSON, got another text: invalid character (byte 4)"),
        (b"[]", "expected an object, got a list"),
        (b"null", "expected an object, got null"),
        (b'"text"', "expected an object, got text"),
        (b"{}", "expected `subject`, got nothing"),
        (b"\xef\xbb\xbf{}", "expected JSON, got another text: invalid character (byte 0)"),
        (b'{"x":"\xff"}', "expected UTF-8, got something else at byte 6"),
        (json.dumps(REAL | {"subject": None}).encode(), "expected an object, got null at subject"),
        (json.dumps(REAL | {"subject": {"id": "a"}}).encode(), "expected `type`, got nothing at subject"),
        (json.dumps(REAL | {"action": {"name": 1}}).encode(), "expected text, got a number at action.name"),
        (json.dumps(REAL | {"action": "read"}).encode(), "expected an object, got text at action"),
        (
            json.dumps(REAL | {"resource": {"type": "record", "id": None}}).encode(),
            "expected text, got null at resource.id",
        ),
        (json.dumps(REAL | {"context": [1]}).encode(), "expected an object, got a list at context"),
        (
            json.dumps(REAL | {"subject": entity("user", "alice") | {"properties": None}}).encode(),
            "expected an object, got null at subject.properties",
        ),
        (
            json.dumps(REAL | {"context": {"n": 1 << 70}}).encode(),
            "expected a number of at most 64 bits, got a longer one at context.n",
        ),
        (
            json.dumps(REAL | {"context": {"deep": {"n": [1 << 70]}}}).encode(),
            "expected a number of at most 64 bits, got a longer one at context.deep.n",
        ),
    ],
)
def test_a_body_that_is_no_question_is_refused_with_its_place(body: bytes, detail: str) -> None:
    """Every fault of a body is status 400 and says what was expected, what came and where."""
    answer = post(HOST, body)
    assert (answer[0], read(answer)["detail"]) == (400, detail)


def test_unknown_fields_are_ignored() -> None:
    """Fields that nobody knows change nothing, wherever they are."""
    asked = json.loads(json.dumps(question()))
    asked["other"] = {"evaluations": [1]}
    asked["subject"]["email"] = "a@acme.example"
    asked["action"]["soft"] = 1
    assert post(HOST, asked) == post(HOST, question())


def test_nesting_is_limited_everywhere() -> None:
    """One level too many is refused, in unknown fields too; brackets in text are text."""

    def nested(levels: int) -> bytes:
        return json.dumps(question())[:-1].encode() + b',"x":' + b"[" * levels + b"]" * levels + b"}"

    assert post(HOST, nested(MAX_NESTING - 1))[0] == 200
    answer = post(HOST, nested(MAX_NESTING))
    assert (answer[0], read(answer)["detail"]) == (400, "expected at most 32 levels of nesting, got more")
    assert post(HOST, nested(100_000))[0] == 400
    assert post(HOST, question(context={"text": '\\"' + "[{" * 500}))[0] == 200
    assert post(HOST, question(context={"list": [[]] * 500}))[0] == 200


def test_a_body_has_a_limit() -> None:
    """Exactly a mebibyte is read, one byte more is not."""
    asked = json.dumps(question()).encode()
    filled = asked + b" " * (MAX_BODY_BYTES - len(asked))
    assert post(HOST, filled)[0] == 200
    answer = post(HOST, filled + b" ")
    assert (answer[0], read(answer)["code"]) == (413, "body_too_large")


def test_texts_and_numbers_have_limits() -> None:
    """A text as long as the limit is taken, one longer or deeper down refused with its place."""
    assert post(HOST, question(context={"note": "x" * 16_384}))[0] == 200
    for context, place in (
        ({"note": "x" * 16_385}, "context.note"),
        ({"a": {"b": ["x" * 16_385]}}, "context.a.b"),
    ):
        answer = post(HOST, question(context=context))
        assert answer[0] == 400
        assert read(answer)["errors"] == [
            {"message": "expected at most 16384 characters, got 16385", "place": place}
        ]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def entities(kind: str) -> st.SearchStrategy[object]:
    """Something like a subject or resource of this type."""
    return JSON_VALUES | st.fixed_dictionaries(
        {"type": st.just(kind) | st.text(max_size=6), "id": JSON_VALUES, "properties": JSON_VALUES}
    )


PARTS = st.fixed_dictionaries(
    {},
    optional={
        "subject": entities("user"),
        "action": JSON_VALUES | st.fixed_dictionaries({"name": st.just("read"), "properties": JSON_VALUES}),
        "resource": entities("record"),
        "context": JSON_VALUES,
        "evaluations": JSON_VALUES,
        "options": JSON_VALUES,
    },
)


@settings(max_examples=300, deadline=None)
@given(body=PARTS.map(json.dumps).map(str.encode) | st.binary(max_size=60))
def test_no_body_is_answered_otherwise_than_with_a_denial_or_an_error(body: bytes) -> None:
    """Whatever is sent by somebody whom no policy allows anything: a refusal, or `decision: false`."""
    for path in (EVALUATION_PATH, EVALUATIONS_PATH):
        status, _, content = post(HOST, body, "user:dora", path=path)
        assert status in (200, 400, 403)
        answer = json.loads(content)
        answers = answer.get("evaluations", [answer] if status == 200 else [])
        assert all(one["decision"] is False for one in answers)


@settings(max_examples=300, deadline=None)
@given(part=PARTS)
def test_extra_noise_never_breaks_an_answer(part: dict[str, object]) -> None:
    """Values of any type in place of a valid question's parts never cause an internal error."""
    for path in (EVALUATION_PATH, EVALUATIONS_PATH):
        answer = post(HOST, question() | part, path=path)
        assert answer[0] in (200, 400, 403)
        assert b"the request could not be answered" not in answer[2]
