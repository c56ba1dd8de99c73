"""Whom a golden table asks: the compiled engine, the reference evaluator, or a server.

Each `Asker` holds one account and answers one question at a time with verdict and reason.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from tests import reference
from tests.golden.tables import Document

from bailiwick.engine import CompiledAccount, decide, explain
from bailiwick.model.accounts import Account
from bailiwick.model.names import ResourceName, format_resource_name, split_reference
from bailiwick.model.requests import Decision, Request, ResourceQuery
from bailiwick.model.services import Service

Answer = tuple[bool, str]
Context = Mapping[str, Any]

NOW = 1_795_176_000.0
"""A Friday noon, 2026-11-20T12:00:00Z: no table depends on when it is asked."""

UNSAID_ID = "unsaid"
"""The id that a server is told where nobody said one: a resource name holds no unknown ids."""


class Asker(Protocol):
    """Who answers for one account?"""

    def ask(self, principal: str, action: str, resource: ResourceQuery, context: Context) -> Answer:
        """May the principal do this to that, and for which reason?"""
        ...

    def explain(
        self, principal: str, action: str, resource: ResourceQuery, context: Context
    ) -> tuple[str, ...]:
        """Which policies or guardrails decide it, by name?"""
        ...


class EngineAsker:
    """The compiled engine, in this process."""

    def __init__(self, compiled: CompiledAccount) -> None:
        self.compiled = compiled

    def ask(self, principal: str, action: str, resource: ResourceQuery, context: Context) -> Answer:
        """What does the engine decide?"""
        return _answer(decide(self.compiled, _request(principal, action, resource, context)))

    def explain(
        self, principal: str, action: str, resource: ResourceQuery, context: Context
    ) -> tuple[str, ...]:
        """Which policies does the engine's explanation name?"""
        return explain(self.compiled, _request(principal, action, resource, context)).deciding


class ReferenceAsker:
    """The reference evaluator, in this process."""

    def __init__(self, services: Mapping[str, Service], account: Account) -> None:
        self.services = services
        self.account = account

    def ask(self, principal: str, action: str, resource: ResourceQuery, context: Context) -> Answer:
        """What does the reference decide?"""
        request = _request(principal, action, resource, context)
        return _answer(reference.decide(self.services, self.account, request))

    def explain(
        self, principal: str, action: str, resource: ResourceQuery, context: Context
    ) -> tuple[str, ...]:
        """Which policies does the reference find to decide?"""
        request = _request(principal, action, resource, context)
        return reference.deciding_policies(self.services, self.account, request)


class HttpAsker:
    """A server, by AuthZEN's evaluation, on behalf of an API key that may evaluate for others."""

    def __init__(self, url: str, token: str, account: str) -> None:
        self.url = url
        self.token = token
        self.account = account

    def ask(self, principal: str, action: str, resource: ResourceQuery, context: Context) -> Answer:
        """What does the server decide?"""
        answer = self._evaluate(self.question(principal, action, resource, context), "")
        return answer["decision"], answer["context"]["reason"]

    def explain(
        self, principal: str, action: str, resource: ResourceQuery, context: Context
    ) -> tuple[str, ...]:
        """Which policies does the server's explanation name?"""
        answer = self._evaluate(self.question(principal, action, resource, context), "?explain=true")
        return tuple(answer["context"]["explanation"]["deciding"])

    def question(
        self, principal: str, action: str, resource: ResourceQuery, context: Context
    ) -> dict[str, Any]:
        """How is this asked?"""
        kind, name = split_reference(principal)
        body: dict[str, Any] = {
            "subject": {"type": kind, "id": name},
            "action": {"name": action},
            "resource": self._resource(resource),
        }
        if context:
            body["context"] = dict(context)
        return body

    def _evaluate(self, question: Mapping[str, Any], query: str) -> dict[str, Any]:
        return self._post(f"/accounts/{self.account}/access/v1/evaluation{query}", question)

    def apply(self, documents: Sequence[Document]) -> None:
        """What does the account hold afterwards? These documents besides what it held."""
        owned = [{"account": self.account, **document} for document in documents]
        self._post(f"/v1/accounts/{self.account}/apply", {"documents": owned})

    def _resource(self, query: ResourceQuery) -> dict[str, Any]:
        path = tuple((kind, UNSAID_ID if ident is None else ident) for kind, ident in query.path)
        name = ResourceName(self.account, query.service, query.region or "", query.instance or "", path)
        described = {
            word: list(value) if isinstance(value, tuple) else value
            for word in ("project", "owner", "groups", "budget", "tags")
            if (value := getattr(query, word)) is not None
        }
        return {
            "type": f"{query.service}/{name.type}",
            "id": format_resource_name(name),
            "properties": {**query.properties, **described},
        }

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            self.url + path,
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            answer: dict[str, Any] = json.load(response)
        return answer


def _request(principal: str, action: str, resource: ResourceQuery, context: Context) -> Request:
    return Request(principal=principal, action=action, resource=resource, now=NOW, context=context)


def _answer(decision: Decision) -> Answer:
    return decision.allowed, decision.reason.value
