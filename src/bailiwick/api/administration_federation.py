"""Federation over HTTP, besides its two kinds: client secrets of providers, and the identities that users sign in by.

service/federation/ does the work and asks the engine. A secret goes in and never comes out.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from bailiwick.api.administration import ACCOUNT_PATH
from bailiwick.api.answers import empty_answer, json_response, page_body, response_of
from bailiwick.api.calls import Call
from bailiwick.api.routes import Entry, actions
from bailiwick.catalog.places import Collector
from bailiwick.catalog.reading import Fields
from bailiwick.service.federation.linking import (
    LINK_IDENTITY,
    LIST_IDENTITIES,
    UNLINK_IDENTITY,
    Linked,
    link_identity,
    list_identities,
    unlink_identity,
)
from bailiwick.service.federation.providers import UPDATE_PROVIDER, require_update, set_client_secret

SECRET = f"{ACCOUNT_PATH}/identity-providers/{{name}}/client-secret"
IDENTITIES = f"{ACCOUNT_PATH}/users/{{name}}/identities"


def federation_entries() -> list[Entry]:
    """Which routes administer how people sign in through providers?"""
    return [
        Entry("PUT", SECRET, _set_secret, actions(UPDATE_PROVIDER, "iam.identity-provider.read"),
              "Give the secret of the account's client at an identity provider", "identity-providers",
              body="ClientSecretGiven", answers={204: ""}),
        Entry("DELETE", SECRET, _drop_secret, actions(UPDATE_PROVIDER, "iam.identity-provider.read"),
              "Take the secret away: the proof key alone binds codes to the account", "identity-providers",
              answers={204: ""}),
        Entry("GET", IDENTITIES, _list, actions(LIST_IDENTITIES), "List the identities by which a user signs in",
              "users", answers={200: "Page"}),
        Entry("POST", IDENTITIES, _link, actions(LINK_IDENTITY), "Let a user sign in by a subject of a provider",
              "users", body="NewIdentity", answers={201: "FederatedIdentity"}),
        Entry("DELETE", f"{IDENTITIES}/{{identity}}", _unlink, actions(UNLINK_IDENTITY),
              "Take an identity away from a user; what was begun by it ends", "users", answers={204: ""}),
    ]  # fmt: skip


def _set_secret(call: Call) -> Response:
    # WHY first: what is wrong with a body is told to who may send one.
    require_update(call.host, call.session, call.host.snapshot(call.account), call.name)
    notes = Collector()
    fields = Fields(call.json(), (), notes, ("secret",))
    fields.require("secret")
    secret = fields.text("secret")
    if not secret and fields.has("secret"):
        notes.add(("secret",), "expected a secret, got nothing", "DELETE takes it away")
    notes.raise_if_any()
    set_client_secret(call.host, call.session, call.name, secret)
    return _done(call)


def _drop_secret(call: Call) -> Response:
    set_client_secret(call.host, call.session, call.name, "")
    return _done(call)


def _list(call: Call) -> Response:
    found = [_shown(one) for one in list_identities(call.host, call.session, call.name)]
    vector = call.host.snapshot(call.account).vector
    return json_response(page_body(found, None, vector), vector=vector)


def _link(call: Call) -> Response:
    notes = Collector()
    fields = Fields(call.json(), (), notes, ("provider", "subject"))
    fields.require("provider", "subject")
    provider, subject = fields.text("provider"), fields.text("subject")
    notes.raise_if_any()
    record = link_identity(call.host, call.session, call.name, provider, subject)
    vector = call.host.snapshot(call.account).vector
    return json_response(_shown(Linked(record, provider)), status=201, vector=vector)


def _unlink(call: Call) -> Response:
    unlink_identity(call.host, call.session, call.name, str(call.request.path_params["identity"]))
    return _done(call)


def _shown(linked: Linked) -> dict[str, Any]:
    record = linked.record
    return {
        "id": record.uid,
        "provider": linked.provider,
        "issuer": record.issuer,
        "subject": record.subject,
        "shown": record.shown or None,
        "linked_at": record.linked_at.isoformat(),
    }


def _done(call: Call) -> Response:
    return response_of(empty_answer(vector=call.host.snapshot(call.account).vector))
