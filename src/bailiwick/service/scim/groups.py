"""Groups that a provisioner makes, changes and fills. Deleting them is users.py's.

Implements docs/spec.md section 33 for groups. A provisioner manages its own memberships (`managed_by: scim`); those of
others it sees, and leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from bailiwick.catalog.documents import parse_document
from bailiwick.errors import Invalid
from bailiwick.model.accounts import Group, Membership
from bailiwick.service.changes import change_account
from bailiwick.service.edits import Edit
from bailiwick.service.host import Host
from bailiwick.service.kinds import reference_of
from bailiwick.service.reading import Reader
from bailiwick.service.references import parse_target
from bailiwick.service.scim.consent import SCIM
from bailiwick.service.scim.finding import GROUP, find_by_uid, get_by_uid
from bailiwick.service.scim.refusing import Immutable
from bailiwick.service.scim.users import VIA, Changed, Check, check_external_id, check_name, source_of
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot


@dataclass(frozen=True, slots=True)
class Wish:
    """What shall a group be? `members`: uids. `is_exact`: whoever is not among them was named to be taken out."""

    external_id: str
    members: Collection[str]
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """One member that a directory sees: a user or a group."""

    uid: str
    kind: str
    name: str


ChangeGroup = Callable[[Snapshot, Group], Wish]


def members_of(snapshot: Snapshot, group: Group) -> Iterator[Member]:
    """Which users and groups are in it, whoever put them there? Each once; no service IDs and profiles."""
    for reference in dict.fromkeys(one.member for one in group.members):
        target = parse_target(reference)
        if target is not None and target[0] in ("User", GROUP) and target in snapshot.identities:
            yield Member(snapshot.identities[target].uid, *target)


def create_group(host: Host, session: Session, name: str, wish: Wish) -> Changed:
    """Make the group, provisioned by the service ID that makes it."""
    source = source_of(session)

    def prepare(before: Snapshot) -> Sequence[Edit]:
        reader = Reader(host, session, before)
        check_name(reader, GROUP, name)
        check_external_id(reader, GROUP, wish.external_id)
        document = {"kind": GROUP, "name": name, "external_id": wish.external_id or None}
        group = parse_document({**document, "provisioned_by": source.provisioner}, source.account)[1]
        if not isinstance(group, Group):
            raise RuntimeError("a document of a group is a group")
        return [Edit(GROUP, name, _filled(before, group, wish))]

    return Changed(name, change_account(host, session, prepare, via=VIA))


def change_group(host: Host, session: Session, uid: str, change: ChangeGroup, check: Check) -> Changed:
    """Make the group what `change` makes of it, on the newest state."""
    names: list[str] = []

    def prepare(before: Snapshot) -> Sequence[Edit]:
        reader = Reader(host, session, before)
        name = get_by_uid(reader, GROUP, uid)
        check(before.identities[GROUP, name])
        old = before.account.groups[name]
        wish = change(before, old)
        check_external_id(reader, GROUP, wish.external_id, name)
        names[:] = [name]
        return [Edit(GROUP, name, _filled(before, replace(old, external_id=wish.external_id), wish))]

    outcome = change_account(host, session, prepare, via=VIA)
    return Changed(names[0], outcome)


def _filled(snapshot: Snapshot, group: Group, wish: Wish) -> Group:
    """The group with these members. Raises Immutable where a membership that is not SCIM's was to end."""
    wanted = {_reference(snapshot, uid): None for uid in wish.members}
    visible = {reference_of(one.kind, one.name) for one in members_of(snapshot, group)}
    stay, there = [], set()
    for one in group.members:
        is_kept = one.managed_by != SCIM or one.member in wanted or one.member not in visible
        if one.managed_by != SCIM and one.member in visible and one.member not in wanted and wish.is_exact:
            raise Immutable.at("members", f"`{one.member}` is in the group by the account's own word")
        if is_kept:
            stay.append(one)
            there.add(one.member)
    added = [Membership(reference, managed_by=SCIM) for reference in wanted if reference not in there]
    return replace(group, members=(*stay, *added))


def _reference(snapshot: Snapshot, uid: str) -> str:
    found = find_by_uid(snapshot, uid)
    if found is None:
        raise Invalid.at("members", f"there is no user or group with id `{uid[:80]}`")
    return reference_of(*found)
