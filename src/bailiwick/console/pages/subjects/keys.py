"""API keys of a user or service ID: listed, made (shown once), disabled, enabled, withdrawn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from starlette.responses import Response

from bailiwick.authn.keys import ApiKeyRecord
from bailiwick.console.forms import Form
from bailiwick.console.objects import ObjectPages
from bailiwick.console.page import Page
from bailiwick.console.pages.keys.editing import KeyPlace, rotate, save_edit, show_edit, show_rotation
from bailiwick.console.pages.keys.limits import LIMIT_FIELDS, WHEN_LEAKED, read_limits
from bailiwick.console.pages.subjects.common import SERVICE_IDS, USERS, keys_of, show_subject
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.errors import Conflict, Denied, Invalid, NotFound
from bailiwick.service.keys.changing import delete_key, update_key
from bailiwick.service.keys.making import create_key
from bailiwick.service.keys.reading import describe_key, read_key
from bailiwick.service.keys.records import owner_of
from bailiwick.service.kinds import reference_of

READ, CREATE = ("iam.api-key.list", "iam.api-key.read"), "iam.api-key.create"
UPDATE, ROTATE, DELETE = "iam.api-key.update", "iam.api-key.rotate", "iam.api-key.delete"
AUTHORITY = ("iam.policy.create", "iam.role.assign")
Deed = Callable[[Page, str], str]


def key_entries() -> list[Entry]:
    """Which lines have API keys?"""
    lines = []
    for objects in (USERS, SERVICE_IDS):
        keys, see = objects.path_of("keys"), objects.readings
        lines += [
            get(keys, partial(show_keys, objects), *see, *READ),
            get(f"{keys}/new", partial(ask_key, objects), *see),
            post(f"{keys}/new", partial(make_key, objects), *see, CREATE, *AUTHORITY),
            get(f"{keys}/edit", partial(_at_key, objects, show_edit), *see, *READ),
            post(f"{keys}/edit", partial(_at_key, objects, save_edit), *see, UPDATE, *AUTHORITY),
            get(f"{keys}/rotate", partial(_at_key, objects, show_rotation), *see, *READ),
            post(f"{keys}/rotate", partial(_at_key, objects, rotate), *see, ROTATE, *AUTHORITY),
            get(f"{keys}/delete", partial(ask_deletion, objects), *see, *READ),
            post(f"{keys}/disable", partial(_do, objects, _disable), *see, UPDATE),
            post(f"{keys}/enable", partial(_do, objects, _enable), *see, UPDATE, *AUTHORITY),
            post(f"{keys}/delete", partial(_do, objects, _delete), *see, DELETE),
        ]
    return lines


def show_keys(objects: ObjectPages, page: Page) -> Response:
    """Which keys has it, used when, until when?"""
    found = objects.get(page)
    owner = reference_of(found.kind, found.name)
    keys = [describe_key(page.host, page.snapshot, one) for one in keys_of(page, owner)]
    return show_subject(
        page,
        objects,
        found,
        "keys",
        keys=keys,
        most=page.snapshot.account.security_settings.keys.most_for_one_identity,
        now=datetime.fromtimestamp(page.now, UTC).isoformat(),
        may_create=owner == page.session.principal or page.judge.could_hold_any((CREATE,)),
        may_update=owner == page.session.principal or page.judge.could_hold_any((UPDATE,)),
        may_rotate=owner == page.session.principal or page.judge.could_hold_any((ROTATE,)),
        may_delete=owner == page.session.principal or page.judge.could_hold_any((DELETE,)),
    )


def ask_key(objects: ObjectPages, page: Page) -> Response:
    """A form: what is the key for, and until when?"""
    return _ask_key(objects, page, Form())


def _ask_key(objects: ObjectPages, page: Page, form: Form, status: int = 200) -> Response:
    found = objects.get(page)
    return page.render(
        "subjects/new_key.html",
        status=status,
        objects=objects,
        found=found,
        form=form,
        when_leaked=WHEN_LEAKED,
    )


def make_key(objects: ObjectPages, page: Page) -> Response:
    """Make the key, and show it: this once."""
    found = objects.get(page)
    owner = reference_of(found.kind, found.name)
    try:
        made = create_key(page.host, page.session, owner, **read_limits(page.form))
    except (Invalid, Conflict, NotFound) as error:
        form = page.form.failed(error, *LIMIT_FIELDS)
        return _ask_key(objects, page, form, status_of(error))
    except Denied as error:
        if error.reason != "no_authority":
            raise
        return _ask_key(objects, page, page.form.failed(error), status_of(error))
    # SECURITY: shown in this answer, which no cache keeps, and nowhere else.
    return page.render(
        "subjects/made_key.html", objects=objects, found=found, made=made, expires=made.expires_at
    )


def _at_key(
    objects: ObjectPages, form: Callable[[Page, KeyPlace, ApiKeyRecord], Response], page: Page
) -> Response:
    """One of the forms of a key of this page's owner."""
    found = objects.get(page)
    uid = page.form.get("key") if page.request.method == "POST" else page.asked("key")
    record = _of_owner(objects, page, uid)
    trail = (
        *objects.crumbs,
        (objects.many, page.url(objects.path)),
        (found.name, objects.url(page, found.name)),
        ("Keys", objects.url(page, found.name, "keys")),
    )
    place = KeyPlace(
        trail=trail,
        list_address=objects.url(page, found.name, "keys"),
        edit_address=objects.url(page, found.name, "keys/edit"),
        rotate_address=objects.url(page, found.name, "keys/rotate"),
        leave=lambda note: objects.redirect(page, found.name, "keys", note=note),
    )
    return form(page, place, record)


def ask_deletion(objects: ObjectPages, page: Page) -> Response:
    """What stops with the key?"""
    found = objects.get(page)
    record = _of_owner(objects, page, page.asked("key"))
    key = describe_key(page.host, page.snapshot, record)
    return page.render("subjects/delete_key.html", objects=objects, found=found, key=key)


def _of_owner(objects: ObjectPages, page: Page, uid: str) -> ApiKeyRecord:
    """Which key is it, if it is one of this page's owner? Raises NotFound, Denied."""
    record = read_key(page.host, page.session, uid)
    if owner_of(record) != reference_of(objects.kind, page.name):
        raise NotFound(f"there is no API key `{uid[:80]}` of `{page.name}`")
    return record


def _do(objects: ObjectPages, deed: Deed, page: Page) -> Response:
    found, uid = objects.get(page), page.form.get("key")
    _of_owner(objects, page, uid)
    done = deed(page, uid)
    return objects.redirect(page, found.name, "keys", note=done)


def _disable(page: Page, uid: str) -> str:
    update_key(page.host, page.session, uid, disabled=True)
    return "The key was disabled. Nothing signed in by it works any more."


def _enable(page: Page, uid: str) -> str:
    update_key(page.host, page.session, uid, disabled=False)
    return "The key was enabled."


def _delete(page: Page, uid: str) -> str:
    delete_key(page.host, page.session, uid)
    return "The key was withdrawn for good."
