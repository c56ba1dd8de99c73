"""Tokens as IBM Cloud's clients ask for them: by an API key, and a profile's by somebody's token.

service/keys/exchanging.py exchanges, service/assuming.py assumes. It must not say why a key is refused.
Source: IBM Cloud, Generating an IAM token by using an API key (2022); grant type assume (2025).
"""

from __future__ import annotations

from dataclasses import replace

from bailiwick.api.calls import Call
from bailiwick.api.oauth.forms import Form, TokenError, needed
from bailiwick.api.oauth.replies import Reply
from bailiwick.authn.oauth.faults import INVALID_GRANT, INVALID_REQUEST, OAuthRefused
from bailiwick.authn.tokens import IssuedToken
from bailiwick.errors import Denied, Invalid, Unauthenticated
from bailiwick.service.assuming import Wanted, assume_profile
from bailiwick.service.keys.exchanging import exchange_key
from bailiwick.service.oauth.acting import exchange_key_for
from bailiwick.service.oauth.scopes import read_scope
from bailiwick.service.proving import said_of_session

KEY_GRANT = "urn:ibm:params:oauth:grant-type:apikey"
IBM_SCOPE = "ibm openid"
KEY_NOT_FOUND = "BXNIM0415E"


def give_for_key(call: Call, form: Form) -> Reply:
    """A token of the key's owner, or with `scope` one that may do less."""
    (key,) = needed(form, "apikey")
    asked = form.get("scope", "")
    narrow = () if set(asked.split()) <= set(IBM_SCOPE.split()) else read_scope(asked)
    try:
        if narrow:
            return _reply(exchange_key_for(call.host, key, narrow, call.address), " ".join(narrow))
        return _reply(exchange_key(call.host, key, call.address))
    except Unauthenticated:
        call.host.refuse_stranger()
        raise TokenError(INVALID_GRANT, "Provided API key could not be found.", KEY_NOT_FOUND) from None


def give_for_profile(call: Call, form: Form) -> Reply:
    """The profile's session for whose token is in the form."""
    text, name, account = needed(form, "access_token", "profile_name", "account")
    try:
        session = call.host.authenticator.session_of_token(text, call.address)
        session = replace(session, context=said_of_session(session, call.address, call.host.now()))
        begun = assume_profile(call.host, session, account, name, Wanted())
    except Unauthenticated:
        call.host.refuse_stranger()
        raise OAuthRefused(INVALID_GRANT, "the access token is unknown, expired or withdrawn") from None
    except Denied as error:
        raise OAuthRefused(INVALID_GRANT, error.message) from None
    except Invalid as error:
        raise OAuthRefused(INVALID_REQUEST, error.findings[0].message) from None
    return _reply(begun.token)


def _reply(token: IssuedToken, scope: str = IBM_SCOPE) -> Reply:
    return {
        "access_token": token.text,
        "refresh_token": "not_supported",
        "token_type": "Bearer",
        "expires_in": token.lifetime_seconds,
        "expiration": token.expires_epoch,
        "scope": scope,
    }
