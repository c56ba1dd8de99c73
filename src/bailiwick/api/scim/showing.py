"""Users and groups as SCIM shows them, whole or in part.

Plain mappings, for a group may have a hundred thousand members. Source: RFC 7643, sections 3 and 4; RFC 7644, 3.9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bailiwick.api.answers import etag_of
from bailiwick.api.scim.models import ENTERPRISE_FIELDS, ENTERPRISE_SCHEMA, GROUP_SCHEMA, PATHS, USER_SCHEMA
from bailiwick.model.accounts import Group, Principal
from bailiwick.service.kinds import find_value
from bailiwick.service.reading import Reader
from bailiwick.service.scim.groups import members_of
from bailiwick.service.scim.people import said_of
from bailiwick.service.snapshots import Identity, Snapshot

BASE = "/scim/v2"
ALWAYS_SHOWN = ("schemas", "id")


@dataclass(frozen=True)
class Shower:
    """One who is shown users and groups, at one moment. `base`: the address under which they are."""

    reader: Reader
    base: str

    def show(self, kind: str, name: str) -> dict[str, Any]:
        """How is this one shown, whole? The session may see it."""
        shown = self._user(name) if kind == "User" else self._group(name)
        return {**shown, "meta": self.meta(kind, self.reader.snapshot.identities[kind, name])}

    def meta(self, kind: str, identity: Identity) -> dict[str, str]:
        """Of which type, where and in which version is it?"""
        location = f"{self.base}/{PATHS[kind]}/{identity.uid}"
        return {"resourceType": kind, "location": location, "version": version_of(identity)}

    def _user(self, name: str) -> dict[str, Any]:
        snapshot = self.reader.snapshot
        attributes = attributes_of(snapshot.account.principals[f"user:{name}"])
        schemas = [USER_SCHEMA, *([ENTERPRISE_SCHEMA] if ENTERPRISE_SCHEMA in attributes else [])]
        shown = {"schemas": schemas, "id": snapshot.identities["User", name].uid, **attributes}
        groups = self._groups_of(f"user:{name}")
        return {**shown, "groups": groups} if groups else shown

    def _groups_of(self, reference: str) -> list[dict[str, str]]:
        snapshot = self.reader.snapshot
        names = sorted(
            {one.removeprefix("group:") for one, _ in snapshot.compiled.parents.get(reference, ())}
        )
        return [
            {
                "value": uid,
                "$ref": f"{self.base}/{PATHS['Group']}/{uid}",
                "display": one,
                "type": "direct",
            }
            for one in names
            if self._sees_group(one) and (uid := snapshot.identities["Group", one].uid)
        ]

    def _sees_group(self, name: str) -> bool:
        account = self.reader.snapshot.account
        return name in account.groups and self.reader.may_read(
            "Group", name, find_value(account, "Group", name)
        )

    def _group(self, name: str) -> dict[str, Any]:
        snapshot = self.reader.snapshot
        group = snapshot.account.groups[name]
        shown: dict[str, Any] = {"schemas": [GROUP_SCHEMA], "id": snapshot.identities["Group", name].uid}
        if group.external_id:
            shown["externalId"] = group.external_id
        shown["displayName"] = name
        members = members_shown(snapshot, group, self.base)
        return {**shown, "members": members} if members else shown


def members_shown(snapshot: Snapshot, group: Group, base: str) -> list[dict[str, str]]:
    """Who is in the group, as it is shown?"""
    return [
        {
            "value": one.uid,
            "$ref": f"{base}/{PATHS[one.kind]}/{one.uid}",
            "type": one.kind,
        }
        for one in members_of(snapshot, group)
    ]


def attributes_of(user: Principal) -> dict[str, Any]:
    """Which attributes has the user that a directory may write?"""
    said = said_of(user)
    enterprise = {field: said.pop(field) for field in ENTERPRISE_FIELDS if field in said}
    shown = {"userName": user.reference.partition(":")[2], **said}
    return {**shown, ENTERPRISE_SCHEMA: enterprise} if enterprise else shown


def version_of(identity: Identity) -> str:
    """Which entity tag is it? A weak one: groups of a user are shown with it, and change apart."""
    return f"W/{etag_of(identity)}"


Project = Callable[[Mapping[str, Any]], dict[str, Any]]


def projection(attributes: Iterable[str], excluded: Iterable[str]) -> Project:
    """Which part of a user or group is shown, where these attributes are asked for, or not wanted?"""
    wanted, unwanted = [_path(one) for one in attributes], [_path(one) for one in excluded]

    def project(shown: Mapping[str, Any]) -> dict[str, Any]:
        if wanted:
            return _only(shown, wanted)
        return _without(shown, unwanted) if unwanted else dict(shown)

    return project


def _path(text: str) -> tuple[str, ...]:
    """Which steps has the name of an attribute, in lower case? `urn:…:User:name.familyName` is `name`, `familyname`."""
    lower = text.strip().lower()
    for schema in (USER_SCHEMA.lower(), GROUP_SCHEMA.lower()):
        lower = lower.removeprefix(f"{schema}:")
    extension = ENTERPRISE_SCHEMA.lower()
    if lower == extension:
        return (extension,)
    if lower.startswith(f"{extension}:"):
        return (extension, *lower.removeprefix(f"{extension}:").split("."))
    return tuple(lower.split("."))


def _only(shown: Mapping[str, Any], wanted: list[tuple[str, ...]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in shown.items():
        rests = [path[1:] for path in wanted if path[0] == name.lower()]
        if name in ALWAYS_SHOWN or () in rests:
            out[name] = value
        elif rests:
            part = _each(value, lambda one, paths=rests: _only(one, paths))  # type: ignore[misc]  # bound now
            if part:
                out[name] = part
    return out


def _without(shown: Mapping[str, Any], unwanted: list[tuple[str, ...]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in shown.items():
        rests = [path[1:] for path in unwanted if path[0] == name.lower()]
        if name in ALWAYS_SHOWN or not rests:
            out[name] = value
        elif () not in rests:
            out[name] = _each(value, lambda one, paths=rests: _without(one, paths))  # type: ignore[misc]  # bound now
    return out


def _each(value: Any, change: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Any:
    if isinstance(value, list):
        return [part for one in value if isinstance(one, Mapping) and (part := change(one))]
    return change(value) if isinstance(value, Mapping) else value
