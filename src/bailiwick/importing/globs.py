"""Patterns of other systems as tokens: taken apart exactly, and written as patterns of Bailiwick.

A token is a character, ANY (`*`), ANY_WITHIN (a `*` that does not cross a colon) or ONE (`?`).
Serves docs/spec.md 23.4. Pure text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from bailiwick.model.patterns import matches


class Wild(Enum):
    """Which text does a wildcard stand for?"""

    ANY = "*"
    ANY_WITHIN = "* within a segment"
    ONE = "?"


ANY, ANY_WITHIN, ONE = Wild.ANY, Wild.ANY_WITHIN, Wild.ONE
_BRACED = re.compile(r"\{\{([*?])\}\}")
_HEAD, _TAIL = re.compile(r"[^*?]*"), re.compile(r"(?<=[*?])[^*?]*$")
Token = str | Wild
Tokens = tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """A part of a template that stands for any text without these characters. `name` tells it from others."""

    name: str
    without: str = ""


Template = tuple[str | Slot, ...]
Assignment = tuple[tuple[str, Tokens], ...]


def tokens_of(text: str) -> Tokens:
    """Which tokens is this pattern, every `*` standing for any text?"""
    return tuple(ANY if mark == "*" else ONE if mark == "?" else mark for mark in text)


def braced(text: str) -> Tokens:
    """Which tokens is a pattern in which `{{*}}` and `{{?}}` stand for themselves?"""
    out: list[Token] = []
    for index, part in enumerate(_BRACED.split(text)):
        out.extend(tokens_of(part) if index % 2 == 0 else part)
    return tuple(out)


def segmented(tokens: Tokens) -> Tokens:
    """Which tokens is an ARN pattern? A `*` crosses colons only at the end of a segment.

    Source: AWS, IAM User Guide, Resource element, "Using wildcards in resource ARNs".
    """
    ends = (*tokens[1:], ":")
    return tuple(
        ANY_WITHIN if token is ANY and after != ":" else token
        for token, after in zip(tokens, ends, strict=True)
    )


def is_literal(tokens: Tokens) -> bool:
    """Does it stand for itself only?"""
    return all(isinstance(token, str) for token in tokens)


def text_of(tokens: Tokens) -> str:
    """Which pattern of Bailiwick is it? `needs_escape` says where it is none."""
    return "".join(token if isinstance(token, str) else "?" if token is ONE else "*" for token in tokens)


def needs_escape(tokens: Tokens) -> bool:
    """Does it hold `*` or `?` as themselves, which patterns of Bailiwick cannot say?"""
    return "*" in tokens or "?" in tokens


def fill(tokens: Tokens, template: Template) -> list[Assignment]:
    """For which texts of its slots does the template match the pattern? A union of patterns a slot, exact.

    A text `xy` matches a pattern when the pattern can be cut, possibly inside a `*`, so that `x` matches what is
    before and `y` what is behind; trying every cut loses nothing and adds nothing.
    """
    return _without_contained(dict.fromkeys(_fill(_collapsed(tokens), template)))


def _collapsed(tokens: Tokens) -> Tokens:
    """The same pattern without one `*` beside another: two cross a colon when either does."""
    out: list[Token] = []
    for token in tokens:
        if out and token in (ANY, ANY_WITHIN) and out[-1] in (ANY, ANY_WITHIN):
            out[-1] = ANY if ANY in (token, out[-1]) else ANY_WITHIN
        else:
            out.append(token)
    return tuple(out)


def _fill(tokens: Tokens, template: Template) -> Iterator[Assignment]:
    if not template:
        if all(token in (ANY, ANY_WITHIN) for token in tokens):
            yield ()
        return
    part, rest = template[0], template[1:]
    if isinstance(part, str):
        for left in _after(tokens, part):
            yield from _fill(left, rest)
        return
    if not rest:
        if not _is_impossible(tokens, part):
            yield ((part.name, _shortened(tokens)),)
        return
    for before, behind in _cuts(tokens):
        if not _is_impossible(before, part):
            for found in _fill(behind, rest):
                yield ((part.name, _shortened(before)), *found)


def _after(tokens: Tokens, literal: str) -> list[Tokens]:
    """What may still follow once this text was matched?"""
    states = {tokens}
    for mark in literal:
        states = {left for state in states for left in _step(state, mark)}
    return list(states)


def _step(tokens: Tokens, mark: str) -> Iterator[Tokens]:
    for index, token in enumerate(tokens):
        if token is ANY or (token is ANY_WITHIN and mark != ":"):
            yield tokens[index:]
        elif token is not ANY_WITHIN:
            if token == mark or (token is ONE and mark != ":"):
                yield tokens[index + 1 :]
            return


def _cuts(tokens: Tokens) -> Iterator[tuple[Tokens, Tokens]]:
    for index in range(len(tokens) + 1):
        yield tokens[:index], tokens[index:]
        if index < len(tokens) and tokens[index] in (ANY, ANY_WITHIN):
            yield tokens[: index + 1], tokens[index:]


def _is_impossible(tokens: Tokens, slot: Slot) -> bool:
    """Can no text of the slot match? A slot is never empty."""
    return not tokens or any(isinstance(token, str) and token in slot.without for token in tokens)


def _shortened(tokens: Tokens) -> Tokens:
    """The same pattern with no `*` beside another."""
    out: list[Token] = []
    for token in tokens:
        plain = ANY if token is ANY_WITHIN else token
        if not (plain is ANY and out and out[-1] is ANY):
            out.append(plain)
    return tuple(out)


def _without_contained(found: Iterable[Assignment]) -> list[Assignment]:
    """Without those that another one says already."""
    kept: list[Assignment] = []
    for one in sorted(found, key=_widest_first):
        if not any(_contains(other, one) for other in kept):
            kept.append(one)
    return kept


def _widest_first(one: Assignment) -> tuple[int, list[str]]:
    """In which order? INVARIANT: always the same, for names of policies follow from it."""
    stars = sum(token is ANY for _, tokens in one for token in tokens)
    return -stars, [text_of(tokens) for _, tokens in one]


def _contains(outer: Assignment, inner: Assignment) -> bool:
    return all(
        o == i or (not needs_escape(o) and not needs_escape(i) and _covers(o, i))
        for (_, o), (_, i) in zip(outer, inner, strict=True)
    )


def _covers(outer: Tokens, inner: Tokens) -> bool:
    if outer == (ANY,):
        return True
    return is_literal(inner) and matches(text_of(outer), text_of(inner))


def matches_ignoring_case(pattern: str, text: str) -> bool:
    """Does the text match, whatever the case of both? Ids are ASCII, and nothing else is like them."""
    return pattern.isascii() and matches(pattern.lower(), text.lower())


def recased(pattern: str, matched: Sequence[str], known: Iterable[str]) -> str | None:
    """Which is the same pattern, in the case of the ids that it matches? None: no one case fits them all.

    Only the case may change: a wildcard stands for ids that come later too.
    """
    head, tail = _HEAD.match(pattern), _TAIL.search(pattern)
    if head is None or tail is None:
        return None
    heads = {one[: len(head[0])] for one in matched}
    tails = {one[len(one) - len(tail[0]) :] for one in matched}
    if len(heads) != 1 or len(tails) != 1:
        return None
    candidate = heads.pop() + pattern[len(head[0]) : len(pattern) - len(tail[0])] + tails.pop()
    return candidate if {one for one in known if matches(candidate, one)} == set(matched) else None
