"""What is recorded of an account, over HTTP: its change log, the log's verification, its activity, and undoing.

Newest first, in pages. What is read is service/history/recorded.py's, what is undone service/history/undoing.py's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.responses import Response

from bailiwick.api.administration import ACCOUNT_PATH, DRY_RUN, PAGES, VIA, differences_answer
from bailiwick.api.answers import json_response, page_body, response_of
from bailiwick.api.calls import Call
from bailiwick.api.idempotency import Repeatable
from bailiwick.api.problems import WireAnswer
from bailiwick.api.routes import Entry, actions
from bailiwick.errors import Invalid, did_you_mean
from bailiwick.model.conditions import parse_instant
from bailiwick.service.history.recorded import (
    READ_ACTIVITY,
    READ_LOG,
    VERIFY_LOG,
    ChangeFilter,
    Names,
    RecordedChange,
    Records,
    principal_uid,
)
from bailiwick.service.history.undoing import Undone, undo_revision
from bailiwick.service.kinds import ACCOUNT, KINDS
from bailiwick.service.loading import API_KEY, SESSION_END, account_log
from bailiwick.service.needed import iam_service
from bailiwick.service.people.records import CREDENTIAL_KINDS
from bailiwick.service.reading import Reader
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import EventFilter, StoredEvent

_KINDS = (ACCOUNT, *KINDS, API_KEY, SESSION_END, *CREDENTIAL_KINDS)


def log_entries() -> list[Entry]:
    """Which routes show what is recorded?"""
    times = {"since": "not before this instant", "until": "before this instant"}
    log_query = {
        "kind": "only changes of this kind, such as `Policy`",
        "name": "only changes of the object that has this name now (needs `kind`)",
        "uid": "only changes of the object with this uid (needs `kind`)",
        "actor": "only changes by this principal, by reference or uid",
        "q": "only changes whose name or document mentions this, whatever the case",
        **times,
    }
    activity_query = {
        "kind": "only events of this kind, such as `refusal`",
        "outcome": "only events with this outcome",
        "principal": "only events of this principal, by reference or uid",
        **times,
    }
    return [
        Entry("GET", f"{ACCOUNT_PATH}/log", _log, actions(READ_LOG), "Who changed what, newest first", "log",
              query={**log_query, **PAGES}, answers={200: "Page"}),
        Entry("POST", f"{ACCOUNT_PATH}/log/verify", _verify, actions(VERIFY_LOG), "Is the log as it was written?",
              "log", answers={200: "Verification"}),
        Entry("POST", f"{ACCOUNT_PATH}/log/{{revision}}/undo", _undo, actions(READ_LOG), "Undo a revision", "log",
              query=DRY_RUN, answers={200: "Undone"}),
        Entry("GET", f"{ACCOUNT_PATH}/activity", _activity, actions(READ_ACTIVITY),
              "Sign-ins, refusals and the use of keys, newest first", "log",
              query={**activity_query, **PAGES}, answers={200: "Page"}),
    ]  # fmt: skip


def _log(call: Call) -> Response:
    records = Records(call.host, call.session, READ_LOG)
    kind = call.parameters.get("kind")
    if kind is not None and kind not in _KINDS:
        raise Invalid.at("kind", f"unknown kind `{kind[:80]}`", did_you_mean(kind, _KINDS))
    wanted = ChangeFilter(
        kind=kind,
        uid=_uid(call, records.snapshot, kind),
        actor=call.parameters.get("actor"),
        since=_instant(call, "since"),
        until=_instant(call, "until"),
        text=call.parameters.get("q"),
    )
    position = call.position()
    before = None if position is None else (int(position.split()[0]), int(position.split()[1]))
    page = records.changes(wanted, before=before, limit=call.limit)
    cursor = None if page.next is None else call.cursor(f"{page.next[0]} {page.next[1]}")
    vector = records.snapshot.vector
    return json_response(page_body([_row(one) for one in page.changes], cursor, vector), vector=vector)


def _instant(call: Call, name: str) -> datetime | None:
    text = call.parameters.get(name)
    instant = parse_instant(text)
    if text is not None and instant is None:
        raise Invalid.at(name, f"expected an RFC 3339 date and time, got `{text[:40]}`")
    return instant


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


def _row(one: RecordedChange) -> dict[str, Any]:
    row, surface = one.row, one.surface
    return {
        "revision": row.revision,
        "seq": row.seq,
        "at": row.at.isoformat(),
        "actor": one.actor,
        "actor_uid": row.actor_uid,
        "via": surface.via,
        "through": list(surface.through),
        "for": list(surface.acts_for),
        "undoes": surface.undoes,
        "op": row.op,
        "kind": row.kind,
        "uid": row.uid,
        "name": row.name,
        "document": one.document,
        "erased": row.erased,
        "digest": row.digest,
        "hash": row.hash,
    }


def _undo(call: Call) -> Response:
    repeatable = Repeatable(call, dry_run=call.dry_run)

    def carry_out() -> WireAnswer:
        undone = undo_revision(
            call.host, call.session, call.revision, via=VIA, dry_run=call.dry_run,
            idempotency=lambda done: repeatable.keep(lambda head: _undone(call, done(head))),
        )  # fmt: skip
        return _undone(call, undone)

    return response_of(repeatable.answer(carry_out))


def _undone(call: Call, undone: Undone) -> WireAnswer:
    kept = [{"kind": one.kind, "name": one.name, "op": one.op} for one in undone.kept]
    return differences_answer(call, undone.outcome, kept=kept)


def _verify(call: Call) -> Response:
    reader = Reader(call.host, call.session)
    reader.judge.require(VERIFY_LOG, iam_service())
    log = account_log(call.account)
    report, activity = call.host.verifications.verify(log)
    body = {"log": log, **report.told(), "activity": activity.told()}
    return json_response(body, vector=reader.snapshot.vector)


def _activity(call: Call) -> Response:
    records = Records(call.host, call.session, READ_ACTIVITY)
    wanted = EventFilter(
        log=account_log(call.account),
        kind=call.parameters.get("kind"),
        outcome=call.parameters.get("outcome"),
        principal_uid=principal_uid(records.snapshot, call.parameters.get("principal")),
        since=_instant(call, "since"),
        until=_instant(call, "until"),
    )
    position = call.position()
    before = None if position is None else int(position)
    events = records.events(wanted, before=before, limit=call.limit + 1)
    shown = events[: call.limit]
    cursor = call.cursor(str(shown[-1].id)) if len(events) > call.limit else None
    vector = records.snapshot.vector
    return json_response(
        page_body([_event(one, records.names) for one in shown], cursor, vector), vector=vector
    )


def _event(stored: StoredEvent, names: Names) -> dict[str, Any]:
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
