"""The inventory over HTTP: many resources in one change, as JSON lines.

One request is one transaction, all of its lines or none; a file of any length is sent in several (the command line
does). What is so already is left alone, so what was cut off can be sent again. Serves docs/spec.md section 9.
"""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.api.administration import ACCOUNT_PATH, DRY_RUN, VIA, administration_entries
from bailiwick.api.answers import json_answer, response_of
from bailiwick.api.bodies import check_content_type
from bailiwick.api.calls import JSON, Call
from bailiwick.api.idempotency import Repeatable
from bailiwick.api.json_lines import JSON_LINES, NEWLINE_JSON, parse_lines
from bailiwick.api.problems import WireAnswer
from bailiwick.api.routes import Entry, actions
from bailiwick.errors import Invalid
from bailiwick.service.changes import Outcome
from bailiwick.service.edits import Edit
from bailiwick.service.inventory import MOST_LINES, change_resources, count_changes, edits_of_lines

MAX_INVENTORY_BYTES = 32 << 20
_BODY = "body"


def inventory_entries() -> list[Entry]:
    """Which routes change many resources at once?"""
    changing = (e for e in administration_entries() if e.tag == "resources" and e.method != "GET")
    names = dict.fromkeys(name for entry in changing for name in entry.access.actions)
    return [
        Entry(
            "POST", f"{ACCOUNT_PATH}/inventory", _change, actions(*names),
            f"Register, replace and remove up to {MOST_LINES:,} resources, all or none", "resources",
            query=DRY_RUN, body="InventoryLines", body_type=JSON_LINES,
            most_bytes=MAX_INVENTORY_BYTES, answers={200: "InventoryChange"},
        )
    ]  # fmt: skip


def _change(call: Call) -> Response:
    edits = _edits(call)
    repeatable = Repeatable(call, dry_run=call.dry_run)

    def carry_out() -> WireAnswer:
        outcome = change_resources(
            call.host,
            call.session,
            edits,
            via=VIA,
            dry_run=call.dry_run,
            idempotency=lambda done: repeatable.keep(lambda head: _answer(done(head))),
        )
        return _answer(outcome)

    return response_of(repeatable.answer(carry_out))


def _edits(call: Call) -> list[Edit]:
    """What do the lines of the body ask for? Raises Invalid, with the line of every finding."""
    check_content_type(call.request.headers.get("content-type", ""), JSON_LINES, NEWLINE_JSON, JSON)
    lines = call.body.removesuffix(b"\n").split(b"\n")
    if len(lines) > MOST_LINES:
        raise Invalid.at(
            "", f"expected at most {MOST_LINES} lines, got {len(lines)}", "send several requests"
        )
    return edits_of_lines(call.account, list(parse_lines(lines, _BODY)), _BODY)


def _answer(outcome: Outcome) -> WireAnswer:
    body = {**count_changes(outcome), "dry_run": outcome.dry_run, "revision": outcome.vector}
    return json_answer(200, body, vector=outcome.vector)
