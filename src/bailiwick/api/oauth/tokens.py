"""The token endpoint over HTTP, and the keys that verify what it gives.

`GRANTS` is the one table of what can be exchanged for a token; each function checks that the application may use its
grant, and leaves the rest to service/. The form, the answer and the errors are those of RFC 6749; what IBM Cloud's
clients read besides stands in ibm_grants.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
from starlette.responses import Response

from bailiwick.api.calls import Call
from bailiwick.api.oauth.acting_grants import EXCHANGE_GRANT, give_for_client, give_for_exchange
from bailiwick.api.oauth.forms import (
    FORM,
    MAX_FORM_BYTES,
    Form,
    answer,
    audience_of,
    client_of,
    needed,
    read_form,
    refuse,
    require_grant,
)
from bailiwick.api.oauth.ibm_grants import KEY_GRANT, give_for_key, give_for_profile
from bailiwick.api.oauth.person_grants import CODE_GRANT, DEVICE_GRANT, give_for_code, give_for_device
from bailiwick.api.oauth.replies import Reply, family_reply
from bailiwick.api.problems import respond
from bailiwick.api.routes import Entry, public
from bailiwick.authn.oauth.faults import INVALID_REQUEST, OAuthRefused
from bailiwick.authn.signing import KeyPurpose
from bailiwick.model.applications import CLIENT_CREDENTIALS, REFRESH_TOKEN
from bailiwick.service.assuming import ASSUME_GRANT
from bailiwick.service.oauth.clients import ClientRefused
from bailiwick.service.oauth.families import refresh_family
from bailiwick.service.oauth.scopes import read_scope

_TOKEN_REASON = "authenticates by the credential in the form; gives a token for what its owner may do"  # noqa: S105 - a sentence
_KEYS_REASON = "public keys, for whoever verifies tokens"


def token_entries() -> list[Entry]:
    """Which routes give tokens and the keys that verify them?"""
    tokens = [
        Entry("POST", path, _token, public(_TOKEN_REASON), "Exchange a credential for an access token",
              "tokens", body="TokenForm", body_type=FORM, most_bytes=MAX_FORM_BYTES, answers={200: "Token"})
        for path in ("/oauth/token", "/identity/token")
    ]  # fmt: skip
    keys = [
        Entry("GET", path, _jwks, public(_KEYS_REASON), "Public keys that verify access tokens", "tokens",
              answers={200: "Jwks"})
        for path in ("/oauth/jwks", "/identity/keys")
    ]  # fmt: skip
    return [*tokens, *keys]


def _token(call: Call) -> Response:
    try:
        form = read_form(call)
        give = GRANTS.get(form.get("grant_type", ""))
        if give is None:
            raise _wrong_grant(form.get("grant_type"))
        return answer(give(call, form))
    except (OAuthRefused, ClientRefused) as error:
        return refuse(call, error)


def _refresh(call: Call, form: Form) -> Reply:
    """Source: RFC 6749, section 6."""
    client = require_grant(client_of(call, form), REFRESH_TOKEN)
    (text,) = needed(form, "refresh_token")
    scope = read_scope(form.get("scope", ""))
    tokens = refresh_family(
        call.host, client, text, address=call.address, scope=scope, audience=audience_of(form)
    )
    return family_reply(tokens)


# The wire's words for grants, and who gives tokens for each.
GRANTS: Mapping[str, Callable[[Call, Form], Reply]] = {
    KEY_GRANT: give_for_key,
    ASSUME_GRANT: give_for_profile,
    CLIENT_CREDENTIALS: give_for_client,
    REFRESH_TOKEN: _refresh,
    EXCHANGE_GRANT: give_for_exchange,
    CODE_GRANT: give_for_code,
    DEVICE_GRANT: give_for_device,
}


def _wrong_grant(said: str | None) -> OAuthRefused:
    if not said:
        return OAuthRefused(INVALID_REQUEST, f"expected `grant_type` `{KEY_GRANT}`, got nothing")
    return OAuthRefused("unsupported_grant_type", f"expected `grant_type` `{KEY_GRANT}`, got `{said[:80]}`")


def _jwks(call: Call) -> Response:
    access = call.host.key_set(KeyPurpose.ACCESS).jwks(call.host.at())
    keys = {"keys": [*access["keys"], *(key.as_jwk() for key in call.host.identity_keys.trusted())]}
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"public, max-age=300")]
    return respond((200, headers, msgspec.json.encode(keys)))
