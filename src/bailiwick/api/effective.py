"""Effective access over HTTP: which policies reach a user, service ID, profile or group, and through which groups.

service/effective_told.py says what the session may be told. It must not decide anything.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.responses import Response

from bailiwick.api.administration import ACCOUNT_PATH, PAGES
from bailiwick.api.answers import json_response, page_body
from bailiwick.api.calls import Call
from bailiwick.api.routes import Entry, actions
from bailiwick.catalog.documents import format_document
from bailiwick.catalog.scopes import format_window
from bailiwick.service.effective import Path, Reach, State
from bailiwick.service.effective_told import KINDS_WITH_ACCESS, ToldAccess, tell_access
from bailiwick.service.kinds import KINDS
from bailiwick.service.reading import Reader

_STATE = {"state": "`holds`: only what says anything now", **PAGES}
_SEPARATOR = "\n"


def effective_entries() -> list[Entry]:
    """Which routes say what reaches somebody?"""
    return [_entry(kind) for kind in KINDS_WITH_ACCESS]


def _entry(kind: str) -> Entry:
    one = KINDS[kind]
    word = "service ID" if kind == "ServiceId" else one.resource_type
    return Entry(
        "GET", f"{ACCOUNT_PATH}/{one.path}/{{name}}/access", partial(_access, kind),
        actions(f"iam.{one.resource_type}.read"),
        f"Which policies reach this {word}, and through which groups", one.path,
        query=_STATE, answers={200: "EffectiveAccess"},
    )  # fmt: skip


def _access(kind: str, call: Call) -> Response:
    reader = Reader(call.host, call.session)
    told = tell_access(reader, kind, call.name, call.host.now())
    holding = call.choice("state", "holds") is not None
    seen = [one for one in told.reaches if not holding or one.state is State.HOLDS]
    after = call.position()
    rest = [one for one in seen if after is None or _position(one) > after]
    shown = rest[: call.limit]
    cursor = call.cursor(_position(shown[-1])) if len(rest) > call.limit else None
    access, vector = told.access, reader.snapshot.vector
    more = {
        "principal": access.reference,
        "disabled": access.is_disabled,
        "owner": access.is_owner,
        "suspended": access.is_suspended,
        "guardrails": [one.name for one in told.guardrails],
        "hidden": told.hidden,
    }
    items = [_reach(told, one, call.account) for one in shown]
    return json_response(page_body(items, cursor, vector, **more), vector=vector)


def _position(one: Reach) -> str:
    # WHY: no name holds a line break, and it stands before whatever they hold.
    return _SEPARATOR.join(one.position)


def _reach(told: ToldAccess, one: Reach, account: str) -> dict[str, Any]:
    return {
        "policy": format_document("Policy", one.policy, account),
        "subject": one.subject,
        "state": one.state.value,
        "paths": [_path(told, path) for path in one.paths],
    }


def _path(told: ToldAccess, path: Path) -> list[dict[str, Any]]:
    """A group that the session may not see has no name here."""
    return [
        {
            "group": step.group if step.group in told.groups else None,
            **format_window(step.window),
            "managed_by": step.managed_by or None,
            "holds": step.holds,
        }
        for step in path.steps
    ]
