"""What a page says about the form that was sent before it: kept in a cookie for the one page that follows."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response

from bailiwick.console.entrance import cookie_name, drop_cookie, set_cookie
from bailiwick.console.forgery import form_key, token_of

if TYPE_CHECKING:
    from bailiwick.console.page import Page

SECONDS = 60
MAX_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Note:
    """One sentence, and the revision that it offers to undo (0: none)."""

    text: str
    revision: int = 0


def keep_note(page: Page, response: Response, note: Note) -> None:
    """Keep it for the page that follows."""
    said = json.dumps([note.text[:MAX_CHARACTERS], note.revision]).encode()
    data = urlsafe_b64encode(said).decode()
    set_cookie(page.host, response, "note", f"{data}.{_seal(page, data)}", seconds=SECONDS)


def read_note(page: Page) -> Note | None:
    """Which note is in the cookie?

    SECURITY: only one that this console wrote in this visit; whoever can set cookies puts no words into its mouth.
    """
    data, _, seal = page.request.cookies.get(cookie_name(page.host, "note"), "").rpartition(".")
    if not page.is_signed_in or not hmac.compare_digest(seal.encode(), _seal(page, data).encode()):
        return None
    text, revision = json.loads(urlsafe_b64decode(data))
    return Note(text, revision)


def _seal(page: Page, data: str) -> str:
    return token_of(page, f"note {form_key(page)} {data}")


def take_note(page: Page, response: Response) -> None:
    """It has been shown: forget it."""
    if page.note is not None:
        drop_cookie(page.host, response, "note")
