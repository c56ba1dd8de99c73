"""What a condition answers to somebody who does not look at the resource, or does not know the principal.

Implements docs/spec.md section 6 for many resources, or many principals, at once. Pure.
INVARIANT: an answer given without looking at something is the answer whatever that is; whoever looks is stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from bailiwick.engine.conditions import Test, compile_condition
from bailiwick.engine.extents import NOWHERE, Extent, Seen, exactly
from bailiwick.engine.facts import Attribute, Facts, compile_key
from bailiwick.engine.resources import Resolved
from bailiwick.model.accounts import Property
from bailiwick.model.conditions import All, Any, Comparison, Condition, Ref, Value
from bailiwick.model.requests import Request


class Looked(Exception):
    """The answer depends on what was not to be looked at."""


class _Unseen:
    """A resource at which nobody may look."""

    def __getattr__(self, name: str) -> object:
        raise Looked(name)


class _OfAnybody:
    """The facts of one question, whoever asks it: nobody may look at the principal. Fields are those of Facts."""

    def __init__(self, request: Request, resource: Resolved, account: str) -> None:
        self.resource = resource
        self.action_properties: Mapping[str, Property] = request.action_properties
        self.context: Mapping[str, Property] = request.context
        self.account = account

    def __getattr__(self, name: str) -> object:
        raise Looked(name)


class _OfAnyMember(_OfAnybody):
    """The same, of anybody who holds a policy through one subject."""

    def __init__(self, request: Request, resource: Resolved, account: str, subject: str | None) -> None:
        super().__init__(request, resource, account)
        self.subject = subject


UNSEEN = cast(Resolved, _Unseen())


def facts_of_anybody(request: Request, resource: Resolved, account: str) -> Facts:
    """What may conditions read, whoever asks and through whatever subject? Raises Looked when one reads who does."""
    return cast(Facts, _OfAnybody(request, resource, account))


def facts_of_any_member(request: Request, resource: Resolved, account: str, subject: str | None) -> Facts:
    """The same, of those to whom a policy applies through this subject (None: of a guardrail)."""
    return cast(Facts, _OfAnyMember(request, resource, account, subject))


def where_true(condition: Condition, test: Test, facts: Facts, seen: Seen) -> Extent:
    """Where is the condition true? `test` was compiled from it; the facts' resource is UNSEEN."""
    try:
        return seen.everywhere if test(facts) is True else NOWHERE
    except Looked:
        return _looking(condition, facts, seen)


def _looking(condition: Condition, facts: Facts, seen: Seen) -> Extent:
    match condition:
        case All(items):
            found = seen.everywhere
            for item in items:
                found = found.both(where_true(item, compile_condition(item), facts, seen))
            return found
        case Any(items):
            found = NOWHERE
            for item in items:
                found = found.either(where_true(item, compile_condition(item), facts, seen))
            return found
        case Comparison():
            return _comparing(condition, facts, seen)
        case _:
            return seen.somewhere


def _comparing(comparison: Comparison, facts: Facts, seen: Seen) -> Extent:
    """Where does a positive comparison of one attribute with texts hold? It is looked up; all others are tried.

    WHY: `string-equals` and `contains-any` carry every qualifier of the catalog and nearly every use of tags.
    """
    key, value = comparison.key, comparison.value
    if comparison.operator not in EITHER_WAY or (comparison.missing and not seen.is_told):
        return seen.somewhere
    is_list = comparison.operator == "contains-any"
    try:
        if key.startswith("resource."):
            if is_list is not (key == "resource.groups"):
                return seen.somewhere
            return _with_any(key, _texts_of_value(value, facts), comparison, seen)
        assert isinstance(value, Ref), "a comparison that reads no resource was answered before"
        return _with_any(value.key, _texts(compile_key(key)(facts), is_list), comparison, seen)
    except Looked:
        return seen.somewhere


EITHER_WAY = frozenset({"string-equals", "contains-any"})
Texts = tuple[str, ...] | None


def _texts_of_value(value: Value, facts: Facts) -> Texts:
    """With which texts is it compared? None: that is not known, or they are no texts (rules 6.2, 6.5)."""
    if isinstance(value, Ref):
        given: Attribute = compile_key(value.key)(facts)
        return _texts(given, isinstance(given, list | tuple))
    return _texts(value, isinstance(value, tuple))


def _texts(value: object, is_list: bool) -> Texts:
    """Which texts are these: one, or a list? None: there are none, or they are of the wrong type."""
    if is_list is not isinstance(value, list | tuple):
        return None
    texts = tuple(value) if isinstance(value, list | tuple) else (value,)
    return texts if all(isinstance(text, str) for text in texts) else None


def _with_any(key: str, texts: Texts, comparison: Comparison, seen: Seen) -> Extent:
    """Where has the resource one of these texts for this key?"""
    name = key.removeprefix("resource.")
    if texts is None:
        return seen.somewhere if comparison.missing else NOWHERE
    if name.startswith("tags."):
        return exactly(seen.with_tag(name[5:], texts))
    return exactly(seen.with_value(name, texts)) if name in LOOKED_UP else seen.somewhere


LOOKED_UP = frozenset({"region", "instance", "project", "owner", "groups", "budget"})
