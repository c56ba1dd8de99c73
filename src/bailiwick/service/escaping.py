"""Could what is stored of a principal keep a deny or a guardrail from holding for it?

Serves handing_over (docs/spec.md rule 9.3). Pure. It may say yes too often, never no wrongly.
"""

from __future__ import annotations

from bailiwick.engine.conditions import compile_condition
from bailiwick.engine.facts import Facts, compile_key
from bailiwick.engine.resources import NOWHERE
from bailiwick.model.accounts import Principal
from bailiwick.model.conditions import All, Any, Comparison, Condition, Not, keys_of
from bailiwick.model.requests import ABSENT, UNKNOWN
from bailiwick.service.reaching import reads


def escapes(condition: Condition | None, principal: Principal, groups: tuple[str, ...]) -> bool:
    """Could what is stored of this principal keep the condition from holding, where it would hold for a stranger?"""
    if condition is None or not reads(condition, "principal."):
        return False
    facts = Facts(
        principal.reference, groups, principal.budgets, principal.properties, {}, NOWHERE, {}, {}, "", None
    )
    told: list[bool] = []
    return _told(condition, facts, told) is not True and bool(told)


def _told(condition: Condition, facts: Facts, told: list[bool]) -> bool | None:
    """What does the condition say when only the principal is known? Collects what the principal settles."""
    match condition:
        case All(items):
            answers = [_told(item, facts, told) for item in items]
            return False if False in answers else None if None in answers else True
        case Any(items):
            answers = [_told(item, facts, told) for item in items]
            return True if True in answers else None if None in answers else False
        case Not(item):
            answer = _told(item, facts, told)
            return None if answer is None else not answer
        case Comparison():
            keys = keys_of(condition)
            stored = [key for key in keys if key.startswith("principal.")]
            if len(stored) < len(keys):
                # SECURITY: compared with what only a request knows, what is stored may spare this principal.
                told.extend(False for key in stored if compile_key(key)(facts) not in (UNKNOWN, ABSENT))
                return None
            answer = compile_condition(condition)(facts)
            if answer is not None:
                told.append(answer)
            return answer
