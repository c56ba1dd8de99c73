"""Which page follows once somebody has signed in, or has done what they owed: where they wanted to go, if that is here.

SECURITY: only pages of the visitor's own account and two addresses of this very server, compared whole; what an
address says beyond that is never followed. (bug class 32)
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.responses import RedirectResponse, Response

if TYPE_CHECKING:
    from bailiwick.console.page import Page

AUTHORIZE, DEVICE = "/oauth/authorize", "/device"
MAX_ADDRESS = 6144


def asked_next(page: Page) -> str:
    """Which page does the address say that follows? "": none, or one that is too long to be one."""
    said = page.request.query_params.get("next", "")
    return said if len(said) <= MAX_ADDRESS else ""


def next_of(page: Page, wanted: str) -> str:
    """Which page follows: the wanted one, or the account's home?"""
    home = page.url()
    return wanted if is_outside(wanted) or _is_inside(home, wanted) else home


def is_outside(wanted: str) -> bool:
    """Is it one of the pages to which applications and devices lead, which are of no account?"""
    path, _, query = wanted.partition("?")
    is_plain = query.isascii() and query.isprintable() and "#" not in query
    return path in (AUTHORIZE, DEVICE) and is_plain and len(wanted) <= MAX_ADDRESS


def way_on(page: Page) -> str:
    """Where does somebody go on who was led here to do what they owed? "": nowhere, they came by themselves."""
    asked = asked_next(page)
    return asked if is_outside(asked) else ""


def _is_inside(home: str, wanted: str) -> bool:
    inside = wanted == home or wanted.startswith((f"{home}/", f"{home}?"))
    # WHY unquoted too: browsers take `%2e%2e` for `..`.
    return inside and wanted.isprintable() and not any(odd in unquote(wanted) for odd in ("\\", "//", ".."))


def lead(page: Page, target: str) -> Response:
    """Which answer to a form leads to this address, and perhaps from there to an application?

    WHY a page of its own: what a form sends must stay here (`form-action 'self'`), and browsers hold every redirect
    that follows a form to that.
    """
    if target.startswith("/") and target.partition("?")[0] != AUTHORIZE:
        return RedirectResponse(target, 303)
    return page.render("oauth/leading.html", target=target)
