"""Patterns: `*` stands for any text, `?` for any one character; everything else for itself.

Implements docs/spec.md section 4. What an adversary writes must not take long: a pattern is split at its stars, and
each part is looked for once, from where the one before it ended. Parts without `?` are found by the interpreter
itself; parts with it at the places of their rarest letter, or, where that is everywhere, with one bit for each place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

MOST_CANDIDATES = 512
_FEW_STEPS = 4096


def is_pattern(text: str) -> bool:
    """Does this text hold a wildcard?"""
    return "*" in text or "?" in text


def prefix_of(pattern: str) -> str | None:
    """If this is `prefix*` with no other wildcard, what is the prefix? Else None."""
    head = pattern[:-1]
    return head if pattern.endswith("*") and not is_pattern(head) else None


@dataclass(frozen=True, slots=True)
class _Part:
    """What stands between two stars. `form` is None where the text holds no `?`."""

    text: str
    form: re.Pattern[str] | None
    letters: tuple[tuple[str, int], ...]

    def is_at(self, text: str, at: int) -> bool:
        """Is it at this place of the text?"""
        if self.form is None:
            return text.startswith(self.text, at)
        return self.form.match(text, at) is not None

    def find(self, text: str, start: int, end: int) -> int:
        """Where is it first, wholly between these places? -1: nowhere."""
        if self.form is None:
            return text.find(self.text, start, end)
        near = min(end, start + len(self.text) + _FEW_STEPS // len(self.text))
        found = self.form.search(text, start, near)
        if found is not None or near == end:
            return -1 if found is None else found.start()
        if not self.letters:
            return start if start + len(self.text) <= end else -1
        rarest, offset = min(self.letters, key=lambda letter: text.count(letter[0], start, end))
        if text.count(rarest, start, end) <= MOST_CANDIDATES:
            return self._find_by(rarest, offset, text, start, end)
        return self._find_by_bits(text, start, end)

    def _find_by(self, letter: str, offset: int, text: str, start: int, end: int) -> int:
        assert self.form is not None
        at = text.find(letter, start + offset, end)
        while at >= 0:
            if self.form.match(text, at - offset, end) is not None:
                return at - offset
            at = text.find(letter, at + 1, end)
        return -1

    def _find_by_bits(self, text: str, start: int, end: int) -> int:
        places = (1 << max(0, end - len(self.text) + 1)) - 1
        places = places >> start << start
        for offset, letter in enumerate(self.text):
            if letter != "?":
                places &= _places_of(letter, text) >> offset
                if not places:
                    return -1
        return (places & -places).bit_length() - 1


def matches(pattern: str, text: str) -> bool:
    """Does the whole text match the pattern, case and all?"""
    if not is_pattern(pattern):
        return pattern == text
    first, *inner = _split(pattern)
    if not inner:
        return len(text) == len(pattern) and first.is_at(text, 0)
    last = inner.pop()
    at, end = len(first.text), len(text) - len(last.text)
    if at > end or not first.is_at(text, 0) or not last.is_at(text, end):
        return False
    for part in inner:
        found = part.find(text, at, end)
        if found < 0:
            return False
        at = found + len(part.text)
    return True


@lru_cache(maxsize=4096)
def _split(pattern: str) -> tuple[_Part, ...]:
    """Which parts stand between its stars?"""
    first, *rest = pattern.split("*")
    if not rest:
        return (_part(first),)
    return (_part(first), *(_part(text) for text in rest[:-1] if text), _part(rest[-1]))


def _part(text: str) -> _Part:
    if "?" not in text:
        return _Part(text, None, ())
    form = "".join("." if mark == "?" else re.escape(mark) for mark in text)
    letters = {mark: offset for offset, mark in enumerate(text) if mark != "?"}
    return _Part(text, re.compile(form, re.DOTALL), tuple(letters.items()))


@lru_cache(maxsize=64)
def _places_of(letter: str, text: str) -> int:
    """Where is the letter? Bit i stands for the text's place i. Linear: the base is a power of two."""
    return int("".join(["1" if mark == letter else "0" for mark in reversed(text)]), 2)


def contains(outer: str, inner: str) -> bool:
    """Does every text that matches `inner` surely match `outer`? May say no too often, never yes wrongly.

    Source: docs/spec.md rule on containment; exact where `inner` holds no wildcard or `outer` is `prefix*`.
    """
    if not is_pattern(inner):
        return matches(outer, inner)
    if outer in ("*", inner):
        return True
    prefix = prefix_of(outer)
    if prefix is None:
        return False
    literal = inner[: min(i for i in (inner.find("*"), inner.find("?")) if i >= 0)]
    return literal.startswith(prefix)


def overlaps(one: str, other: str) -> bool:
    """Could any text match both? May say yes too often, never no wrongly."""
    if not is_pattern(one):
        return matches(other, one)
    if not is_pattern(other):
        return matches(one, other)
    first, second = _literal_head(one), _literal_head(other)
    return first.startswith(second) or second.startswith(first)


def _literal_head(pattern: str) -> str:
    for index, mark in enumerate(pattern):
        if mark in "*?":
            return pattern[:index]
    return pattern
