"""The four kinds of subjects, with the tabs of their pages, and which buttons the visitor may press."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from bailiwick.authn.keys import ApiKeyRecord
from bailiwick.console.objects import ObjectPages, Tab
from bailiwick.console.page import Page
from bailiwick.console.rendering import plural
from bailiwick.model.names import EVERYONE
from bailiwick.model.names import MEMBERS as MEMBERS_GROUP
from bailiwick.service.keys.reading import list_keys_of
from bailiwick.service.kinds import KINDS, find_value, reference_of
from bailiwick.service.needed import object_of
from bailiwick.service.reading import Found

MEMBERS = ("iam.group.add-member", "iam.group.remove-member")


def may_see_keys(page: Page, found: Found) -> bool:
    """Is the tab of keys shown? Where the visitor could read any, or it is the visitor."""
    own = reference_of(found.kind, found.name) == page.session.principal
    return own or page.judge.could_hold_any(("iam.api-key.list", "iam.api-key.read"))


def may_see_sessions(page: Page, found: Found) -> bool:
    """Is the tab of sessions shown?"""
    return page.judge.could_hold_any(("iam.session.list",))


_OVERVIEW, _GROUPS, _ACCESS = Tab("Overview"), Tab("Groups", "groups"), Tab("Access", "access")
_KEYS, _SESSIONS = Tab("Keys", "keys", may_see_keys), Tab("Sessions", "sessions", may_see_sessions)

_SIGN_IN = Tab("Sign-in", "sign-in")

USERS = ObjectPages("User", "Users", (_OVERVIEW, _GROUPS, _ACCESS, _KEYS, _SIGN_IN, _SESSIONS))
SERVICE_IDS = ObjectPages("ServiceId", "Service IDs", (_OVERVIEW, _GROUPS, _ACCESS, _KEYS, _SESSIONS))
PROFILES = ObjectPages("Profile", "Profiles", (_OVERVIEW, _GROUPS, _ACCESS, _SESSIONS))
GROUPS = ObjectPages(
    "Group", "Groups", (Tab("Members"), _GROUPS, _ACCESS), update=("iam.group.update", *MEMBERS)
)
SUBJECTS = (USERS, GROUPS, SERVICE_IDS, PROFILES)
PRINCIPALS = (USERS, SERVICE_IDS, PROFILES)
CREATE = {"User": "iam.user.invite"}


def create_action(objects: ObjectPages) -> str:
    """Which action does making one ask for?"""
    return CREATE.get(objects.kind, f"iam.{KINDS[objects.kind].resource_type}.create")


def subject_address(page: Page, reference: str, step: str = "") -> str:
    """Under which address is the page of this user, group, service ID or profile? "": it has none."""
    for objects in SUBJECTS:
        name = reference.removeprefix(KINDS[objects.kind].prefix)
        if name and name != reference and reference not in (MEMBERS_GROUP, EVERYONE):
            return objects.url(page, name, step)
    return ""


@dataclass(frozen=True, slots=True)
class Deeds:
    """What may the visitor do to a subject, as it is?"""

    edit: bool
    disable: bool
    enable: bool
    delete: bool


def deeds_of(page: Page, objects: ObjectPages, found: Found) -> Deeds:
    """Which buttons has the page of this subject?"""
    value = find_value(page.snapshot.account, found.kind, found.name)
    here = object_of(found.kind, found.name, value)
    type_ = KINDS[found.kind].resource_type
    update = page.may(f"iam.{type_}.update", here)
    switches = update and found.kind != "Group"
    is_disabled = bool(found.document.get("disabled"))
    is_owner = reference_of(found.kind, found.name) == page.snapshot.account.owner
    return Deeds(
        edit=update,
        disable=switches and not is_disabled and not is_owner,
        enable=switches and is_disabled,
        delete=not is_owner and page.may(f"iam.{type_}.delete", here),
    )


def show_subject(
    page: Page, objects: ObjectPages, found: Found, tab: str, *, status: int = 200, **context: Any
) -> Response:
    """Which answer shows this tab? The template is called like the tab."""
    template = f"subjects/{tab.replace('-', '_') or context.pop('template', 'overview')}.html"
    return objects.show(
        page, found, template, tab, status=status, deeds=deeds_of(page, objects, found), **context
    )


def keys_of(page: Page, reference: str) -> list[ApiKeyRecord]:
    """Which API keys has this principal, as far as the visitor may see them?"""
    return list_keys_of(page.host, page.session, reference)


_UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"))


def duration_of(seconds: int) -> str:
    """How long is it, in words: `1 hour`, `90 minutes`, `45 seconds`?"""
    for size, word in _UNITS:
        if seconds >= size and seconds % size == 0:
            return plural(seconds // size, word)
    return plural(seconds, "second")
