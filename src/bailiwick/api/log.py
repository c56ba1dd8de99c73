"""What is recorded of an account, over HTTP: its change log, the log's verification, its activity.

Newest first, in pages. Names are today's; what is gone keeps its uid. It must not show what the store keeps secret,
which is in no body of a log.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, MutableMapping
from dataclasses import replace
from typing import Any, cast
from urllib.parse import unquote

from starlette.responses import Response

from bailiwick.api.administration import ACCOUNT_PATH, PAGES
from bailiwick.api.answers import json_response, page_body
from bailiwick.api.calls import Call
from bailiwick.api.routes import Entry, actions
from bailiwick.errors import Invalid, did_you_mean
from bailiwick.model.conditions import parse_instant
from bailiwick.service.kinds import ACCOUNT, KINDS
from bailiwick.service.loading import API_KEY, SESSION_END, account_log
from bailiwick.service.needed import iam_service
from bailiwick.service.reading import Reader
from bailiwick.service.references import parse_target, unbind
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import ChangeRow, EventFilter, StoredEvent

READ, VERIFY, ACTIVITY = "iam.log.read", "iam.log.verify", "iam.activity.read"
_KINDS = (ACCOUNT, *KINDS, API_KEY, SESSION_END)


def log_entries() -> list[Entry]:
    """Which routes show what is recorded?"""
    log_query = {
        "kind": "only changes of this kind, such as `Policy`",
        "name": "only changes of the object that has this name now (needs `kind`)",
        "uid": "only changes of the object with this uid (needs `kind`)",
        "actor": "only changes by this principal, by reference or uid",
    }
    activity_query = {
        "kind": "only events of this kind, such as `refusal`",
        "outcome": "only events with this outcome",
        "principal": "only events of this principal, by reference or uid",
        "since": "not before this instant",
        "until": "before this instant",
    }
    return [
        Entry("GET", f"{ACCOUNT_PATH}/log", _log, actions(READ), "Who changed what, newest first", "log",
              query={**log_query, **PAGES}, answers={200: "Page"}),
        Entry("POST", f"{ACCOUNT_PATH}/log/verify", _verify, actions(VERIFY), "Is the log as it was written?", "log",
              answers={200: "Verification"}),
        Entry("GET", f"{ACCOUNT_PATH}/activity", _activity, actions(ACTIVITY),
              "Sign-ins, refusals and the use of keys, newest first", "log",
              query={**activity_query, **PAGES}, answers={200: "Page"}),
    ]  # fmt: skip


def _log(call: Call) -> Response:
    snapshot = _reader(call, READ).snapshot
    kind = call.parameters.get("kind")
    if kind is not None and kind not in _KINDS:
        raise Invalid.at("kind", f"unknown kind `{kind[:80]}`", did_you_mean(kind, _KINDS))
    uid = _uid(call, snapshot, kind)
    actor = _principal_uid(snapshot, call.parameters.get("actor"))
    position = call.position()
    before = None if position is None else (int(position.split()[0]), int(position.split()[1]))
    rows = call.host.store.history(
        account_log(call.account), limit=call.limit + 1, before=before, kind=kind, uid=uid, actor_uid=actor
    )
    shown = rows[: call.limit]
    more = len(rows) > call.limit
    cursor = call.cursor(f"{shown[-1].revision} {shown[-1].seq}") if more else None
    names = _Names(snapshot.names_by_uid())
    return json_response(
        page_body([_row(row, names) for row in shown], cursor, snapshot.vector), vector=snapshot.vector
    )


def _reader(call: Call, action: str) -> Reader:
    reader = Reader(call.host, call.session)
    reader.judge.require(action, iam_service())
    return reader


def _uid(call: Call, snapshot: Snapshot, kind: str | None) -> str | None:
    name, uid = call.parameters.get("name"), call.parameters.get("uid")
    if name is None and uid is None:
        return None
    if kind is None or (name is not None and uid is not None):
        raise Invalid.at("name" if uid is None else "uid", "expected `kind` with it, and `name` or `uid`")
    if uid is not None:
        return uid
    known = snapshot.identities.get((kind, str(name)))
    # WHY: nothing has an empty uid, so an unknown name finds nothing.
    return "" if known is None else known.uid


def _principal_uid(snapshot: Snapshot, reference: str | None) -> str | None:
    """Which uid has this principal? A uid stands for itself."""
    target = parse_target(reference)
    if reference is None or target is None:
        return reference
    known = snapshot.identities.get(target)
    return "" if known is None else known.uid


class _Names(ChainMap[str, tuple[str, str]]):
    """Names by uid; what is gone is called by its uid."""

    def __init__(self, known: Mapping[str, tuple[str, str]]) -> None:
        super().__init__({}, cast(MutableMapping[str, tuple[str, str]], known))

    def __missing__(self, uid: str) -> tuple[str, str]:
        return "Role", uid

    def reference(self, uid: str) -> str:
        """How is this principal referred to now?"""
        kind, name = self[uid]
        return f"{KINDS[kind].prefix}{name}" if kind in KINDS else name


def _row(row: ChangeRow, names: _Names) -> dict[str, Any]:
    document = row.document
    if document is not None and row.kind in (ACCOUNT, *KINDS):
        document = unbind(row.kind, document, names)
    elif document is not None and row.kind == API_KEY and "owner" in document:
        document = {**document, "owner": names.reference(document["owner"]["uid"])}
    return {
        "revision": row.revision,
        "seq": row.seq,
        "at": row.at.isoformat(),
        "actor": names.reference(row.actor_uid),
        "actor_uid": row.actor_uid,
        **_via(row.via, row.log, names),
        "op": row.op,
        "kind": row.kind,
        "uid": row.uid,
        "name": row.name,
        "document": document,
        "erased": row.erased,
        "digest": row.digest,
        "hash": row.hash,
    }


def _via(text: str, log: str, names: _Names) -> dict[str, Any]:
    """By which surface was it changed, through whom, and for whom? (rule 22.8; of other accounts: by uid)"""
    surface, *words = text.split(" ")
    if any("/" not in word for word in words if word not in ("by", "for")):
        return {"via": text, "through": [], "for": []}
    said: dict[str, list[str]] = {"by": [], "for": []}
    into: list[str] = []
    for word in words:
        if word in said:
            into = said[word]
        else:
            account, uid = (unquote(part) for part in word.split("/", 1))
            into.append(f"{account}/{names.reference(uid) if account_log(account) == log else uid}")
    return {"via": surface, "through": said["by"], "for": said["for"]}


def _verify(call: Call) -> Response:
    reader = _reader(call, VERIFY)
    report = call.host.store.verify(account_log(call.account))
    body = {
        "log": report.log,
        "ok": report.ok,
        "rows": report.rows,
        "findings": [finding.format() for finding in report.findings],
        "truncated": report.truncated,
    }
    return json_response(body, vector=reader.snapshot.vector)


def _activity(call: Call) -> Response:
    snapshot = _reader(call, ACTIVITY).snapshot
    wanted = EventFilter(
        log=account_log(call.account),
        kind=call.parameters.get("kind"),
        outcome=call.parameters.get("outcome"),
        principal_uid=_principal_uid(snapshot, call.parameters.get("principal")),
    )
    for name in ("since", "until"):
        text = call.parameters.get(name)
        instant = parse_instant(text)
        if text is not None and instant is None:
            raise Invalid.at(name, f"expected an RFC 3339 date and time, got `{text[:40]}`")
        if instant is not None:
            wanted = replace(wanted, since=instant) if name == "since" else replace(wanted, until=instant)
    activity = call.host.store.activity
    activity.flush()
    position = call.position()
    events = activity.events(
        wanted, None if position is None else int(position), call.limit + 1, newest_first=True
    )
    shown = events[: call.limit]
    cursor = call.cursor(str(shown[-1].id)) if len(events) > call.limit else None
    names = _Names(snapshot.names_by_uid())
    return json_response(
        page_body([_event(one, names) for one in shown], cursor, snapshot.vector), vector=snapshot.vector
    )


def _event(stored: StoredEvent, names: _Names) -> dict[str, Any]:
    event = stored.event
    return {
        "id": stored.id,
        "at": event.at.isoformat(),
        "kind": event.kind,
        "outcome": event.outcome,
        "principal": names.reference(event.principal_uid) if event.principal_uid else None,
        "principal_uid": event.principal_uid or None,
        "credential": event.credential_uid or None,
        "detail": event.detail,
    }
