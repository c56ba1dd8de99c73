"""Whom a condition of a deny or a guardrail may spare for what is stored of them; when in doubt, it may."""

from __future__ import annotations

from typing import Any

import pytest

from bailiwick.model.accounts import Principal
from bailiwick.model.conditions import parse_condition
from bailiwick.service.escaping import escapes

BOB = Principal(
    "user:bob",
    properties={"cleared": True, "site": "berlin", "badge": {"level": 3}},
    budgets=("b1",),
)
GROUPS = ("group:ops", "group:staff")


def is_(key: str, value: object, operator: str = "string-equals", **more: object) -> dict[str, Any]:
    """One comparison, as a document."""
    return {"key": key, "operator": operator, "value": value, **more}


CLEARED = is_("principal.properties.cleared", True, "bool-equals")
UNKNOWN = is_("principal.properties.contract", "external")
OFFICE = is_("context.ip", "10.0.0.0/8", "ip-in")
OWN = is_("resource.owner", {"ref": "principal.id"})

SPARED: dict[str, dict[str, Any]] = {
    "unless the property is so": {"not": CLEARED},
    "unless a property inside a property is so": {
        "not": is_("principal.properties.badge.level", 2, "number-greater-than")
    },
    "only another value": is_("principal.properties.site", "paris"),
    "unless the property is there": is_("principal.properties.site", False, "exists"),
    "only where another property is there": is_("principal.properties.contract", True, "exists"),
    "unless it is this principal": {"not": is_("principal.id", "user:bob")},
    "only another kind": is_("principal.kind", "service-id"),
    "unless in a group": {"not": is_("principal.groups", "group:ops", "contains-any")},
    "only in another group": is_("principal.groups", "group:guests", "contains-any"),
    "unless of a budget": {"not": is_("principal.budgets", "b1", "contains-any")},
    "unless cleared or in the office": {"not": {"any": [CLEARED, OFFICE]}},
    "unless cleared and in the office": {"not": {"all": [CLEARED, OFFICE]}},
    "all, of which one is settled": {"all": [OFFICE, {"not": CLEARED}]},
    "any, of which one is settled": {"any": [OFFICE, {"not": CLEARED}]},
    "unless the resource is one's own": {"not": OWN},
    "unless one's own, said the other way": {"not": is_("principal.id", {"ref": "resource.owner"})},
    "unless the resource is of one's site": {
        "not": is_("resource.tags.site", {"ref": "principal.properties.site"})
    },
    "unless the resource is of one's groups": {
        "not": is_("resource.groups", {"ref": "principal.groups"}, "contains-any")
    },
}

BOUND: dict[str, dict[str, Any] | None] = {
    "always": None,
    "nothing of the principal": OFFICE,
    "nothing of the principal, negated": {"not": is_("resource.tags.tier", "gold")},
    "just such principals": CLEARED,
    "everybody of a group of the principal's": is_("principal.groups", "group:staff", "contains-all"),
    "any, of which one binds": {"any": [OFFICE, CLEARED]},
    "a property that is not stored": UNKNOWN,
    "unless a property that is not stored": {"not": UNKNOWN},
    "a property that is not stored, taken as another": {**UNKNOWN, "missing": True},
    "a stored property, compared as another type": is_("principal.properties.cleared", "yes"),
    "a reference to a property that is not stored": {
        "not": is_("resource.tags.site", {"ref": "principal.properties.contract"})
    },
}


@pytest.mark.parametrize("name", SPARED)
def test_whom_the_condition_may_spare_escapes(name: str) -> None:
    """What is stored of the principal may keep the condition from holding."""
    assert escapes(parse_condition(SPARED[name]), BOB, GROUPS)


@pytest.mark.parametrize("name", BOUND)
def test_whom_the_condition_binds_as_everybody_does_not_escape(name: str) -> None:
    """What is stored of the principal settles nothing, or settles that the condition holds."""
    document = BOUND[name]
    assert not escapes(None if document is None else parse_condition(document), BOB, GROUPS)


def test_what_is_read_is_what_is_stored_of_this_principal() -> None:
    """The same condition spares one and not another."""
    unless = parse_condition({"not": CLEARED})
    assert not escapes(unless, Principal("user:ann"), GROUPS)
    assert not escapes(unless, Principal("user:ann", properties={"cleared": False}), GROUPS)
    members = parse_condition({"not": is_("principal.groups", "group:ops", "contains-any")})
    assert not escapes(members, BOB, ())
