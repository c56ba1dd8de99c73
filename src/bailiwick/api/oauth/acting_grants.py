"""Tokens for applications that act as a service ID: for themselves, and for whom somebody shows a token.

Source: RFC 6749, section 4.4; RFC 8693, section 2.
"""

from __future__ import annotations

from bailiwick.api.calls import Call
from bailiwick.api.oauth.forms import Form, audience_of, client_of, needed, require_grant
from bailiwick.api.oauth.replies import ACCESS_TOKEN, Reply, token_reply
from bailiwick.authn.oauth.faults import INVALID_REQUEST, OAuthRefused
from bailiwick.model.applications import CLIENT_CREDENTIALS, TOKEN_EXCHANGE
from bailiwick.service.oauth.acting import act_as_itself
from bailiwick.service.oauth.exchanging import Exchange, exchange_token
from bailiwick.service.oauth.scopes import read_scope

EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT = "urn:ietf:params:oauth:token-type:jwt"
_TYPES = (ACCESS_TOKEN, JWT)


def give_for_client(call: Call, form: Form) -> Reply:
    """A token of the service ID as which the application acts."""
    client = require_grant(client_of(call, form), CLIENT_CREDENTIALS)
    token, scope = act_as_itself(
        call.host, client, read_scope(form.get("scope", "")), audience_of(form), call.address
    )
    return token_reply(token, scope)


def give_for_exchange(call: Call, form: Form) -> Reply:
    """A token with which the application's service ID acts for whose token is shown."""
    client = require_grant(client_of(call, form), TOKEN_EXCHANGE)
    subject_token, _ = needed(form, "subject_token", "subject_token_type")
    if ("actor_token" in form) != ("actor_token_type" in form):
        raise OAuthRefused(INVALID_REQUEST, "`actor_token` and `actor_token_type` belong together")
    for name in ("subject_token_type", "actor_token_type", "requested_token_type"):
        if form.get(name, ACCESS_TOKEN) not in _TYPES:
            raise OAuthRefused(INVALID_REQUEST, f"expected `{name}` `{ACCESS_TOKEN}`, got another")
    wanted = Exchange(
        subject_token=subject_token,
        actor_token=form.get("actor_token"),
        scope=read_scope(form.get("scope", "")),
        audience=audience_of(form),
    )
    token, scope = exchange_token(call.host, client, wanted, call.address)
    return token_reply(token, scope, issued_token_type=ACCESS_TOKEN)
