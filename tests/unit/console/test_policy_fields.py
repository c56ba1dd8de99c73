"""The builder's fields hold a policy's document without losing anything, whatever it says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from tests.differential.accounts import draw_policy
from tests.differential.draw import SeededDraw
from tests.differential.worlds import draw_world

from bailiwick.catalog.documents import format_document, parse_document
from bailiwick.console.forms import Form
from bailiwick.console.pages.policies.conditions import fields_of, situation_of
from bailiwick.console.pages.policies.fields import document_in, document_of, marked, values_of, yaml_of
from bailiwick.errors import Finding, Invalid
from bailiwick.model.conditions import All, Comparison, Condition
from bailiwick.model.policies import Policy

PLAIN: dict[str, Any] = {"name": "web", "subjects": ["group:a"], "roles": ["Viewer"]}


def parsed(document: dict[str, Any]) -> Policy:
    """Which policy is it?"""
    value = parse_document({"kind": "Policy", **document}, "acme")[1]
    assert isinstance(value, Policy)
    return value


def turned(document: dict[str, Any]) -> dict[str, Any]:
    """The document that the fields of this one say."""
    return document_of(Form.of(values_of(document)))


def drawn() -> Iterator[dict[str, Any]]:
    """Many policies, odd ones among them, as documents."""
    for seed in range(300):
        draw = SeededDraw(f"fields {seed}")
        world = draw_world(draw)
        services = {**world.account.services, **world.services}
        policy = draw_policy(draw, services, world.account.roles, "web")
        document = dict(format_document("Policy", policy, "acme"))
        # WHY not all: generated values may repeat themselves, which no document may.
        with suppress(Invalid):
            parsed(document)
            yield document


def flat(condition: Condition | None) -> object:
    """The condition without the order of what must all hold; one value is the list of it (rule 6.4)."""
    items = condition.items if isinstance(condition, All) else (condition,)
    return {repr(_as_list(one)) for one in items}


def _as_list(one: Condition | None) -> Condition | None:
    if (
        isinstance(one, Comparison)
        and one.operator in ("string-equals", "ip-in")
        and isinstance(one.value, str)
    ):
        return replace(one, value=(one.value,))
    return one


def test_nothing_is_lost_in_the_fields() -> None:
    """Fields and back is the same policy; only how conditions are written may differ."""
    for document in drawn():
        old, new = parsed(document), parsed(turned(document))
        assert flat(new.when) == flat(old.when), document
        assert {**vars_of(new), "when": None} == {**vars_of(old), "when": None}, document


def vars_of(policy: Policy) -> dict[str, Any]:
    """The fields of a policy."""
    return {name: getattr(policy, name) for name in Policy.__dataclass_fields__}


def test_nothing_is_lost_as_yaml() -> None:
    """The YAML view and back is the very same document."""
    for document in drawn():
        assert parsed(document_in(yaml_of(document))) == parsed(document)


def test_common_conditions_have_fields_of_their_own() -> None:
    """Network, second factor, hours, days and attributes are shown; nothing is left as YAML."""
    items: list[dict[str, Any]] = [
        {"key": "context.ip", "operator": "ip-in", "value": ["10.0.0.0/8", "192.168.0.0/16"]},
        {"key": "context.mfa", "operator": "bool-equals", "value": True},
        {
            "key": "context.time",
            "operator": "time-of-day-between",
            "value": {"from": "09:00", "to": "17:00", "zone": "Europe/Berlin"},
        },
        {
            "key": "context.time",
            "operator": "day-of-week",
            "value": {"days": ["tuesday", "friday"], "zone": "Europe/Berlin"},
        },
        {"key": "resource.tags.env", "operator": "string-equals", "value": ["test", "dev"]},
        {"key": "context.purpose", "operator": "string-equals", "value": "repair"},
    ]
    values = values_of({**PLAIN, "when": {"all": items}})
    assert values["more"] == ""
    assert values["networks"] == "10.0.0.0/8, 192.168.0.0/16"
    assert (values["mfa"], values["from"], values["to"], values["zone"]) == (
        "yes",
        "09:00",
        "17:00",
        "Europe/Berlin",
    )
    assert values["day"] == ["tuesday", "friday"]
    assert (values["attribute"], values["equals"]) == (
        ["resource.tags.env", "context.purpose"],
        ["test, dev", "repair"],
    )
    assert turned({**PLAIN, "when": {"all": items}})["when"] == {"all": items}
    assert situation_of({"all": items}) == {
        "ip": "10.0.0.0",
        "mfa": True,
        "time": "2027-01-05T09:00:00+01:00",
        "purpose": "repair",
    }


@pytest.mark.parametrize(
    "item",
    [
        {"key": "context.ip", "operator": "ip-in", "value": ["10.0.0.0/8"], "missing": True},
        {"key": "context.mfa", "operator": "bool-equals", "value": False},
        {"key": "context.ip", "operator": "ip-not-in", "value": ["10.0.0.0/8"]},
        {"not": {"key": "context.mfa", "operator": "bool-equals", "value": True}},
        {"key": "resource.tags.env", "operator": "string-equals", "value": "a, b"},
        {"key": "resource.owner", "operator": "string-equals", "value": {"ref": "principal.id"}},
    ],
)
def test_what_has_no_field_is_kept(item: dict[str, Any]) -> None:
    """Another operator, a `missing`, a comma in a text: it is left as it is, and shown as such."""
    fields, kept = fields_of(item)
    assert (fields, kept) == ({}, item)
    assert "when:" in str(values_of({**PLAIN, "when": item})["more"])


def test_the_second_of_a_kind_is_kept() -> None:
    """One network condition has a field; of two, both must still hold."""
    first = {"key": "context.ip", "operator": "ip-in", "value": ["10.0.0.0/8"]}
    second = {"key": "context.ip", "operator": "ip-in", "value": ["10.1.0.0/16"]}
    assert fields_of({"all": [first, second]}) == ({"networks": "10.0.0.0/8"}, second)


def test_an_instant_that_no_field_shows_is_kept() -> None:
    """Parts of a second stay."""
    document = {**PLAIN, "expires_at": "2027-01-01T00:00:00.5Z", "starts_at": "2026-01-01T08:30:00Z"}
    values = values_of(document)
    assert values["starts_at"] == "2026-01-01T08:30:00"
    assert "expires_at" in str(values["more"])
    assert parsed(turned(document)) == parsed(document)


def test_errors_stand_at_their_fields() -> None:
    """A place in the document leads to the field that shows it; what no field shows stands above."""
    found = marked(
        Form(),
        Invalid(
            [
                Finding("unknown role", "Policy web: roles[0]"),
                Finding("unknown service", "scope.service[1]"),
                Finding("unknown type", "scope.type"),
                Finding("no such operator", "when.all[0].operator"),
                Finding("something else", "managed_by"),
            ]
        ),
    )
    assert {name: [one.message for one in findings] for name, findings in found.errors.items()} == {
        "role": ["unknown role"],
        "service": ["unknown service"],
        "type": ["unknown type"],
        "when": ["no such operator"],
        "": ["something else"],
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: b\n---\nc: d", "expected the further fields of one policy"),
        ("scope: [1]", "expected the further fields of one policy"),
    ],
)
def test_further_fields_are_those_of_one_policy(text: str, message: str) -> None:
    """What stands in `more` is one mapping, and wrong YAML there is said there."""
    with pytest.raises(Invalid, match=message):
        document_of(Form.of({"name": "web", "more": text}))
    with pytest.raises(Invalid) as caught:
        document_of(Form.of({"name": "web", "more": "a: [b"}))
    assert {one.place for one in caught.value.findings} == {"more"}
