"""The token endpoint's grants by which people sign in: an authorization code, a device code.

Source: RFC 6749, 4.1.3 and 5.1; RFC 8628, 3.4 and 3.5; OpenID Connect Core 1.0, 3.1.3.3.
"""

from __future__ import annotations

from bailiwick.api.calls import Call
from bailiwick.api.oauth.forms import Form, client_of, needed
from bailiwick.api.oauth.replies import Reply, family_reply
from bailiwick.service.oauth.person_grants import SignedIn, redeem_code, redeem_device

CODE_GRANT = "authorization_code"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def give_for_code(call: Call, form: Form) -> Reply:
    """Tokens of the person whose browser brought the code."""
    client = client_of(call, form)
    code, redirect_uri, verifier = needed(form, "code", "redirect_uri", "code_verifier")
    return _reply(redeem_code(call.host, client, code, redirect_uri, verifier, form.get("resource", "")))


def give_for_device(call: Call, form: Form) -> Reply:
    """Tokens of the person who let the device in."""
    client = client_of(call, form)
    (device_code,) = needed(form, "device_code")
    return _reply(redeem_device(call.host, client, device_code))


def _reply(signed_in: SignedIn) -> Reply:
    more = {} if signed_in.id_token is None else {"id_token": signed_in.id_token}
    return family_reply(signed_in.tokens, **more)
