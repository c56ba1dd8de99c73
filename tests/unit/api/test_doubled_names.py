"""A body that says one name twice in one object is refused, wherever, by whichever reader."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.api.authzen_bodies import parse_evaluation, parse_evaluations
from bailiwick.api.bodies import parse_json
from bailiwick.errors import Invalid

QUESTION = (
    '{"subject": {"type": "user", "id": "a", "properties": {"x": {"y": 1}}}, "action": {"name": "r"}, '
    '"resource": {"type": "t", "id": "i", "properties": {"owner": "user:a", "tags": {"k": "v"}}}, '
    '"context": {"ip": "10.0.0.1", "list": [{"z": 1}]}, "unread": {"w": [1.5, true, null]}}'
)
NAMES = ("subject", "type", "id", "properties", "x", "y", "action", "name", "resource", "owner", "tags", "k",
         "context", "ip", "list", "z", "unread", "w")  # fmt: skip

Read = Callable[[bytes], object]


def batch(question: str) -> str:
    """Several questions, of which this is the second."""
    plain = '{"subject": {"type": "user", "id": "a"}, "resource": {"type": "t", "id": "i"}}'
    return f'{{"action": {{"name": "r"}}, "evaluations": [{plain}, {question}]}}'


def refusal(read: Read, body: str) -> str | None:
    """How does the reader refuse this body? None: it reads it."""
    try:
        read(body.encode())
    except Invalid as error:
        [finding] = error.findings
        return f"{finding.place}: {finding.message}"
    return None


READERS = [
    pytest.param(parse_json, str, id="administration"),
    pytest.param(parse_evaluation, str, id="evaluation"),
    pytest.param(parse_evaluations, batch, id="evaluations"),
]


@pytest.mark.parametrize(("read", "wrap"), READERS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("again", ['"{}":', '"{}" :', '"{}"\n\t:', '"\\u00{:02x}{}":'])
def test_a_name_that_is_given_twice_is_refused(
    read: Read, wrap: Callable[[str], str], name: str, again: str
) -> None:
    """At every depth, with any white space, and escaped: the error names it, and the body is not read."""
    spelt = again.format(name) if "{:" not in again else again.format(ord(name[0]), name[1:])
    at = QUESTION.index(f'"{name}":')
    _, end = json.JSONDecoder().raw_decode(QUESTION, at + len(name) + 4)
    value = QUESTION[at + len(name) + 4 : end]
    doubled = f"{QUESTION[:at]}{spelt} {value}, {QUESTION[at:]}"
    assert refusal(read, wrap(doubled)) == f"{name}: duplicate name `{name}`"


@pytest.mark.parametrize("field", ["action", "evaluations", "options", "context"])
def test_what_all_questions_share_is_given_once(field: str) -> None:
    """A second list of questions, or a second default, is refused as well."""
    body = batch(QUESTION).replace('{"action"', '{"options": {}, "context": {}, "action"', 1)
    second = {"action": '{"name": "r"}', "evaluations": "[]"}.get(field, "{}")
    doubled = body.replace(f'"{field}":', f'"{field}": {second}, "{field}":', 1)
    assert refusal(parse_evaluations, body) is None
    assert refusal(parse_evaluations, doubled) == f"{field}: duplicate name `{field}`"


@pytest.mark.parametrize(("read", "wrap"), READERS)
@pytest.mark.parametrize(
    "change",
    [
        ("10.0.0.1", '::1, \\"ip\\": 2'),
        ('"k": "v"', '"k": ":", ":k": ": :"'),
        ('"user:a"', '"\\": \\" :"'),
        ('"context"', '"context2": {"context": 1}, "context"'),
        (": ", " \n\t:\r "),
    ],
)
def test_what_only_looks_like_it_is_read(
    read: Read, wrap: Callable[[str], str], change: tuple[str, str]
) -> None:
    """Colons and quotes in texts, the same name at another depth, and white space are nobody's second."""
    assert refusal(read, wrap(QUESTION.replace(*change))) is None


texts = st.text(st.sampled_from('ab":\\ \t'), max_size=4)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(texts, inner), max_size=3).map(tuple),
    max_leaves=8,
)


def written(value: object, colon: str) -> str:
    """JSON of a value in which an object is a tuple of members, so that it may hold a name twice."""
    if isinstance(value, tuple):
        return "{" + ",".join(f"{json.dumps(name)}{colon}{written(one, colon)}" for name, one in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(written(one, colon) for one in value) + "]"
    return json.dumps(value)


def is_doubled(value: object) -> bool:
    """Does any object hold a name twice?"""
    if isinstance(value, tuple):
        return len({name for name, _ in value}) < len(value) or any(is_doubled(one) for _, one in value)
    return isinstance(value, list) and any(map(is_doubled, value))


@given(values, st.sampled_from([":", " : ", "\n:"]))
def test_exactly_the_doubled_are_refused(value: object, colon: str) -> None:
    """On generated bodies all readers refuse those in which some object holds a name twice, and no others."""
    context = "{" + f'"c"{colon}{written(value, colon)}' + "}"
    entity = '{"type":"t","id":"i"}'
    body = f'{{"subject":{entity},"action":{{"name":"n"}},"resource":{entity},"context":{context}}}'
    for read, text in ((parse_json, body), (parse_evaluation, body), (parse_evaluations, batch(body))):
        found = refusal(read, text)
        assert (found is not None and "duplicate name" in found) == is_doubled(value)
