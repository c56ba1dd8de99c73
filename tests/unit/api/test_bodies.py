"""Bodies and addresses: merge patches by their RFC's own examples, and addresses that have one reading."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bailiwick.api.app import is_strict
from bailiwick.api.bodies import merge_patch, parse_json, parse_object
from bailiwick.errors import Invalid


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch_gives_what_the_rfc_says(target: Any, patch: Any, result: Any) -> None:
    """RFC 7396, appendix A; the target itself is left as it was."""
    before = json.dumps(target)
    assert merge_patch(target, patch) == result
    assert json.dumps(target) == before


@pytest.mark.parametrize(
    "text", ["{}", '{"a": [1, -2.5, true, null, "\\u00e9\\ud83d\\ude00"]}', '{"a": 9223372036854775807}']
)
def test_ordinary_json_is_read_as_everywhere(text: str) -> None:
    """What every reader understands alike is accepted."""
    assert parse_json(text.encode()) == json.loads(text)


def test_thirty_two_levels_are_read_and_no_more() -> None:
    """The limit counts objects and lists."""
    assert parse_object(b'{"a":' * 32 + b"1" + b"}" * 32)
    for body in (b'{"a":' * 33 + b"1" + b"}" * 33, b'{"a":' + b"[" * 32 + b"]" * 32 + b"}"):
        with pytest.raises(Invalid) as caught:
            parse_object(body)
        assert caught.value.findings[0].message == "expected at most 32 levels of nesting, got more"


@pytest.mark.parametrize(
    ("path", "strict"),
    [
        ("/v1/accounts/acme/users/alice", True),
        ("/v1/accounts/acme/users/a%20b", True),
        ("/v1/accounts/acme/users/100%25", True),
        ("/v1/accounts/acme/resources/brn%3Aacme%3Aims%3A%3A%3Aimage%2Fx", True),
        ("/v1/accounts/acme/resources%2Fx", False),
        ("/v1/accounts/a%2Fresources/resources/x", False),
        ("/v1/accounts/acme/users/a%2Fb", False),
        ("/v1%2Faccounts/acme", False),
        ("/v2/accounts/acme/resources/a%2Fb", False),
        ("/v1/accounts/acme/users/%", False),
        ("/v1/accounts/acme/users/%4", False),
        ("/v1/accounts/acme/users/%g0", False),
        ("/v1/accounts/acme/users/%ff", False),
        ("/v1/accounts/acme/users/%c3%a9", True),
    ],
)
def test_an_address_has_one_reading(path: str, strict: bool) -> None:
    """Only a resource's name holds escaped slashes; escapes are whole and UTF-8."""
    assert is_strict(path.encode()) is strict
