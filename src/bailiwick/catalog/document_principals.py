"""Documents of kinds User, ServiceId, Profile and Group: to values and back.

Implements docs/spec.md 1.3 and 1.4 (grammar), and the documents of accounts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bailiwick.catalog.managing import format_manager, parse_manager
from bailiwick.catalog.places import Path
from bailiwick.catalog.properties import format_property, parse_properties
from bailiwick.catalog.reading import Fields, parse_text
from bailiwick.catalog.scopes import WINDOW_FIELDS, format_window, parse_window
from bailiwick.errors import Invalid
from bailiwick.model.accounts import ACCESS_KINDS, BOTH, Group, Membership, Principal
from bailiwick.model.conditions import format_condition
from bailiwick.model.names import parse_name, parse_principal, parse_subject
from bailiwick.model.policies import ALWAYS
from bailiwick.model.trusting import format_trusted, parse_trusted

MAX_MEMBERS = 200_000
MANAGERS = ("document", "scim", "federation", "template")
SESSION_SECONDS = (60, 86_400)

_SHARED = ("name", "disabled", "properties", "budgets", "owner", "description")
USER_FIELDS = (*_SHARED, "email", "access", "provisioned_by")
SERVICE_ID_FIELDS = (*_SHARED, "locked")
PROFILE_FIELDS = (*_SHARED, "trust", "when", "maximum_session_seconds")
GROUP_FIELDS = ("name", "members", "description", "managed_by", "provisioned_by", "external_id")
_PROVISIONER = "service-id:"

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_MEMBER_FIELDS = ("member", *WINDOW_FIELDS, "managed_by")
_MEMBER_KINDS = ("user", "service-id", "profile", "group")


def parse_user(fields: Fields, account: str) -> Principal:
    """Which user is it?"""
    email = fields.parsed("email", _parse_email) or ""
    return _parse_shared(
        fields,
        "user",
        email=email,
        access=fields.choice("access", ACCESS_KINDS, BOTH),
        provisioned_by=fields.parsed("provisioned_by", _parse_provisioner),
    )


def parse_service_id(fields: Fields, account: str) -> Principal:
    """Which service ID is it?"""
    return _parse_shared(fields, "service-id", locked=fields.flag("locked"))


def parse_profile(fields: Fields, account: str) -> Principal:
    """Which profile is it?"""
    default = Principal("profile:").maximum_session_seconds
    return _parse_shared(
        fields,
        "profile",
        trust=fields.parsed_items("trust", parse_trust_entry),
        trust_when=fields.condition("when"),
        maximum_session_seconds=fields.integer("maximum_session_seconds", default, *SESSION_SECONDS),
    )


def format_principal(principal: Principal) -> dict[str, object]:
    """Which fields parse to this principal?"""
    kind, _, name = principal.reference.partition(":")
    out: dict[str, object] = {"name": name}
    if principal.email:
        out["email"] = principal.email
    if principal.access != BOTH:
        out["access"] = principal.access
    if principal.disabled:
        out["disabled"] = True
    if principal.locked:
        out["locked"] = True
    if principal.properties:
        out["properties"] = {name: format_property(value) for name, value in principal.properties.items()}
    if principal.budgets:
        out["budgets"] = list(principal.budgets)
    if principal.owner is not None:
        out["owner"] = principal.owner
    if principal.provisioned_by is not None:
        out["provisioned_by"] = principal.provisioned_by
    if kind == "profile":
        out["trust"] = list(principal.trust)
        if principal.trust_when is not None:
            out["when"] = format_condition(principal.trust_when)
        out["maximum_session_seconds"] = principal.maximum_session_seconds
    if principal.description:
        out["description"] = principal.description
    return out


def parse_group(fields: Fields, account: str) -> Group:
    """Which group is it? A member that appears twice must differ in its window."""
    fields.require("name")
    members: dict[Membership, None] = {}
    for item, path in fields.items("members", most=MAX_MEMBERS):
        membership = _parse_membership(item, path, fields)
        if membership is None:
            continue
        if membership in members:
            fields.notes.add(path, f"duplicate `{membership.member}`")
        members[membership] = None
    name, description = fields.parsed("name", parse_name) or "", fields.text("description")
    return Group(
        name,
        tuple(members),
        description,
        parse_manager(fields),
        fields.parsed("provisioned_by", _parse_provisioner),
        fields.text("external_id"),
    )


def format_group(group: Group) -> dict[str, object]:
    """Which fields parse to this group?"""
    out: dict[str, object] = {"name": group.name}
    out["members"] = [_format_membership(membership) for membership in group.members]
    if group.description:
        out["description"] = group.description
    if group.provisioned_by is not None:
        out["provisioned_by"] = group.provisioned_by
    if group.external_id:
        out["external_id"] = group.external_id
    return {**out, **format_manager(group.managed_by)}


def parse_trust_entry(text: str, place: str) -> str:
    """Who may assume a profile? A principal, a group, all or somebody of another account (rule 22.3)."""
    return format_trusted(parse_trusted(text, place))


def parse_member(text: str, place: str) -> str:
    """Who can be in a group?"""
    if text.partition(":")[0] not in _MEMBER_KINDS:
        expected = ", ".join(f"`{kind}:`" for kind in _MEMBER_KINDS)
        raise Invalid.at(place, f"`{text}` cannot be a member", f"expected one of {expected} and a name")
    return parse_subject(text, place)


def parse_owner(text: str, place: str) -> str:
    """Who can own something? A stored principal."""
    if text.partition(":")[0] not in _MEMBER_KINDS[:-1]:
        expected = ", ".join(f"`{kind}:`" for kind in _MEMBER_KINDS[:-1])
        raise Invalid.at(place, f"`{text}` cannot be an owner", f"expected one of {expected} and a name")
    return parse_principal(text, place)


def _parse_shared(fields: Fields, kind: str, **more: object) -> Principal:
    fields.require("name")
    return Principal(
        reference=f"{kind}:{fields.parsed('name', parse_name)}",
        disabled=fields.flag("disabled"),
        properties=parse_properties(fields),
        budgets=fields.texts("budgets"),
        description=fields.text("description"),
        owner=fields.parsed("owner", parse_owner),
        **more,  # type: ignore[arg-type]  # the fields that only one kind has
    )


def _parse_provisioner(text: str, place: str) -> str:
    if not text.startswith(_PROVISIONER):
        raise Invalid.at(place, f"`{text}` cannot provision", f"expected `{_PROVISIONER}` and a name")
    return parse_principal(text, place)


def is_email(text: str) -> bool:
    """Has this the form of an email address?"""
    return bool(_EMAIL.fullmatch(text))


def _parse_email(text: str, place: str) -> str:
    if not is_email(text):
        raise Invalid.at(place, f"`{text}` is no email address", "write it as name@example.org")
    return text


def _parse_membership(item: object, path: Path, fields: Fields) -> Membership | None:
    if not isinstance(item, Mapping):
        member = parse_text(item, path, fields.notes, parse_member)
        return None if member is None else Membership(member)
    inner = Fields(item, path, fields.notes, _MEMBER_FIELDS)
    inner.require("member")
    member = inner.parsed("member", parse_member)
    window, managed_by = parse_window(inner), inner.choice("managed_by", MANAGERS, MANAGERS[0])
    return None if member is None else Membership(member, window, managed_by)


def _format_membership(membership: Membership) -> object:
    # WHY first: nearly all are so, and a group may have a hundred thousand.
    if membership.window == ALWAYS and membership.managed_by == MANAGERS[0]:
        return membership.member
    out: dict[str, object] = {"member": membership.member, **format_window(membership.window)}
    if membership.managed_by != MANAGERS[0]:
        out["managed_by"] = membership.managed_by
    return out
