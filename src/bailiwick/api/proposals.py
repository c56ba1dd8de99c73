"""Proposals over HTTP: why is it denied, what would change that, and whom to ask?

Serves docs/spec.md section 26 by service/proposals/proposing.py. It changes nothing: a proposal's documents are
applied like any others. It must not decide anything itself.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.responses import Response

from bailiwick.api.administration import ACCOUNT_PATH
from bailiwick.api.answers import json_response
from bailiwick.api.authzen_bodies import ResourceBody, said
from bailiwick.api.authzen_resources import Found, find_resource
from bailiwick.api.calls import Call
from bailiwick.api.routes import Entry, actions
from bailiwick.catalog.places import Collector
from bailiwick.catalog.reading import Fields
from bailiwick.engine import CompiledAccount
from bailiwick.errors import Invalid
from bailiwick.model.names import parse_principal, parse_resource_name
from bailiwick.model.requests import ResourceQuery
from bailiwick.service.asking import EVALUATE, EXPLAIN, Asking, Question
from bailiwick.service.decision_paths import Path, paths_of
from bailiwick.service.proposals.proposing import Proposal, Proposals, find_proposals

_FIELDS = ("principal", "action", "resource", "context")


def proposal_entries() -> list[Entry]:
    """Which route says what is missing?"""
    return [
        Entry("POST", f"{ACCOUNT_PATH}/proposals", _propose, actions(EVALUATE, EXPLAIN),
              "Why is it denied, what would grant just that, and whom to ask?", "decisions",
              body="ProposalQuestion", answers={200: "Proposals"}),
    ]  # fmt: skip


def _propose(call: Call) -> Response:
    session = call.session
    asking = Asking(call.host, session, call.host.snapshot(session.account), call.host.now())
    compiled = asking.snapshot.compiled
    notes = Collector()
    fields = Fields(call.json(), (), notes, _FIELDS)
    fields.require("action", "resource")
    principal = fields.parsed("principal", parse_principal) or session.principal
    action, (name, resource) = fields.text("action"), _resource(fields, compiled)
    context = {name: value for name, value, _ in fields.entries("context")}
    notes.raise_if_any()
    question = Question(principal, action, *resource, context=said(context, "context"))
    found = find_proposals(call.host, asking, question)
    paths = paths_of(compiled, found.explanation, name, asking.now)
    body = {**_body(found, paths, call.account), "revision": dict(asking.snapshot.vector)}
    return json_response(body, vector=asking.snapshot.vector)


def _resource(fields: Fields, compiled: CompiledAccount) -> tuple[str, Found]:
    """Which resource is asked about, by which name? A full name, or `{id, properties}` with what is said of it."""
    nothing = "", Found(ResourceQuery("", ()))
    if not fields.has("resource"):
        return nothing
    value, path = fields.data["resource"], ("resource",)
    whole = {"id": value} if isinstance(value, str) else value
    inner = Fields(whole, path, fields.notes, ("id", "properties"))
    inner.require("id")
    ident, properties = inner.text("id"), inner.data.get("properties") or {}
    if not isinstance(properties, dict):
        fields.notes.add((*path, "properties"), "expected names with values")
    elif ident:
        try:
            name = parse_resource_name(ident)
            return ident, find_resource(
                compiled, ResourceBody(f"{name.service}/{name.type}", ident, properties)
            )
        except Invalid as error:
            fields.notes.adopt(path, error)
    return nothing


def _body(found: Proposals, paths: tuple[Path, ...], account: str) -> dict[str, Any]:
    explanation = found.explanation
    return {
        "decision": explanation.decision.allowed,
        "reason": explanation.decision.reason.value,
        "principal": explanation.principal,
        "text": explanation.text,
        "near_misses": [
            {"policy": one.policy, "subject": one.subject, "failed": one.failed, "text": one.text}
            for one in explanation.near_misses
        ],
        "missing": list(found.missing),
        "proposals": [_proposal(one, account) for one in found.proposals],
        "obstacles": [asdict(one) for one in found.obstacles],
        "paths": [{**asdict(one), "reaches": one.reaches} for one in paths],
    }


def _proposal(one: Proposal, account: str) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "text": one.text,
        "others": list(one.others),
        "wider": one.wider,
        "documents": one.documents(account),
        "may": one.may,
        "refusal": one.refusal,
        "ask": asdict(one.ask),
    }
