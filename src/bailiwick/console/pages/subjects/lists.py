"""Lists of users, groups, service IDs and profiles, paged and searched by the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from starlette.responses import Response

from bailiwick.console.lists import list_objects
from bailiwick.console.objects import ObjectPages
from bailiwick.console.page import Page
from bailiwick.console.pages.subjects.common import SUBJECTS, create_action, duration_of
from bailiwick.console.routes import Entry, get
from bailiwick.service.kinds import KINDS, find_value, reference_of
from bailiwick.service.people.last_use import last_uses
from bailiwick.service.reading import Found

MOST_GROUPS = 3


@dataclass(frozen=True, slots=True)
class Words:
    """What the list of a kind says. `create_step` follows the list's address."""

    about: str
    icon: str
    columns: tuple[str, ...]
    cells: str
    none: str
    teach: str
    create: str
    create_step: str = ":new"
    create_also: str = ""
    search: str = "Search by name or description"


WORDS: Mapping[str, Words] = {
    "User": Words(
        "People of this account. What they may do comes from their groups and from policies.",
        "user",
        ("Name", "Email", "Groups", "Last sign-in", "State"),
        "subjects/cells_user.html",
        "No users yet",
        "A user signs in with a password of their own, and may do what their groups and policies allow.",
        "Invite user",
        create_step=":invite",
        create_also="Create user",
        search="Search by name or email",
    ),
    "Group": Words(
        "Who is in a group holds every policy that names it.",
        "users-group",
        ("Name", "What for", "Members", "Managed by"),
        "subjects/cells_group.html",
        "No groups yet",
        "Give access to groups rather than to single people: whoever joins has it, whoever leaves loses it.",
        "Create group",
    ),
    "ServiceId": Words(
        "Identities of programs. They sign in with API keys.",
        "robot",
        ("Name", "What for", "Groups", "State"),
        "subjects/cells_service_id.html",
        "No service IDs yet",
        "A program gets a service ID and an API key of its own, so that what it does is told from what people do.",
        "Create service ID",
    ),
    "Profile": Words(
        "Identities that others assume for a time: trusted people, services, other accounts.",
        "id-badge",
        ("Name", "Trusts", "Sessions last", "State"),
        "subjects/cells_profile.html",
        "No profiles yet",
        "A profile holds policies of its own. Whom it trusts may assume it, also from another account.",
        "Create profile",
    ),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line: the object, the first of its groups that the visitor may see, and how many it is in."""

    found: Found
    groups: Sequence[str]
    in_groups: int
    size: int
    last_sign_in: datetime | None = None


def list_entries() -> list[Entry]:
    """Which lines have the lists?"""
    return [get(objects.path, partial(show_list, objects), *_actions(objects)) for objects in SUBJECTS]


def _actions(objects: ObjectPages) -> tuple[str, str]:
    resource_type = KINDS[objects.kind].resource_type
    return f"iam.{resource_type}.list", f"iam.{resource_type}.read"


def show_list(objects: ObjectPages, page: Page) -> Response:
    """Who or what is there?"""
    listed = list_objects(page, objects.kind)
    uids = [one.identity.uid for one in listed.items] if objects.kind == "User" else []
    used = last_uses(page.host, page.snapshot, uids)
    sees_groups = page.reader.may_list("Group")
    return page.render(
        "subjects/list.html",
        objects=objects,
        words=WORDS[objects.kind],
        duration=duration_of,
        listed=listed,
        rows=[
            replace(_row(page, one, sees_groups=sees_groups), last_sign_in=used.get(one.identity.uid))
            for one in listed.items
        ],
        may_create=page.judge.could_hold_any((create_action(objects),)),
    )


def _row(page: Page, found: Found, *, sees_groups: bool) -> Row:
    reference = reference_of(found.kind, found.name)
    names = sorted(
        {group.removeprefix("group:") for group, _ in page.snapshot.compiled.parents.get(reference, ())}
    )
    seen = names if sees_groups else [one for one in names[:20] if _may_name(page, one)]
    value = find_value(page.snapshot.account, found.kind, found.name)
    size = len(value.members) if found.kind == "Group" else 0
    return Row(found, seen[:MOST_GROUPS], len(names), size)


def _may_name(page: Page, group: str) -> bool:
    return page.reader.may_read("Group", group, page.snapshot.account.groups.get(group))
