"""Laws of conditions: documents survive reading and writing; types are strict; Kleene's values behave."""

from __future__ import annotations

import ipaddress
import math
import re
from datetime import datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.differential.conditions import draw_document
from tests.differential.draw import HypothesisDraw
from tests.reference.conditions import evaluate

from bailiwick.errors import Invalid
from bailiwick.model.conditions import (
    OPERATORS,
    Comparison,
    Condition,
    Not,
    format_condition,
    is_number,
    keys_of,
    parse_condition,
    parse_instant,
    parse_network,
)
from bailiwick.model.conditions import All as AllOf
from bailiwick.model.conditions import Any as AnyOf
from bailiwick.model.requests import UNKNOWN

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5))
WORDS = st.sampled_from(
    ["all", "any", "not", "key", "operator", "value", "missing", "ref", "from", "to", "zone", "days"]
)
NASTY = st.recursive(
    st.one_of(SCALARS, st.sampled_from([*OPERATORS, "context.a", "resource.owner", "UTC", "10.0.0.0/8"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(WORDS, st.text(max_size=3)), inner, max_size=4)
    ),
    max_leaves=12,
)
COMPARISONS = st.fixed_dictionaries(
    {"key": SCALARS | NASTY, "operator": st.sampled_from([*OPERATORS]), "value": NASTY}
)
RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, object]:
    """Documents that hold a condition."""
    return draw_document(HypothesisDraw(draw(st.data())))


@settings(max_examples=400)
@given(documents())
def test_a_condition_survives_its_document(document: dict[str, object]) -> None:
    """Reading what was written gives the same condition, and writing that the same document."""
    condition = parse_condition(document)
    assert parse_condition(format_condition(condition)) == condition
    assert format_condition(parse_condition(format_condition(condition))) == format_condition(condition)


@settings(max_examples=600)
@given(NASTY | COMPARISONS | st.fixed_dictionaries({"not": COMPARISONS}))
@example({"key": "context.a", "operator": "number-equals", "value": 10**400})
@example({"key": "context.a", "operator": "day-of-week", "value": {"days": [[]], "zone": "UTC"}})
@example({"key": "context.a", "operator": "day-of-week", "value": {"days": ["monday"], "zone": "../UTC"}})
@example({"key": ["context.a"], "operator": ["exists"], "value": True})
def test_no_document_crashes_the_parser(document: object) -> None:
    """Every document is read or refused with findings; nothing else is raised."""
    refusal = None
    try:
        parse_condition(document)
    except Invalid as raised:
        refusal = raised
    assert refusal is None or refusal.findings


@given(documents())
def test_keys_are_those_that_are_written(document: dict[str, object]) -> None:
    """The keys that a condition reads are exactly those in its document, references included."""
    assert keys_of(parse_condition(document)) == written_keys(document)


def written_keys(document: object) -> frozenset[str]:
    """Which keys and references does a condition's document hold?"""
    if isinstance(document, dict):
        own = {str(document[word]) for word in ("key", "ref") if word in document}
        return frozenset(own).union(*(written_keys(item) for word, item in document.items() if word != "key"))
    return (
        frozenset().union(*(written_keys(item) for item in document))
        if isinstance(document, list)
        else frozenset()
    )


@given(st.one_of(SCALARS, st.lists(st.integers())))
@example(10**400)
@example(True)
def test_a_bool_is_no_number(value: Any) -> None:
    """Finite integers and floats are numbers; booleans, texts and not-a-number are none."""
    finite = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    assert is_number(value) == (finite and not isinstance(value, bool))


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_its_ipv4_address(address: ipaddress.IPv4Address) -> None:
    """An IPv4-mapped IPv6 address is the network of its IPv4 address, however it is written."""
    plain = parse_network(str(address))
    assert parse_network(f"::ffff:{address}") == plain
    assert parse_network(ipaddress.IPv6Address(f"::ffff:{address}").exploded) == plain


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_a_mapped_network_is_its_ipv4_network(address: ipaddress.IPv4Address, length: int) -> None:
    """An IPv4-mapped network is the IPv4 network with 96 bits less."""
    network = ipaddress.IPv4Network(f"{address}/{length}", strict=False)
    assert parse_network(f"::ffff:{network.network_address}/{length + 96}") == network


@given(st.text(st.characters(), max_size=20) | st.integers() | st.none() | st.binary())
def test_no_value_crashes_the_value_parsers(value: object) -> None:
    """Whatever is asked for as a date or a network is one, or is none."""
    assert isinstance(parse_instant(value), datetime | None)
    assert parse_network(value) is None or isinstance(value, str)


@given(st.text("0123456789-:TtZz+. W,", min_size=18, max_size=32))
@example("2026-01-01T00:00:00z")
@example("2026-01-01t00:00:00Z")
@example("2026-W01-1T00:00:00Z")
@example("2026-01-01T00:00+00:00")
@example("2026-01-01T00:00:00+00")
@example("2026-01-01T00:00:00+0000")
@example("2026-01-01T00:00:00,5Z")
@example("2026-01-01T000000.000Z")
@example("2026-01-01T00:00:00+00:00:30")
@example("2026-01-01T00:00:00 +00:00")
@example("2026-01-01T00:00:00.123456789Z")
def test_a_date_is_written_as_rfc_3339_says(text: str) -> None:
    """A text is a date only in RFC 3339's one form: full date, full time, offset."""
    if parse_instant(text) is not None:
        assert RFC_3339.fullmatch(text)


@given(st.datetimes(), st.integers(-23 * 60, 23 * 60), st.sampled_from("Tt "))
def test_every_rfc_3339_text_is_a_date(moment: datetime, offset: int, separator: str) -> None:
    """A full date, a full time and an offset are a date, with either case of `T` and `Z`."""
    sign, minutes = "-" if offset < 0 else "+", abs(offset)
    day, clock = moment.isoformat(timespec="microseconds").split("T")
    text = f"{day}{separator}{clock}{sign}{minutes // 60:02}:{minutes % 60:02}"
    assert parse_instant(text) == datetime.fromisoformat(text.replace("t", "T"))
    assert parse_instant(f"{day}{separator}{clock}z") == parse_instant(f"{day}{separator}{clock}+00:00")


TRUTHS = st.sampled_from([True, False, None])
RANK = {False: 0, None: 1, True: 2}


def answering(truth: bool | None) -> Condition:
    """Which condition answers so where nothing is known?"""
    return Comparison("context.never", "string-equals", "x", truth)


@given(st.lists(TRUTHS, min_size=1, max_size=5))
def test_all_any_and_not_are_kleenes(truths: list[bool | None]) -> None:
    """`all` is the least of its items, `any` the greatest, `not` turns the order round (false, unknown, true)."""
    items = tuple(answering(truth) for truth in truths)
    least = min(truths, key=lambda truth: RANK[truth])
    greatest = max(truths, key=lambda truth: RANK[truth])
    assert evaluate(AllOf(items), lambda key: UNKNOWN) is least
    assert evaluate(AnyOf(items), lambda key: UNKNOWN) is greatest
    assert RANK[evaluate(Not(items[0]), lambda key: UNKNOWN)] == 2 - RANK[truths[0]]


@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_every_operator_has_a_kind(operator: str) -> None:
    """Each operator names the type of its operands, and only those that compare one value with others take lists."""
    kind, may_be_list = OPERATORS[operator]
    assert kind in {"string", "number", "bool", "date", "network", "day-time", "week-days"}
    assert not (
        may_be_list
        and ("less" in operator or "greater" in operator or kind in ("bool", "day-time", "week-days"))
    )
