"""The account's principals, numbered by kind: who belongs to a subject now?

Implements docs/spec.md rules 1.4 to 1.6 from above: from a group to its members. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pyroaring import BitMap

from bailiwick.engine.ranks import Part, Ranks, Segment
from bailiwick.engine.tables import holds
from bailiwick.engine.views import PRINCIPAL_KINDS, moved_members
from bailiwick.model.accounts import Group, Membership, Principal
from bailiwick.model.names import EVERYONE, MEMBERS
from bailiwick.model.policies import ALWAYS, Window

if TYPE_CHECKING:
    from bailiwick.engine.compile import CompiledAccount

NOBODY: Ranks[Principal] = Ranks(())


@dataclass(frozen=True, slots=True)
class People:
    """All stored principals, by kind (`user`, …), in the order of their references."""

    ranks: Mapping[str, Ranks[Principal]]

    def of(self, kind: str) -> Ranks[Principal]:
        """Which principals of this kind are there?"""
        return self.ranks.get(kind, NOBODY)

    def apply(self, compiled: CompiledAccount, changed: Iterable[tuple[str, str]]) -> People:
        """Which people are there once these objects (kind, name) are as the compiled account has them?"""
        found: dict[str, dict[str, Principal | None]] = {}
        for kind, name in changed:
            if kind in PRINCIPAL_KINDS:
                reference = PRINCIPAL_KINDS[kind] + name
                stored = compiled.account.principals.get(reference)
                found.setdefault(PRINCIPAL_KINDS[kind][:-1], {})[reference] = stored
        if not found:
            return self
        return People(
            dict(self.ranks) | {kind: self.of(kind).changed(names) for kind, names in found.items()}
        )


def build_people(compiled: CompiledAccount) -> People:
    """Which people has this account?"""
    by_kind: dict[str, list[tuple[str, Principal]]] = {}
    for reference, principal in compiled.account.principals.items():
        by_kind.setdefault(reference.partition(":")[0], []).append((reference, principal))
    return People({kind: Ranks.of(found) for kind, found in by_kind.items()})


@dataclass(frozen=True)
class Crowd:
    """One part of the principals of one kind, at one instant."""

    compiled: CompiledAccount
    part: Part[Principal]
    kind: str
    now: float

    def belonging(self, subjects: Iterable[str]) -> BitMap:
        """Who belongs to one of these subjects?"""
        wanted = set(subjects)
        groups = {subject for subject in wanted if subject.startswith("group:")}
        found = self.direct(wanted - groups)
        if EVERYONE in groups or (MEMBERS in groups and self.kind in ("user", "service-id")):
            return self.part.there
        for group in self._with_those_inside(groups):
            members = _members(self.part.segment, self.kind, group)
            found |= members.always
            if members.timed:
                found |= BitMap([number for number, window in members.timed if holds(window, self.now)])
        return found & self.part.there

    def direct(self, references: Iterable[str]) -> BitMap:
        """Which ones are these themselves?"""
        numbers = map(self._number, references)
        return BitMap([number for number in numbers if number is not None])

    def disabled(self) -> BitMap:
        """Who is disabled?"""
        remembered = self.part.segment.remembered
        found = remembered.get("disabled")
        if not isinstance(found, BitMap):
            items = self.part.segment.items
            found = remembered["disabled"] = BitMap([n for n, one in enumerate(items) if one.disabled])
        return found

    def only(self, reference: str) -> BitMap:
        """Which one is this? Nobody, where it is elsewhere."""
        return self.direct((reference,)) & self.part.there

    def _number(self, reference: str) -> int | None:
        is_of_kind = reference.startswith(self.kind) and reference[len(self.kind) : len(self.kind) + 1] == ":"
        return self.part.segment.number(reference) if is_of_kind else None

    def _with_those_inside(self, references: Iterable[str]) -> Iterator[Group]:
        """Which stored groups are these, and which are in them now? (rule 1.4)"""
        pending = list(references)
        seen = set(pending)
        while pending:
            group = self.compiled.account.groups.get(pending.pop().removeprefix("group:"))
            if group is None:
                continue
            yield group
            for membership in _members(self.part.segment, self.kind, group).groups:
                if membership.member not in seen and holds(membership.window, self.now):
                    seen.add(membership.member)
                    pending.append(membership.member)


class _Members(NamedTuple):
    """Who, of one segment, is in this group itself: always, or in a window; and which groups are?"""

    group: Group
    always: BitMap
    timed: tuple[tuple[int, Window], ...]
    groups: tuple[Membership, ...]


def _members(segment: Segment[Principal], kind: str, group: Group) -> _Members:
    """Who is in the group itself? What was found for the group as it was before is changed where it differs."""
    known = segment.remembered.get(("group", group.name))
    if isinstance(known, _Members):
        if known.group is group:
            return known
        moved = moved_members(known.group, group)
        fresh = [membership for membership in group.members if membership.member in moved]
        gone = BitMap([n for member in moved if (n := segment.number(member)) is not None])
        found = _read(segment, kind, group, fresh)
        found = _Members(
            group,
            (known.always - gone) | found.always,
            (*(timed for timed in known.timed if timed[0] not in gone), *found.timed),
            (*(one for one in known.groups if one.member not in moved), *found.groups),
        )
    else:
        found = _read(segment, kind, group, group.members)
    segment.remembered["group", group.name] = found
    return found


def _read(
    segment: Segment[Principal], kind: str, group: Group, memberships: Iterable[Membership]
) -> _Members:
    always: list[int] = []
    timed: list[tuple[int, Window]] = []
    groups: list[Membership] = []
    head = f"{kind}:"
    for membership in memberships:
        member = membership.member
        if member.startswith("group:"):
            groups.append(membership)
        elif member.startswith(head):
            number = segment.number(member)
            if number is not None and membership.window is ALWAYS:
                always.append(number)
            elif number is not None:
                timed.append((number, membership.window))
    return _Members(group, BitMap(always), tuple(timed), tuple(groups))
