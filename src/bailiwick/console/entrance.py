"""Who visits: from the cookie to a visit, and back into the cookie.

SECURITY: the cookie is `HttpOnly`, `SameSite=Lax`, for this host only (`__Host-`) and, but on loopback without TLS,
`Secure`. What is in it is people/visits.py's: nothing here believes or makes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from bailiwick.errors import Unauthenticated
from bailiwick.service.host import Host
from bailiwick.service.people.events import Client
from bailiwick.service.people.visits import Visit, find_visit

if TYPE_CHECKING:
    from bailiwick.console.page import Page

GUEST_COOKIE = "guest"
MAX_TICKET = 4096


@dataclass(frozen=True, slots=True)
class Guest:
    """Nobody who has signed in."""


Visitor = Visit | Guest


def enter(host: Host, request: Request) -> Visitor:
    """Who visits?"""
    ticket = request.cookies.get(cookie_name(host), "")
    if not ticket or len(ticket) > MAX_TICKET:
        return Guest()
    try:
        return find_visit(host, ticket, address=address_of(request))
    except Unauthenticated:
        return Guest()


def address_of(request: Request) -> str:
    """From which address does the request come? (Of the connection; no header says it.)"""
    return request.client.host if request.client is not None else ""


def client_of(request: Request) -> Client:
    """Where does it come from, for the record of sign-ins?"""
    return Client(address_of(request), request.headers.get("user-agent", ""))


def is_secure(host: Host) -> bool:
    """Do browsers reach this installation by TLS?"""
    return host.public_url.startswith("https://")


def cookie_name(host: Host, word: str = "visit") -> str:
    """How is the cookie called? With the prefix that browsers hold to its host, where they take it."""
    return f"__Host-bailiwick-{word}" if is_secure(host) else f"bailiwick-{word}"


def keep_ticket(page: Page, response: Response) -> None:
    """Put the visit's new ticket into the cookie, if there is one, and take the cookie away from guests."""
    if page.is_signed_in:
        if page.visit.ticket is not None:
            set_cookie(page.host, response, "visit", page.visit.ticket)
    elif cookie_name(page.host) in page.request.cookies and "set-cookie" not in response.headers:
        drop_cookie(page.host, response, "visit")


def set_cookie(host: Host, response: Response, word: str, text: str, *, seconds: int | None = None) -> None:
    """Put this text into a cookie that no script reads; for as long as the browser runs, or for these seconds."""
    response.set_cookie(
        cookie_name(host, word),
        text,
        max_age=seconds,
        path="/",
        secure=is_secure(host),
        httponly=True,
        samesite="lax",
    )


def drop_cookie(host: Host, response: Response, word: str) -> None:
    """Take the cookie away."""
    response.delete_cookie(
        cookie_name(host, word), path="/", secure=is_secure(host), httponly=True, samesite="lax"
    )
