"""Claims and the operators of federation rules: what holds of which claim, and that nothing odd holds of anything."""

from __future__ import annotations

import pytest

from bailiwick.authn.federation.claims import find_claim, fits, read_text, shows_second_factor
from bailiwick.model.federation import CLAIM_OPERATORS, ClaimCondition

CLAIMS: dict[str, object] = {
    "department": "Engineering",
    "groups": ["dev", "ops", 7, True, None, {"a": 1}],
    "admin": True,
    "level": 3,
    "share": 0.5,
    "nothing": None,
    "empty": [],
    "blank": "",
    "realm_access": {"roles": ["builder"], "home": "eu"},
    "https://acme.example/team": "blue",
    "a.b": "whole",
    "a": {"b": "by steps", "c": "c"},
}


@pytest.mark.parametrize(
    ("claim", "operator", "values", "holds"),
    [
        ("department", "EQUALS", ("Engineering",), True),
        ("department", "EQUALS", ("engineering",), False),
        ("department", "EQUALS_IGNORE_CASE", ("ENGINEERING",), True),
        ("department", "NOT_EQUALS", ("Sales",), True),
        ("department", "NOT_EQUALS", ("Engineering",), False),
        ("department", "NOT_EQUALS", ("engineering",), True),
        ("department", "NOT_EQUALS_IGNORE_CASE", ("engineering",), False),
        ("department", "IN", ("Sales", "Engineering"), True),
        ("department", "IN", ("Engine", "Sales"), False),
        ("department", "CONTAINS", ("gin",), True),
        ("department", "CONTAINS", ("GIN",), False),
        ("groups", "CONTAINS", ("dev",), True),
        ("groups", "CONTAINS", ("de",), False),
        ("groups", "CONTAINS", ("7",), True),
        ("groups", "CONTAINS", ("true",), True),
        ("groups", "CONTAINS", ("null",), False),
        ("groups", "EQUALS", ("dev",), False),
        ("groups", "IN", ("dev", "ops"), False),
        ("groups", "NOT_EQUALS", ("sales",), False),
        ("groups", "NOT_EQUALS_IGNORE_CASE", ("sales",), False),
        ("empty", "CONTAINS", ("",), False),
        ("admin", "EQUALS", ("true",), True),
        ("admin", "EQUALS", ("True",), False),
        ("admin", "EQUALS_IGNORE_CASE", ("True",), True),
        ("level", "EQUALS", ("3",), True),
        ("level", "EQUALS", ("3.0",), False),
        ("level", "NOT_EQUALS", ("4",), True),
        ("share", "EQUALS", ("0.5",), True),
        ("blank", "EQUALS", ("",), True),
        ("realm_access.roles", "CONTAINS", ("builder",), True),
        ("realm_access.home", "EQUALS", ("eu",), True),
        ("realm_access", "CONTAINS", ("roles",), False),
        ("realm_access", "NOT_EQUALS", ("x",), False),
        ("https://acme.example/team", "EQUALS", ("blue",), True),
        ("a.b", "EQUALS", ("whole",), True),
        ("a.c", "EQUALS", ("c",), True),
        ("department.x", "EQUALS", ("Engineering",), False),
        ("groups.0", "EQUALS", ("dev",), False),
    ],
)
def test_what_holds_of_which_claim(claim: str, operator: str, values: tuple[str, ...], holds: bool) -> None:
    """Texts, lists, booleans, numbers and paths, each with what is near it and is something else."""
    assert fits([ClaimCondition(claim, operator, values)], CLAIMS) is holds


@pytest.mark.parametrize("operator", CLAIM_OPERATORS)
@pytest.mark.parametrize("claim", ["missing", "nothing", "realm_access", "a.b.c"])
def test_where_there_is_no_value_nothing_holds(claim: str, operator: str) -> None:
    """A provider that leaves a claim out brings nobody anywhere, not by what the claim is not, either."""
    assert not fits([ClaimCondition(claim, operator, ("x",))], CLAIMS)


def test_all_conditions_must_hold() -> None:
    """None of them: everybody fits."""
    yes, no = ClaimCondition("level", "EQUALS", ("3",)), ClaimCondition("level", "EQUALS", ("4",))
    assert fits([], {})
    assert fits([yes, yes], CLAIMS)
    assert not fits([yes, no], CLAIMS)


def test_a_text_is_read_as_it_stands() -> None:
    """And nothing else is taken for one."""
    assert read_text(CLAIMS, "department") == "Engineering"
    assert [read_text(CLAIMS, path) for path in ("level", "groups", "admin", "missing", "a")] == [""] * 5
    assert find_claim(CLAIMS, "groups") == ("dev", "ops", "7", "true")


@pytest.mark.parametrize(
    ("claims", "shown"),
    [
        ({"amr": ["pwd", "mfa"]}, True),
        ({"amr": ["pwd", "otp"]}, True),
        ({"amr": ["hwk", "fpt"]}, True),
        ({"acr": "phrh"}, True),
        ({"amr": ["otp"]}, False),
        ({"amr": ["pwd", "pin"]}, False),
        ({"amr": "mfa"}, False),
        ({"amr": {"mfa": True}}, False),
        ({"amr": [["mfa"]]}, False),
        ({"acr": "1"}, False),
        ({"acr": ["phrh"]}, False),
        ({}, False),
    ],
)
def test_a_second_factor_is_one_of_another_kind(claims: dict[str, object], shown: bool) -> None:
    """Two methods of one kind are one factor, and what is no list says nothing."""
    assert shows_second_factor(claims) is shown
