"""Settings › API keys: every key of the account that the visitor may see, a page at a time."""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.console.page import PAGE_SIZE, Page
from bailiwick.console.pages.people.own_keys import shown_key
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.errors import Conflict
from bailiwick.service.keys.changing import delete_key, update_key
from bailiwick.service.keys.reading import list_keys, read_key
from bailiwick.service.keys.records import owner_of

LIST, READ, UPDATE, DELETE = (f"iam.api-key.{verb}" for verb in ("list", "read", "update", "delete"))


def key_list_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [
        get("/settings/keys", list_all, LIST, READ),
        post("/settings/keys/{name}/disable", disable, UPDATE),
        get("/settings/keys/{name}/delete", ask_to_delete, READ),
        post("/settings/keys/{name}/delete", delete, DELETE),
    ]


def list_all(page: Page) -> Response:
    """Which keys are there?"""
    word, after = page.asked("q").casefold(), page.asked("after")
    if not page.judge.could_hold_any((LIST, READ)):
        page.judge.refuse(LIST, "", "no_matching_policy")
    texts = page.snapshot.descriptions
    found = [
        one
        for one in list_keys(page.host, page.session)
        if word in f"{owner_of(one)} {one.prefix} {texts.get(one.uid, '')}".casefold()
    ]
    begin = next((at + 1 for at, one in enumerate(found) if one.uid == after), 0)
    part = found[begin : begin + PAGE_SIZE]
    more = part[-1].uid if begin + PAGE_SIZE < len(found) else ""
    return page.render("settings/keys.html", keys=[shown_key(page, one) for one in part], next=more)


def disable(page: Page) -> Response:
    """Nothing signs in with the key any more."""
    record = update_key(page.host, page.session, page.name, disabled=True)
    return page.redirect("/settings/keys", note=f"Key {record.prefix} was disabled.")


def ask_to_delete(page: Page) -> Response:
    """What stops without it?"""
    record = read_key(page.host, page.session, page.name)
    return page.render("settings/delete_key.html", key=shown_key(page, record), problem="")


def delete(page: Page) -> Response:
    """The key is withdrawn for good."""
    try:
        delete_key(page.host, page.session, page.name)
    except Conflict as error:
        key = shown_key(page, read_key(page.host, page.session, page.name))
        return page.render(
            "settings/delete_key.html", status=status_of(error), key=key, problem=error.message
        )
    return page.redirect("/settings/keys", note="The key was deleted.")
