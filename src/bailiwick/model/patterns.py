"""Patterns: `*` stands for any text, `?` for any one character; everything else for itself.

Implements docs/spec.md section 4. Matching takes at most len(pattern) × len(text) steps.
"""

from __future__ import annotations


def is_pattern(text: str) -> bool:
    """Does this text hold a wildcard?"""
    return "*" in text or "?" in text


def prefix_of(pattern: str) -> str | None:
    """If this is `prefix*` with no other wildcard, what is the prefix? Else None."""
    head = pattern[:-1]
    return head if pattern.endswith("*") and not is_pattern(head) else None


def matches(pattern: str, text: str) -> bool:
    """Does the whole text match the pattern, case and all?"""
    at = star = resume = 0
    seen_star = False
    here = 0
    while here < len(text):
        if at < len(pattern) and pattern[at] == "*":
            seen_star, star, resume = True, at, here
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[here]):
            at += 1
            here += 1
        elif seen_star:
            resume += 1
            at, here = star + 1, resume
        else:
            return False
    return all(mark == "*" for mark in pattern[at:])


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
