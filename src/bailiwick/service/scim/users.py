"""Users that a provisioner makes, replaces, changes and deletes: each one change of the account, all of it or nothing.

Implements docs/spec.md section 33 for users. Authority is asked as for any change (changes.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from unicodedata import normalize

from bailiwick.errors import Conflict, Invalid
from bailiwick.model.accounts import Principal
from bailiwick.service.changes import Outcome, change_account
from bailiwick.service.edits import Edit
from bailiwick.service.host import Host
from bailiwick.service.kinds import find_value
from bailiwick.service.reading import Reader
from bailiwick.service.removing import plan_removal
from bailiwick.service.scim.consent import EXTERNAL_ID, provisioner_of
from bailiwick.service.scim.finding import USER, get_by_uid, names_like
from bailiwick.service.scim.people import Said, Source, user_of
from bailiwick.service.scim.refusing import Immutable, Taken
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Identity, Snapshot

VIA = "scim"
_SERVICE_ID = "service-id:"

Check = Callable[[Identity], None]
Change = Callable[[Principal], Said]


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of one user or group: its name, and the change."""

    name: str
    outcome: Outcome


def provisioner_of_session(session: Session) -> str | None:
    """Which service ID does the session provision as? None: it is a person's, or not a whole service ID's."""
    return session.principal if session.principal.startswith(_SERVICE_ID) and session.is_whole else None


def source_of(session: Session) -> Source:
    """For which account does who write?"""
    return Source(session.account, provisioner_of_session(session))


def create_user(host: Host, session: Session, name: str, said: Said) -> Changed:
    """Make the user that the directory speaks of. Raises Taken for a name that differs by case only, too."""

    def prepare(before: Snapshot) -> Sequence[Edit]:
        reader = Reader(host, session, before)
        check_name(reader, USER, name)
        check_external_id(reader, USER, str(said.get(EXTERNAL_ID, "")))
        return [Edit(USER, name, user_of(name, said, None, source_of(session)))]

    return Changed(name, change_account(host, session, prepare, via=VIA))


def change_user(host: Host, session: Session, uid: str, change: Change, check: Check) -> Changed:
    """Make the user what `change` makes of it, on the newest state. `check` may refuse the form that it has."""
    names: list[str] = []

    def prepare(before: Snapshot) -> Sequence[Edit]:
        reader = Reader(host, session, before)
        name = get_by_uid(reader, USER, uid)
        old = before.account.principals[f"user:{name}"]
        check(before.identities[USER, name])
        said = change(old)
        check_external_id(reader, USER, str(said.get(EXTERNAL_ID, "")), name)
        names[:] = [name]
        new = user_of(name, said, old, source_of(session))
        if new != old:
            refuse_owner(before, name)
        return [Edit(USER, name, new)]

    outcome = change_account(host, session, prepare, via=VIA)
    return Changed(names[0], outcome)


def delete(host: Host, session: Session, kind: str, uid: str, check: Check) -> None:
    """Delete the user or group, and what only makes sense with it. Raises Conflict where something is in the way."""

    def prepare(before: Snapshot) -> Sequence[Edit]:
        reader = Reader(host, session, before)
        name = get_by_uid(reader, kind, uid)
        check(before.identities[kind, name])
        if kind == USER:
            refuse_owner(before, name)
        removal = plan_removal(reader, host.catalog, kind, name)
        if removal.obstacles:
            raise Conflict(f"`{name}` cannot be deleted: {removal.obstacles[0].text}", "change these first")
        return removal.edits

    change_account(host, session, prepare, via=VIA)


def refuse_owner(snapshot: Snapshot, name: str) -> None:
    """Is it anybody but the account's owner? Raises Immutable: no directory elsewhere changes the owner."""
    if snapshot.account.owner == f"user:{name}":
        raise Immutable.at("", f"`{name}` owns the account, and is not changed by a provisioner")


def check_name(reader: Reader, kind: str, name: str) -> None:
    """Is the name free, whatever its case? Raises Taken, Invalid; Denied to who may not see the one that has it."""
    if name != normalize("NFC", name):
        raise Invalid.at(
            "userName" if kind == USER else "displayName", "expected text in normal form C (NFC)"
        )
    for one in names_like(reader.snapshot, kind, name):
        reader.get(kind, one)
        raise Taken(f"there is a {kind.lower()} `{one}` already")


def check_external_id(reader: Reader, kind: str, external_id: str, own: str = "") -> None:
    """Is no other known to the same directory by this id? Raises Taken. Another provisioner's ids are its own."""
    snapshot, domain = reader.snapshot, (None, provisioner_of_session(reader.session))
    for one in snapshot.names_by_external_id(kind).get(external_id, ()) if external_id else ():
        value = find_value(snapshot.account, kind, one)
        if one != own and provisioner_of(value) in domain and reader.may_read(kind, one, value):
            raise Taken(f"{kind.lower()} `{one}` has `{EXTERNAL_ID}` `{external_id[:80]}` already")
