"""The right to ask is looked up once where it is held everywhere, and what is remembered is never stale."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.api.asked_world import (
    ACME,
    NOW,
    TOMORROW,
    VECTOR,
    MemoryHost,
    entity,
    post,
    question,
    read,
    session_of,
)

from bailiwick.engine import decide
from bailiwick.model.accounts import Account
from bailiwick.model.policies import Guardrail, Policy, Scope, Window
from bailiwick.service import asking

PROD = entity("record", "record-2")
ALL = Scope()
NO_ASKING_IN_PROD = Guardrail("no-asking", ("iam.decision.evaluate",), Scope(("records",), project=("prod",)))


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> MemoryHost:
    """A host of `acme`, with nothing remembered."""
    monkeypatch.setattr(asking, "_EVERYWHERE", {})
    return MemoryHost()


def statuses(host: MemoryHost, *resources: str, principal: str = "service-id:gateway") -> list[int]:
    """With which status is a question about each record answered?"""
    return [post(host, question(resource=one), principal)[0] for one in resources]


def test_a_right_held_everywhere_is_looked_up_once(host: MemoryHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway's second question costs one decision, its first two."""
    asked: list[str] = []

    def counted(compiled: Any, request: Any) -> Any:
        asked.append(request.action)
        return decide(compiled, request)

    monkeypatch.setattr(asking, "decide", counted)
    statuses(host, "record-1", "record-2")
    assert asked == ["iam.decision.evaluate", "read", "read"]


def test_a_right_held_somewhere_is_judged_each_time(host: MemoryHost) -> None:
    """One project's evaluator stays one project's evaluator."""
    assert statuses(
        host, "record-1", "record-2", "record-1", "record-2", principal="service-id:dev-gateway"
    ) == [
        200,
        403,
        200,
        403,
    ]


def with_guardrail(guardrail: Guardrail) -> Account:
    """The account with one more guardrail."""
    return replace(ACME, guardrails={**ACME.guardrails, guardrail.name: guardrail})


def test_a_guardrail_on_some_resources_is_never_overlooked(host: MemoryHost) -> None:
    """Where a guardrail forbids asking about one project, an evaluator of everything is refused there."""
    host.change(with_guardrail(NO_ASKING_IN_PROD), dict(VECTOR))
    assert statuses(host, "record-1", "record-2", "record-1", "record-2") == [200, 403, 200, 403]


def test_what_is_remembered_ends_with_the_state(host: MemoryHost) -> None:
    """A right that is taken away, or limited, is gone with the change."""
    assert statuses(host, "record-1", "record-2") == [200, 200]
    host.change(with_guardrail(NO_ASKING_IN_PROD), {"account": "813-a", "system": "3-b"})
    assert statuses(host, "record-1", "record-2") == [200, 403]
    host.change(replace(ACME, policies={}), {"account": "814-a", "system": "3-b"})
    assert statuses(host, "record-1") == [403]


def test_what_is_remembered_ends_with_the_next_window(host: MemoryHost) -> None:
    """A right that ends, or a guardrail that begins, counts from its instant; a clock set back is seen."""
    until = Policy(
        "gateway-asks", ("service-id:gateway",), ("iam/Evaluator",), ALL, window=Window(NOW, TOMORROW)
    )
    host.change(replace(ACME, policies={**ACME.policies, until.name: until}), dict(VECTOR))
    assert statuses(host, "record-1", "record-2") == [200, 200]
    host.moment = TOMORROW
    assert statuses(host, "record-1") == [403]
    host.moment = NOW - 1
    assert statuses(host, "record-1") == [403]
    host.moment = NOW
    later = replace(NO_ASKING_IN_PROD, window=Window(TOMORROW, None))
    host.change(with_guardrail(later), dict(VECTOR))
    assert statuses(host, "record-2", "record-2") == [200, 200]
    host.moment = TOMORROW
    assert statuses(host, "record-2", "record-1") == [403, 200]


def test_what_is_remembered_is_nobody_elses(host: MemoryHost) -> None:
    """Another principal, a narrowed session, one that acts for another and another right are judged themselves."""
    assert statuses(host, "record-1") == [200]
    assert statuses(host, "record-1", principal="service-id:nobody") == [403]
    host.sessions["narrow"] = session_of("service-id:gateway", restrictions=(NO_ASKING_IN_PROD,))
    host.sessions["acting"] = session_of("service-id:gateway", chain=("user:bob",))
    host.sessions["inside"] = session_of("service-id:gateway", context={"network": "private"})
    assert statuses(host, "record-2", principal="narrow") == [403]
    assert statuses(host, "record-2", principal="acting") == [403]
    assert statuses(host, "record-2", "record-2", principal="inside") == [200, 200]
    assert post(host, question(), path="/access/v1/evaluation?explain=true")[0] == 403


def test_a_right_over_every_service_is_none_over_iam(host: MemoryHost) -> None:
    """Asking about Bailiwick's own objects is granted by naming it."""
    assert statuses(host, "record-1") == [200]
    own = question(action="iam.user.read", resource=entity("iam/user", "alice"))
    assert post(host, own)[0] == 403
    assert read(post(host, own, "user:olivia"))["decision"] is False


def test_what_is_remembered_is_bounded(host: MemoryHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it goes when there is too much."""
    monkeypatch.setattr(asking, "MOST_REMEMBERED", 1)
    assert statuses(host, "record-1") == [200]
    assert statuses(host, "record-1", principal="user:auditor") == [200]
    assert [key[1] for key in asking._EVERYWHERE] == ["user:auditor"]
