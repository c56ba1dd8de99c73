"""The device authorization endpoint: codes for a program that has no browser. Source: RFC 8628, 3.1 and 3.2."""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.api.calls import Call
from bailiwick.api.oauth.forms import (
    FORM,
    MAX_FORM_BYTES,
    answer,
    client_of,
    read_form,
    refuse,
)
from bailiwick.api.routes import Entry, public
from bailiwick.authn.oauth.faults import OAuthRefused
from bailiwick.authn.oauth.requests import read_resource, read_scopes
from bailiwick.service.oauth.clients import ClientRefused
from bailiwick.service.oauth.device import begin_device
from bailiwick.service.oauth.wishes import check_device_wish
from bailiwick.service.people.events import Client

PATH = "/oauth/device_authorization"
_REASON = "gives codes that are worth nothing until somebody who has signed in lets the program in"


def device_entries() -> list[Entry]:
    """Which route gives codes to programs without a browser?"""
    return [
        Entry("POST", PATH, _begin, public(_REASON), "Begin to let a program in that has no browser", "tokens",
              body="DeviceForm", body_type=FORM, most_bytes=MAX_FORM_BYTES, answers={200: "DeviceCodes"})
    ]  # fmt: skip


def _begin(call: Call) -> Response:
    try:
        fields = read_form(call)
        client = client_of(call, fields)
        resource = read_resource(fields.get("resource", ""))
        scopes = check_device_wish(client, read_scopes(fields.get("scope", "")), resource)
        visitor = Client(call.address, call.request.headers.get("user-agent", ""))
        codes = begin_device(call.host, client.uid, client.account, scopes, resource, visitor)
    except (OAuthRefused, ClientRefused) as error:
        return refuse(call, error)
    page = f"{call.host.public_url}/device"
    return answer(
        {
            "device_code": codes.device_code,
            "user_code": codes.user_code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={codes.user_code}",
            "expires_in": codes.expires_in,
            "interval": codes.interval,
        }
    )
