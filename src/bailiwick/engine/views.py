"""What one principal looks at: its subjects' tables, arranged by shape, for as long as its memberships hold.

Implements docs/spec.md rules 1.3 to 1.6 and 7.8. Pure.
A view holds references, no copies. A principal with many tables gets a merged copy at its second question.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from bailiwick.engine.tables import AllowTable, BlockTable, SubjectTable, holds, merge_allows
from bailiwick.model.accounts import Principal
from bailiwick.model.names import ANONYMOUS, EVERYONE, MEMBERS
from bailiwick.model.policies import ALWAYS
from bailiwick.model.requests import Decision, Reason

if TYPE_CHECKING:
    from bailiwick.engine.compile import CompiledAccount

MANY_TABLES = 16
MAX_VIEWS = 262_144
DROPPED_AT_ONCE = 1024
FOREVER = float("inf")

ALLOWED = Decision(True, Reason.ALLOWED)
NO_POLICY = Decision(False, Reason.NO_MATCHING_POLICY)


@dataclass(slots=True)
class View:
    """What may this principal look up?

    `tables` are those of its subjects that have one; `allows` the same, those of many subjects united after the
    first question (`is_scattered`: they are not yet); `anywhere` of these, those with scopes without a service.
    It holds from `valid_from` to before `ends`: a window opens or closes there (rule 7.8); `allowed` and
    `refused`, the answers most often given, say so.
    """

    principal: Principal
    groups: tuple[str, ...]
    tables: tuple[tuple[str, SubjectTable], ...]
    allows: tuple[AllowTable, ...]
    anywhere: tuple[AllowTable, ...]
    denies: tuple[tuple[str, BlockTable], ...]
    is_scattered: bool
    is_owner: bool
    valid_from: float
    ends: float
    allowed: Decision
    refused: Decision

    @property
    def subjects(self) -> tuple[str, ...]:
        """As whom does the principal hold policies? (rule 1.6)"""
        return (self.principal.reference, *self.groups, *built_in_groups(self.principal))

    @property
    def told_groups(self) -> tuple[str, ...]:
        """Which groups may conditions read? None of a principal that is not stored (rule 6.1)."""
        return self.groups if self.principal.reference.partition(":")[0] in STORED_KINDS else ()


STORED_KINDS = ("user", "service-id", "profile")


def find_view(compiled: CompiledAccount, principal: str, now: float) -> View | None:
    """What may the principal look up now? None when nobody of that name exists (rule 1.3)."""
    view = compiled.views.get(principal)
    if view is not None and view.valid_from <= now < view.ends:
        if view.is_scattered:
            _gather(view)
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


def _gather(view: View) -> None:
    """Unite the allows of the many subjects of this principal."""
    view.allows = merge_allows(view.allows)
    view.anywhere = _anywhere(view.allows)
    view.is_scattered = False


def _anywhere(tables: Iterable[AllowTable]) -> tuple[AllowTable, ...]:
    return tuple([table for table in tables if table.get(None)])


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
    find = compiled.tables.get
    subjects = (principal.reference, *groups, *built_in_groups(principal))
    tables = tuple([(subject, table) for subject in subjects if (table := find(subject)) is not None])
    for table in (*(table for _, table in tables), *map(find, others)):
        if table is not None and table.boundaries:
            edges.update(table.boundaries)
    edges.update(compiled.guardrail_edges)
    valid_from, ends = _bounds(edges, now) if edges else (-FOREVER, FOREVER)
    allows = tuple([table.allows for _, table in tables if len(table.allows)])
    return View(
        principal=principal,
        groups=tuple(groups),
        tables=tables,
        allows=allows,
        anywhere=_anywhere(allows),
        denies=tuple([(subject, table.denies) for subject, table in tables if table.denies is not None]),
        is_scattered=len(allows) > MANY_TABLES,
        is_owner=principal.reference == compiled.account.owner,
        valid_from=valid_from,
        ends=ends,
        allowed=ALLOWED if ends == FOREVER else Decision(True, Reason.ALLOWED, ends),
        refused=NO_POLICY if ends == FOREVER else Decision(False, Reason.NO_MATCHING_POLICY, ends),
    )


def _bounds(edges: set[float], now: float) -> tuple[float, float]:
    """Between which two of these instants is it?"""
    before = max((edge for edge in edges if edge <= now), default=-FOREVER)
    return before, min((edge for edge in edges if edge > now), default=FOREVER)


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
