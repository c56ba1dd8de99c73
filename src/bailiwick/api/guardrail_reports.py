"""What a guardrail would stop, over HTTP: asked before it is switched on. Serves docs/spec.md rule 20.11.

It changes nothing; it is a POST because the guardrail that is asked about may be in the body, not yet stored.
"""

from __future__ import annotations

from dataclasses import asdict

from starlette.responses import Response

from bailiwick.api.administration import ACCOUNT_PATH, PAGES, value_of
from bailiwick.api.answers import json_response, page_body
from bailiwick.api.calls import Call
from bailiwick.api.routes import Entry, actions
from bailiwick.catalog.documents import format_document
from bailiwick.catalog.places import Collector
from bailiwick.catalog.reading import Fields
from bailiwick.model.policies import Guardrail
from bailiwick.service.enterprise.guardrail_report import GUARDRAIL, Reporting

SHOW = {
    "show": "in the guardrail's own account: `policies` that become void, or `losses`; `policies` if not given"
}
ATTACH = tuple(
    f"enterprise.{node}.attach-config-rules" for node in ("enterprise", "account-group", "account")
)


def report_entries() -> list[Entry]:
    """Which route says what a guardrail would stop?"""
    return [
        Entry(
            "POST", f"{ACCOUNT_PATH}/guardrails/{{name:path}}/report", _report,
            actions("iam.guardrail.read", "iam.guardrail.create", "iam.account.read", *ATTACH),
            "What would this guardrail stop?", "guardrails",
            query={**SHOW, **PAGES}, body="ReportQuestion", answers={200: "Report"},
        ),
    ]  # fmt: skip


def _report(call: Call) -> Response:
    show = call.choice("show", "policies", "losses") or "policies"
    reporting = Reporting(call.host, call.session, call.name, _draft(call))
    guardrail = reporting.guardrail
    if guardrail.node is not None and not reporting.is_above:
        page = reporting.accounts(call.position(), call.limit)
    else:
        ask = reporting.losses if show == "losses" else reporting.policies
        page = ask(call.position(), call.limit)
    vector = reporting.snapshot.vector
    more = {
        "guardrail": format_document(GUARDRAIL, guardrail),
        "of": page.kind,
        "conditional": guardrail.when is not None,
        **({} if page.numbers is None else {"numbers": asdict(page.numbers)}),
    }
    cursor = None if page.position is None else call.cursor(page.position)
    return json_response(page_body(list(page.items), cursor, vector, **more), vector=vector)


def _draft(call: Call) -> Guardrail | None:
    """Which guardrail is in the body, if one is?"""
    if not call.body:
        return None
    notes = Collector()
    fields = Fields(call.json(), (), notes, ("guardrail",))
    notes.raise_if_any()
    if not fields.has("guardrail"):
        return None
    value = value_of(GUARDRAIL, call, fields.data["guardrail"], call.name)
    return value if isinstance(value, Guardrail) else None
