"""Rights after an edit of their table: what the table says, written with as little change as possible.

What the table cannot show stays as it was, and so does every part of a plain right that still says what is wanted.
Pure; access_rights.py reads the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bailiwick.catalog.access_rights import (
    ANY,
    Held,
    Qualifiers,
    Selection,
    actions_by_type,
    full_patterns,
    given,
    is_plain,
    read_selection,
    type_of,
)
from bailiwick.model.services import Action, Right, Service


def write_rights(rights: Sequence[Right], wanted: Selection, service: Service) -> tuple[Right, ...]:
    """Which rights give what is wanted, and besides what those before gave that no table shows?

    Laws: `read_selection` of the result is what was wanted (as `select` makes it); where that is what the rights give
    already, they come back as they were.
    """
    before = read_selection(rights, service)
    if wanted.full == set(actions_by_type(service)) and before.full != wanted.full:
        return (Right(service.name, ("*",)), *(right for right in rights if not is_plain(right, service)))
    kept = [right for old in rights if (right := _kept(old, before, wanted, service)) is not None]
    for qualifier, actions in _lacking(kept, wanted, service):
        _add(kept, qualifier, actions, service)
    return tuple(kept)


def _kept(right: Right, before: Selection, wanted: Selection, service: Service) -> Right | None:
    """What of this right stays? A pattern as a whole or not at all."""
    if not is_plain(right, service):
        return right
    stays = tuple(
        pattern
        for pattern in right.actions
        if all(_is_wanted(action, under, before, wanted) for action, under in given(right, pattern, service))
    )
    return replace(right, actions=stays) if stays else None


def _is_wanted(action: Action, under: Qualifiers, before: Selection, wanted: Selection) -> bool:
    if (type_of(action) in before.full) != (type_of(action) in wanted.full):
        return False
    now = wanted.held.get(action.id)
    if now is None:
        return False
    return now == before.held.get(action.id) or (now == ANY if under == ANY else set(under) <= set(now))


def _lacking(
    kept: Sequence[Right], wanted: Selection, service: Service
) -> Iterator[tuple[str | None, list[str]]]:
    """Which actions must be added, under which qualifier (None: any)?"""
    there = read_selection(kept, service)
    anywhere = list(_lacking_types(there, wanted, service))
    limited: dict[str, list[str]] = {name: [] for name in service.qualifiers}
    for id in (id for id in service.actions if id in wanted.held):
        under, has = wanted.held[id], there.held.get(id)
        if has == ANY or type_of(service.actions[id]) in wanted.full:
            continue
        if under == ANY:
            anywhere.append(id)
        for qualifier in under:
            if qualifier not in (has or ()):
                limited[qualifier].append(id)
    yield None, anywhere
    yield from limited.items()


def _lacking_types(there: Selection, wanted: Selection, service: Service) -> Iterator[str]:
    for name in actions_by_type(service):
        if name in wanted.full and name not in there.full:
            yield from full_patterns(name, service)


def _add(kept: list[Right], qualifier: str | None, actions: list[str], service: Service) -> None:
    """Put the actions into the first plain right of this qualifier, else into a new one."""
    if not actions:
        return
    for place, right in enumerate(kept):
        if is_plain(right, service) and right.qualifier == qualifier:
            more = tuple(action for action in actions if action not in right.actions)
            kept[place] = replace(right, actions=right.actions + more)
            return
    kept.append(Right(service.name, tuple(actions), qualifier=qualifier))


@dataclass(frozen=True, slots=True)
class Changed:
    """One action of which two selections say different things; None: not given."""

    action: Action
    before: Qualifiers | None
    after: Qualifiers | None


def compare_held(before: Held, after: Held, service: Service) -> list[Changed]:
    """Of which actions do they differ, in the service's order?"""
    return [
        Changed(action, before.get(id), after.get(id))
        for id, action in service.actions.items()
        if before.get(id) != after.get(id)
    ]
