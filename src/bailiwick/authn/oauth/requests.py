"""Authorization requests: what an application asks for when it leads somebody here to sign in.

Read in two steps: to whom an answer may go at all (`read_recipient`), then everything else (`read_request`), whose
faults are told to the application. Nothing is taken for granted: proof key and exact redirect are due of everybody.
Source: RFC 6749, 4.1.1; RFC 7636, 4.3; OpenID Connect Core 1.0, 3.1.2.1; RFC 8707, 2; RFC 9700, 2.1.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bailiwick.authn.oauth.faults import (
    INVALID_REQUEST,
    INVALID_SCOPE,
    INVALID_TARGET,
    UNSUPPORTED_RESPONSE_TYPE,
    OAuthRefused,
)
from bailiwick.authn.oauth.pkce import METHOD, is_challenge

MAX_VALUE = 1024
MAX_SCOPES = 64
MAX_AGE_SECONDS = 10 * 366 * 86_400
OPENID = "openid"
MFA = "mfa"
NONE, LOGIN, CONSENT, SELECT_ACCOUNT = "none", "login", "consent", "select_account"
_PROMPTS = {NONE, LOGIN, CONSENT, SELECT_ACCOUNT}
_UNSUPPORTED = ("request", "request_uri", "registration")

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Recipient:
    """Which application says that it asks, and where does it want its answer? Neither is believed yet."""

    client_id: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What is asked for, in the protocol's words.

    `max_age`: for how many seconds an earlier sign-in counts; `resource`: for which API, "" for Bailiwick itself.
    """

    client_id: str
    redirect_uri: str
    challenge: str
    scopes: tuple[str, ...] = ()
    state: str | None = None
    nonce: str | None = None
    prompts: frozenset[str] = frozenset()
    max_age: int | None = None
    login_hint: str = ""
    acr_values: tuple[str, ...] = ()
    resource: str = ""

    @property
    def wants_factor(self) -> bool:
        """Must a second factor have been shown? (`acr_values=mfa`)"""
        return MFA in self.acr_values

    @property
    def is_silent(self) -> bool:
        """Must nobody be shown any page? (`prompt=none`)"""
        return NONE in self.prompts


def read_recipient(pairs: Pairs) -> Recipient:
    """Who asks, and where shall the answer go?

    Raises OAuthRefused, which nobody but the person at the browser is told.
    """
    values = {}
    for name in ("client_id", "redirect_uri"):
        given = [value for key, value in pairs if key == name]
        if len(given) != 1 or not given[0]:
            raise OAuthRefused(INVALID_REQUEST, f"expected `{name}` once, got it {_times(len(given))}")
        values[name] = given[0]
    return Recipient(values["client_id"], values["redirect_uri"])


def find_state(pairs: Pairs) -> str | None:
    """Which state goes back with a refusal? None: none, or several, of which none is the right one."""
    given = [value for key, value in pairs if key == "state"]
    return given[0] if len(given) == 1 and len(given[0]) <= MAX_VALUE else None


def read_request(pairs: Pairs) -> AuthorizationRequest:
    """What is asked for? Raises OAuthRefused, which the application is told."""
    recipient = read_recipient(pairs)
    values = _read_once(pairs)
    _check_kind(values)
    return AuthorizationRequest(
        client_id=recipient.client_id,
        redirect_uri=recipient.redirect_uri,
        challenge=_challenge(values),
        scopes=read_scopes(values.get("scope", "")),
        state=values.get("state"),
        nonce=values.get("nonce") or None,
        prompts=_prompts(values.get("prompt", "")),
        max_age=_max_age(values.get("max_age")),
        login_hint=values.get("login_hint", ""),
        acr_values=tuple(values.get("acr_values", "").split()),
        resource=read_resource(values.get("resource", "")),
    )


def _read_once(pairs: Pairs) -> dict[str, str]:
    """Which value has each parameter? One given twice could be read in two ways (RFC 6749, 3.1)."""
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in values:
            raise _twice(name)
        if len(value) > MAX_VALUE and name != "redirect_uri":
            raise OAuthRefused(INVALID_REQUEST, f"a parameter has more than {MAX_VALUE} characters")
        values[name] = value
    return values


def _check_kind(values: dict[str, str]) -> None:
    for name in _UNSUPPORTED:
        if name in values:
            raise OAuthRefused(f"{name}_not_supported", f"`{name}` is not supported; send plain parameters")
    if "response_type" not in values:
        raise OAuthRefused(INVALID_REQUEST, "expected `response_type`, got nothing")
    if values["response_type"] != "code":
        raise OAuthRefused(UNSUPPORTED_RESPONSE_TYPE, "the only `response_type` is `code`")
    if values.get("response_mode", "query") != "query":
        raise OAuthRefused(INVALID_REQUEST, "the only `response_mode` is `query`")


def _challenge(values: dict[str, str]) -> str:
    challenge = values.get("code_challenge", "")
    if not challenge:
        raise OAuthRefused(
            INVALID_REQUEST, "expected `code_challenge`: a proof key is due of every application"
        )
    if values.get("code_challenge_method") != METHOD:
        raise OAuthRefused(INVALID_REQUEST, f"the only `code_challenge_method` is `{METHOD}`")
    if not is_challenge(challenge):
        raise OAuthRefused(INVALID_REQUEST, "`code_challenge` is no SHA-256 in base64url")
    return challenge


def read_scopes(text: str) -> tuple[str, ...]:
    """Which scopes does this text name, each once, in their order? Raises OAuthRefused. Source: RFC 6749, 3.3."""
    words = text.split(" ") if text else []
    is_written_well = all(
        word and all(0x21 <= ord(one) <= 0x7E and one not in '"\\' for one in word) for word in words
    )
    if not is_written_well or len(words) > MAX_SCOPES:
        raise OAuthRefused(
            INVALID_SCOPE, f"`scope` is up to {MAX_SCOPES} words with single spaces between them"
        )
    return tuple(dict.fromkeys(words))


def _twice(name: str) -> OAuthRefused:
    """SECURITY: a token is for one API; one that several took would be good for each at the others."""
    if name == "resource":
        return OAuthRefused(INVALID_TARGET, "a token is for one audience: write `resource` once")
    return OAuthRefused(INVALID_REQUEST, "a parameter is given twice")


def read_resource(given: str) -> str:
    """For which audience shall the token be? "": Bailiwick itself. Raises OAuthRefused. Source: RFC 8707, 2."""
    if given and not (":" in given and "#" not in given and given.isprintable()):
        raise OAuthRefused(INVALID_TARGET, "`resource` is an absolute URI without a fragment")
    return given


def _prompts(text: str) -> frozenset[str]:
    words: Collection[str] = text.split()
    if not set(words) <= _PROMPTS:
        raise OAuthRefused(INVALID_REQUEST, "`prompt` is `none`, `login`, `consent` or `select_account`")
    if NONE in words and len(set(words)) > 1:
        raise OAuthRefused(INVALID_REQUEST, "`prompt=none` stands alone")
    return frozenset(words)


def _max_age(text: str | None) -> int | None:
    if text is None or text == "":
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 10 or int(text) > MAX_AGE_SECONDS:
        raise OAuthRefused(INVALID_REQUEST, "`max_age` is a number of seconds")
    return int(text)


def _times(count: int) -> str:
    return "not at all, or empty" if count < 2 else f"{count} times"
