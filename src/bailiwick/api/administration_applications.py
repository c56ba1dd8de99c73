"""Secrets of applications over HTTP: made and shown once, listed, withdrawn.

Applications themselves are administered as every kind is. service/oauth/secrets.py does the work and asks the engine.
"""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.responses import Response

from bailiwick.api.administration import ACCOUNT_PATH
from bailiwick.api.answers import empty_answer, json_response, page_body, response_of
from bailiwick.api.calls import Call
from bailiwick.api.routes import Entry, actions
from bailiwick.catalog.places import Collector
from bailiwick.catalog.reading import Fields
from bailiwick.service.oauth import secrets

APPLICATION = f"{ACCOUNT_PATH}/applications/{{name}}"
_FIELDS = ("overlap_seconds", "expires_at")


def application_entries() -> list[Entry]:
    """Which routes make and withdraw secrets of applications?"""
    return [
        Entry("POST", f"{APPLICATION}/rotate-secret", _rotate, actions(secrets.ROTATE),
              "Make a new secret, which is shown once; the one before it stands for the overlap", "applications",
              body="SecretRotation", answers={201: "MadeSecret"}),
        Entry("GET", f"{APPLICATION}/secrets", _list, actions(secrets.READ),
              "List an application's secrets, without themselves, and its client_id", "applications",
              answers={200: "ApplicationSecrets"}),
        Entry("DELETE", f"{APPLICATION}/secrets/{{secret}}", _withdraw, actions(secrets.ROTATE),
              "Withdraw a secret, and end what rests on it", "applications", answers={204: ""}),
    ]  # fmt: skip


def _rotate(call: Call) -> Response:
    notes = Collector()
    fields = Fields(call.json(), (), notes, _FIELDS)
    overlap = fields.integer(
        "overlap_seconds", secrets.DEFAULT_OVERLAP_SECONDS, 0, secrets.MOST_OVERLAP_SECONDS
    )
    expires = fields.instant("expires_at")
    notes.raise_if_any()
    expires_at = None if expires is None else datetime.fromtimestamp(expires, UTC)
    made = secrets.rotate_secret(
        call.host, call.session, call.name, overlap_seconds=overlap, expires_at=expires_at
    )
    body = {
        **secrets.describe_secret(call.host, call.account, made.record),
        "client_id": made.client_id,
        "client_secret": made.text,
    }
    return json_response(body, status=201, vector=call.host.snapshot(call.account).vector)


def _list(call: Call) -> Response:
    found = secrets.list_secrets(call.host, call.session, call.name)
    snapshot = call.host.snapshot(call.account)
    body = page_body(
        [secrets.describe_secret(call.host, call.account, one) for one in found],
        None,
        snapshot.vector,
        client_id=secrets.client_id_of(call.host, call.session, call.name),
    )
    return json_response(body, vector=snapshot.vector)


def _withdraw(call: Call) -> Response:
    secrets.withdraw_secret(call.host, call.session, call.name, str(call.request.path_params["secret"]))
    return response_of(empty_answer(vector=call.host.snapshot(call.account).vector))
