"""API keys over HTTP: made and rotated (the secret is shown once), listed, changed, withdrawn, reported as leaked.

service/keys does the work and asks the engine. It must not show a hash, nor a secret a second time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from bailiwick.api.administration import ACCOUNT_PATH, PAGES
from bailiwick.api.answers import (
    empty_answer,
    etag_headers,
    json_answer,
    json_response,
    page_body,
    response_of,
)
from bailiwick.api.calls import JSON, MERGE_PATCH, Call
from bailiwick.api.idempotency import Repeatable
from bailiwick.api.preconditions import preconditions_of
from bailiwick.api.problems import WireAnswer
from bailiwick.api.routes import Entry, actions, public
from bailiwick.authn.keys import DISABLE, WHEN_LEAKED
from bailiwick.catalog.places import Collector
from bailiwick.catalog.reading import Fields
from bailiwick.errors import Denied, NotFound
from bailiwick.service.keys.changing import delete_key, update_key
from bailiwick.service.keys.leaks import MAX_KEY_TEXT, report_leak
from bailiwick.service.keys.making import create_key
from bailiwick.service.keys.reading import describe_key, list_keys, list_uses, read_key
from bailiwick.service.keys.records import owner_of
from bailiwick.service.keys.rotating import MOST_OVERLAP_SECONDS, rotate_key
from bailiwick.service.keys.storing import MadeKey
from bailiwick.service.loading import API_KEY, vector_of
from bailiwick.service.snapshots import Identity, Snapshot

PATH = f"{ACCOUNT_PATH}/api-keys"
REPORT_PATH = "/v1/api-keys/report-leak"
_REPORT_REASON = "whoever shows a key's text could use it; the answer is the same for every text"
_NEW_FIELDS = ("owner", "description", "expires_at", "networks", "when_leaked")
_SHOWN_ONCE = "the secret was in the first answer, which is not kept; withdraw the key if that was lost"
_PATCH_FIELDS = ("disabled", "locked", "description", "expires_at", "networks", "when_leaked")
_ROTATE_FIELDS = ("overlap_seconds", "leaked")


def key_entries() -> list[Entry]:
    """Which routes administer API keys?"""
    one = f"{PATH}/{{name}}"
    owner = {"owner": "only keys of this owner, such as `user:alice`"}
    return [
        Entry("GET", PATH, _list, actions("iam.api-key.list", "iam.api-key.read"), "List API keys", "api-keys",
              query={**owner, **PAGES}, answers={200: "Page"}),
        Entry("POST", PATH, _create, actions("iam.api-key.create"), "Make an API key; its secret is shown once",
              "api-keys", body="NewApiKey", answers={201: "ApiKey"}),
        Entry("GET", one, _get, actions("iam.api-key.read"), "Show an API key", "api-keys", answers={200: "ApiKey"}),
        Entry("PATCH", one, _patch, actions("iam.api-key.update"), "Disable, enable, lock or limit an API key",
              "api-keys", body="ApiKeyPatch", body_type=MERGE_PATCH, answers={200: "ApiKey"}),
        Entry("POST", f"{one}/rotate", _rotate, actions("iam.api-key.rotate"),
              "Give an API key another secret, shown once; the one before may work for a while", "api-keys",
              body="KeyRotation", answers={201: "ApiKey"}),
        Entry("POST", REPORT_PATH, _report, public(_REPORT_REASON), "Report a key's text that was found somewhere",
              "api-keys", body="LeakReport", answers={200: "LeakReported"}),
        Entry("DELETE", one, _delete, actions("iam.api-key.delete"), "Withdraw an API key", "api-keys",
              answers={204: ""}),
    ]  # fmt: skip


def _list(call: Call) -> Response:
    snapshot = call.host.snapshot(call.account)
    owner = call.parameters.get("owner")
    seen = list_keys(call.host, call.session)
    if not seen:
        raise Denied(
            f"`{call.session.principal}` lacks `iam.api-key.list`",
            action="iam.api-key.list",
            reason="no_matching_policy",
        )
    keys = [record for record in seen if owner in (None, owner_of(record))]
    after = call.position()
    if after is not None:
        keys = [record for record in keys if _position(record.created_at, record.uid) > after]
    shown = keys[: call.limit]
    more = len(keys) > call.limit
    items = [dict(describe_key(call.host, snapshot, record)) for record in shown]
    cursor = call.cursor(_position(shown[-1].created_at, shown[-1].uid)) if more else None
    return json_response(page_body(items, cursor, snapshot.vector), vector=snapshot.vector)


def _position(created_at: datetime, uid: str) -> str:
    return f"{created_at.astimezone(UTC).isoformat(timespec='microseconds')} {uid}"


def _create(call: Call) -> Response:
    notes = Collector()
    fields = Fields(call.json(), (), notes, _NEW_FIELDS)
    owner = fields.text("owner", call.session.principal)
    description = fields.text("description")
    limits = _limits(fields)
    notes.raise_if_any()
    repeatable = Repeatable(call)

    def carry_out() -> WireAnswer:
        made = create_key(
            call.host,
            call.session,
            owner,
            description=description,
            **limits,
            idempotency=lambda made: repeatable.keep(lambda head: _made(call, made(head), again=True)),
        )
        return _made(call, made)

    return response_of(repeatable.answer(carry_out))


def _limits(fields: Fields) -> dict[str, Any]:
    """What is said of end, networks and leaks? What is not spoken of is left out."""
    said: dict[str, Any] = {}
    if "expires_at" in fields.data:
        expires = fields.instant("expires_at")
        said["expires_at"] = None if expires is None else datetime.fromtimestamp(expires, UTC)
    if fields.has("networks"):
        said["networks"] = fields.texts("networks")
    if fields.has("when_leaked"):
        said["when_leaked"] = fields.choice("when_leaked", WHEN_LEAKED, DISABLE)
    return said


def _rotate(call: Call) -> Response:
    check = _precondition(call)
    notes = Collector()
    fields = Fields(call.json(), (), notes, _ROTATE_FIELDS)
    overlap, leaked = fields.integer("overlap_seconds", 0, 0, MOST_OVERLAP_SECONDS), fields.flag("leaked")
    notes.raise_if_any()
    repeatable = Repeatable(call)

    def carry_out() -> WireAnswer:
        made = rotate_key(
            call.host,
            call.session,
            call.name,
            overlap_seconds=overlap,
            leaked=leaked,
            check=check,
            idempotency=lambda made: repeatable.keep(lambda head: _made(call, made(head), again=True)),
        )
        return _made(call, made)

    return response_of(repeatable.answer(carry_out))


def _report(call: Call) -> Response:
    notes = Collector()
    fields = Fields(call.json(), (), notes, ("apikey",))
    fields.require("apikey")
    text = fields.text("apikey", most=MAX_KEY_TEXT)
    notes.raise_if_any()
    report_leak(call.host, text, call.address)
    return json_response({"received": True})


def _made(call: Call, new: MadeKey, *, again: bool = False) -> WireAnswer:
    """What is answered about a new secret, the first time and to whoever repeats the request?"""
    # SECURITY: the secret is no part of the answer that is kept and given to whoever repeats the request.
    secret = {"notice": _SHOWN_ONCE} if again else {"apikey": new.text}
    body = {**new.shown, **secret}
    identity = Identity(new.uid, API_KEY, new.uid, new.head.revision)
    location = (b"location", f"{PATH.format(account=quote(call.account, safe=''))}/{new.uid}".encode())
    vector = vector_of(new.head, call.host.system_head(), new.enterprise)
    return json_answer(201, body, vector=vector, headers=[*etag_headers(identity), location])


def _get(call: Call) -> Response:
    record = read_key(call.host, call.session, call.name)
    return _show(call, call.host.snapshot(call.account), record.uid)


def _patch(call: Call) -> Response:
    check = _precondition(call)
    notes = Collector()
    fields = Fields(call.json(MERGE_PATCH, JSON), (), notes, _PATCH_FIELDS)
    said = {name: fields.flag(name) for name in ("disabled", "locked") if fields.has(name)}
    described = "description" in fields.data
    description = fields.text("description")
    limits = _limits(fields)
    notes.raise_if_any()
    update_key(
        call.host,
        call.session,
        call.name,
        disabled=said.get("disabled"),
        locked=said.get("locked"),
        description=description if described else None,
        **limits,
        check=check,
    )
    return _show(call, call.host.snapshot(call.account), call.name)


def _delete(call: Call) -> Response:
    delete_key(call.host, call.session, call.name, check=_precondition(call))
    return response_of(empty_answer(vector=call.host.snapshot(call.account).vector))


def _precondition(call: Call) -> Callable[[Snapshot], None]:
    conditions = preconditions_of(call)

    def check(snapshot: Snapshot) -> None:
        conditions.check(snapshot.identities.get((API_KEY, call.name)))

    return check


def _show(call: Call, snapshot: Snapshot, uid: str) -> Response:
    record = snapshot.keys.get(uid)
    if record is None:
        raise NotFound(f"API key `{uid}` was withdrawn meanwhile")
    uses = [
        {"at": one.at.isoformat(), "address": one.address, "for": one.purpose}
        for one in list_uses(call.host, record, call.account)
    ]
    body: dict[str, Any] = {**describe_key(call.host, snapshot, record), "uses": uses}
    headers = etag_headers(snapshot.identities.get((API_KEY, uid)))
    return json_response(body, vector=snapshot.vector, headers=headers)
