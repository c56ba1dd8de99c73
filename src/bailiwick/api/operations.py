"""Operations over HTTP: may somebody do a whole command, and which roles would be enough?

engine/operations.py says which actions are asked of which resources; each is asked under the rules of
service/asking.py (docs/spec.md section 10). It must not decide anything itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from starlette.responses import Response

from bailiwick.api.administration import ACCOUNT_PATH
from bailiwick.api.answers import json_response
from bailiwick.api.authzen_bodies import ResourceBody, said
from bailiwick.api.authzen_resources import find_resource
from bailiwick.api.calls import Call
from bailiwick.api.routes import Entry, actions
from bailiwick.catalog.catalog import Catalog
from bailiwick.catalog.places import Collector
from bailiwick.catalog.reading import Fields
from bailiwick.engine import CompiledAccount
from bailiwick.engine.operations import (
    DISCONTINUED,
    Asked,
    OperationAnswer,
    allowed_operation,
    operation_requests,
    sufficient_roles,
)
from bailiwick.errors import Invalid, NotFound, did_you_mean
from bailiwick.model.accounts import Property
from bailiwick.model.names import ResourceName, format_resource_name, parse_principal, parse_resource_name
from bailiwick.model.requests import Decision, Reason, ResourceQuery
from bailiwick.model.services import Operation, Service
from bailiwick.service.asking import EVALUATE, Asking, Question
from bailiwick.service.judge import Judge
from bailiwick.service.needed import iam_service

_FIELDS = ("principal", "service", "operation", "resources", "context")
_SIDES = ("target", "source")


def operation_entries() -> list[Entry]:
    """Which routes answer about operations?"""
    return [
        Entry("POST", f"{ACCOUNT_PATH}/operations/check", _check, actions(EVALUATE),
              "May somebody do a whole operation, and which roles would be enough?", "decisions",
              body="OperationQuestion", answers={200: "OperationAnswer"}),
    ]  # fmt: skip


def _check(call: Call) -> Response:
    session = call.session
    asking = Asking(call.host, session, call.host.snapshot(session.account), call.host.now())
    compiled = asking.snapshot.compiled
    notes = Collector()
    fields = Fields(call.json(), (), notes, _FIELDS)
    fields.require("operation")
    principal = fields.parsed("principal", parse_principal) or session.principal
    wanted, service_name = fields.text("operation"), fields.text("service")
    resources = _resources(fields, compiled)
    context = {name: value for name, value, _ in fields.entries("context")}
    notes.raise_if_any()
    service, operation = _find(compiled, wanted, service_name)
    answer = _answer(
        asking, service, operation, Asker(call.host.catalog, principal, resources, said(context, "context"))
    )
    enough = sufficient_roles(compiled.services, service.name, operation, custom=compiled.account.roles)
    body = {
        "service": service.name,
        "operation": operation.id,
        "title": operation.title,
        "principal": principal,
        "decision": answer.allowed,
        "reason": answer.reason,
        "actions": _actions(operation, answer, call.account),
        "sufficient_roles": [list(names) for names in enough],
        "revision": dict(asking.snapshot.vector),
    }
    return json_response(body, vector=asking.snapshot.vector)


class Asker(NamedTuple):
    """Who would do it, to which resources by side, in which situation?"""

    catalog: Catalog
    principal: str
    resources: Mapping[str, ResourceQuery]
    context: Mapping[str, Property]


def _answer(asking: Asking, service: Service, operation: Operation, asker: Asker) -> OperationAnswer:
    """May it be done? Each action is asked as a question of its own; raises Denied where it may not be asked."""
    if operation.discontinued or not operation.actions:
        return _without_asking(asking, service, operation, asker)
    asked = []
    for action, resource in operation_requests(service, operation, asker.resources):
        question = Question(asker.principal, action, resource, context=asker.context)
        asked.append(Asked(action, resource, asking.decide(question)))
    refused = next((one.decision for one in asked if not one.decision.allowed), None)
    reason = Reason.ALLOWED if refused is None else refused.reason
    return OperationAnswer(refused is None, reason.value, tuple(asked))


def _without_asking(asking: Asking, service: Service, operation: Operation, asker: Asker) -> OperationAnswer:
    """What needs no action still tells whether a principal is there, so the right to ask is needed (rule 10.1)."""
    session, host = asking.session, asking.host
    own = asker.principal == session.principal
    if not own:
        judge = Judge(asker.catalog, session, asking.snapshot, None, asking.now)
        judge.require(EVALUATE, next(iter(asker.resources.values()), iam_service()))
    answer = allowed_operation(
        asking.snapshot.compiled,
        service,
        operation,
        asker.resources,
        principal=asker.principal,
        now=asking.now,
        chain=session.chain if own else (),
    )
    # WHY: what is discontinued is no action any more.
    reason = Reason.UNKNOWN_ACTION if answer.reason == DISCONTINUED else Reason(answer.reason)
    host.record_decision(session, Decision(answer.allowed, reason))
    return answer


def _resources(fields: Fields, compiled: CompiledAccount) -> dict[str, ResourceQuery]:
    """Which resource is on which side? A full name, or `{id, properties}` with what is said of it."""
    found: dict[str, ResourceQuery] = {}
    for side, value, path in fields.entries("resources"):
        if side not in _SIDES:
            fields.notes.add(path, f"unknown side `{side}`", did_you_mean(side, _SIDES))
            continue
        inner = Fields(
            {"id": value} if isinstance(value, str) else value, path, fields.notes, ("id", "properties")
        )
        inner.require("id")
        ident, properties = inner.text("id"), inner.data.get("properties") or {}
        if not isinstance(properties, dict):
            fields.notes.add((*path, "properties"), "expected names with values")
        elif ident:
            try:
                name = parse_resource_name(ident)
                body = ResourceBody(f"{name.service}/{name.type}", ident, properties)
                found[side] = find_resource(compiled, body).query
            except Invalid as error:
                fields.notes.adopt(path, error)
    return found


def _find(compiled: CompiledAccount, wanted: str, service: str) -> tuple[Service, Operation]:
    """Which operation is meant, of this service or of the only one that has it? Raises NotFound, Invalid."""
    if service and service not in compiled.services:
        raise NotFound(f"there is no service `{service}`", did_you_mean(service, compiled.services))
    among = [compiled.services[service]] if service else list(compiled.services.values())
    found = [(one, one.operations[wanted]) for one in among if wanted in one.operations]
    if len(found) > 1:
        names = ", ".join(f"`{one.name}`" for one, _ in found)
        raise Invalid.at("service", f"operation `{wanted}` is one of {names}", "name the service")
    if not found:
        known = [name for one in among for name in one.operations]
        raise NotFound(f"there is no operation `{wanted}`", did_you_mean(wanted, known))
    return found[0]


def _actions(operation: Operation, answer: OperationAnswer, account: str) -> list[dict[str, Any]]:
    """How is each action shown, in the operation's order? None, where none was asked."""
    return [
        {
            "action": one.action,
            "on": on,
            "resource": _shown(one.resource, account),
            "decision": one.decision.allowed,
            "reason": one.decision.reason.value,
        }
        for one, (_, on) in zip(answer.asked, operation.actions, strict=False)
    ]


def _shown(query: ResourceQuery, account: str) -> str:
    """How is the asked resource written? An id that is not known is `*`."""
    path = tuple((kind, "*" if ident is None else ident) for kind, ident in query.path)
    return format_resource_name(
        ResourceName(account, query.service, query.region or "", query.instance or "", path)
    )
