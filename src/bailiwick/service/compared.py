"""Windows and policies compared: does the one hold whenever the other does, allow no more, deny no less? Pure.

Serves docs/spec.md rules 9.2 and 9.3.
"""

from __future__ import annotations

from bailiwick.model.policies import Policy, Window


def covers(outer: Window, inner: Window) -> bool:
    """Does the outer window hold whenever the inner does?"""
    starts = outer.starts_at is None or (inner.starts_at is not None and outer.starts_at <= inner.starts_at)
    ends = outer.expires_at is None or (inner.expires_at is not None and inner.expires_at <= outer.expires_at)
    return starts and ends


def is_narrowed(old: Policy | None, new: Policy) -> bool:
    """Does the new policy allow nothing that the old did not?"""
    return (
        old is not None
        and old.enabled
        and old.effect == new.effect
        and old.scope == new.scope
        and old.when == new.when
        and set(new.roles) <= set(old.roles)
        and set(new.subjects) <= set(old.subjects)
        and covers(old.window, new.window)
    )


def is_widened(old: Policy, new: Policy | None) -> bool:
    """Does the new policy deny everything that the old did?"""
    return (
        new is not None
        and new.enabled
        and old.effect == new.effect
        and old.scope == new.scope
        and old.when == new.when
        and set(old.roles) <= set(new.roles)
        and set(old.subjects) <= set(new.subjects)
        and covers(new.window, old.window)
    )
