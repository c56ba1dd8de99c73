"""Fetching from an identity provider, within bounds of time and size, and from nowhere else.

SECURITY: who may name a provider must not make this server ask its own neighbours: a name is looked up once, every
address that it has must be one of the Internet's or of a network that whoever runs the installation allows
(`--provider-network`), and the connection goes to that very address. No redirect is followed, no proxy or credential of
the environment is used. Source: OWASP, Server-Side Request Forgery Prevention.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from socket import IPPROTO_TCP, SHUT_RDWR, SOCK_STREAM, gaierror, getaddrinfo, socket
from threading import BoundedSemaphore, Timer
from typing import Any
from urllib.parse import urlsplit

import httpx2

from bailiwick.authn.compact import TokenFault, TokenRefused, parse_json_object
from bailiwick.catalog.document_federation import parse_address
from bailiwick.errors import Invalid, Unavailable

CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS = 5.0, 8.0, 15.0
MOST_BYTES = 512 * 1024
MOST_AT_ONCE, WAIT_SECONDS = 8, 2.0
_AT_ONCE = BoundedSemaphore(MOST_AT_ONCE)
# What stands for addresses elsewhere, or for a site's own. Source: RFC 3056, RFC 3879, RFC 4291, RFC 6052.
_TRANSLATED = tuple(map(ip_network, ("2002::/16", "64:ff9b::/96", "64:ff9b:1::/48", "::/96", "fec0::/10")))
_AGAIN = "try again later, or sign in another way"

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came: the status, and the JSON object that was the body."""

    status: int
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Asks providers. `networks`: those besides the Internet's in which providers may be."""

    networks: tuple[str, ...] = ()

    def get(self, url: str, *, bearer: str = "") -> Fetched:
        """What is there? Raises Unavailable."""
        headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
        return self._fetch("GET", url, headers, None)

    def post(self, url: str, form: Mapping[str, str], *, basic: tuple[str, str] | None = None) -> Fetched:
        """What is the answer to this form? Raises Unavailable."""
        auth = None if basic is None else httpx2.BasicAuth(*basic)
        return self._fetch("POST", url, {}, form, auth)

    def _fetch(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None,
        auth: httpx2.BasicAuth | None = None,
    ) -> Fetched:
        target = self._settle(url)
        asked: dict[str, Any] = {
            "headers": {
                **headers,
                "host": target.host,
                "accept": "application/json",
                "accept-encoding": "identity",
            },
        }
        named: dict[str, Any] = {"sni_hostname": target.name}
        if form is not None:
            asked["data"] = dict(form)
        timeout = httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
        # SECURITY: a provider that answers slowly must not keep all of this server's threads waiting.
        if not _AT_ONCE.acquire(timeout=WAIT_SECONDS):
            raise _unavailable("is being asked by too many at once")
        try:
            with (
                _in_time() as watched,
                httpx2.Client(
                    verify=_tls(), trust_env=False, follow_redirects=False, timeout=timeout
                ) as client,
                client.stream(method, target.url, auth=auth, extensions=named | watched, **asked) as response,
            ):
                data = _read(response)
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            raise _unavailable("does not answer") from error
        finally:
            _AT_ONCE.release()
        return Fetched(response.status_code, _parse(data))

    def _settle(self, url: str) -> _Target:
        """To which address does the connection go? Raises Unavailable."""
        try:
            parts = urlsplit(parse_address(url, "url"))
            name, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
            found = getaddrinfo(name, port, type=SOCK_STREAM, proto=IPPROTO_TCP)
        except (Invalid, ValueError, gaierror, UnicodeError) as error:
            raise _unavailable("cannot be found") from error
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        if not addresses or not all(self.allows(one) for one in addresses):
            raise _unavailable("is at an address that this installation does not ask")
        at = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
        query = f"?{parts.query}" if parts.query else ""
        return _Target(f"{parts.scheme}://{at}:{port}{parts.path or '/'}{query}", parts.netloc, name)

    def allows(self, text: str) -> bool:
        """May a provider be at this address?"""
        try:
            address: Address = ip_address(text)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if any(address in ip_network(one) for one in self.networks):
            return True
        is_translated = any(address in network for network in _TRANSLATED)
        return address.is_global and not (address.is_multicast or is_translated)


@dataclass(frozen=True, slots=True)
class _Target:
    """The address that is asked, with the host that it is asked as and the name that its certificate must have."""

    url: str
    host: str
    name: str


@contextmanager
def _in_time() -> Iterator[dict[str, Any]]:
    """What is watched of a connection, which ends when the whole answer has not come in time?

    SECURITY: a time-out of one read begins anew with each byte; a provider that sends its headers one by one would keep
    a place of those at once for hours, and eight such places are all.
    """
    held: list[socket] = []

    def end() -> None:
        for one in held:
            with suppress(OSError):
                one.shutdown(SHUT_RDWR)

    def watch(event: str, said: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            # WHY a second handle: TLS takes the first one over.
            held.append(said["return_value"].get_extra_info("socket").dup())

    timer = Timer(WHOLE_SECONDS, end)
    timer.daemon = True
    timer.start()
    try:
        yield {"trace": watch}
    finally:
        timer.cancel()
        timer.join()
        for one in held:
            one.close()


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _read(response: httpx2.Response) -> bytes:
    """The whole body, as long as it is short and comes in time. Raises ValueError."""
    if response.headers.get("content-encoding", "identity") != "identity":
        raise ValueError("a packed answer was not asked for")
    until, data = time.monotonic() + WHOLE_SECONDS, bytearray()
    for part in response.iter_raw():
        data += part
        if len(data) > MOST_BYTES or time.monotonic() > until:
            raise ValueError("the answer is too long")
    return bytes(data)


def _parse(data: bytes) -> Mapping[str, object]:
    try:
        return parse_json_object(data, TokenFault.CLAIMS)
    except TokenRefused as error:
        raise _unavailable("answers what cannot be read") from error


def _unavailable(what: str) -> Unavailable:
    return Unavailable(f"the identity provider {what}", _AGAIN)
