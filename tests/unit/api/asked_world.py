"""A small account that is asked, and a host that answers for it from memory: what the tests of the surface share.

`acme` has two services of its own: `records` (records; folders with pages) and `archive` (folders too).
The host knows one token for each principal: its reference, such as `Bearer user:alice`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bailiwick.api.authzen import answer_evaluation, answer_evaluations
from bailiwick.api.authzen_requests import EVALUATION_PATH, EVALUATIONS_PATH, AskHeaders
from bailiwick.api.problems import WireAnswer
from bailiwick.engine import compile_account
from bailiwick.errors import NotFound, Unauthenticated
from bailiwick.model.accounts import Account, Group, Membership, Principal, Resource
from bailiwick.model.conditions import Condition, parse_condition
from bailiwick.model.policies import ALWAYS, Guardrail, Policy, Scope, Window
from bailiwick.model.requests import Decision
from bailiwick.model.services import Action, ResourceType, Right, Role, Service
from bailiwick.service.catalog_files import load_system_catalog
from bailiwick.service.counting import Counters
from bailiwick.service.rates import Rate, Rates
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot

NOW = 1_800_000_000.0
TOMORROW = NOW + 86_400
VECTOR = {"account": "812-9f3c01d2aa47", "system": "3-0a1b2c3d4e5f"}
PUBLIC_URL = "https://iam.acme.example"
JSON = b"application/json"

RECORDS = Service(
    name="records",
    title="Records",
    resource_types={
        "record": ResourceType("record"),
        "folder": ResourceType("folder"),
        "page": ResourceType("page", parents=("folder",), inherits=frozenset({"project"})),
    },
    actions={
        "read": Action("read", "Read a record", "read", "record"),
        "write": Action("write", "Write a record", "write", "record"),
        "delete": Action("delete", "Delete a record", "delete", "record", requires=("write",)),
        "page.read": Action("page.read", "Read a page", "read", "page"),
        "settings.read": Action("settings.read", "Read the settings", "read"),
    },
    roles={
        "Reader": Role(
            "records",
            "Reader",
            "service",
            (Right("records", ("read", "page.read")), Right("records", ("settings.read",))),
        ),
        "Writer": Role("records", "Writer", "service", (Right("records", ("write",)),)),
        "Deleter": Role("records", "Deleter", "service", (Right("records", ("delete",)),)),
    },
    regional=False,
    account="acme",
)
ARCHIVE = Service(
    name="archive",
    title="Archive",
    resource_types={"folder": ResourceType("folder"), "box": ResourceType("box")},
    actions={"open": Action("open", "Open a box", "read", "box")},
    roles={"Opener": Role("archive", "Opener", "service", (Right("archive", ("open",)),))},
    regional=True,
    instances=True,
    account="acme",
)


def _equals(key: str, value: object) -> dict[str, object]:
    return {
        "key": key,
        "operator": "bool-equals" if isinstance(value, bool) else "string-equals",
        "value": value,
    }


def _when(*items: dict[str, object]) -> Condition:
    return parse_condition({"all": list(items)})


RECORD = Scope(service=("records",))
ACTIVE = _equals("resource.properties.status", "active")
ARCHIVED = _equals("resource.properties.status", "archived")
SOFT = _equals("action.properties.soft", True)
EVALUATOR = ("iam/Evaluator",)
POLICIES = (
    Policy("reading", ("user:alice", "user:bob"), ("Reader",), RECORD),
    Policy("alice-writes-active", ("user:alice",), ("Writer",), RECORD, _when(ACTIVE)),
    Policy(
        "admins-write-archived",
        ("group:members",),
        ("Writer",),
        RECORD,
        _when(_equals("principal.properties.role", "admin"), ARCHIVED),
    ),
    Policy("alice-deletes-softly", ("user:alice",), ("Deleter",), RECORD, _when(SOFT)),
    Policy("carol-deletes", ("user:carol",), ("Deleter",), RECORD),
    Policy("carol-reads-until-tomorrow", ("user:carol",), ("Reader",), RECORD, window=Window(None, TOMORROW)),
    Policy("trusted-network", ("group:night",), ("Reader",), RECORD, _when(_equals("context.network", "private"))),
    Policy("openers", ("group:night",), ("Opener",), Scope(service=("archive",), region=("eu-de",))),
    Policy("gateway-asks", ("service-id:gateway",), EVALUATOR, Scope()),
    Policy("dev-asks", ("service-id:dev-gateway",), EVALUATOR, Scope(service=("records",), project=("dev",))),
    Policy(
        "asks-from-inside",
        ("service-id:inside",),
        EVALUATOR,
        Scope(),
        _when(_equals("context.network", "private")),
    ),
    Policy("auditing", ("user:auditor",), ("iam/Auditor",), Scope()),
)  # fmt: skip
RESOURCES = (
    Resource("brn:acme:records:::record/record-1", project="dev", properties={"status": "active"}),
    Resource("brn:acme:records:::record/record-2", project="prod", properties={"status": "archived"}),
    Resource("brn:acme:records:::folder/one", project="dev"),
    Resource("brn:acme:records:::folder/two", project="prod"),
    Resource("brn:acme:records:::folder/one/page/cover"),
    Resource("brn:acme:records:::folder/one/page/index"),
    Resource("brn:acme:records:::folder/two/page/index"),
    Resource("brn:acme:archive:eu-de:vault:box/b1"),
    Resource("brn:acme:archive:us-south:vault:box/b1"),
    Resource("brn:acme:archive:eu-de:cellar:box/b2"),
)
PRINCIPALS = (
    Principal("user:olivia"),
    Principal("user:alice"),
    Principal("user:bob", properties={"role": "admin"}),
    Principal("user:carol"),
    Principal("user:dora", disabled=True),
    Principal("user:nina"),
    Principal("user:auditor"),
    Principal("service-id:gateway"),
    Principal("service-id:dev-gateway"),
    Principal("service-id:inside"),
    Principal("service-id:nobody"),
)
ACME = Account(
    name="acme",
    owner="user:olivia",
    principals={one.reference: one for one in PRINCIPALS},
    groups={"night": Group("night", (Membership("user:nina", ALWAYS),))},
    policies={one.name: one for one in POLICIES},
    guardrails={
        "no-secrets": Guardrail(
            "no-secrets", ("read",), Scope(service=("records",), type=("record",), id=("secret-*",))
        )
    },
    resources={one.name: one for one in RESOURCES},
    services={"records": RECORDS, "archive": ARCHIVE},
)


class MemoryHost:
    """Answers for a few accounts in memory. `broken` makes every question fail inside."""

    def __init__(self, *accounts: Account, moment: float = NOW, rate: Rate | None = None) -> None:
        catalog = load_system_catalog()
        self.moment = moment
        self.rates = Rates(rate)
        self.counters = Counters()
        self.counted: list[tuple[str, bool]] = []
        self.sessions: dict[str, Session] = {}
        self.broken: Exception | None = None
        self.silent_since: datetime | None = None
        self._snapshots = {
            account.name: Snapshot(
                compiled=compile_account(catalog, account),
                identities={},
                keys={},
                descriptions={},
                vector=VECTOR,
                revision=812,
            )
            for account in accounts or (ACME,)
        }

    @property
    def public_url(self) -> str:
        """Where clients are told to go."""
        return PUBLIC_URL

    def now(self) -> float:
        """A clock that stands still."""
        return self.moment

    def snapshot(self, account: str) -> Snapshot:
        """What the account holds."""
        if self.broken is not None:
            raise self.broken
        if account not in self._snapshots:
            raise NotFound(f"there is no account `{account}`")
        return self._snapshots[account]

    def change(self, account: Account, vector: Mapping[str, str]) -> None:
        """Replace an account, at another revision."""
        compiled = compile_account(load_system_catalog(), account)
        self._snapshots[account.name] = replace(
            self._snapshots[account.name], compiled=compiled, vector=vector
        )

    def authenticate(self, authorization: str | None, address: str | None = "") -> Session:
        """Which session does `Bearer <principal>` stand for?"""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme != "Bearer" or (token not in self.sessions and token not in ACME.principals):
            raise Unauthenticated("the credential is missing, unknown, expired or withdrawn")
        return self.sessions.get(token) or session_of(token)

    def stale_since(self, account: str) -> datetime | None:
        """Since when it has heard of nothing; a test says so."""
        return self.silent_since

    def find_missing(self, account: str, wanted: Mapping[str, str]) -> str | None:
        """It has everything that it ever said, and nothing later."""
        return next((log for log, vector in wanted.items() if VECTOR.get(log) != vector), None)

    def record_decision(self, session: Session, decision: Decision) -> None:
        """Remember who was answered what."""
        self.counted.append((session.principal, decision.allowed))


def session_of(principal: str, **more: Any) -> Session:
    """A session of this principal of `acme`."""
    return Session("acme", principal, f"uid-{principal}", f"key-{principal}", NOW + 3600, **more)


def entity(kind: str, ident: str, **properties: object) -> dict[str, object]:
    """A subject or resource as JSON."""
    return {"type": kind, "id": ident} | ({"properties": properties} if properties else {})


def question(
    subject: str = "alice",
    action: str = "read",
    resource: str | dict[str, object] = "record-1",
    **more: object,
) -> dict[str, object]:
    """A question about a user and a record, as JSON."""
    asked = entity("record", resource) if isinstance(resource, str) else resource
    return {"subject": entity("user", subject), "action": {"name": action}, "resource": asked} | more


def headers_of(principal: str | None, **more: Any) -> AskHeaders:
    """The headers of a request by this principal."""
    return AskHeaders(None if principal is None else f"Bearer {principal}", JSON)._replace(**more)


def post(
    host: MemoryHost,
    body: object,
    principal: str | None = "service-id:gateway",
    *,
    path: str | None = None,
    **more: Any,
) -> WireAnswer:
    """What is answered to this body (JSON, or bytes as they are)? Several questions go to their own address."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    several = isinstance(body, dict) and "evaluations" in body
    target = path or (EVALUATIONS_PATH if several else EVALUATION_PATH)
    answer = answer_evaluations if "evaluations" in target else answer_evaluation
    return answer(host, target, headers_of(principal, **more), sent)


def read(answer: WireAnswer) -> Any:
    """The JSON of an answer."""
    return json.loads(answer[2])
