"""Which identity providers stand on the page where one signs in, and under which addresses."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from bailiwick.console.routes import SIGN_IN
from bailiwick.service.federation.providers import list_believed
from bailiwick.service.host import Host


@dataclass(frozen=True, slots=True)
class WayIn:
    """One button: what it says, and where it leads."""

    title: str
    address: str


def ways_in(host: Host, account: str, following: str = "") -> list[WayIn]:
    """Through whom may people of this account sign in? An account that is not there has nobody, as most have."""
    found = list_believed(host, account) if account else []
    return [WayIn(one.shown, begin_url(account, one.name, following)) for one in found]


def begin_url(account: str, provider: str, following: str = "") -> str:
    """Under which address does signing in through this provider begin?"""
    query = f"?{urlencode({'next': following}, quote_via=quote)}" if following else ""
    return f"{SIGN_IN}/{quote(account, safe='')}/{quote(provider, safe='')}{query}"
