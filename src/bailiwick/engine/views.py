"""What one principal looks at: its subjects' tables, arranged by shape, for as long as its memberships hold.

Implements docs/spec.md rules 1.3 to 1.6 and 7.8. Pure.
A view holds references, no copies. A principal with many tables gets a merged copy at its second question.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from bailiwick.engine.memory import forget_oldest
from bailiwick.engine.tables import Allows, BlockTable, SubjectTable, holds, merge_allows
from bailiwick.model.accounts import Account, Group, Membership, Principal
from bailiwick.model.names import ANONYMOUS, EVERYONE, MEMBERS
from bailiwick.model.policies import ALWAYS
from bailiwick.model.requests import Decision, Reason

if TYPE_CHECKING:
    from bailiwick.engine.compile import CompiledAccount

MANY_TABLES = 16
MAX_VIEWS = 262_144
DROPPED_AT_ONCE = 1024
FOREVER = float("inf")


@dataclass(slots=True)
class View:
    """What may this principal look up?

    `allows` are those of its subjects, each with its spaces, and those of many subjects united after the first
    question (`is_scattered`: they are not yet); `spaces` all of these spaces.
    It holds from `valid_from` to before `ends`: a window opens or closes there (rule 7.8); `allowed` and
    `refused`, the answers most often given, say so.
    """

    principal: Principal
    groups: tuple[str, ...]
    allows: Allows
    spaces: int
    denies: tuple[tuple[str, BlockTable], ...]
    is_scattered: bool
    is_disabled: bool
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
            view.allows = merge_allows(view.allows)
            view.is_scattered = False
        return view
    stored = find_principal(compiled, principal)
    if stored is None:
        return None
    view = _build(compiled, stored, now)
    if len(compiled.views) >= MAX_VIEWS:
        forget_oldest(compiled.views, DROPPED_AT_ONCE)
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
    tables = find_tables(compiled, (principal.reference, *groups, *built_in_groups(principal)))
    for _, table in tables + find_tables(compiled, others) if others else tables:
        if table.boundaries:
            edges.update(table.boundaries)
    edges.update(compiled.guardrail_edges)
    valid_from, ends = _bounds(edges, now)
    allowed, refused = _answers(ends)
    allows = tuple([(table.spaces, table.allows) for _, table in tables if table.spaces])
    spaces = 0
    for own, _ in allows:
        spaces |= own
    return View(
        principal=principal,
        groups=tuple(groups),
        allows=allows,
        spaces=spaces,
        denies=tuple([(subject, table.denies) for subject, table in tables if table.denies is not None]),
        is_scattered=len(allows) > MANY_TABLES,
        is_disabled=principal.disabled,
        is_owner=principal.reference == compiled.account.owner,
        valid_from=valid_from,
        ends=ends,
        allowed=allowed,
        refused=refused,
    )


def find_tables(compiled: CompiledAccount, subjects: Iterable[str]) -> list[tuple[str, SubjectTable]]:
    """Which of these subjects have tables?"""
    find = compiled.tables.get
    return [(subject, table) for subject in subjects if (table := find(subject)) is not None]


def _bounds(edges: Iterable[float], now: float) -> tuple[float, float]:
    """Between which two of these instants is it?"""
    before, after = -FOREVER, FOREVER
    for edge in edges:
        if edge <= now:
            before = max(before, edge)
        else:
            after = min(after, edge)
    return before, after


@lru_cache(maxsize=4096)
def _answers(ends: float) -> tuple[Decision, Decision]:
    """How are yes and no said where they hold until then? Made once, as many principals share it."""
    until = None if ends == FOREVER else ends
    return Decision(True, Reason.ALLOWED, until), Decision(False, Reason.NO_MATCHING_POLICY, until)


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


def keep_views(
    old: CompiledAccount, new: CompiledAccount, changed: Iterable[tuple[str, str]]
) -> dict[str, View]:
    """Which remembered views still hold: those of principals whom nothing in the change concerns?

    A view rests on its principal, its memberships, the policies of its subjects and the guardrails' windows.
    """
    if old.guardrail_edges != new.guardrail_edges:
        return {}
    concerned: set[str] = set()
    for kind, name in changed:
        if kind in PRINCIPAL_KINDS:
            concerned.add(PRINCIPAL_KINDS[kind] + name)
        elif kind == "Policy":
            for policy in (old.account.policies.get(name), new.account.policies.get(name)):
                concerned.update(() if policy is None else policy.subjects)
        elif kind == "Group":
            concerned |= moved_members(old.account.groups.get(name), new.account.groups.get(name))
        elif kind not in KINDS_WITHOUT_VIEWS:
            return {}
    principals = _members_below(concerned, (old.account, new.account))
    if principals is None:
        return {}
    views = dict(old.views)
    for principal in principals:
        views.pop(principal, None)
    return views


PRINCIPAL_KINDS = {"User": "user:", "ServiceId": "service-id:", "Profile": "profile:"}
KINDS_WITHOUT_VIEWS = frozenset(
    {"Resource", "Project", "Guardrail", "Enterprise", "AccountGroup", "EnterpriseAccount"}
)
MOST_CONCERNED = 20_000


def moved_members(before: Group | None, after: Group | None) -> set[str]:
    """Whose memberships may differ: those between the common beginning and the common end of both lists?"""
    old, new = () if before is None else before.members, () if after is None else after.members
    start = _common_length(zip(old, new, strict=False))
    most = min(len(old), len(new)) - start
    end = min(most, _common_length(zip(reversed(old), reversed(new), strict=False)))
    moved = (*old[start : len(old) - end], *new[start : len(new) - end])
    return {membership.member for membership in moved}


def _common_length(pairs: Iterable[tuple[Membership, Membership]]) -> int:
    """How many pairs, from the first on, are of equals?"""
    length = 0
    for one, other in pairs:
        if one is not other and one != other:
            break
        length += 1
    return length


def _members_below(subjects: set[str], accounts: tuple[Account, Account]) -> set[str] | None:
    """Which subjects are these and all that their groups contain, before or after? None: too many to list."""
    found = set(subjects)
    pending = list(subjects)
    while pending:
        subject = pending.pop()
        if subject in (MEMBERS, EVERYONE) or len(found) > MOST_CONCERNED:
            return None
        for account in accounts:
            group = (
                account.groups.get(subject.removeprefix("group:")) if subject.startswith("group:") else None
            )
            fresh = {one.member for one in group.members} - found if group is not None else set()
            found |= fresh
            pending += fresh
    return found
