"""The token endpoint's grants by which people sign in: an authorization code, a device code.

Source: RFC 6749, 4.1.3 and 5.1; RFC 8628, 3.4 and 3.5; OpenID Connect Core 1.0, 3.1.3.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.responses import Response

from bailiwick.api.calls import Call
from bailiwick.api.oauth.protocol import answer, client_of, once, read_pairs, refuse
from bailiwick.authn.oauth.faults import INVALID_REQUEST, Refused
from bailiwick.service.oauth.clients import Client, ClientRefused
from bailiwick.service.oauth.person_grants import SignedIn, redeem_code, redeem_device
from bailiwick.service.oauth.refusals import OAuthRefused

CODE_GRANT = "authorization_code"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"

Fields = Mapping[str, str]


def _by_code(call: Call, client: Client, fields: Fields) -> SignedIn:
    code, redirect_uri, verifier = _needed(fields, "code", "redirect_uri", "code_verifier")
    return redeem_code(call.host, client, code, redirect_uri, verifier, fields.get("resource", ""))


def _by_device(call: Call, client: Client, fields: Fields) -> SignedIn:
    (device_code,) = _needed(fields, "device_code")
    return redeem_device(call.host, client, device_code)


def _needed(fields: Fields, *names: str) -> list[str]:
    missing = [name for name in names if not fields.get(name)]
    if missing:
        raise Refused(INVALID_REQUEST, f"expected `{missing[0]}`, got nothing")
    return [fields[name] for name in names]


Give = Callable[[Call, Client, Fields], SignedIn]
PERSON_GRANTS: Mapping[str, Give] = {CODE_GRANT: _by_code, DEVICE_GRANT: _by_device}


def give_to_application(call: Call, give: Give) -> Response:
    """What does the application get that asks so?"""
    try:
        fields = once(read_pairs(call))
        signed_in = give(call, client_of(call, fields), fields)
    except OAuthRefused as refused:
        return refuse(Refused(refused.error, refused.message))
    except (Refused, ClientRefused) as error:
        return refuse(error)
    tokens = signed_in.tokens
    body = {
        "access_token": tokens.token.text,
        "token_type": "Bearer",
        "expires_in": tokens.token.lifetime_seconds,
        "scope": " ".join(tokens.scope),
    }
    if tokens.refresh_token is not None:
        body["refresh_token"] = tokens.refresh_token
    if signed_in.id_token is not None:
        body["id_token"] = signed_in.id_token
    return answer(body)
