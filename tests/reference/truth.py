"""Kleene's three values: True, False, and None for unknown (docs/spec.md section 5)."""

from __future__ import annotations

from collections.abc import Iterable

Truth = bool | None
UNKNOWN_TRUTH: Truth = None


def all_of(items: Iterable[Truth]) -> Truth:
    """Are all true? False if any is false, else unknown if any is (5.1)."""
    seen = list(items)
    if False in seen:
        return False
    return UNKNOWN_TRUTH if None in seen else True


def any_of(items: Iterable[Truth]) -> Truth:
    """Is any true? True if any is, else unknown if any is (5.1)."""
    seen = list(items)
    if True in seen:
        return True
    return UNKNOWN_TRUTH if None in seen else False


def negation(item: Truth) -> Truth:
    """Is it false? Unknown stays unknown (5.1)."""
    return None if item is None else not item
