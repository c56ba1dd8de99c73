"""Applications: OAuth clients of an account, what each may ask for, and to which address its users are sent back.

Pure values. Implements docs/spec.md section 28 as far as it speaks of applications themselves.
Source: RFC 6749, section 2; RFC 8252, sections 7.3 and 8.3; RFC 9700, section 2.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from bailiwick.errors import Invalid
from bailiwick.model.names import parse_name, parse_type_name

CONFIDENTIAL, PUBLIC = "confidential", "public"
TYPES = (CONFIDENTIAL, PUBLIC)
AUTHORIZATION_CODE, REFRESH_TOKEN = "authorization_code", "refresh_token"
CLIENT_CREDENTIALS, DEVICE_CODE, TOKEN_EXCHANGE = "client_credentials", "device_code", "token_exchange"
GRANTS = (AUTHORIZATION_CODE, REFRESH_TOKEN, CLIENT_CREDENTIALS, DEVICE_CODE, TOKEN_EXCHANGE)
# With these grants an application does something as the service ID that it acts as.
ACTING_GRANTS = (CLIENT_CREDENTIALS, TOKEN_EXCHANGE)
# Scopes that say what of a person is told; and `all`: whatever that person may do here.
ALL = "all"
OPENID_SCOPES = ("openid", "profile", "email", "groups", "offline_access")
SCOPE_WORDS = (*OPENID_SCOPES, ALL)

ACCESS_TOKEN_SECONDS = (60, 3600)
REFRESH_TOKEN_SECONDS = (3600, 90 * 86_400)
REFRESH_IDLE_SECONDS = (300, 90 * 86_400)
DEFAULT_REFRESH_SECONDS = 30 * 86_400
DEFAULT_IDLE_SECONDS = 14 * 86_400
MAX_URI_LENGTH = 512
MAX_SCOPE_LENGTH = 128

COMMAND_LINE = "bailiwick-cli"
_LOOPBACK = ("127.0.0.1", "[::1]")
_URI = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()+,;=%]+", re.ASCII)
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.ASCII)
_BARE_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?(/[^#]*)?", re.ASCII)
_ACTION = re.compile(r"[a-z0-9*][a-zA-Z0-9.:_*?-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Application:
    """One OAuth client.

    `acts_as` is the service ID (a reference) as which it works for itself, and which acts in exchanges. `audiences`
    are the APIs for which it may get tokens and about whose tokens it may ask. `scopes` are what it may ask for.
    `first_party`: its users are not asked for consent. A refresh token is over `refresh_idle_seconds` after its last
    use, and `refresh_token_seconds` after the session began, whichever comes first.
    """

    name: str
    type: str = CONFIDENTIAL
    title: str = ""
    description: str = ""
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    grants: tuple[str, ...] = ()
    acts_as: str | None = None
    audiences: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    first_party: bool = False
    access_token_seconds: int = ACCESS_TOKEN_SECONDS[1]
    refresh_token_seconds: int = DEFAULT_REFRESH_SECONDS
    refresh_idle_seconds: int = DEFAULT_IDLE_SECONDS
    disabled: bool = False

    @property
    def is_public(self) -> bool:
        """Can it keep no secret, as a program on somebody's machine cannot?"""
        return self.type == PUBLIC

    @property
    def acting_as(self) -> str | None:
        """As which service ID can whoever holds its secret do something now? None: as nobody."""
        acts = not self.disabled and any(grant in self.grants for grant in ACTING_GRANTS)
        return self.acts_as if acts else None

    def may_return_to(self, uri: str) -> bool:
        """May its users be sent back to this address? SECURITY: exact texts; nothing is decoded or normalised.

        Of a loopback address of a public application the port may be any (RFC 8252, 7.3).
        """
        if uri in self.redirect_uris:
            return True
        wanted = _without_port(uri)
        return self.is_public and wanted is not None and wanted in map(_without_port, self.redirect_uris)


# The command line of Bailiwick itself: in every account without being stored (docs/decisions/0026).
COMMAND_LINE_APPLICATION = Application(
    name=COMMAND_LINE,
    type=PUBLIC,
    title="Bailiwick command line",
    redirect_uris=("http://127.0.0.1/callback", "http://[::1]/callback"),
    grants=(AUTHORIZATION_CODE, REFRESH_TOKEN, DEVICE_CODE),
    scopes=SCOPE_WORDS,
    first_party=True,
)


def is_trusted_more(old: Application | None, new: Application) -> bool:
    """Does the change let whoever runs the application newly have more of its users, without their being asked?

    Nobody is asked by one of the first party, so every address, scope or grant that it gets counts.
    """
    if not new.first_party or new.disabled:
        return False
    if old is None or old.disabled or not old.first_party:
        return True
    lists = ("redirect_uris", "audiences", "scopes", "grants")
    gained = any(set(getattr(new, name)) - set(getattr(old, name)) for name in lists)
    return gained or (new.is_public and not old.is_public)


def needs_trust(old: Application | None, new: Application) -> bool:
    """Does the change need `iam.application.trust`: another audience, or the first party?"""
    gained = set(new.audiences) - set(() if old is None else old.audiences)
    return bool(gained) or is_trusted_more(old, new)


def parse_redirect_uri(text: str, place: str) -> str:
    """Which exact address is it? https, or http to a loopback address. Raises Invalid."""
    if len(text) > MAX_URI_LENGTH or not _URI.fullmatch(text):
        raise Invalid.at(place, f"`{text[:80]}` is no redirect URI", _REDIRECT_HELP)
    try:
        parts = urlsplit(text)
        host, port = parts.netloc, parts.port
    except ValueError:
        raise Invalid.at(place, f"`{text}` is no redirect URI", _REDIRECT_HELP) from None
    bare = host[: -len(f":{port}")] if port is not None else host
    loopback = parts.scheme == "http" and bare in _LOOPBACK
    named = parts.scheme == "https" and (bool(_HOST.fullmatch(bare)) or bare in _LOOPBACK)
    climbs = any(part in (".", "..") or "%2e" in part.lower() for part in parts.path.split("/"))
    if not (loopback or named) or "@" in host or host.endswith(":") or climbs or not parts.path:
        raise Invalid.at(place, f"`{text}` is no redirect URI", _REDIRECT_HELP)
    return text


def parse_audience(text: str, place: str) -> str:
    """Which API is it, as an absolute URI without fragment? Raises Invalid. Source: RFC 8707, section 2."""
    if len(text) > MAX_URI_LENGTH or not _URI.fullmatch(text):
        raise Invalid.at(place, f"`{text[:80]}` is no audience", _AUDIENCE_HELP)
    scheme, colon, rest = text.partition(":")
    if not (colon and rest and re.fullmatch(r"[a-z][a-z0-9+.-]*", scheme)):
        raise Invalid.at(place, f"`{text}` is no audience", _AUDIENCE_HELP)
    return text


def parse_scope_text(text: str, place: str) -> str:
    """Is this a scope: a word of OpenID, `all`, actions (`ims:images:get`, `iam.user.*`), or a role (`ims/Reader`)?

    Whether there is such an action or role is asked where the account and its catalog are known.
    """
    if text in SCOPE_WORDS:
        return text
    if len(text) > MAX_SCOPE_LENGTH:
        raise Invalid.at(place, f"`{text[:80]}` is no scope", _SCOPE_HELP)
    service, slash, role = text.partition("/")
    if slash:
        parse_type_name(service, place)
        parse_name(role, place, "role name")
        if " " in role:
            raise Invalid.at(place, f"`{text}` has a space, which no scope can have", _SCOPE_HELP)
        return text
    if not _ACTION.fullmatch(text) or not any(mark in text for mark in ".:*"):
        raise Invalid.at(place, f"`{text}` is no scope", _SCOPE_HELP)
    return text


_REDIRECT_HELP = (
    "write an exact https address without wildcard, user or fragment, such as https://app.example/callback, "
    "or http://127.0.0.1/callback"
)
_AUDIENCE_HELP = "write an absolute URI without fragment, such as https://api.example"
_SCOPE_HELP = (
    "write openid, profile, email, groups, offline_access, all, actions such as ims:images:get, "
    "or a role such as ims/Reader"
)


def _without_port(uri: str) -> tuple[str, str] | None:
    """Which loopback address and path is it, whatever its port? None: it is no http address of loopback."""
    found = _BARE_LOOPBACK.fullmatch(uri)
    if found is None or not _URI.fullmatch(uri):
        return None
    port = found.group(2)
    if port is not None and not 1 <= int(port[1:]) <= 65_535:
        return None
    return found.group(1), found.group(3) or ""
