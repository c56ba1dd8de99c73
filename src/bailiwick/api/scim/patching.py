"""Operations on a group: who joins, who leaves, and its external id.

Not by the models, which copy the whole group for each request: a group may have a hundred thousand members, and a
directory adds them one by one. Pure. Source: RFC 7644, section 3.5.2, with what Microsoft Entra sends besides (a
`remove` with a value).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scim2_models import SCIMException
from scim2_models.path import AttrPath, ValuePath

from bailiwick.api.scim.filtering import compile_filter
from bailiwick.api.scim.models import Group
from bailiwick.api.scim.problems import ScimInvalid, of_model
from bailiwick.api.scim.reading import member_ids

_READ_ONLY = ("id", "meta")


@dataclass
class GroupPatch:
    """A group on which operations are carried out, one after the other. `is_exact`: somebody was taken out by name."""

    name: str
    external_id: str
    shown_members: Sequence[Mapping[str, Any]]
    is_exact: bool = False
    _members: dict[str, None] = field(init=False)

    def __post_init__(self) -> None:
        self._members = member_ids(self.shown_members)

    @property
    def members(self) -> tuple[str, ...]:
        """Who is in it now, by id?"""
        return tuple(self._members)

    def carry_out(self, operations: Iterable[Any]) -> None:
        """Carry out all of these. Raises ScimInvalid; then the group is not to be stored."""
        for one in operations:
            try:
                path = one.path.ast if one.path is not None else None
            except SCIMException as error:
                raise of_model(error) from None
            self._operation(one.op.value, path, one.value)

    def _operation(self, op: str, path: object, value: Any) -> None:
        if path is None:
            for name, inner in _fields(value).items():
                self._attribute(op, name.lower().removeprefix(f"{Group.__schema__}:".lower()), inner)
        elif isinstance(path, ValuePath):
            self._selected(op, path)
        elif isinstance(path, AttrPath):
            if path.attr.lower() == "members" and path.sub_attr is not None:
                raise ScimInvalid("mutability", "a member is added and removed as a whole")
            self._attribute(op, path.attr.lower(), value)
        else:
            raise ScimInvalid("invalidPath", 'expected a path such as `members[value eq "…"]`')

    def _attribute(self, op: str, name: str, value: Any) -> None:
        if name == "members":
            self._whole(op, [] if value is None else value if isinstance(value, list) else [value])
        elif name == "externalid":
            self.external_id = "" if op == "remove" or value is None else _text(value)
        elif name == "displayname":
            check_same_name(self.name, None if op == "remove" else value)
        elif name in _READ_ONLY:
            raise ScimInvalid("mutability", f"`{name}` does not change")

    def _whole(self, op: str, values: list[Any]) -> None:
        found = member_ids(values)
        if op == "add":
            self._members |= found
        elif op == "replace":
            self._members = found
        elif values:
            self._leave(found)
        else:
            self._members = {}

    def _selected(self, op: str, path: ValuePath) -> None:
        if path.attr_path.attr.lower() != "members":
            raise ScimInvalid("invalidPath", f"`{path.attr_path.attr[:80]}` does not have several values")
        if op != "remove" or path.sub_attr is not None:
            raise ScimInvalid("mutability", "a member is added and removed as a whole")
        fits = compile_filter(path.val_filter, Group, path.attr_path)
        known = {str(one["value"]): one for one in self.shown_members}
        self._leave([uid for uid in self._members if fits(known.get(uid, {"value": uid}))])

    def _leave(self, uids: Iterable[str]) -> None:
        for uid in uids:
            self.is_exact = self.is_exact or uid in self._members
            self._members.pop(uid, None)


def check_same_name(name: str, wanted: Any) -> None:
    """Does the group keep its name? Raises ScimInvalid."""
    if wanted != name:
        raise ScimInvalid("mutability", "`displayName` is the group's name and does not change")


def _fields(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    raise ScimInvalid("invalidValue", "expected an object of attributes where there is no path")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise ScimInvalid("invalidValue", "expected a text")
