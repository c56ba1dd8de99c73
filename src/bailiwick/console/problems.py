"""How an error becomes a page: what happened, in the words of the error, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from bailiwick.errors import BailiwickError, Conflict, Denied, Invalid, NotFound, Unavailable
from bailiwick.service.people.attempts import LockedOut
from bailiwick.service.proving import StepUpRequired
from bailiwick.service.rates import TooManyRequests

if TYPE_CHECKING:
    from bailiwick.console.page import Page

_TITLES: tuple[tuple[type[BailiwickError], int, str], ...] = (
    (Denied, 403, "Insufficient permissions"),
    (StepUpRequired, 403, "Is it you?"),
    (NotFound, 404, "Not found"),
    (Conflict, 409, "Not possible as things are"),
    (Invalid, 400, "Something is not right"),
    (Unavailable, 503, "Not now"),
    (LockedOut, 429, "Locked out"),
    (TooManyRequests, 429, "Too many requests"),
)
FORGED = "forged_form"


def status_of(error: BailiwickError) -> int:
    """With which status is a page answered that shows this error?"""
    return next((status for kind, status, _ in _TITLES if isinstance(error, kind)), 400)


def answer_error(page: Page, error: BailiwickError) -> Response:
    """Which page says this error?"""
    title = next((title for kind, _, title in _TITLES if isinstance(error, kind)), "Not possible")
    if isinstance(error, Denied) and error.reason == FORGED:
        title = "The form was not accepted"
    response = page.render("problems/error.html", status=status_of(error), error=error, title=title)
    if isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def answer_failure(page: Page) -> Response:
    """Which page says that something broke, and nothing else?"""
    try:
        return page.render("problems/failure.html", status=500)
    except Exception:
        return Response("The page could not be made.", 500, media_type="text/plain")
