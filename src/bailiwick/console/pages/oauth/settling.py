"""Before somebody lets an application in: they sign in, and do what they owe; then they come back."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from starlette.responses import RedirectResponse, Response

from bailiwick.console.page import Page
from bailiwick.console.routes import SIGN_IN


def address_of(page: Page) -> str:
    """Under which address was this page asked for?"""
    url = page.request.url
    return url.path + (f"?{url.query}" if url.query else "")


def find_unsettled(page: Page, back: str, *, account: str = "", name: str = "") -> Response | None:
    """Which answer leads to what must be done first, and then back to this address? None: nothing must."""
    if not page.is_signed_in:
        return to_sign_in_as(back, account=account, name=name)
    return page.redirect(f"/me/{page.visit.owes}", next=back) if page.visit.owes else None


def to_sign_in_as(back: str, *, account: str = "", name: str = "", again: bool = False) -> Response:
    """Which answer leads to the sign-in page, with these names in it? `again`: also whoever has signed in."""
    said = {"account": account, "name": name, "again": "yes" if again else "", "next": back}
    query = urlencode({key: value for key, value in said.items() if value}, quote_via=quote)
    return RedirectResponse(f"{SIGN_IN}?{query}", 303)
