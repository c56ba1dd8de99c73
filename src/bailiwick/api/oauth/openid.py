"""OpenID Connect over HTTP: what there is (discovery), who somebody is (userinfo), and forms that become addresses.

SECURITY: every address comes from the configured one; no header of a request is read for it. (bug class 10)
Source: OpenID Connect Discovery 1.0, 3 and 4; RFC 8414, 2; OpenID Connect Core 1.0, 3.1.2.1 and 5.3; RFC 6750, 3.
"""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from bailiwick.api.calls import Call
from bailiwick.api.oauth.forms import FORM, MAX_FORM_BYTES, answer, read_pairs, refuse
from bailiwick.api.problems import respond
from bailiwick.api.routes import Entry, public
from bailiwick.authn.authenticated import ONE_FACTOR, TWO_FACTORS
from bailiwick.authn.oauth.faults import INVALID_REQUEST, OAuthRefused
from bailiwick.authn.oauth.identity_keys import ALGORITHM
from bailiwick.authn.oauth.pkce import METHOD
from bailiwick.errors import Unauthenticated
from bailiwick.model.applications import SCOPE_WORDS
from bailiwick.service.oauth.identity import OPENID, told_of
from bailiwick.service.sessions import Session

_DISCOVERY = "says where the endpoints are, to whoever looks for them; nothing about any account"
_USERINFO = "the token that is shown says whom it may tell of; it is looked at here"
_FORMS = "leads to the page that asks the person, with what was sent"
MAX_ADDRESS = 16_384
PASSED_ON = ("/oauth/authorize", "/oauth/logout")
_PATHS = {
    "authorization_endpoint": "/oauth/authorize",
    "token_endpoint": "/oauth/token",
    "userinfo_endpoint": "/oauth/userinfo",
    "jwks_uri": "/oauth/jwks",
    "device_authorization_endpoint": "/oauth/device_authorization",
    "introspection_endpoint": "/oauth/introspect",
    "revocation_endpoint": "/oauth/revoke",
    "end_session_endpoint": "/oauth/logout",
}
_METHODS = ["client_secret_basic", "client_secret_post"]
_CLAIMS = [
    "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "at_hash", "sid",
    "name", "preferred_username", "email", "groups",
]  # fmt: skip


def openid_entries() -> list[Entry]:
    """Which routes are there for programs that know OpenID Connect?"""
    discovery = [
        Entry("GET", f"/.well-known/{name}", _describe, public(_DISCOVERY), "Where the endpoints are", "tokens",
              answers={200: "Discovery"})
        for name in ("openid-configuration", "oauth-authorization-server")
    ]  # fmt: skip
    userinfo = [
        Entry(method, "/oauth/userinfo", _tell, public(_USERINFO), "Who the token speaks of", "tokens",
              answers={200: "UserInfo"})
        for method in ("GET", "POST")
    ]  # fmt: skip
    forms = [
        Entry("POST", path, _pass_on, public(_FORMS), "The same as by an address", "tokens",
              body="OpenIdForm", body_type=FORM, most_bytes=MAX_FORM_BYTES, answers={})
        for path in PASSED_ON
    ]  # fmt: skip
    return [*discovery, *userinfo, *forms]


def _describe(call: Call) -> Response:
    here = call.host.public_url
    body = {
        "issuer": call.host.settings.issuer,
        **{name: here + path for name, path in _PATHS.items()},
        "scopes_supported": list(SCOPE_WORDS),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": [*_METHODS, "none"],
        "introspection_endpoint_auth_methods_supported": _METHODS,
        "revocation_endpoint_auth_methods_supported": [*_METHODS, "none"],
        "code_challenge_methods_supported": [METHOD],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "acr_values_supported": [ONE_FACTOR, TWO_FACTORS],
        "claims_supported": _CLAIMS,
        "authorization_response_iss_parameter_supported": True,
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"public, max-age=300")]
    return respond((200, headers, msgspec.json.encode(body)))


def _tell(call: Call) -> Response:
    """Source: OpenID Connect Core 1.0, 5.3; RFC 6750, 3.1."""
    address = call.request.client.host if call.request.client is not None else ""
    try:
        session = call.host.authenticate(call.request.headers.get("authorization"), address)
    except Unauthenticated as error:
        return _challenge(401, "invalid_token", error.message)
    if OPENID not in session.scope.split() or not session.principal.startswith("user:"):
        return _challenge(
            403, "insufficient_scope", "the token is not one of a person who agreed to `openid`"
        )
    return answer({"sub": session.uid, **_told(call, session)})


def _told(call: Call, session: Session) -> dict[str, object]:
    snapshot = call.host.snapshot(session.account)
    return told_of(snapshot, session.uid, session.scope.split(), call.host.now())


def _challenge(status: int, error: str, message: str) -> Response:
    response = answer({"error": error, "error_description": message}, status)
    response.headers["WWW-Authenticate"] = f'Bearer error="{error}"'
    return response


def _pass_on(call: Call) -> Response:
    """WHY a redirect: a form of another site comes without the visit's cookie (`SameSite=Lax`), an address with it."""
    try:
        pairs = read_pairs(call)
    except OAuthRefused as error:
        return refuse(call, error)
    target = f"{call.request.url.path}?{urlencode(list(pairs))}"
    if len(target) > MAX_ADDRESS:
        return refuse(call, OAuthRefused(INVALID_REQUEST, "the request is too long"))
    return respond((303, [(b"location", target.encode("ascii")), (b"cache-control", b"no-store")], b""))
