"""The two forms of one API key, whoever's it is: what it is for and its limits; another secret."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response

from bailiwick.authn.keys import ApiKeyRecord
from bailiwick.console.forms import Form
from bailiwick.console.page import Page
from bailiwick.console.pages.keys.limits import LIMIT_FIELDS, WHEN_LEAKED, form_of, read_changes
from bailiwick.console.problems import status_of
from bailiwick.errors import Conflict, Denied, Invalid, NotFound
from bailiwick.service.keys.changing import update_key
from bailiwick.service.keys.reading import describe_key, list_uses
from bailiwick.service.keys.rotating import rotate_key

OVERLAPS = (
    ("0", "at once"),
    ("3600", "in an hour"),
    ("86400", "in a day"),
    ("604800", "in a week"),
    ("2592000", "in 30 days"),
)
LEAKED = "leaked"
HIDDEN = ("no_authority", "not_owner")


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where a key's pages are: the trail to the list of keys, its address, and that of each of the key's forms.

    `leave` leads back to the list, and says there what was done.
    """

    trail: tuple[tuple[str, str], ...]
    list_address: str
    edit_address: str
    rotate_address: str
    leave: Callable[[str], Response]


def show_edit(page: Page, place: KeyPlace, record: ApiKeyRecord) -> Response:
    """What is the key for, until when, from where; and when was it used?"""
    description = page.snapshot.descriptions.get(record.uid, "")
    return _show_edit(page, place, record, form_of(record, description))


def _show_edit(page: Page, place: KeyPlace, record: ApiKeyRecord, form: Form, status: int = 200) -> Response:
    return page.render(
        "keys/edit.html",
        status=status,
        place=place,
        key=describe_key(page.host, page.snapshot, record),
        uses=list_uses(page.host, record, page.account),
        form=form,
        when_leaked=WHEN_LEAKED,
    )


def save_edit(page: Page, place: KeyPlace, record: ApiKeyRecord) -> Response:
    """The key is as the form says from now on."""
    try:
        update_key(page.host, page.session, record.uid, **read_changes(page.form, record))
    except (Invalid, Conflict, NotFound) as error:
        form = page.form.failed(error, *LIMIT_FIELDS)
        return _show_edit(page, place, record, form, status_of(error))
    except Denied as error:
        if error.reason not in HIDDEN:
            raise
        return _show_edit(page, place, record, page.form.failed(error), status_of(error))
    return place.leave(f"Key {record.prefix} was changed.")


def show_rotation(page: Page, place: KeyPlace, record: ApiKeyRecord) -> Response:
    """When shall the old secret end?"""
    return _show_rotation(page, place, record, Form.of({"overlap": "86400"}))


def _show_rotation(
    page: Page, place: KeyPlace, record: ApiKeyRecord, form: Form, status: int = 200
) -> Response:
    key = describe_key(page.host, page.snapshot, record)
    return page.render("keys/rotate.html", status=status, place=place, key=key, form=form, overlaps=OVERLAPS)


def rotate(page: Page, place: KeyPlace, record: ApiKeyRecord) -> Response:
    """The key has another secret, shown this once."""
    overlap, leaked = page.form.get("overlap"), page.form.has(LEAKED)
    try:
        if overlap not in dict(OVERLAPS):
            raise Invalid.at("overlap", "choose one of the times that are offered")
        seconds = 0 if leaked else int(overlap)
        made = rotate_key(page.host, page.session, record.uid, overlap_seconds=seconds, leaked=leaked)
    except (Invalid, Conflict, NotFound) as error:
        form = page.form.failed(error, "overlap", overlap_seconds="overlap")
        return _show_rotation(page, place, record, form, status_of(error))
    except Denied as error:
        if error.reason not in HIDDEN:
            raise
        return _show_rotation(page, place, record, page.form.failed(error), status_of(error))
    # SECURITY: shown in this answer, which no cache keeps, and nowhere else.
    return page.render("keys/made.html", place=place, made=made, leaked=leaked)
