"""Disabling and enabling a user, service ID or profile: what it ends is said before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from starlette.responses import Response

from bailiwick.console.objects import ObjectPages
from bailiwick.console.page import Page
from bailiwick.console.pages.subjects.common import PRINCIPALS, PROFILES, USERS
from bailiwick.console.rendering import plural
from bailiwick.console.routes import Entry, get, post
from bailiwick.model.accounts import Principal
from bailiwick.service.edits import Edit
from bailiwick.service.effective_told import tell_access
from bailiwick.service.kinds import find_value, reference_of
from bailiwick.service.reading import Found
from bailiwick.service.snapshots import Snapshot

AUTHORITY = ("iam.policy.create", "iam.role.assign")


def state_entries() -> list[Entry]:
    """Which lines disable and enable?"""
    lines = []
    for objects in PRINCIPALS:
        disable, enable = objects.path_of("disable"), objects.path_of("enable")
        needed = (*objects.readings, *objects.updates)
        lines.append(get(disable, partial(ask_disable, objects), *objects.readings))
        lines.append(post(disable, partial(_switch, objects, True), *needed))
        lines.append(post(enable, partial(_switch, objects, False), *needed, *AUTHORITY))
    return lines


def ask_disable(objects: ObjectPages, page: Page) -> Response:
    """What ends with it?"""
    found = objects.get(page)
    return page.render(
        "subjects/disable.html", objects=objects, found=found, ends=list(_ends(page, objects, found))
    )


def _ends(page: Page, objects: ObjectPages, found: Found) -> Iterator[str]:
    reference = reference_of(found.kind, found.name)
    told = tell_access(page.reader, found.kind, found.name, page.now)
    reaching = len(told.access.holding)
    if reaching:
        verb = "allows" if reaching == 1 else "allow"
        yield f"What {plural(reaching, 'policy', 'policies')} {verb} it now is denied."
    keys = sum(1 for key in page.snapshot.keys.values() if key.owner_uid == found.identity.uid)
    if keys:
        yield f"{plural(keys, 'API key')} of it {'stops' if keys == 1 else 'stop'} working."
    if objects is USERS:
        yield "Signing in is refused, and every session ends at its next request."
    elif objects is PROFILES:
        yield "Nobody can assume it, and every session that assumed it ends at its next request."
    else:
        yield "Every session of it ends at its next request."
    owned = sum(1 for one in page.snapshot.account.principals.values() if one.owner == reference)
    if owned:
        yield f"What it owns ({plural(owned, 'user or service ID', 'users and service IDs')}) keeps working."


def _switch(objects: ObjectPages, is_disabled: bool, page: Page) -> Response:
    found = objects.get(page)

    def prepare(before: Snapshot) -> Sequence[Edit]:
        page.check_since(before, objects.kind, found.name, "")
        value: Principal = find_value(before.account, objects.kind, found.name)
        return [Edit(objects.kind, found.name, replace(value, disabled=is_disabled))]

    outcome = page.change(prepare)
    done = "disabled" if is_disabled else "enabled"
    note = f"{objects.one[:1].upper()}{objects.one[1:]} `{found.name}` was {done}."
    return objects.redirect(
        page, found.name, note=note, revision=outcome.revision if outcome.differences else 0
    )
