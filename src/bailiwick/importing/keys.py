"""Condition keys of other systems as attributes of a request, and one comparison with them, exactly.

Theirs has two answers, ours three; absent and unknown are both "missing" there. Implements docs/spec.md 23.3:
what a missing key comes to is written out for an allow or for a deny, and a value of the wrong type fails closed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bailiwick.importing.findings import Refusals
from bailiwick.importing.globs import ANY, ONE, Tokens, is_literal, needs_escape, text_of
from bailiwick.importing.json_text import shown
from bailiwick.model.conditions import (
    NEGATED,
    All,
    Any,
    Comparison,
    Condition,
    Not,
    Ref,
    Scalar,
    Value,
    is_number,
    parse_instant,
    parse_network,
)

TYPES = ("string", "strings", "number", "date", "bool", "network", "arn", "now")
ALWAYS = All(())
NEVER = Any(())
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?", re.ASCII)
_MOST_DIGITS = 400
_ALWAYS_KNOWN = frozenset({"now", "principal.id", "principal.kind"})


@dataclass(frozen=True, slots=True)
class Key:
    """Which attribute does a condition key stand for? `type` is one of TYPES; `now` is the server's clock.

    `prefix` is what the attribute's value begins with where theirs does not: `user:` before a user's name.
    """

    attribute: str
    type: str = "string"
    prefix: str = ""

    def known(self) -> Condition:
        """When has the attribute a value? Who asks is always known."""
        if self.attribute in _ALWAYS_KNOWN:
            return ALWAYS
        return Comparison(self.attribute, "exists", True)

    def present(self) -> Condition:
        """When is the key in the request?"""
        if not self.prefix:
            return self.known()
        return both(self.known(), Comparison(self.attribute, "string-starts-with", self.prefix))

    def missing(self) -> Condition:
        """When is it not?"""
        if self.known() == ALWAYS or self.prefix:
            return negation(self.present())
        return Comparison(self.attribute, "exists", False)


@dataclass(frozen=True, slots=True)
class Reading:
    """For what is a comparison written: an allow or a deny, and what does a missing key come to?"""

    denies: bool
    when_missing: bool


def settled(key: Key, test: Condition, reading: Reading) -> Condition:
    """Which condition answers as theirs where the key is missing, and fails closed on a wrong type?

    An unknown answer is no in an allow and yes in a deny (rule 5.2), and every condition that is built here grows
    with its parts; so only what a missing key comes to otherwise has to be said.
    """
    when_missing, on_absent = reading.when_missing, _when_absent(test)
    if key.prefix and on_absent is when_missing:
        # A value without the prefix is a missing key, and the test answers it rightly: no other value has it.
        key = replace(key, prefix="")
    if not key.prefix and (key.known() == ALWAYS or on_absent is reading.denies is when_missing):
        return test
    return either(key.missing(), test) if when_missing else both(key.present(), test)


def _when_absent(test: Condition) -> bool | None:
    """What does this come to on an absent attribute? None: not the same for its parts."""
    match test:
        case Comparison(_, operator):
            return operator in NEGATED
        case Not(item):
            inner = _when_absent(item)
            return None if inner is None else not inner
        case All(items) | Any(items):
            answers = {_when_absent(item) for item in items}
            return answers.pop() if len(answers) == 1 else None


def both(*items: Condition) -> Condition:
    """Do all of these hold? Flat, without what always holds."""
    flat = [part for item in items for part in (item.items if isinstance(item, All) else (item,))]
    if NEVER in flat:
        return NEVER
    kept = tuple(dict.fromkeys(flat))
    return kept[0] if len(kept) == 1 else All(kept)


def either(*items: Condition) -> Condition:
    """Does any of these hold? Flat, without what never holds."""
    flat = [part for item in items for part in (item.items if isinstance(item, Any) else (item,))]
    if ALWAYS in flat:
        return ALWAYS
    kept = tuple(dict.fromkeys(flat))
    return kept[0] if len(kept) == 1 else Any(kept)


def negation(item: Condition) -> Condition:
    """Does this not hold?"""
    if item in (ALWAYS, NEVER):
        return NEVER if item == ALWAYS else ALWAYS
    return item.item if isinstance(item, Not) else Not(item)


def compare(attribute: str, operator: str, values: list[Scalar] | Ref) -> Condition:
    """Which comparison is it? One value stands for a list of one."""
    value: Value = values if isinstance(values, Ref) else values[0] if len(values) == 1 else tuple(values)
    return Comparison(attribute, operator, value)


def like(attribute: str, patterns: list[Tokens]) -> Condition | None:
    """Does the text match any of these patterns? None: one holds `*` or `?` as itself among wildcards."""
    equal: list[Scalar] = []
    alike: list[Scalar] = []
    rest: list[Condition] = []
    for tokens in patterns:
        if tokens == (ANY,):
            alike.append("*")
        elif is_literal(tokens):
            equal.append(text_of(tokens))
        elif not needs_escape(tokens):
            alike.append(text_of(tokens))
        elif (end := _one_sided(attribute, tokens)) is not None:
            rest.append(end)
        else:
            return None
    if equal:
        rest.append(compare(attribute, "string-equals", equal))
    if alike:
        rest.append(compare(attribute, "string-like", alike))
    return either(*rest)


def _one_sided(attribute: str, tokens: Tokens) -> Condition | None:
    """Is it a text with `*` at one end only, where its own stars and marks are texts?"""
    if tokens[-1] is ANY and is_literal(tokens[:-1]):
        return Comparison(attribute, "string-starts-with", text_of(tokens[:-1]))
    if tokens[0] is ANY and is_literal(tokens[1:]):
        return Comparison(attribute, "string-ends-with", text_of(tokens[1:]))
    return None


def has_wildcards(tokens: Tokens) -> bool:
    """Does it hold a wildcard?"""
    return any(token in (ANY, ONE) for token in tokens)


def parse_scalar(type: str, value: object, pointer: str, refusals: Refusals) -> Scalar | None:
    """Which value of this type does their JSON value, mostly a text, stand for?"""
    found = _PARSERS[type](value)
    if found is None:
        refusals.add("value", pointer, f"expected {_EXPECTED[type]}, got {shown(value)}")
    return found


def _parse_text(value: object) -> Scalar | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int) else None


def _parse_number(value: object) -> Scalar | None:
    if isinstance(value, str):
        # SECURITY: Python reads more as a number than others do, `1_000` among it.
        if len(value) > _MOST_DIGITS or not _NUMBER.fullmatch(value):
            return None
        value = float(value) if "." in value else int(value)
    return value if isinstance(value, int | float) and is_number(value) else None


def _parse_bool(value: object) -> Scalar | None:
    return {"true": True, "false": False}.get(str(value).lower()) if isinstance(value, str | bool) else None


def _parse_date(value: object) -> Scalar | None:
    return value if isinstance(value, str) and parse_instant(value) is not None else None


def _parse_network(value: object) -> Scalar | None:
    return value if isinstance(value, str) and parse_network(value) is not None else None


_PARSERS = {
    "string": _parse_text,
    "strings": _parse_text,
    "arn": _parse_text,
    "number": _parse_number,
    "bool": _parse_bool,
    "date": _parse_date,
    "now": _parse_date,
    "network": _parse_network,
}
_EXPECTED = {
    "string": "a text",
    "strings": "a text",
    "arn": "an ARN",
    "number": "a number",
    "bool": "true or false",
    "date": "a date and time with its offset, such as 2027-01-01T00:00:00Z",
    "now": "a date and time with its offset, such as 2027-01-01T00:00:00Z",
    "network": "an address or a network without host bits",
}
