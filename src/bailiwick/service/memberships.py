"""Memberships of one group: parsed, added, taken away, one at a time or a few; the others stay as they are.

Pure: a group and what shall be of it in, a group out. Who may is judged as for any change (docs/spec.md rule 9.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bailiwick.catalog.documents import parse_document
from bailiwick.catalog.scopes import format_window
from bailiwick.errors import Conflict, Finding, Invalid, NotFound
from bailiwick.model.accounts import Group, Membership


def parse_membership(member: str, window: Mapping[str, object]) -> Membership:
    """Which membership is written so? Raises Invalid, its places being `member`, `starts_at` and `expires_at`."""
    document = {"kind": "Group", "name": "parsed", "members": [{"member": member, **window}]}
    try:
        group = parse_document(document, "parsed")[1]
    except Invalid as error:
        raise Invalid(_placed(one) for one in error.findings) from None
    if not isinstance(group, Group):
        raise RuntimeError("a document of a group is a group")
    return group.members[0]


def _placed(finding: Finding) -> Finding:
    return replace(finding, place=finding.place.rpartition("].")[2] or "member")


def with_members(group: Group, added: Iterable[Membership]) -> Group:
    """The group with these members, too. Raises Conflict for one who is in it in just this window."""
    fresh = tuple(dict.fromkeys(added))
    there = {(one.member, one.window) for one in group.members}
    for one in fresh:
        if (one.member, one.window) in there:
            raise Conflict(
                f"`{one.member}` is in group `{group.name}` already", "take the membership away to change it"
            )
    return replace(group, members=(*group.members, *fresh))


def without_member(group: Group, membership: Membership) -> Group:
    """The group without this membership. Raises NotFound."""
    stay = tuple(one for one in group.members if one != membership)
    if len(stay) == len(group.members):
        raise NotFound(f"`{membership.member}` is not in group `{group.name}` so")
    return replace(group, members=stay)


def find_membership(group: Group, member: str, window: Mapping[str, object]) -> Membership:
    """Which membership of the group is of this member in this window? Raises NotFound."""
    for one in group.members:
        if one.member == member and format_window(one.window) == window:
            return one
    raise NotFound(f"`{member}` is not in group `{group.name}` so", "it may have been taken away meanwhile")
