"""Access rights as a table: which actions a role's rights give, each under which qualifiers; and what it cannot say.

A *plain* right allows actions, under a qualifier at most. Conditions, denies, levels, rights on roles and rights on
another service are not plain: the table only points at them. Pure. Shows docs/spec.md 3.5, 3.12 and 3.13; it must not
decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bailiwick.catalog.rights import attributes_of, matching_actions
from bailiwick.model.patterns import is_pattern
from bailiwick.model.services import Action, Right, Service

Qualifiers = tuple[str, ...]
Held = Mapping[str, Qualifiers]
ANY: Qualifiers = ()
SERVICE_ITSELF = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """What plain rights give: actions by id, each under any of its qualifiers (none: on every resource).

    `full`: the resource types of which every action is given, those that come later too.
    """

    held: Held
    full: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Row:
    """One action of a table. `qualifiers` None: no plain right gives it. `others`: the rights besides that name it."""

    action: Action
    qualifiers: Qualifiers | None
    others: tuple[Right, ...] = ()


@dataclass(frozen=True, slots=True)
class TypeRows:
    """One resource type of a table ("": the service itself), its access in a word (no, full, custom), its actions."""

    name: str
    title: str
    access: str
    rows: tuple[Row, ...]


def type_of(action: Action) -> str:
    """Under which resource type does the table show the action? "": the service itself."""
    return action.resource_type or SERVICE_ITSELF


def actions_by_type(service: Service) -> dict[str, list[Action]]:
    """Which actions has each resource type, in the service's order? Those of the service itself come last."""
    found: dict[str, list[Action]] = {name: [] for name in (*service.resource_types, SERVICE_ITSELF)}
    for action in service.actions.values():
        found.setdefault(type_of(action), []).append(action)
    return {name: actions for name, actions in found.items() if actions}


def qualifiers_for(action: Action, service: Service) -> Qualifiers:
    """Which qualifiers can limit this action? None where it ignores them, or never sees what they need."""
    if action.ignores_qualifiers:
        return ()
    seen = attributes_of(action, service)
    return tuple(name for name, qualifier in service.qualifiers.items() if qualifier.needs <= seen)


def is_plain(right: Right, service: Service) -> bool:
    """Can the table show this right whole?"""
    return (
        right.service == service.name
        and right.effect == "allow"
        and right.when is None
        and right.level is None
        and right.roles is None
    )


def given(right: Right, pattern: str, service: Service) -> Iterator[tuple[Action, Qualifiers]]:
    """What does this pattern of a plain right give, and under which qualifier?"""
    for action in matching_actions(Right(service.name, (pattern,)), service):
        if right.qualifier is None or action.ignores_qualifiers:
            yield action, ANY
        elif right.qualifier in qualifiers_for(action, service):
            yield action, (right.qualifier,)


def read_selection(rights: Iterable[Right], service: Service) -> Selection:
    """What do the plain ones of these rights give together?"""
    held: dict[str, Qualifiers] = {}
    by_pattern: set[str] = set()
    for right in rights:
        if not is_plain(right, service):
            continue
        for pattern in right.actions:
            for action, under in given(right, pattern, service):
                held[action.id] = _added(held.get(action.id), under, service)
                if under == ANY and is_pattern(pattern):
                    by_pattern.add(action.id)
    return Selection(held, frozenset(_full_types(held, by_pattern, service)))


def _added(known: Qualifiers | None, more: Qualifiers, service: Service) -> Qualifiers:
    if known is None:
        return more
    if ANY in (known, more):
        return ANY
    return tuple(name for name in service.qualifiers if name in known or name in more)


def _full_types(held: Held, by_pattern: set[str], service: Service) -> Iterator[str]:
    for name, actions in actions_by_type(service).items():
        has_pattern = is_pattern(full_patterns(name, service)[0])
        if all(
            held.get(action.id) == ANY and (action.id in by_pattern or not has_pattern) for action in actions
        ):
            yield name


def full_patterns(name: str, service: Service) -> tuple[str, ...]:
    """What names every action of this type and no other? A pattern where there is one, else each action."""
    ids = [action.id for action in actions_by_type(service).get(name, ())]
    shared = _shared_beginning(ids)
    end = max(shared.rfind("."), shared.rfind(":")) + 1
    pattern = f"{shared[:end]}*"
    named = [action.id for action in matching_actions(Right(service.name, (pattern,)), service)]
    return (pattern,) if named == ids else tuple(ids)


def _shared_beginning(texts: list[str]) -> str:
    low, high = min(texts), max(texts)
    same = next((place for place, letter in enumerate(low) if letter != high[place]), len(low))
    return low[:same]


def select(held: Held, full: Iterable[str], service: Service) -> Selection:
    """Which selection is it where these types are given whole, and besides these actions?

    A type that no pattern names is whole where all its actions are given on every resource.
    """
    types = actions_by_type(service)
    whole = {action.id: ANY for name in full for action in types.get(name, ())}
    found = {id: whole.get(id, held.get(id, ANY)) for id in service.actions if id in whole or id in held}
    by_pattern = {id for id in whole if id in service.actions}
    return Selection(found, frozenset(_full_types(found, by_pattern, service)))


def tabulate(rights: Iterable[Right], service: Service) -> list[TypeRows]:
    """Which table shows these rights, type by type?"""
    listed = tuple(rights)
    selection = read_selection(listed, service)
    others = _others_by_action(listed, service)
    table = []
    for name, actions in actions_by_type(service).items():
        rows = tuple(
            Row(action, selection.held.get(action.id), others.get(action.id, ())) for action in actions
        )
        table.append(TypeRows(name, title_of(name, service), _access(name, rows, selection), rows))
    return table


def _access(name: str, rows: tuple[Row, ...], selection: Selection) -> str:
    if name in selection.full:
        return "full"
    return "custom" if any(row.qualifiers is not None for row in rows) else "no"


def _others_by_action(rights: tuple[Right, ...], service: Service) -> dict[str, tuple[Right, ...]]:
    found: dict[str, tuple[Right, ...]] = {}
    for right in rights:
        if right.service == service.name and not is_plain(right, service):
            for action in matching_actions(right, service):
                found[action.id] = (*found.get(action.id, ()), right)
    return found


def title_of(name: str, service: Service) -> str:
    """How is a resource type called in a table?"""
    if name == SERVICE_ITSELF:
        return "The service itself"
    return service.resource_types[name].title or name


@dataclass(frozen=True, slots=True)
class Unmet:
    """An action that requires another. `narrower`: that one is given, but on fewer resources; else it is not given."""

    action: Action
    required: Action
    narrower: bool


def find_unmet(held: Held, service: Service) -> list[Unmet]:
    """Which of these actions require one that is not given as widely? (rule 3.13: each must be allowed by itself)"""
    found = []
    for id, under in held.items():
        action = service.actions[id]
        for required in action.requires:
            has = held.get(required)
            if has is None:
                found.append(Unmet(action, service.actions[required], narrower=False))
            elif has != ANY and (under == ANY or not set(under) <= set(has)):
                found.append(Unmet(action, service.actions[required], narrower=True))
    return found


def with_required(held: Held, service: Service) -> dict[str, Qualifiers]:
    """What is given once all that these actions require is given as well? A prerequisite as widely as its action."""
    found = dict(held)
    while unmet := [one for one in find_unmet(found, service) if not one.narrower]:
        for one in unmet:
            under = found[one.action.id]
            possible = set(under) <= set(qualifiers_for(one.required, service))
            wanted = under if possible else ANY
            found[one.required.id] = _added(found.get(one.required.id), wanted, service)
    return found
