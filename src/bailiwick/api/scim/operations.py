"""The operations on one user or group: each of a request of its own, or one of many (bulk.py).

Source: RFC 7644, sections 3.3 to 3.6 and 3.14. service/scim changes, the engine is asked there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scim2_models import Context

from bailiwick.api.problems import PreconditionFailed
from bailiwick.api.scim.models import PATHS
from bailiwick.api.scim.patching import GroupPatch, check_same_name
from bailiwick.api.scim.reading import (
    ACTIVE,
    Body,
    member_ids,
    name_in,
    patched,
    read_patch,
    read_resource,
    replaced,
    said_in,
    says_active,
)
from bailiwick.api.scim.showing import BASE, Shower, attributes_of, members_shown, version_of
from bailiwick.errors import NotFound
from bailiwick.model.accounts import Group, Principal
from bailiwick.service.host import Host
from bailiwick.service.reading import Reader
from bailiwick.service.scim.finding import get_by_uid
from bailiwick.service.scim.groups import Wish, change_group, create_group
from bailiwick.service.scim.users import Changed, Check, change_user, create_user, delete
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Identity, Snapshot

KIND_OF_PATH = {path: kind for kind, path in PATHS.items()}


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, and how the one is shown that it was done to; None: it is gone."""

    status: int
    shown: dict[str, Any] | None = None

    @property
    def location(self) -> str:
        """Where is it?"""
        return "" if self.shown is None else str(self.shown["meta"]["location"])

    @property
    def version(self) -> str:
        """In which version is it?"""
        return "" if self.shown is None else str(self.shown["meta"]["version"])


@dataclass(frozen=True)
class Operations:
    """One session that provisions."""

    host: Host
    session: Session

    def shower(self) -> Shower:
        """Who shows things to the session, as they are now?"""
        return Shower(Reader(self.host, self.session), self._base)

    @property
    def _base(self) -> str:
        return self.host.public_url.rstrip("/") + BASE

    def get(self, kind: str, uid: str) -> Done:
        """Show it. Raises NotFound."""
        shower = self.shower()
        return Done(200, shower.show(kind, get_by_uid(shower.reader, kind, uid)))

    def create(self, kind: str, body: Body) -> Done:
        """Make it."""
        new = read_resource(kind, body, Context.RESOURCE_CREATION_REQUEST)
        name = name_in(kind, new)
        if kind == "User":
            changed = create_user(self.host, self.session, name, said_in(new))
        else:
            changed = create_group(self.host, self.session, name, _wish(new))
        return self._done(201, kind, changed)

    def replace(self, kind: str, uid: str, body: Body, condition: str | None) -> Done:
        """Make it what the body says, and nothing else. What the body does not say it has not any more."""
        new = read_resource(kind, body, Context.RESOURCE_REPLACEMENT_REQUEST)
        if kind == "User":

            def said(old: Principal) -> Mapping[str, Any]:
                said = said_in(replaced(kind, attributes_of(old), new))
                return said if says_active(body) else {n: v for n, v in said.items() if n != ACTIVE}

            return self._done(200, kind, change_user(self.host, self.session, uid, said, _check(condition)))

        def wish(snapshot: Snapshot, old: Group) -> Wish:
            check_same_name(old.name, name_in(kind, new))
            return _wish(new)

        return self._done(200, kind, change_group(self.host, self.session, uid, wish, _check(condition)))

    def patch(self, kind: str, uid: str, body: Body, condition: str | None) -> Done:
        """Carry out the operations of the body on it, all or none."""
        patch = read_patch(kind, body)
        if kind == "User":

            def said(old: Principal) -> Mapping[str, Any]:
                return said_in(patched(kind, attributes_of(old), patch))

            return self._done(200, kind, change_user(self.host, self.session, uid, said, _check(condition)))

        def wish(snapshot: Snapshot, old: Group) -> Wish:
            group = GroupPatch(old.name, old.external_id, members_shown(snapshot, old, self._base))
            group.carry_out(patch.operations)
            return Wish(group.external_id, group.members, group.is_exact)

        return self._done(200, kind, change_group(self.host, self.session, uid, wish, _check(condition)))

    def delete(self, kind: str, uid: str, condition: str | None) -> Done:
        """Delete it, with all that only makes sense with it."""
        delete(self.host, self.session, kind, uid, _check(condition))
        return Done(204)

    def _done(self, status: int, kind: str, changed: Changed) -> Done:
        """How is it shown after the change? To who may not see it, only that it is there."""
        shower = self.shower()
        reader = shower.reader
        identity = reader.snapshot.identities.get((kind, changed.name))
        made = changed.outcome.identity_of((kind, changed.name))
        if identity is None or made is None or identity.uid != made.uid:
            raise NotFound(f"{kind.lower()} `{changed.name}` was deleted meanwhile")
        shown = shower.show(kind, changed.name)
        if not reader.may_read(kind, changed.name, _value(reader.snapshot, kind, changed.name)):
            shown = {name: shown[name] for name in ("schemas", "id", "meta")}
        return Done(status, shown)


def _value(snapshot: Snapshot, kind: str, name: str) -> object:
    account = snapshot.account
    return account.principals[f"user:{name}"] if kind == "User" else account.groups[name]


def _wish(group: Any) -> Wish:
    return Wish(group.external_id or "", tuple(member_ids(group.members or ())))


def matches(condition: str, version: str) -> bool:
    """Is one of these entity tags this one, or any? Weak comparison, as SCIM's tags are weak."""
    said = [one.strip().removeprefix("W/") for one in condition.split(",")]
    return "*" in said or version.removeprefix("W/") in said


def _check(condition: str | None) -> Check:
    def check(identity: Identity) -> None:
        if condition is not None and not matches(condition, version_of(identity)):
            raise PreconditionFailed(f"it is in another version, `{version_of(identity)}`", "read it again")

    return check
