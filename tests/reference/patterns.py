"""Patterns the slow way, and what two patterns have in common (docs/spec.md 4.1, 8.5, 8.6)."""

from __future__ import annotations


def fits(pattern: str, text: str) -> bool:
    """Does the whole text match, `*` being any text and `?` any one character (4.1)?"""
    if not pattern:
        return not text
    first, rest = pattern[0], pattern[1:]
    if first == "*":
        return any(fits(rest, text[cut:]) for cut in range(len(text) + 1))
    return bool(text) and first in ("?", text[0]) and fits(rest, text[1:])


def has_wildcard(text: str) -> bool:
    """Does it hold `*` or `?`?"""
    return "*" in text or "?" in text


def covers(outer: str, inner: str) -> bool:
    """Does `outer` contain `inner`, as far as 8.5 looks: a value, `*`, `prefix*`, else equality?"""
    if not has_wildcard(inner):
        return fits(outer, inner)
    if outer in ("*", inner):
        return True
    prefix = outer[:-1]
    return outer.endswith("*") and not has_wildcard(prefix) and _before_wildcard(inner).startswith(prefix)


def can_overlap(one: str, other: str) -> bool:
    """Could one text match both (8.6)? Yes wherever it is not plain that none can."""
    if not has_wildcard(one):
        return fits(other, one)
    if not has_wildcard(other):
        return fits(one, other)
    head, tail = _before_wildcard(one), _before_wildcard(other)
    return head.startswith(tail) or tail.startswith(head)


def _before_wildcard(pattern: str) -> str:
    text = ""
    for mark in pattern:
        if mark in "*?":
            break
        text += mark
    return text
