"""Redirects: is this an address to which an application asked to have its people led?

Exact, character by character; the one exception is the port of a public application on a loopback literal, which
its machine chooses when it starts. Source: RFC 9700, 2.1 and 4.1.3; RFC 8252, 7.3 and 8.3; bug class 32.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlencode

MAX_URI = 2048
# WHY no `localhost`: it may be another machine's name (RFC 8252, 8.3).
_LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::([0-9]{1,5}))?(/[^#]*)?", re.ASCII)
_MOST_PORTS = 65_535


def is_registered(uri: str, registered: Iterable[str], *, any_port: bool) -> bool:
    """Is it one of those registered? `any_port`: the application is public, so a loopback address may have any port."""
    if not uri or len(uri) > MAX_URI or not uri.isascii() or not uri.isprintable() or "#" in uri:
        return False
    known = tuple(registered)
    if uri in known:
        return True
    plain = _without_port(uri) if any_port else None
    return plain is not None and any(plain == _without_port(one) for one in known)


def _without_port(uri: str) -> str | None:
    """The loopback address without its port. None: it is no such address.

    SECURITY: what lies between host and path is digits or nothing, so neither `user@host` nor a second host fits.
    """
    found = _LOOPBACK.fullmatch(uri)
    if found is None or (found[2] is not None and not 1 <= int(found[2]) <= _MOST_PORTS):
        return None
    return found[1] + (found[3] or "")


def with_parameters(uri: str, parameters: Iterable[tuple[str, str]]) -> str:
    """Which address leads there with these parameters, those that it has kept? (RFC 6749, 3.1.2)"""
    joint = "&" if "?" in uri else "?"
    return f"{uri}{joint}{urlencode(list(parameters))}"
