"""What one principal looks at: its subjects' tables, arranged by shape, for as long as its memberships hold.

Implements docs/spec.md rules 1.3 to 1.6 and 7.8. Pure.
A view holds references, no copies. A principal with many tables gets a merged copy at its second question.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from bailiwick.engine.roles import Space
from bailiwick.engine.scopes import Shape
from bailiwick.engine.tables import AllowTable, BlockTable, SubjectTable, holds, merge
from bailiwick.model.accounts import Principal
from bailiwick.model.names import ANONYMOUS, EVERYONE, MEMBERS
from bailiwick.model.policies import ALWAYS
from bailiwick.model.requests import Decision, Reason

if TYPE_CHECKING:
    from bailiwick.engine.compile import CompiledAccount

MANY_TABLES = 16
SMALL_TABLE = 64
MAX_VIEWS = 262_144
DROPPED_AT_ONCE = 1024
FOREVER = float("inf")

ALLOWED = Decision(True, Reason.ALLOWED)
NO_POLICY = Decision(False, Reason.NO_MATCHING_POLICY)

Look = tuple[tuple[int, Shape, AllowTable], ...]


@dataclass(slots=True)
class View:
    """What may this principal look up?

    `tables` are those of its subjects that have one. `looks` are the same by space: slots that occur, in a shape,
    in a table; made when a space is asked about.
    It holds from `valid_from` to before `ends`: a window opens or closes there (rule 7.8); `allowed` and
    `refused`, the answers most often given, say so.
    """

    principal: Principal
    groups: tuple[str, ...]
    tables: tuple[tuple[str, SubjectTable], ...]
    denies: tuple[tuple[str, BlockTable], ...]
    valid_from: float
    ends: float
    is_owner: bool
    allowed: Decision
    refused: Decision
    looks: dict[Space, Look] = field(default_factory=dict)
    asked: tuple[Space, ...] = ()

    @property
    def subjects(self) -> tuple[str, ...]:
        """As whom does the principal hold policies? (rule 1.6)"""
        return (self.principal.reference, *self.groups, *built_in_groups(self.principal))


def find_view(compiled: CompiledAccount, principal: str, now: float) -> View | None:
    """What may the principal look up now? None when nobody of that name exists (rule 1.3)."""
    view = compiled.views.get(principal)
    if view is not None and view.valid_from <= now < view.ends:
        return view
    stored = find_principal(compiled, principal)
    if stored is None:
        return None
    view = _build(compiled, stored, now)
    if len(compiled.views) >= MAX_VIEWS:
        for oldest in list(islice(compiled.views, DROPPED_AT_ONCE)):
            compiled.views.pop(oldest, None)
    compiled.views[principal] = view
    return view


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
    groups, others, edges = _walk(compiled, principal.reference, now)
    edges.update(compiled.guardrail_edges)
    tables: list[tuple[str, SubjectTable]] = []
    for subject in (principal.reference, *groups, *built_in_groups(principal)):
        table = compiled.tables.get(subject)
        if table is not None:
            tables.append((subject, table))
            edges.update(table.boundaries)
    for group in others:
        table = compiled.tables.get(group)
        if table is not None:
            edges.update(table.boundaries)
    ends = min((edge for edge in edges if edge > now), default=FOREVER)
    return View(
        principal=principal,
        groups=tuple(groups),
        tables=tuple(tables),
        denies=tuple([(subject, table.denies) for subject, table in tables if table.denies is not None]),
        valid_from=max((edge for edge in edges if edge <= now), default=-FOREVER),
        ends=ends,
        is_owner=principal.reference == compiled.account.owner,
        allowed=ALLOWED if ends == FOREVER else Decision(True, Reason.ALLOWED, ends),
        refused=NO_POLICY if ends == FOREVER else Decision(False, Reason.NO_MATCHING_POLICY, ends),
    )


def built_in_groups(principal: Principal) -> tuple[str, ...]:
    """Which built-in groups hold this principal? (rule 1.5)"""
    kind = principal.reference.partition(":")[0]
    return (MEMBERS, EVERYONE) if kind in ("user", "service-id") and not principal.disabled else (EVERYONE,)


def _walk(compiled: CompiledAccount, start: str, now: float) -> tuple[list[str], set[str], set[float]]:
    """Which groups contain this principal now, which others are on a path upwards, when do those paths change?"""
    active: set[str] = set()
    others: set[str] = set()
    edges: set[float] = set()
    pending = [(start, True)]
    while pending:
        member, is_active = pending.pop()
        for group, window in compiled.parents.get(member, ()):
            reached = is_active
            if window is not ALWAYS:
                edges.update(edge for edge in (window.starts_at, window.expires_at) if edge is not None)
                reached = is_active and holds(window, now)
            if group in active or (group in others and not reached):
                continue
            (active if reached else others).add(group)
            pending.append((group, reached))
    return sorted(active), others - active, edges


def make_look(view: View, space: Space) -> Look:
    """Of which slots are which shapes to be looked up in which tables, for this space?

    Kept in the view; where there are many, only from the second question on, and then of merged tables.
    """
    look = tuple(
        [
            (slots, shape, table.allows)
            for _, table in view.tables
            for shape, slots in table.layout.get(space, ())
        ]
    )
    if len(look) > MANY_TABLES:
        if space not in view.asked:
            view.asked += (space,)
            return look
        look = _merge_small(look)
    view.looks[space] = look
    return look


def _merge_small(look: Look) -> Look:
    """Which shorter look finds the same? Large tables stay as they are, so that copies are bounded."""
    large = [step for step in look if len(step[2]) > SMALL_TABLE]
    small = [step for step in look if len(step[2]) <= SMALL_TABLE]
    slots: dict[Shape, int] = {}
    for mask, shape, _ in small:
        slots[shape] = slots.get(shape, 0) | mask
    numbers = {shape.number for shape in slots}
    merged: AllowTable = {}
    for table in {id(table): table for _, _, table in small}.values():
        for key, held in table.items():
            if key[0] in numbers:
                present = merged.get(key)
                merged[key] = held if present is None else merge(present, held)
    return (*large, *((mask, shape, merged) for shape, mask in slots.items()))
