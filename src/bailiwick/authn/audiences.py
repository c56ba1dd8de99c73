"""Access tokens for other APIs, and what any access token says in the words of the RFCs.

A token for Bailiwick itself names who acts first and for whom in `for`, because it is judged so here. A token for
another API is read by others, so it says `sub` and `act` as RFC 8693 does; what it rests on is in one claim of its
own, `session`, which only Bailiwick reads, when it is asked whether the token is still good. Type and audience keep
the one from being taken for the other. Pure. Source: RFC 9068, section 2.2; RFC 8693, section 4.1; RFC 8707.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bailiwick.authn.authenticated import authenticated_claims
from bailiwick.authn.compact import MAX_TOKEN_CHARACTERS, Signer, TokenFault, TokenRefused
from bailiwick.authn.instants import epoch_seconds
from bailiwick.authn.tokens import (
    ACCESS_TOKEN_TYPE,
    MAX_LIFETIME_SECONDS,
    IssuedToken,
    TokenParties,
    TokenSubject,
    TokenVerifier,
    VerifiedToken,
    read_subject,
    subject_claims,
)
from bailiwick.errors import Invalid

SESSION_CLAIM = "session"


def issue_token_for(
    subject: TokenSubject,
    *,
    parties: TokenParties,
    signer: Signer,
    now: datetime,
    lifetime_seconds: int,
    jti: str,
    not_beyond: datetime,
) -> IssuedToken:
    """What is the token of this subject for the API that `parties.audience` names? Raises TokenRefused, Invalid."""
    issued = epoch_seconds(now)
    expires = min(issued + min(lifetime_seconds, MAX_LIFETIME_SECONDS), epoch_seconds(not_beyond))
    if expires <= issued:
        raise TokenRefused(TokenFault.EXPIRED, "what the token would be made from has ended")
    claims = {
        "iss": parties.issuer,
        "aud": parties.audience,
        **public_claims(subject),
        **{"iat": issued, "nbf": issued, "exp": expires, "jti": jti},
        SESSION_CLAIM: subject_claims(subject),
    }
    text = signer.sign(ACCESS_TOKEN_TYPE, claims)
    if len(text) > MAX_TOKEN_CHARACTERS:
        raise Invalid.at("scope", "the token becomes too long", "ask for less")
    return IssuedToken(text=text, jti=jti, issued_epoch=issued, expires_epoch=expires)


def public_claims(subject: TokenSubject) -> dict[str, object]:
    """Whom does the token speak for, and who acts, in the words of RFC 9068 and RFC 8693?

    Whoever is acted for last is `sub`; who acts now is the outermost `act`, who acted before is inside it.
    """
    everybody = [
        (subject.uid, subject.client_id or ""),
        *((one.uid, one.client_id) for one in subject.acts_for),
    ]
    (sub, _), actors = everybody[-1], everybody[:-1]
    acting: dict[str, object] = {}
    for uid, client_id in reversed(actors):
        here: dict[str, object] = {"sub": uid, **({"client_id": client_id} if client_id else {})}
        acting = {**here, **({"act": acting} if acting else {})}
    return {
        "sub": sub,
        **({"client_id": subject.client_id} if subject.client_id else {}),
        **({"scope": subject.scope} if subject.scope else {}),
        **authenticated_claims(subject.authenticated),
        **({"act": acting} if acting else {}),
    }


def verify_any_audience(verifier: TokenVerifier, text: str, now: datetime) -> tuple[VerifiedToken, str]:
    """What does a token of this issuer say, whatever it is for, and for which audience is it? Raises TokenRefused.

    SECURITY: for whoever asks about a token. Nothing is let in by the answer.
    """
    claims, kid = verifier.read_claims(text, now)
    audience = verifier.check_issuer(claims)
    issued, expires = verifier.check_times(claims, epoch_seconds(now))
    is_own = verifier.is_own_audience(audience)
    said = claims if is_own else claims.get(SESSION_CLAIM)
    if not isinstance(said, Mapping) or (is_own and "act" in claims):
        raise TokenRefused(TokenFault.CLAIMS, "the token does not say what it rests on")
    jti = verifier.read_jti(claims)
    return VerifiedToken(read_subject(said), jti, kid, issued, expires), audience
