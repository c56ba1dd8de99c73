"""ID tokens: what an application is told of who signed in, signed; and read again where one comes back as a hint.

An ID token gives no right anywhere: it is of another algorithm, type and audience than access tokens.
Pure. Source: OpenID Connect Core 1.0, 2, 3.1.3.6 and 3.1.3.7; OpenID Connect RP-Initiated Logout 1.0, 2; RFC 8725.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from bailiwick.authn.authenticated import Authenticated, authenticated_claims
from bailiwick.authn.claims import read_text_claim
from bailiwick.authn.compact import TokenFault, TokenRefused, parse_json_object
from bailiwick.authn.oauth.identity_keys import ALGORITHM, IdentityKey

TYPE = "JWT"
MAX_CHARACTERS = 8192


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signed in to which application, in which visit (`sid`), and what it may be told besides (`told`)."""

    uid: str
    client_id: str
    sid: str
    authenticated: Authenticated
    nonce: str = ""
    told: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hint:
    """Whom an ID token that came back speaks of. It may be long over: it says who, not that they are there."""

    uid: str
    client_id: str
    sid: str


def write_id_token(
    identity: Identity, *, issuer: str, key: IdentityKey, access_token: str, issued: int, expires: int
) -> str:
    """What is the signed ID token? Raises ValueError for a key that cannot sign."""
    if key.private_pem is None:
        raise ValueError(f"key `{key.kid}` has no private half here")
    claims: dict[str, object] = {
        **identity.told,
        "iss": issuer,
        "sub": identity.uid,
        "aud": identity.client_id,
        "azp": identity.client_id,
        "iat": issued,
        "exp": expires,
        "sid": identity.sid,
        "at_hash": half_hash(access_token),
        **_without_internal(authenticated_claims(identity.authenticated)),
    }
    if identity.nonce:
        claims["nonce"] = identity.nonce
    header = {"alg": ALGORITHM, "kid": key.kid, "typ": TYPE}
    payload = json.dumps(claims, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return jws.serialize_compact(
        header, payload.encode(), RSAKey.import_key(key.private_pem), algorithms=[ALGORITHM]
    )


def _without_internal(claims: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in claims.items() if name in ("auth_time", "acr", "amr")}


def half_hash(text: str) -> str:
    """What is the left half of this text's hash (`at_hash`)?"""
    return urlsafe_b64encode(sha256(text.encode("ascii")).digest()[:16]).rstrip(b"=").decode("ascii")


def read_hint(text: str, *, issuer: str, keys: Iterable[IdentityKey]) -> Hint:
    """Of whom does this ID token speak, whenever it was over? Raises TokenRefused.

    SECURITY: the algorithm is pinned, the key is one of those given; nothing of the payload is read before.
    """
    if len(text) > MAX_CHARACTERS or text.count(".") != 2 or not text.isascii():
        raise TokenRefused(TokenFault.MALFORMED, "expected three base64url parts")
    for key in keys:
        try:
            found = jws.deserialize_compact(text, RSAKey.import_key(_public(key)), algorithms=[ALGORITHM])
        except (JoseError, ValueError):
            continue
        if found.headers() != {"alg": ALGORITHM, "kid": key.kid, "typ": TYPE}:
            raise TokenRefused(TokenFault.HEADER, "the token's header is not one of an ID token")
        return _read(parse_json_object(found.payload, TokenFault.CLAIMS), issuer)
    raise TokenRefused(TokenFault.SIGNATURE, "the token is signed by none of these keys")


def _public(key: IdentityKey) -> dict[str, str | list[str]]:
    return {"kty": "RSA", "n": key.n, "e": key.e}


def _read(claims: Mapping[str, object], issuer: str) -> Hint:
    if claims.get("iss") != issuer:
        raise TokenRefused(TokenFault.ISSUER, "the token is from another issuer")
    return Hint(*(read_text_claim(claims, name) for name in ("sub", "aud", "sid")))
