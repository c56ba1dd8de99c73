"""Names and patterns of actions of another system as ids and patterns of one service of the catalog.

A pattern stays one wherever the ids are theirs, so that it holds for actions that come later too.
Implements docs/spec.md 23.2 and 23.7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bailiwick.importing.globs import matches_ignoring_case, recased
from bailiwick.model.patterns import is_pattern
from bailiwick.model.services import Action, Service


@dataclass(frozen=True, slots=True)
class Naming:
    """How are the actions of a service called there? `ids`: their name to ours; `same`: they are one."""

    service: Service
    ids: Mapping[str, tuple[str, ...]]
    same: bool


@dataclass(frozen=True, slots=True)
class Named:
    """Which actions does a statement name? `patterns` for the role, `actions` as of now.

    `listed`: their wildcard became a list, which will not hold actions that come later.
    """

    patterns: tuple[str, ...]
    actions: tuple[Action, ...]
    listed: bool = False


def naming_of(service: Service, prefix: str, mapped: Mapping[str, tuple[str, ...]] | None) -> Naming:
    """How are its actions called there? Without a mapping its ids that begin with the prefix are theirs."""
    if mapped is None:
        ids = {id: (id,) for id in service.actions if id.startswith(f"{prefix}:")}
        return Naming(service, ids, same=True)
    return Naming(service, {f"{prefix}:{name}": ours for name, ours in mapped.items()}, same=False)


def name_actions(naming: Naming, pattern: str) -> Named | None:
    """Which actions does this name or pattern name? None: none. Case does not matter to them."""
    matched = [name for name in naming.ids if matches_ignoring_case(pattern, name)]
    if not matched:
        return None
    ours = tuple(dict.fromkeys(id for name in matched for id in naming.ids[name]))
    actions = tuple(naming.service.actions[id] for id in ours)
    if not is_pattern(pattern):
        return Named(ours, actions)
    if naming.same:
        again = recased(pattern, matched, naming.service.actions)
        return Named((again,), actions) if again else Named(ours, actions, listed=True)
    if pattern.endswith(":*") and len(ours) == len(naming.service.actions):
        return Named(("*",), actions)
    return Named(ours, actions, listed=True)


def complement(naming: Naming, patterns: Iterable[str]) -> Named | None:
    """Which actions of the service does none of these patterns name? None: each is named."""
    listed = list(patterns)
    named = {name for name in naming.ids if any(matches_ignoring_case(one, name) for one in listed)}
    ours = tuple(dict.fromkeys(id for name, ids in naming.ids.items() if name not in named for id in ids))
    if not ours:
        return None
    actions = tuple(naming.service.actions[id] for id in ours)
    if not named and len(ours) == len(naming.service.actions):
        return Named(("*",), actions)
    return Named(ours, actions, listed=True)


def join(found: Iterable[Named]) -> Named:
    """Which actions do all of these name together?"""
    patterns: dict[str, None] = {}
    actions: dict[str, Action] = {}
    listed = False
    for one in found:
        patterns.update(dict.fromkeys(one.patterns))
        actions.update((action.id, action) for action in one.actions)
        listed = listed or one.listed
    return Named(tuple(patterns), tuple(actions.values()), listed)
