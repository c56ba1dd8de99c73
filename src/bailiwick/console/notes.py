"""What a page says about the form that was sent before it: kept in a cookie for the one page that follows."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response

from bailiwick.console.entrance import drop_cookie, set_cookie

if TYPE_CHECKING:
    from bailiwick.console.page import Page

SECONDS = 60
MAX_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Note:
    """One sentence, and the revision that it offers to undo (0: none)."""

    text: str
    revision: int = 0

    @classmethod
    def read(cls, kept: str) -> Note | None:
        """Which note is in the cookie? None: none that can be read."""
        try:
            text, revision = json.loads(urlsafe_b64decode(kept.encode("ascii")))
            return cls(str(text)[:MAX_CHARACTERS], int(revision)) if text else None
        except (ValueError, TypeError):
            return None


def keep_note(page: Page, response: Response, note: Note) -> None:
    """Keep it for the page that follows."""
    data = json.dumps([note.text[:MAX_CHARACTERS], note.revision]).encode()
    set_cookie(page.host, response, "note", urlsafe_b64encode(data).decode(), seconds=SECONDS)


def take_note(page: Page, response: Response) -> None:
    """It has been shown: forget it."""
    if page.note is not None:
        drop_cookie(page.host, response, "note")
