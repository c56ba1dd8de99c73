"""What one principal looks at: its subjects' tables, arranged by shape, for as long as its memberships hold.

Implements docs/spec.md rules 1.3 to 1.6 and 7.8. Pure.
A view holds references, no copies. A principal with many tables gets a merged copy at its second question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bailiwick.engine.scopes import Key, Shape
from bailiwick.engine.tables import (
    AllowTable,
    BlockTable,
    Held,
    SubjectTable,
    holds,
    merge,
)
from bailiwick.model.accounts import Principal, Property
from bailiwick.model.names import ANONYMOUS, EVERYONE, MEMBERS

if TYPE_CHECKING:
    from bailiwick.engine.compile import CompiledAccount

MANY_TABLES = 16
MAX_VIEWS = 65536
NO_PROPERTIES: Mapping[str, Property] = {}


@dataclass(slots=True)
class View:
    """What may this principal look up? `tables` are (shape, the tables that have it, with their subjects).

    `merged` unites the roles held without residue over many tables, for the first look.
    `valid_from` and `valid_until` bound it: a window opens or closes there (rule 7.8).
    """

    principal: Principal
    subjects: tuple[str, ...]
    groups: tuple[str, ...]
    tables: tuple[tuple[Shape, tuple[tuple[str, AllowTable], ...]], ...]
    denies: tuple[tuple[str, BlockTable], ...]
    valid_from: float
    valid_until: float | None
    uses: int = 0
    merged: dict[Key, Held] | None = field(default=None)


def find_view(compiled: CompiledAccount, principal: str, now: float) -> View | None:
    """What may the principal look up now? None when nobody of that name exists (rule 1.3)."""
    view = compiled.views.get(principal)
    if view is not None and view.valid_from <= now and (view.valid_until is None or now < view.valid_until):
        return view
    stored = find_principal(compiled, principal)
    if stored is None:
        return None
    view = _build(compiled, stored, now)
    if len(compiled.views) >= MAX_VIEWS:
        _drop_oldest(compiled.views)
    compiled.views[principal] = view
    return view


def _drop_oldest(views: dict[str, View]) -> None:
    try:
        views.pop(next(iter(views)), None)
    except (StopIteration, RuntimeError):
        views.clear()


def find_principal(compiled: CompiledAccount, reference: str) -> Principal | None:
    """Who is this? Stored in the account, `anonymous`, or a service of the catalog acting as itself."""
    stored = compiled.account.principals.get(reference)
    if stored is not None:
        return stored
    if reference == ANONYMOUS:
        return Principal(ANONYMOUS)
    kind, _, name = reference.partition(":")
    return Principal(reference) if kind == "service" and name in compiled.services else None


def _build(compiled: CompiledAccount, principal: Principal, now: float) -> View:
    groups, every, edges = _walk(compiled, principal.reference, now)
    subjects = (principal.reference, *groups, *built_in_groups(principal))
    reachable = (principal.reference, *every, *built_in_groups(principal))
    edges |= set(compiled.guardrail_edges)
    by_shape: dict[Shape, list[tuple[str, AllowTable]]] = {}
    denies: list[tuple[str, BlockTable]] = []
    for subject in subjects:
        table = compiled.tables.get(subject)
        if table is None:
            continue
        for shape in table.shapes:
            by_shape.setdefault(shape, []).append((subject, table.allows))
        if table.denies is not None:
            denies.append((subject, table.denies))
    for subject in reachable:
        found: SubjectTable | None = compiled.tables.get(subject)
        if found is not None and found.boundaries:
            edges.update(found.boundaries)
    return View(
        principal=principal,
        subjects=subjects,
        groups=tuple(sorted(groups)),
        tables=tuple((shape, tuple(tables)) for shape, tables in by_shape.items()),
        denies=tuple(denies),
        valid_from=max((edge for edge in edges if edge <= now), default=float("-inf")),
        valid_until=min((edge for edge in edges if edge > now), default=None),
    )


def built_in_groups(principal: Principal) -> tuple[str, ...]:
    """Which built-in groups hold this principal? (rule 1.5)"""
    kind = principal.reference.partition(":")[0]
    return (MEMBERS, EVERYONE) if kind in ("user", "service-id") and not principal.disabled else (EVERYONE,)


def _walk(compiled: CompiledAccount, start: str, now: float) -> tuple[set[str], set[str], set[float]]:
    """Which groups contain this principal now, which on any path upwards, and when do those paths change?"""
    active: set[str] = set()
    every: set[str] = set()
    edges: set[float] = set()
    pending = [(start, True)]
    while pending:
        member, is_active = pending.pop()
        for group, window in compiled.parents.get(member, ()):
            edges.update(edge for edge in (window.starts_at, window.expires_at) if edge is not None)
            reached = is_active and holds(window, now)
            if (group in active) or (group in every and not reached):
                continue
            every.add(group)
            if reached:
                active.add(group)
            pending.append((group, reached))
    return active, every, edges


def merged_table(view: View) -> dict[Key, Held] | None:
    """Which one table unites this view's? None while it has few tables, or was asked only once."""
    if view.merged is not None:
        return view.merged
    view.uses += 1
    if view.uses < 2 or sum(len(tables) for _, tables in view.tables) <= MANY_TABLES:
        return None
    merged: dict[Key, Held] = {}
    done: set[int] = set()
    for _, tables in view.tables:
        for _, table in tables:
            if id(table) in done:
                continue
            done.add(id(table))
            for key, held in table.items():
                present = merged.get(key)
                merged[key] = held if present is None else merge(present, held)
    view.merged = merged
    return merged
