"""A right in words, for tables that cannot show it whole. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bailiwick.model.services import Right


def marks_of(right: Right) -> tuple[str, ...]:
    """What limits this right besides a qualifier, in a word or two each?"""
    return tuple(_marks(right))


def _marks(right: Right) -> Iterator[str]:
    if right.effect == "deny":
        yield "denied"
    if right.level is not None:
        yield "whole account only"
    if right.roles is not None:
        yield "some roles only"
    if right.when is not None:
        yield "under a condition"


def describe_right(right: Right, service: str) -> str:
    """What does the right say, in a sentence? `service` is its role's."""
    verb = "Denies" if right.effect == "deny" else "Allows"
    where = f" of service {right.service}" if right.service != service else ""
    roles = (
        ""
        if right.roles is None
        else f" for {'role' if len(right.roles) == 1 else 'roles'} {_listed(right.roles)}"
    )
    qualifier = "" if right.qualifier is None else f", on what is {right.qualifier}"
    level = "" if right.level is None else ", only by a policy over the whole account"
    when = "" if right.when is None else ", under a condition"
    return f"{verb} {_listed(right.actions)}{where}{roles}{qualifier}{level}{when}"


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(words)
