"""The catalog over HTTP: which services there are, with their actions, roles and operations.

What roles hold is expanded to action ids by catalog/matrix.py. It must not decide anything but who may look.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from bailiwick.api.answers import json_response, page_body
from bailiwick.api.calls import Call
from bailiwick.api.routes import Entry, actions
from bailiwick.catalog.matrix import held_actions, ordered_roles
from bailiwick.errors import Denied, NotFound, did_you_mean
from bailiwick.model.services import Action, Operation, Service
from bailiwick.service.needed import iam_service
from bailiwick.service.reading import Reader

READ = "iam.catalog.read"
_ACCOUNT = {"account": "this account's own services too; it must be the caller's"}


def service_entries() -> list[Entry]:
    """Which routes show the catalog?"""
    return [
        Entry("GET", "/v1/services", _list, actions(READ), "List services", "services",
              query=_ACCOUNT, answers={200: "Services"}),
        Entry("GET", "/v1/services/{name}", _get, actions(READ), "Show a service", "services",
              query=_ACCOUNT, answers={200: "ServiceShown"}),
    ]  # fmt: skip


def _list(call: Call) -> Response:
    reader, services = _services(call)
    vector = reader.snapshot.vector
    return json_response(page_body([show_service(one) for one in services], None, vector), vector=vector)


def _get(call: Call) -> Response:
    reader, services = _services(call)
    known = {one.name: one for one in services}
    if call.name not in known:
        raise NotFound(f"there is no service `{call.name}`", did_you_mean(call.name, known))
    return json_response(show_service(known[call.name]), vector=reader.snapshot.vector)


def _services(call: Call) -> tuple[Reader, list[Service]]:
    """Which services does the caller ask about? Raises Denied."""
    account = call.parameters.get("account")
    if account not in (None, call.account):
        raise Denied(
            f"this session is not one of account `{account}`"[:200],
            action=READ,
            reason="other_account",
            help="ask with a token of that account",
        )
    reader = Reader(call.host, call.session)
    reader.judge.require(READ, iam_service())
    known = call.host.catalog if account is None else call.host.catalog.services_for(reader.snapshot.account)
    return reader, [known[name] for name in sorted(known)]


def show_service(service: Service) -> dict[str, Any]:
    """How is a service shown?"""
    locality = "regional" if service.regional else "global"
    return {
        "id": service.name,
        "title": service.title,
        "regions": locality,
        "locality": locality,
        "resource_types": list(service.resource_types),
        "actions": [_action(one) for one in service.actions.values()],
        "roles": [
            {"name": role.name, "kind": role.kind, "actions": list(held_actions(service, role))}
            for role in ordered_roles(service)
        ],
        "operations": [_operation(one) for one in service.operations.values()],
    }


def _action(action: Action) -> dict[str, Any]:
    return {
        "id": action.id,
        "title": action.title,
        "resource_type": action.resource_type,
        "access": action.access,
        "source": list(action.source),
    }


def _operation(operation: Operation) -> dict[str, Any]:
    return {
        "id": operation.id,
        "title": operation.title,
        "actions": [{"action": action, "on": on} for action, on in operation.actions],
    }
