"""What providers publish about themselves: their addresses and their keys, kept for a while.

A key that is not known is looked for anew, not more often than once a minute for each issuer, so that nobody makes this
server ask without end. Source: OpenID Connect Discovery 1.0, 3 and 4; RFC 9207.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import TypeVar

from bailiwick.authn.federation.jwks import ProviderKey, read_keys
from bailiwick.catalog.document_federation import parse_address
from bailiwick.errors import Invalid, Unavailable
from bailiwick.service.federation.fetching import Fetcher

WELL_KNOWN = "/.well-known/openid-configuration"
KEPT_SECONDS, FAILURE_KEPT_SECONDS, KEYS_AGAIN_SECONDS = 600.0, 10.0, 60.0
MOST_ISSUERS = 1000
T = TypeVar("T")
_OTHER_HELP = "tell an administrator of the account"


@dataclass(frozen=True, slots=True)
class Metadata:
    """Where is what at this issuer? `names_itself`: its answers say which issuer they are from (RFC 9207)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    names_itself: bool
    takes_basic: bool


class ProviderDirectory:
    """What every issuer that was asked publishes. Safe for threads; `clock` gives epoch seconds."""

    def __init__(self, fetcher: Fetcher, clock: Callable[[], float]) -> None:
        self.fetcher = fetcher
        self._clock = clock
        self._lock = Lock()
        self._known: dict[str, tuple[float, Metadata | Unavailable]] = {}
        self._keys: dict[str, tuple[float, tuple[ProviderKey, ...]]] = {}

    def metadata(self, issuer: str) -> Metadata:
        """Where is what at this issuer? Raises Unavailable; the same for some seconds, so that nobody is stormed."""
        now = self._clock()
        with self._lock:
            at, known = self._known.get(issuer, (0.0, None))
        kept = FAILURE_KEPT_SECONDS if isinstance(known, Unavailable) else KEPT_SECONDS
        if known is None or not 0 <= now - at < kept:
            known = self._discover(issuer)
            with self._lock:
                _make_room(self._known)
                self._known[issuer] = (now, known)
        if isinstance(known, Unavailable):
            raise known
        return known

    def _discover(self, issuer: str) -> Metadata | Unavailable:
        try:
            found = self.fetcher.get(issuer.rstrip("/") + WELL_KNOWN)
        except Unavailable as error:
            return error
        if found.status != 200:
            return Unavailable("the identity provider does not say where it is", _OTHER_HELP)
        if found.body.get("issuer") != issuer:
            # SECURITY: exactly, or one issuer could speak for another. (Discovery 1.0, 4.3)
            return Unavailable("the identity provider calls itself by another issuer", _OTHER_HELP)
        try:
            return _read_metadata(issuer, found.body)
        except Invalid:
            return Unavailable("the identity provider does not say all that is needed", _OTHER_HELP)

    def keys(self, issuer: str, *, anew: bool = False) -> tuple[ProviderKey, ...]:
        """Which keys has this issuer? `anew`: one is missing, so they are looked for again. Raises Unavailable."""
        now = self._clock()
        with self._lock:
            at, known = self._keys.get(issuer, (0.0, ()))
        age = now - at if known else KEPT_SECONDS
        if 0 <= age < (KEYS_AGAIN_SECONDS if anew else KEPT_SECONDS):
            return known
        found = self.fetcher.get(self.metadata(issuer).jwks_uri)
        try:
            keys = read_keys(found.body) if found.status == 200 else ()
        except ValueError:
            keys = ()
        if not keys:
            raise Unavailable("the identity provider publishes no key that can be used", _OTHER_HELP)
        with self._lock:
            _make_room(self._keys)
            self._keys[issuer] = (now, keys)
        return keys


def _read_metadata(issuer: str, body: Mapping[str, object]) -> Metadata:
    """Raises Invalid where an address is missing or is none."""
    methods = body.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return Metadata(
        issuer=issuer,
        authorization_endpoint=_address(body, "authorization_endpoint"),
        token_endpoint=_address(body, "token_endpoint"),
        jwks_uri=_address(body, "jwks_uri"),
        userinfo_endpoint=_address(body, "userinfo_endpoint") if body.get("userinfo_endpoint") else "",
        names_itself=body.get("authorization_response_iss_parameter_supported") is True,
        takes_basic=not isinstance(methods, list) or "client_secret_basic" in methods,
    )


def _address(body: Mapping[str, object], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise Invalid.at(name, "missing")
    return parse_address(value, name)


def _make_room(known: dict[str, T]) -> None:
    if len(known) >= MOST_ISSUERS:
        known.pop(next(iter(known)))
