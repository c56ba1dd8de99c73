"""Is a form really from a page of this console, shown to this visitor?

Two checks, each enough: where the browser says the request comes from, and a token that only the visitor's own pages
hold. Source: OWASP, Cross-Site Request Forgery Prevention; Fetch Metadata (`Sec-Fetch-Site`).
"""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import Request

from bailiwick.console.entrance import GUEST_COOKIE, cookie_name
from bailiwick.errors import Denied

if TYPE_CHECKING:
    from bailiwick.console.page import Page

FIELD = "form-token"
_PURPOSE = b"bailiwick console forms 1"
_HELP = "open the page again and send the form from there"


def check_origin(request: Request) -> None:
    """Does the browser say that the request comes from a page of this very server? Raises Denied."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site != "same-origin":
            raise _forged("the form was sent from another site")
        return
    origin = request.headers.get("origin")
    if origin is None or urlsplit(origin).netloc != request.headers.get("host", ""):
        raise _forged("the form does not say that it was sent from this site")


def check_token(page: Page) -> None:
    """Does the form hold the token of this visitor? Raises Denied."""
    key = form_key(page)
    if not key or not hmac.compare_digest(page.form.get(FIELD).encode(), token_of(page, key).encode()):
        raise _forged("the form is not of this visit, or is too old")


def form_key(page: Page) -> str:
    """To what is the visitor's token bound: the visit, or a cookie of whoever has not signed in?"""
    if page.is_signed_in:
        return f"visit {page.visit.uid}"
    guest = page.request.cookies.get(cookie_name(page.host, GUEST_COOKIE), "")
    return f"guest {guest}" if guest else ""


def token_of(page: Page, key: str) -> str:
    """Which token do this visitor's forms hold?"""
    root = hmac.digest(page.host.cursor_secret(), _PURPOSE, sha256)
    return hmac.new(root, key.encode(), sha256).hexdigest()


def new_guest() -> str:
    """Which text tells one guest from another?"""
    return secrets.token_urlsafe(24)


def _forged(message: str) -> Denied:
    return Denied(message, action="", reason="forged_form", help=_HELP)
