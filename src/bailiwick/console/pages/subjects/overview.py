"""What one user, service ID or profile is: its facts. (A group's first page is its members.)"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from starlette.responses import Response

from bailiwick.authn.keys import ApiKeyRecord
from bailiwick.catalog.properties import format_property
from bailiwick.console.objects import ObjectPages
from bailiwick.console.page import Page
from bailiwick.console.pages.subjects.common import (
    PRINCIPALS,
    SERVICE_IDS,
    USERS,
    duration_of,
    keys_of,
    may_see_keys,
    show_subject,
    subject_address,
)
from bailiwick.console.routes import Entry, get
from bailiwick.model.accounts import Principal
from bailiwick.model.trusting import Trusted, parse_trusted
from bailiwick.service.effective_told import tell_access
from bailiwick.service.kinds import find_value, reference_of
from bailiwick.service.reading import Found
from bailiwick.service.scim.consent import is_paused


@dataclass(frozen=True, slots=True)
class Trust:
    """One entry of a trust list, in words; `address` is of the page of whom it means, "" elsewhere."""

    text: str
    said: str
    address: str


def overview_entries() -> list[Entry]:
    """Which lines have the first pages?"""
    return [
        get(objects.path_of(), partial(show_overview, objects), *objects.readings) for objects in PRINCIPALS
    ]


def show_overview(objects: ObjectPages, page: Page) -> Response:
    """Who is it, in which groups, with which policies, used when?"""
    found = objects.get(page)
    value: Principal = find_value(page.snapshot.account, found.kind, found.name)
    told = tell_access(page.reader, found.kind, found.name, page.now)
    keys = keys_of(page, value.reference) if _has_keys(page, objects, found) else []
    return show_subject(
        page,
        objects,
        found,
        "",
        value=value,
        is_owner=value.reference == page.snapshot.account.owner,
        is_paused=is_paused(value),
        held=told.holding,
        hidden=told.hidden,
        groups=len({group for group, _ in page.snapshot.compiled.parents.get(value.reference, ())}),
        keys=len(keys),
        used=_last_used(page, keys),
        properties=[(name, _shown(one)) for name, one in value.properties.items()],
        trusts=[trust_of(page, entry) for entry in value.trust],
        duration=duration_of,
        reference=reference_of(found.kind, found.name),
    )


def _has_keys(page: Page, objects: ObjectPages, found: Found) -> bool:
    return objects in (USERS, SERVICE_IDS) and may_see_keys(page, found)


def _last_used(page: Page, keys: list[ApiKeyRecord]) -> datetime | None:
    used = [page.host.last_used(page.account, one.uid) for one in keys]
    return max((one for one in used if one is not None), default=None)


def _shown(value: Any) -> str:
    """How is a property shown on one line?"""
    plain = format_property(value)
    if isinstance(plain, list):
        return ", ".join(map(str, plain))
    if isinstance(plain, Mapping):
        return ", ".join(f"{name}: {_shown(one)}" for name, one in plain.items())
    return str(plain).lower() if isinstance(plain, bool) else str(plain)


_ONE = {"user": "user", "service-id": "service ID", "profile": "profile", "service": "service"}


def trust_of(page: Page, text: str) -> Trust:
    """Whom does this entry of a trust list mean, in words?"""
    trusted = parse_trusted(text)
    kind, _, name = trusted.subject.partition(":")
    if not trusted.account:
        return Trust(text, _said(kind, name), subject_address(page, trusted.subject))
    if not trusted.subject:
        return Trust(text, f"everybody of account {trusted.account}", "")
    return Trust(text, f"{_said(kind, name)} of account {trusted.account}{_unbound(trusted)}", "")


def _said(kind: str, name: str) -> str:
    if kind == "group":
        return "every user and service ID" if name == "members" else f"whoever is in group {name}"
    return f"{_ONE.get(kind, kind)} {name}"


def _unbound(trusted: Trusted) -> str:
    """A name that nobody had when the entry was written means nobody."""
    return "" if trusted.uid else " (nobody was called so when this was written: it means nobody)"
