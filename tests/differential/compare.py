"""One case (a world and a question) asked of the engine and of the reference, and where they differ.

An exception of the engine is a difference too, and is named as such.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests import reference

from bailiwick.engine import CompiledAccount, compile_account, decide, decide_over, explain
from bailiwick.model.accounts import Account
from bailiwick.model.requests import AuthorityQuestion, Decision, Request
from bailiwick.model.services import Service


@dataclass(frozen=True)
class Case:
    """Which question is asked in which world?"""

    services: Mapping[str, Service]
    account: Account
    question: Request | AuthorityQuestion


@dataclass(frozen=True)
class Mismatch:
    """What did the two say of one case? `kind` stays the same while the case is made smaller."""

    kind: str
    engine: object
    reference: object


Asker = Callable[[], object]


def find_mismatch(case: Case, compiled: CompiledAccount | None = None) -> Mismatch | None:
    """Do engine and reference differ on this case? A compiled account is made unless it is given."""
    try:
        compiled = compiled or compile_account(case.services, case.account)
        if isinstance(case.question, AuthorityQuestion):
            return _authority_mismatch(compiled, case, case.question)
        return _decision_mismatch(compiled, case, case.question)
    except Exception as error:  # whatever the engine raises is what is looked for
        return Mismatch(f"engine raised {type(error).__name__}", repr(error), None)


def _authority_mismatch(
    compiled: CompiledAccount, case: Case, question: AuthorityQuestion
) -> Mismatch | None:
    ours = bool(decide_over(compiled, question))
    theirs = reference.decide_over(case.services, case.account, question)
    return None if ours == theirs else Mismatch(f"authority: engine {ours}", ours, theirs)


def _decision_mismatch(compiled: CompiledAccount, case: Case, request: Request) -> Mismatch | None:
    ours = decide(compiled, request)
    theirs = reference.decide(case.services, case.account, request)
    for part in ("allowed", "reason", "prerequisite", "link", "valid_until"):
        if getattr(ours, part) != getattr(theirs, part):
            return Mismatch(_kind(part, ours, theirs), ours, theirs)
    return _explanation_mismatch(compiled, case, request, ours)


def _kind(part: str, ours: Decision, theirs: Decision) -> str:
    if part in ("allowed", "reason"):
        return f"reason: {ours.reason.value} instead of {theirs.reason.value}"
    return part


def _explanation_mismatch(
    compiled: CompiledAccount, case: Case, request: Request, decision: Decision
) -> Mismatch | None:
    explanation = explain(compiled, request)
    if explanation.decision != decision:
        return Mismatch("explanation's decision", explanation.decision, decision)
    deciding = reference.deciding_policies(case.services, case.account, request)
    if tuple(explanation.deciding) != deciding:
        return Mismatch(
            f"deciding policies of {decision.reason.value}", tuple(explanation.deciding), deciding
        )
    return None
