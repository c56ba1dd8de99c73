"""What filters of an address say: days, revisions, places in a log. Raises Invalid or NotFound, never guesses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bailiwick.console.page import Page
from bailiwick.errors import Invalid, NotFound
from bailiwick.model.conditions import parse_instant
from bailiwick.service.history.recorded import Place

MAX_DIGITS = 18


def asked_instant(page: Page, field: str, *, end: bool = False) -> datetime | None:
    """From which instant on, or (`end`) before which? A day alone is the whole day, in UTC. None: it is not said."""
    text = page.asked(field)
    if not text:
        return None
    instant = parse_instant(text)
    if instant is not None:
        return instant
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
        return day + timedelta(days=1) if end else day
    except (ValueError, OverflowError):
        raise Invalid.at(field, f"expected a day such as `2026-11-28`, got `{text[:40]}`") from None


def asked_place(page: Page) -> Place | None:
    """After which place of the log does the page begin? None: at its end, the newest change."""
    text = page.asked("after")
    revision, dot, seq = text.partition(".")
    if not text:
        return None
    if not (dot and _is_number(revision) and _is_number(seq)):
        raise Invalid.at("after", f"expected a place such as `17.0`, got `{text[:40]}`")
    return int(revision), int(seq)


def revision_of(page: Page) -> int:
    """Which revision does the address name? Raises NotFound for what is no number."""
    text = str(page.request.path_params["revision"])
    if not _is_number(text):
        raise NotFound(
            f"there is no revision `{text[:40]}`", "a revision is a number, as the change log shows it"
        )
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
