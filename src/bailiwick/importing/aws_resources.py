"""ARN patterns of a statement as scopes and conditions, for the resource types of a mapping.

Implements docs/spec.md 23.4. Source: AWS, IAM User Guide, Resource and NotResource elements.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bailiwick.importing.findings import Refusals
from bailiwick.importing.globs import (
    ANY,
    Tokens,
    fill,
    is_literal,
    needs_escape,
    segmented,
    text_of,
)
from bailiwick.importing.keys import ALWAYS, NEVER, both, compare, either, like, negation
from bailiwick.importing.mapping import REGION, Form
from bailiwick.model.conditions import Condition
from bailiwick.model.policies import Scope

EVERYTHING = "*"
MAX_ARN_CHARACTERS = 512
MAX_SCOPES = 64


@dataclass(frozen=True, slots=True)
class Pattern:
    """One ARN pattern of a statement, and where it stands."""

    text: str
    tokens: Tokens
    pointer: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where does a part of a statement hold? `type` None: over the whole service."""

    type: str | None
    scope: Scope
    when: Condition = ALWAYS


def check_pattern(pattern: Pattern, refusals: Refusals) -> bool:
    """Is it `*` or a whole ARN?"""
    if pattern.text == EVERYTHING:
        return True
    if len(pattern.text) > MAX_ARN_CHARACTERS:
        message = f"an ARN of {len(pattern.text)} characters, expected at most {MAX_ARN_CHARACTERS}"
        refusals.add("too_large", pattern.pointer, message)
        return False
    if not pattern.text.startswith("arn:"):
        refusals.add("malformed", pattern.pointer, f"`{pattern.text}` is no ARN", "expected `*` or `arn:…`")
        return False
    if pattern.tokens.count(":") < 5 and pattern.tokens[-1] is not ANY:
        help = "write all six segments: arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE"
        refusals.add("arn_incomplete", pattern.pointer, f"`{pattern.text}` has not the six segments", help)
        return False
    return True


def places_of(service: str, form: Form, patterns: list[Pattern], refusals: Refusals) -> Iterator[Place]:
    """Where are the resources of this type that any of the patterns matches?"""
    for pattern in patterns:
        found = fill(segmented(pattern.tokens), form.template)
        if len(found) > MAX_SCOPES:
            message = f"`{pattern.text[:60]}…` comes to {len(found)} scopes, expected at most {MAX_SCOPES}"
            refusals.add("too_large", pattern.pointer, message)
            return
        for assignment in found:
            place = _place(service, form, dict(assignment))
            if place is None:
                help = "a parent is named whole or not at all, and `*` and `?` only stand for text"
                message = f"`{pattern.text}` names `{form.type}` in a way that no scope can say"
                refusals.add("resource_pattern", pattern.pointer, message, help)
            else:
                yield place


def outside_of(form: Form, patterns: list[Pattern], refusals: Refusals) -> Condition:
    """When is a resource of this type none that any of the patterns matches? For NotResource."""
    tests = []
    for pattern in patterns:
        if pattern.text == EVERYTHING:
            return NEVER
        for assignment in fill(segmented(pattern.tokens), form.template):
            test = _match(form, dict(assignment))
            if test is None:
                message = f"`{pattern.text}` names `{form.type}` in a way that no condition can say"
                help = "a condition sees the resource's own id, not its parents'"
                refusals.add("resource_pattern", pattern.pointer, message, help)
                return NEVER
            tests.append(test)
    return negation(either(*tests))


def _place(service: str, form: Form, slots: Mapping[str, Tokens]) -> Place | None:
    """Which scope has these patterns in the slots? None: no scope has."""
    if any(needs_escape(tokens) for tokens in slots.values()):
        return None
    region, ident = slots.get(REGION), slots[form.type]
    parents = [name for name in form.slots[:-1] if name != REGION and slots[name] != (ANY,)]
    if len(parents) > 1 or any(not is_literal(slots[name]) for name in parents):
        return None
    return Place(
        form.type,
        Scope(
            service=(service,),
            region=None if region is None or region == (ANY,) else (text_of(region),),
            type=(form.type,),
            id=None if ident == (ANY,) else (text_of(ident),),
            within=tuple((name, text_of(slots[name])) for name in parents) or None,
        ),
    )


def _match(form: Form, slots: Mapping[str, Tokens]) -> Condition | None:
    """Which condition has these patterns in the slots? None: none has."""
    if any(slots[name] != (ANY,) for name in form.slots[:-1] if name != REGION):
        return None
    tests = []
    for name, attribute in ((REGION, "resource.region"), (form.type, "resource.id")):
        if name in slots and slots[name] != (ANY,):
            tests.append(like(attribute, [slots[name]]))
    return None if None in tests else both(*(test for test in tests if test is not None))


def of_type(type: str) -> Condition:
    """Is the resource itself of this type?"""
    return compare("resource.type", "string-equals", [type])
