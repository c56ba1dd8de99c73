"""One's own API keys: made and shown once, put out of use, withdrawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.responses import Response

from bailiwick.authn.keys import ApiKeyRecord
from bailiwick.console.forms import Form
from bailiwick.console.page import Page
from bailiwick.console.pages.keys.editing import KeyPlace, rotate, save_edit, show_edit, show_rotation
from bailiwick.console.pages.keys.limits import LIMIT_FIELDS, WHEN_LEAKED, read_limits
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.errors import Conflict, Denied, Invalid, NotFound
from bailiwick.service.keys.changing import delete_key, update_key
from bailiwick.service.keys.making import create_key
from bailiwick.service.keys.records import owner_of
from bailiwick.service.needed import iam_object

OWN = "everybody keeps their own keys (rule 10.3); the engine is asked whether anything forbids it"
UPDATE = "iam.api-key.update"
LIFETIMES = (("30", "30 days"), ("90", "90 days"), ("365", "a year"), ("", "never"))


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A key as a list shows it: never its secret. `may_enable`: who put it out of use is not overruled by its owner."""

    uid: str
    owner: str
    prefix: str
    description: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    state: str
    networks: tuple[str, ...]
    is_leaked: bool
    earlier_until: datetime | None
    is_locked: bool
    may_enable: bool


def own_key_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [
        get("/me/keys", list_own, public=OWN),
        get("/me/keys/new", ask_for_key, public=OWN),
        post("/me/keys/new", make_key, public=OWN),
        post("/me/keys/{name}/disable", disable, public=OWN),
        post("/me/keys/{name}/enable", enable, public=OWN),
        get("/me/keys/{name}/edit", ask_to_edit, public=OWN),
        post("/me/keys/{name}/edit", edit, public=OWN),
        get("/me/keys/{name}/rotate", ask_to_rotate, public=OWN),
        post("/me/keys/{name}/rotate", make_other_secret, public=OWN),
        get("/me/keys/{name}/delete", ask_to_delete, public=OWN),
        post("/me/keys/{name}/delete", delete, public=OWN),
    ]


def shown_key(page: Page, record: ApiKeyRecord) -> ShownKey:
    """How is the key shown?"""
    ended = record.expires_at is not None and record.expires_at.timestamp() <= page.now
    return ShownKey(
        uid=record.uid,
        owner=owner_of(record),
        prefix=record.prefix,
        description=page.snapshot.descriptions.get(record.uid, ""),
        created_at=record.created_at,
        expires_at=record.expires_at,
        used_at=page.host.last_used(page.account, record.uid),
        state="disabled" if record.disabled else "expired" if ended else "enabled",
        networks=record.networks,
        is_leaked=record.leaked_at is not None,
        earlier_until=_until(page, record),
        is_locked=record.locked,
        may_enable=record.disabled and page.may(UPDATE, iam_object("api-key", record.uid, owner_of(record))),
    )


def _until(page: Page, record: ApiKeyRecord) -> datetime | None:
    """Until when does an earlier secret work as well? None: there is none."""
    earlier = record.earlier
    return earlier.until if earlier is not None and earlier.until.timestamp() > page.now else None


def _own(page: Page) -> list[ApiKeyRecord]:
    records = (one for one in page.snapshot.keys.values() if one.owner_uid == page.session.uid)
    return sorted(records, key=lambda one: (one.created_at, one.uid))


def _get_own(page: Page) -> ApiKeyRecord:
    """Which of the visitor's keys does the address name? Raises NotFound."""
    record = next((one for one in _own(page) if one.uid == page.name), None)
    if record is None:
        raise NotFound(f"you have no API key `{page.name}`", "it may have been deleted")
    return record


def _place(page: Page, record: ApiKeyRecord) -> KeyPlace:
    return KeyPlace(
        trail=(("Your profile", page.url("/me")), ("API keys", page.url("/me/keys"))),
        list_address=page.url("/me/keys"),
        edit_address=page.url("/me/keys", record.uid, "edit"),
        rotate_address=page.url("/me/keys", record.uid, "rotate"),
        leave=lambda note: page.redirect("/me/keys", note=note),
    )


def ask_to_edit(page: Page) -> Response:
    """What is my key for, until when, from where?"""
    record = _get_own(page)
    return show_edit(page, _place(page, record), record)


def edit(page: Page) -> Response:
    """My key is as the form says from now on."""
    record = _get_own(page)
    return save_edit(page, _place(page, record), record)


def ask_to_rotate(page: Page) -> Response:
    """When shall the old secret of my key end?"""
    record = _get_own(page)
    return show_rotation(page, _place(page, record), record)


def make_other_secret(page: Page) -> Response:
    """My key has another secret."""
    record = _get_own(page)
    return rotate(page, _place(page, record), record)


def list_own(page: Page) -> Response:
    """Which keys have I?"""
    return page.render("people/keys.html", keys=[shown_key(page, one) for one in _own(page)])


def ask_for_key(page: Page) -> Response:
    """What is the key for, and until when?"""
    return _ask_for_key(page, Form.of({"days": "90"}))


def _ask_for_key(page: Page, form: Form, status: int = 200) -> Response:
    return page.render(
        "people/new_key.html", status=status, form=form, lifetimes=LIFETIMES, when_leaked=WHEN_LEAKED
    )


def make_key(page: Page) -> Response:
    """The key is made, and shown this once."""
    form = page.form
    try:
        made = create_key(
            page.host,
            page.session,
            page.session.principal,
            **{**read_limits(form), "expires_at": _end(page, form.get("days"))},
        )
    except (Invalid, Conflict, Denied, NotFound) as error:
        return _ask_for_key(
            page, form.failed(error, *LIMIT_FIELDS, "days", expires_at="days"), status_of(error)
        )
    return page.render("people/made_key.html", text=made.text)


def _end(page: Page, days: str) -> datetime | None:
    if days not in dict(LIFETIMES):
        raise Invalid.at("days", "choose one of the times that are offered")
    return datetime.fromtimestamp(page.now + int(days) * 86_400, UTC) if days else None


def disable(page: Page) -> Response:
    """Nothing signs in with the key any more, until it is enabled."""
    return _set(page, disabled=True)


def enable(page: Page) -> Response:
    """The key works again."""
    return _set(page, disabled=False)


def _set(page: Page, *, disabled: bool) -> Response:
    record = _get_own(page)
    update_key(page.host, page.session, record.uid, disabled=disabled)
    return page.redirect("/me/keys", note=f"Key {record.prefix} was {'disabled' if disabled else 'enabled'}.")


def ask_to_delete(page: Page) -> Response:
    """What stops without it?"""
    return page.render("people/delete_key.html", key=shown_key(page, _get_own(page)))


def delete(page: Page) -> Response:
    """The key is withdrawn for good."""
    record = _get_own(page)
    delete_key(page.host, page.session, record.uid)
    return page.redirect("/me/keys", note=f"Key {record.prefix} was deleted.")
