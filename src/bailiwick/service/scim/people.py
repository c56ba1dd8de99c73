"""A user, as a directory speaks of it: what is kept of that, to the stored value and back.

Implements docs/spec.md rule 33.3. Pure. Everything that SCIM says of a user and Bailiwick has no field for is the
property `scim`, so that conditions read it (`principal.properties.scim.department`), and nothing else is overwritten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bailiwick.catalog.documents import format_document, parse_document
from bailiwick.errors import Invalid
from bailiwick.model.accounts import Principal, Property
from bailiwick.service.scim.consent import ACTIVE, SCIM

EMAILS = "emails"
LISTS = (EMAILS, "phoneNumbers")
MOST_OF_A_LIST = 50
Said = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """For which account does who write it? `provisioner`: the service ID that writes; None: somebody else does."""

    account: str
    provisioner: str | None


def said_of(user: Principal) -> dict[str, Any]:
    """What does the directory see of this user? Lists as lists, `active`, and the present email in any case."""
    kept = kept_of(user)
    said: dict[str, Any] = {name: _listed(name, value) for name, value in kept.items() if name != ACTIVE}
    said[ACTIVE] = not user.disabled
    emails = said.get(EMAILS, [])
    if main_email(emails) != user.email:
        # WHY: the account changed the address itself, so the directory's is not what is so.
        said.pop(EMAILS, None)
        if user.email:
            said[EMAILS] = [{"value": user.email, "primary": True}]
    return said


def kept_of(user: Principal) -> Mapping[str, Property]:
    """What is kept of what a directory said?"""
    kept = user.properties.get(SCIM)
    return kept if isinstance(kept, Mapping) else {}


def user_of(name: str, said: Said, old: Principal | None, source: Source) -> Principal:
    """Which user is it, when the directory says this? What it does not say it has not. Raises Invalid."""
    document: dict[str, Any] = {"name": name} if old is None else format_document("User", old)
    disabled = not said.get(ACTIVE, old is None or not old.disabled)
    kept = {field: _kept(field, value) for field, value in said.items() if field != ACTIVE}
    if disabled and _is_by_provisioner(old):
        kept[ACTIVE] = False
    email = main_email(said.get(EMAILS, []))
    properties = {**document.get("properties", {}), SCIM: kept}
    document |= {"disabled": disabled, "email": email or None, "properties": properties}
    if old is None and source.provisioner is not None:
        document["provisioned_by"] = source.provisioner
    value = parse_document({**document, "kind": "User", "account": source.account}, source.account)[1]
    if not isinstance(value, Principal):
        raise RuntimeError("a document of a user is a user")
    return value


def _is_by_provisioner(old: Principal | None) -> bool:
    """Is a user who is now inactive so by the provisioner? Not where somebody else disabled it before. (33.6)"""
    return old is None or not old.disabled or kept_of(old).get(ACTIVE) is False


def main_email(emails: list[Mapping[str, Any]]) -> str:
    """Which address is the user's? The primary one, else that for work, else the first."""
    wanted = (lambda one: one.get("primary") is True, lambda one: one.get("type") == "work", lambda one: True)
    for fits in wanted:
        for one in emails:
            if one.get("value") and fits(one):
                return str(one["value"])
    return ""


def _kept(field: str, value: Any) -> Any:
    """Which property keeps it? A list of mappings, which no property is, is kept by place."""
    if field not in LISTS:
        return value
    if len(value) > MOST_OF_A_LIST:
        raise Invalid.at(field, f"expected at most {MOST_OF_A_LIST} values, got {len(value)}")
    return {str(place): dict(one) for place, one in enumerate(value, 1)}


def _listed(field: str, value: Any) -> Any:
    if field not in LISTS or not isinstance(value, Mapping):
        return value
    places = sorted((one for one in value if one.isdecimal()), key=int)
    return [value[place] for place in places if isinstance(value[place], Mapping)]
