"""Access tokens: how one is issued, and which claims of a presented one are believed.

A token says who was authenticated, by which credential, and until when. It says nothing about what they
may do, and whether the principal, session or credential still stands is asked elsewhere, at every use.
There is no leeway after `exp`; `clock_skew_seconds` covers only a token that comes from a node whose
clock is ahead. Bearer caches are keyed by `token_digest` of the exact text; revocation goes by `jti`,
session and credential. Claims of links (`by`, `for`) are links.py's. Source: RFC 7519, 4.1; RFC 9068 (`at+jwt`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from joserfc.jwk import ECKey

from bailiwick.authn.authenticated import Authenticated, authenticated_claims, read_authenticated
from bailiwick.authn.claims import read_text_claim
from bailiwick.authn.compact import (
    MAX_TOKEN_CHARACTERS,
    Signer,
    TokenFault,
    TokenRefused,
    check_signature,
    parse_compact,
    parse_json_object,
    verification_key,
)
from bailiwick.authn.instants import epoch_seconds, from_epoch
from bailiwick.authn.links import Link, Said, links_claims, read_links, read_texts
from bailiwick.authn.signing import KeyPurpose, KeySet
from bailiwick.errors import Invalid

ACCESS_TOKEN_TYPE = "at+jwt"  # noqa: S105 - a media type (RFC 9068), not a secret
MAX_LIFETIME_SECONDS = 3600
MAX_CLOCK_SKEW_SECONDS = 60
_LAST_EPOCH = 253_402_300_799


@dataclass(frozen=True, slots=True)
class TokenParties:
    """Who issues a token and for whom: both exact texts, both mandatory."""

    issuer: str
    audience: str

    def __post_init__(self) -> None:
        """SECURITY: an empty audience would be taken for any; it does not construct."""
        for name, value in (("issuer", self.issuer), ("audience", self.audience)):
            if not value or value != value.strip() or not value.isprintable():
                raise Invalid.at(
                    name, f"the tokens' {name} must be a text without spaces around it, got `{value}`"
                )


@dataclass(frozen=True, slots=True)
class TokenSubject:
    """Who was authenticated and how.

    `principal` is `kind:name`; `credential_uid` is the key or client that was shown, at the root of everything else.
    `by` holds who assumed the principal, with what the connection said then (`context`); `acts_for` those for whom it
    acts. `restrictions` are documents of what the token may not do, read by whoever knows guardrails.
    `earlier_sessions` are those that the session was made from, newest first. `client_id` is the application that
    began it, `scope` what it was asked for, `authenticated` how the person at its root signed in.
    """

    uid: str
    account: str
    principal: str
    credential_uid: str
    grant_type: str
    client_id: str | None = None
    session_uid: str | None = None
    earlier_sessions: tuple[str, ...] = ()
    by: tuple[Link, ...] = ()
    context: Mapping[str, Said] = field(default_factory=dict)
    acts_for: tuple[Link, ...] = ()
    restrictions: tuple[Mapping[str, object], ...] = ()
    scope: str = ""
    authenticated: Authenticated | None = None

    @property
    def is_plain(self) -> bool:
        """Does it stand by its key alone: not assumed, not begun as a session, for nobody else, whole?"""
        rests_on = self.by or self.acts_for or self.restrictions or self.earlier_sessions
        return not (self.session_uid or self.client_id or rests_on)

    @property
    def link(self) -> Link:
        """Which link is the subject itself?"""
        credential = "" if self.by else self.credential_uid
        newest = (self.session_uid,) if self.session_uid else ()
        sessions = (*newest, *self.earlier_sessions)
        return Link(
            account=self.account,
            uid=self.uid,
            principal=self.principal,
            credential_uid=credential,
            session_uids=sessions,
            by=self.by,
            context=self.context,
            client_id=self.client_id or "",
        )


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A signed token and what a token reply says about it."""

    text: str
    jti: str
    issued_epoch: int
    expires_epoch: int

    @property
    def lifetime_seconds(self) -> int:
        """For how many seconds from its issue is the token good?"""
        return self.expires_epoch - self.issued_epoch

    def __repr__(self) -> str:
        """How is the token shown in a log? SECURITY: without its text."""
        return f"IssuedToken(jti={self.jti!r}, expires_epoch={self.expires_epoch})"


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """A believed token. Its end must still be compared with the time at every use of a cached one."""

    subject: TokenSubject
    jti: str
    kid: str
    issued_epoch: int
    expires_epoch: int

    @property
    def expires_at(self) -> datetime:
        """From which instant on is the token no longer good?"""
        return from_epoch(self.expires_epoch)

    def is_live(self, now: datetime) -> bool:
        """Is the token's end still ahead?"""
        return epoch_seconds(now) < self.expires_epoch


def issue_access_token(
    subject: TokenSubject,
    *,
    parties: TokenParties,
    signer: Signer,
    now: datetime,
    lifetime_seconds: int,
    jti: str,
    not_beyond: datetime | None = None,
) -> IssuedToken:
    """What is the access token for this subject?

    `not_beyond` is the end of what the token is made from (another token, a session): no exchange makes
    anything live longer. Raises TokenRefused when that end has come, Invalid for a lifetime out of bounds.
    """
    if signer.purpose is not KeyPurpose.ACCESS:
        raise Invalid.at(
            "signer", f"expected a key for `{KeyPurpose.ACCESS}`, got one for `{signer.purpose}`"
        )
    if not 1 <= lifetime_seconds <= MAX_LIFETIME_SECONDS:
        expected = f"1 to {MAX_LIFETIME_SECONDS}"
        raise Invalid.at("lifetime_seconds", f"expected {expected} seconds, got `{lifetime_seconds}`")
    issued = epoch_seconds(now)
    expires = issued + lifetime_seconds
    if not_beyond is not None:
        expires = min(expires, epoch_seconds(not_beyond, "not_beyond"))
    if expires <= issued:
        raise TokenRefused(TokenFault.EXPIRED, "what the token would be made from has ended")
    times = {"iat": issued, "nbf": issued, "exp": expires, "jti": jti}
    names = {"iss": parties.issuer, "aud": parties.audience}
    text = signer.sign(ACCESS_TOKEN_TYPE, {**names, **subject_claims(subject), **times})
    if not jti or len(text) > MAX_TOKEN_CHARACTERS:
        raise Invalid.at("subject", "a token needs a `jti`, and a subject that fits into a token")
    return IssuedToken(text=text, jti=jti, issued_epoch=issued, expires_epoch=expires)


def token_digest(text: str) -> bytes:
    """Under which key is what is known about exactly this text kept?"""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


class TokenVerifier:
    """Reads access tokens of one issuer for one audience, signed by the keys of one set.

    It is a value: after a rotation or another change of settings a new one is made.
    """

    __slots__ = ("_clock_skew_seconds", "_keys", "_parties")

    def __init__(self, parties: TokenParties, key_set: KeySet, *, clock_skew_seconds: int = 0) -> None:
        if key_set.purpose is not KeyPurpose.ACCESS:
            raise Invalid.at("key_set", f"expected keys for `{KeyPurpose.ACCESS}`, got `{key_set.purpose}`")
        if not 0 <= clock_skew_seconds <= MAX_CLOCK_SKEW_SECONDS:
            expected = f"0 to {MAX_CLOCK_SKEW_SECONDS}"
            raise Invalid.at("clock_skew_seconds", f"expected {expected} seconds, got `{clock_skew_seconds}`")
        self._parties = parties
        self._keys = {key.kid: (key, verification_key(key)) for key in key_set.keys}
        self._clock_skew_seconds = clock_skew_seconds

    def verify(self, text: str, now: datetime) -> VerifiedToken:
        """Whom does this token speak for? Raises TokenRefused with the first fault found."""
        claims, kid = self.read_claims(text, now)
        if "act" in claims:
            # SECURITY: whoever acts for another is never passed over; here they are written `for`.
            raise TokenRefused(TokenFault.CLAIMS, "claim `act` is not one of these tokens")
        if not self.is_own_audience(self.check_issuer(claims)):
            raise TokenRefused(TokenFault.AUDIENCE, "the token is for another audience")
        issued, expires = self.check_times(claims, epoch_seconds(now))
        return VerifiedToken(
            subject=read_subject(claims),
            jti=self.read_jti(claims),
            kid=kid,
            issued_epoch=issued,
            expires_epoch=expires,
        )

    def read_claims(self, text: str, now: datetime) -> tuple[Mapping[str, object], str]:
        """What does the token claim, and which key signed it? Raises TokenRefused.

        SECURITY: nothing of the payload is read before the signature has been checked.
        """
        token = parse_compact(text)
        if token.token_type != ACCESS_TOKEN_TYPE:
            raise TokenRefused(TokenFault.TYPE, f"the token's type is not `{ACCESS_TOKEN_TYPE}`")
        check_signature(token, self._find_key(token.kid, now))
        return parse_json_object(token.payload, TokenFault.CLAIMS), token.kid

    def _find_key(self, kid: str, now: datetime) -> ECKey:
        record, key = self._keys.get(kid, (None, None))
        if record is None or key is None or not record.is_trusted(now):
            raise TokenRefused(TokenFault.UNKNOWN_KEY, "the token names a key that is not in the key set")
        return key

    def check_issuer(self, claims: Mapping[str, object]) -> str:
        """For which audience is the token, if it is of this issuer? Raises TokenRefused."""
        if read_text_claim(claims, "iss") != self._parties.issuer:
            raise TokenRefused(TokenFault.ISSUER, "the token is from another issuer")
        return read_text_claim(claims, "aud")

    def is_own_audience(self, audience: str) -> bool:
        """Is a token for this audience one for Bailiwick itself?"""
        return audience == self._parties.audience

    def read_jti(self, claims: Mapping[str, object]) -> str:
        """By which name is the token revoked? Raises TokenRefused."""
        return read_text_claim(claims, "jti")

    def check_times(self, claims: Mapping[str, object], now: int) -> tuple[int, int]:
        """From when until when is the token good, given that it is good now? Raises TokenRefused."""
        issued, begins, expires = (_read_epoch(claims, name) for name in ("iat", "nbf", "exp"))
        if now >= expires:
            raise TokenRefused(TokenFault.EXPIRED, "the token has expired")
        if max(issued, begins) > now + self._clock_skew_seconds:
            raise TokenRefused(TokenFault.NOT_YET_VALID, "the token is not valid yet")
        if expires - issued > MAX_LIFETIME_SECONDS:
            raise TokenRefused(
                TokenFault.LIFETIME, f"the token lives for more than {MAX_LIFETIME_SECONDS} seconds"
            )
        return issued, expires


def subject_claims(subject: TokenSubject) -> dict[str, object]:
    """How do claims write this subject? Raises Invalid for an empty text."""
    claims: dict[str, object] = {
        "sub": subject.uid,
        "account": subject.account,
        "principal": subject.principal,
        "cred": subject.credential_uid,
        "grant_type": subject.grant_type,
    }
    empty = sorted(name for name, value in claims.items() if not value)
    if empty:
        raise Invalid.at(empty[0], "a token's subject is described in full, got an empty text")
    if subject.client_id is not None:
        claims["client_id"] = subject.client_id
    if subject.session_uid is not None:
        claims["sid"] = subject.session_uid
    if subject.earlier_sessions:
        claims["sids"] = list(subject.earlier_sessions)
    if subject.scope:
        claims["scope"] = subject.scope
    claims |= authenticated_claims(subject.authenticated)
    claims |= links_claims(subject.by, subject.context, subject.acts_for)
    if subject.restrictions:
        claims["restrict"] = [dict(one) for one in subject.restrictions]
    return claims


def read_subject(claims: Mapping[str, object]) -> TokenSubject:
    """Which subject do these claims write? Raises TokenRefused."""
    by, context, acts_for = read_links(claims)
    return TokenSubject(
        uid=read_text_claim(claims, "sub"),
        account=read_text_claim(claims, "account"),
        principal=read_text_claim(claims, "principal"),
        credential_uid=read_text_claim(claims, "cred"),
        grant_type=read_text_claim(claims, "grant_type"),
        client_id=read_text_claim(claims, "client_id") if "client_id" in claims else None,
        session_uid=read_text_claim(claims, "sid") if "sid" in claims else None,
        earlier_sessions=read_texts(claims, "sids"),
        by=by,
        context=context,
        acts_for=acts_for,
        restrictions=_read_restrictions(claims),
        scope=read_text_claim(claims, "scope") if "scope" in claims else "",
        authenticated=read_authenticated(claims),
    )


def _read_restrictions(claims: Mapping[str, object]) -> tuple[Mapping[str, object], ...]:
    listed = claims.get("restrict", [])
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise TokenRefused(TokenFault.CLAIMS, "claim `restrict` must be a list of objects")
    return tuple(listed)


def _read_epoch(claims: Mapping[str, object], name: str) -> int:
    """Which second does this claim name? SECURITY: `true` is no number, and neither is `1.5e9`."""
    value = claims.get(name)
    if type(value) is not int or not 0 <= value <= _LAST_EPOCH:
        raise TokenRefused(TokenFault.CLAIMS, f"claim `{name}` must be a whole number of seconds since 1970")
    return value
