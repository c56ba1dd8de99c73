"""Condition blocks of the shape `{operator: {key: values}}`, as AWS and Huawei write them, as one condition.

Operators and keys are all to hold, values of one key are alternatives (of a negated operator: none may hold).
Implements docs/spec.md 23.3. Which operators and keys a format has, its own module says.
Source: AWS, IAM User Guide, Condition operators; Huawei Cloud, IAM User Guide, Policy Syntax.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any as Anything

from bailiwick.errors import did_you_mean
from bailiwick.importing.findings import Refusals, step
from bailiwick.importing.globs import Tokens, tokens_of
from bailiwick.importing.json_text import as_object
from bailiwick.importing.keys import (
    ALWAYS,
    Key,
    Reading,
    both,
    compare,
    either,
    has_wildcards,
    like,
    negation,
    parse_scalar,
    settled,
)
from bailiwick.importing.windows import Clock, narrow
from bailiwick.model.conditions import Comparison, Condition, Ref, Scalar, parse_instant

MAX_VALUES = 64
_NEGATIONS = {
    "string-equals": "string-not-equals",
    "string-like": "string-not-like",
    "number-equals": "number-not-equals",
    "date-equals": "date-not-equals",
    "ip-in": "ip-not-in",
}


@dataclass(frozen=True, slots=True)
class Operator:
    """What does one of their operators ask? `kind` is the type of its values; `ours` the operator, positive."""

    kind: str
    ours: str
    negated: bool = False
    patterns: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """Which condition key stands in place of the whole value?"""

    key: str


@dataclass(frozen=True, slots=True)
class Grammar:
    """Which operators, keys and values does a format have? `read_text` gives tokens, or the key of a variable.

    `null` is the operator that asks whether a key is there; `negated_known`: whether it is written what a negated
    operator comes to when its key is missing.
    """

    operators: Mapping[str, Operator]
    keys: Mapping[str, Key]
    read_text: Callable[[str], Tokens | Variable | None]
    null: str = "Null"
    negated_known: bool = True
    set_words: tuple[str, ...] = ()


@dataclass(slots=True)
class Block:
    """One condition block while it is read: for which effect, and what was found of the clock?"""

    grammar: Grammar
    denies: bool
    refusals: Refusals
    narrow_edges: bool = False
    clock: Clock = field(default_factory=Clock)

    def refuse(self, code: str, pointer: str, message: str, help: str | None = None) -> None:
        """How is one refusal noted? Nothing is a condition in its place."""
        self.refusals.add(code, pointer, message, help)


@dataclass(frozen=True, slots=True)
class _Word:
    """Their word for an operator, taken apart."""

    operator: Operator
    name: str
    if_exists: bool
    quantifier: str


def read_block(block: Block, data: object, pointer: str) -> Condition:
    """Which condition is the block? What it says of the clock goes to the block's clock."""
    parts: list[Condition] = []
    for word, keys in as_object(data, pointer, block.refusals).items():
        place = step(pointer, word)
        seen: set[str] = set()
        for name, values in as_object(keys, place, block.refusals).items():
            if name.lower() in seen:
                message = f"condition key `{name}` stands twice, in another case"
                block.refuse("malformed", step(place, name), message, "write all its values in one list")
            seen.add(name.lower())
            parts.append(_read_one(block, (word, name), values, step(place, name)))
    return both(*parts) if parts else ALWAYS


def _read_one(block: Block, words: tuple[str, str], values: object, pointer: str) -> Condition:
    word, name = words
    key = _find_key(block, name, pointer)
    listed = values if isinstance(values, list) else [values]
    if not listed:
        block.refuse("malformed", pointer, "expected at least one value, got nothing")
        return ALWAYS
    if key is not None and word == block.grammar.null:
        return _null(block, key, listed, pointer)
    parsed = _parse_word(block, word, pointer)
    if key is None or parsed is None:
        return ALWAYS
    if not _fits(parsed, key):
        help = f"the key is mapped to a {key.type}"
        block.refuse("type_mismatch", pointer, f"`{word}` cannot be asked of `{name}`", help)
        return ALWAYS
    if key.type == "now":
        return narrow(block.clock, parsed.name, _scalars(block, "now", listed, pointer), pointer, block)
    test = _test(block, parsed, key, (listed, pointer))
    return ALWAYS if test is None else test


def _find_key(block: Block, name: str, pointer: str) -> Key | None:
    """Which attribute is the key? Names of keys are compared without regard to case, as theirs are."""
    found = {known.lower(): key for known, key in block.grammar.keys.items()}.get(name.lower())
    if found is None:
        help = did_you_mean(name, block.grammar.keys) or "map it under `keys`"
        block.refuse("key_unmapped", pointer, f"condition key `{name}` is mapped to no attribute", help)
    return found


def _parse_word(block: Block, word: str, pointer: str) -> _Word | None:
    quantifier, colon, rest = word.partition(":")
    if colon and quantifier in block.grammar.set_words:
        name = rest
    else:
        quantifier, name = "", word
    if_exists = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    operator = block.grammar.operators.get(name)
    if operator is None:
        help = did_you_mean(word, block.grammar.operators)
        block.refuse("element_unknown", pointer, f"unknown operator `{word}`", help)
        return None
    if operator.kind == "binary":
        block.refuse("binary", pointer, f"`{word}` compares bytes, which no attribute holds")
        return None
    if if_exists and quantifier == "ForAnyValue":
        help = "what it comes to without a value is nowhere written: leave `IfExists` out"
        block.refuse("set_operator", pointer, f"`{word}` cannot be expressed", help)
        return None
    if operator.negated and not (block.grammar.negated_known or if_exists):
        help = "nowhere is written what it comes to when the key is missing: write it with `IfExists`"
        block.refuse("set_operator", pointer, f"`{word}` cannot be expressed", help)
        return None
    return _Word(operator, name, if_exists, quantifier)


def _fits(word: _Word, key: Key) -> bool:
    kind = word.operator.kind
    if key.type == "strings":
        return kind == "string"
    if key.type == "now":
        return kind == "date"
    return (
        kind == key.type or (kind == "arn" and key.type == "string") or (kind, key.type) == ("string", "arn")
    )


def _null(block: Block, key: Key, values: list[Anything], pointer: str) -> Condition:
    """Is the key missing (true) or there (false)? Several values are alternatives."""
    answers = [parse_scalar("bool", value, pointer, block.refusals) for value in values]
    if key.type == "strings" and None not in answers:
        # WHY: an empty list is missing there and known here.
        block.refuse("set_operator", pointer, "whether a list is there cannot be asked exactly")
        return ALWAYS
    return either(*(key.missing() if answer else key.present() for answer in answers))


def _test(block: Block, word: _Word, key: Key, given: tuple[list[Anything], str]) -> Condition | None:
    """Which condition is one operator on one key? None: refused."""
    listed, pointer = given
    if key.type == "strings":
        return _set_test(block, word, key, given)
    reading = Reading(block.denies, _when_missing(word))
    if word.operator.kind in ("string", "arn"):
        texts = [_read_text(block, value, pointer) for value in listed]
        variables = [one for one in texts if isinstance(one, Variable)]
        if variables:
            return _variable_test(block, word, key, (texts, pointer))
        test = _text_test(block, word, key, ([one for one in texts if isinstance(one, tuple)], pointer))
    else:
        test = _scalar_test(block, word, key, given)
    return None if test is None else settled(key, test, reading)


def _when_missing(word: _Word) -> bool:
    """What does the operator come to when its key is missing?"""
    if word.quantifier:
        return word.quantifier == "ForAllValues"
    return word.operator.negated or word.if_exists


def _read_text(block: Block, value: object, pointer: str) -> Tokens | Variable | None:
    text = parse_scalar("string", value, pointer, block.refusals)
    if not isinstance(text, str):
        return None
    found = block.grammar.read_text(text)
    if found is None:
        help = "a variable may only be the whole value"
        block.refuse("variable", pointer, f"`{text}` holds a policy variable among text", help)
    return found


def _text_test(block: Block, word: _Word, key: Key, given: tuple[list[Tokens], str]) -> Condition | None:
    """Which comparison of texts is it?"""
    texts, pointer = given
    operator = word.operator
    if not texts:
        return None
    if operator.patterns:
        if operator.kind == "arn" and not all(_is_arn(tokens) for tokens in texts):
            help = "wildcards may stand in the last segment only"
            block.refuse("arn_wildcard", pointer, f"`{word.name}` with such an ARN cannot be expressed", help)
            return None
        test = like(key.attribute, [(*tokens_of(key.prefix), *tokens) for tokens in texts])
        if test is None:
            block.refuse(
                "literal_wildcard", pointer, "a pattern with `*` or `?` as itself cannot be expressed"
            )
            return None
    else:
        if operator.ours == "string-ends-with" and key.prefix:
            block.refuse(
                "type_mismatch", pointer, f"`{word.name}` cannot be asked of a name that has a prefix here"
            )
            return None
        plain = [key.prefix + _plain(tokens) for tokens in texts]
        if operator.ours == "string-equals-ignore-case" and not all(one.isascii() for one in plain):
            block.refuse("value", pointer, "case of letters beyond ASCII is told apart in other ways here")
            return None
        test = compare(key.attribute, operator.ours, list(plain))
    return _negated(test) if operator.negated else test


def _negated(test: Condition) -> Condition:
    """The negated operator where there is one, else `not`."""
    if isinstance(test, Comparison) and test.operator in _NEGATIONS:
        return replace(test, operator=_NEGATIONS[test.operator])
    return negation(test)


def _plain(tokens: Tokens) -> str:
    """Which text is it where wildcards are ordinary characters?"""
    return "".join(token if isinstance(token, str) else token.value for token in tokens)


def _is_arn(tokens: Tokens) -> bool:
    """Are its first five segments texts? Then a `*` behind them may stand for colons too, as theirs does."""
    wild = next((index for index, mark in enumerate(tokens) if has_wildcards((mark,))), len(tokens))
    return tokens[:wild].count(":") >= 5


def _variable_test(
    block: Block, word: _Word, key: Key, given: tuple[list[Anything], str]
) -> Condition | None:
    """Which comparison with another key's value is it? In an allow, and only as the whole value.

    WHY not in a deny: what a statement comes to whose variable has no value is not written.
    """
    texts, pointer = given
    operator = word.operator
    name = next(one.key for one in texts if isinstance(one, Variable))
    other = {known.lower(): one for known, one in block.grammar.keys.items()}.get(name.lower())
    if block.denies or word.quantifier or word.if_exists or operator.negated or len(texts) > 1:
        help = "it can only be the one value of a positive operator of an allow"
        block.refuse("variable", pointer, f"policy variable `{name}` cannot stand here", help)
    elif other is None:
        block.refuse("key_unmapped", pointer, f"policy variable `{name}` is mapped to no attribute")
    elif (
        other.type != "string" or key.type != "string" or other.prefix != key.prefix or operator.kind == "arn"
    ):
        help = "both must be mapped to texts of the same form"
        block.refuse("variable", pointer, f"policy variable `{name}` is not of the key's form", help)
    else:
        ours = "string-equals" if operator.patterns else operator.ours
        test = compare(key.attribute, ours, Ref(other.attribute))
        return both(other.present(), test) if other.prefix else test
    return None


def _scalar_test(block: Block, word: _Word, key: Key, given: tuple[list[Anything], str]) -> Condition | None:
    """Which comparison of numbers, dates, truths or addresses is it?"""
    listed, pointer = given
    operator = word.operator
    values = _scalars(block, key.type, listed, pointer)
    if not values:
        return None
    if operator.ours == "bool-equals":
        tests = [compare(key.attribute, operator.ours, [value]) for value in dict.fromkeys(values)]
        return either(*tests)
    if operator.ours.endswith(("less-than", "less-than-or-equals", "greater-than", "greater-than-or-equals")):
        values = [_widest(operator.ours, key.type, values)]
    test = compare(key.attribute, operator.ours, values)
    return _negated(test) if operator.negated else test


def _scalars(block: Block, type: str, listed: list[Anything], pointer: str) -> list[Scalar]:
    if len(listed) > MAX_VALUES:
        block.refuse("too_large", pointer, f"{len(listed)} values, expected at most {MAX_VALUES}")
        return []
    found = [parse_scalar(type, value, pointer, block.refusals) for value in listed]
    return [] if None in found else [value for value in found if value is not None]


def _widest(operator: str, type: str, values: list[Scalar]) -> Scalar:
    """Which one of several limits, of which any may hold, holds whenever one does?"""

    def order(value: Scalar) -> Anything:
        return parse_instant(value) if type == "date" else value

    return max(values, key=order) if "-less-" in operator else min(values, key=order)


def _set_test(block: Block, word: _Word, key: Key, given: tuple[list[Anything], str]) -> Condition | None:
    """Which comparison with a list of texts is it? Some of any, or none of all."""
    listed, pointer = given
    operator = word.operator
    texts = [_read_text(block, value, pointer) for value in listed]
    tokens = [one for one in texts if isinstance(one, tuple)]
    is_plain = operator.ours == "string-equals" and not any(
        operator.patterns and has_wildcards(one) for one in tokens
    )
    some = word.quantifier == "ForAnyValue" and not operator.negated
    none = word.quantifier == "ForAllValues" and operator.negated
    if None in texts:
        return None
    if not is_plain or not (some or none) or len(tokens) < len(texts):
        help = "of lists only `ForAnyValue:StringEquals` and `ForAllValues:StringNotEquals` can be expressed"
        block.refuse("set_operator", pointer, f"`{_word_of(word)}` cannot be asked of a list exactly", help)
        return None
    test = compare(key.attribute, "contains-any", [_plain(one) for one in tokens])
    reading = Reading(block.denies, when_missing=none)
    return settled(key, negation(test) if none else test, reading)


def _word_of(word: _Word) -> str:
    return f"{word.quantifier}:{word.name}" if word.quantifier else word.name
