"""Effects of a change: what it would do, before it is made.

Implements docs/spec.md section 25. The change is planned and judged like the change itself, and nothing is stored; then
the state before is compared with the state after, as far as the session may ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bailiwick.engine.difference import Budget, TwoStates, share_indexes
from bailiwick.model.accounts import Property
from bailiwick.model.policies import Policy
from bailiwick.service.asking import Asking
from bailiwick.service.changes import Outcome, Prepare, change_account
from bailiwick.service.edits import plan_edits
from bailiwick.service.effects.askable import Askable
from bailiwick.service.effects.comparing import MOST_PEOPLE, MOST_QUESTIONS, Comparison, Effect, Found
from bailiwick.service.effects.reaching import Measuring, Reached
from bailiwick.service.effects.touched import Touched
from bailiwick.service.effects.warnings import Caution, find_cautions
from bailiwick.service.host import Host
from bailiwick.service.reading import Reader
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot

VIA = "effects"
__all__ = ["Caution", "Effect", "Effects", "Found", "Limits", "Reached", "effects_of", "reach_of"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is asked at most? `quick` is enough for a preview while somebody types."""

    questions: int = MOST_QUESTIONS
    people: int = MOST_PEOPLE

    @classmethod
    def quick(cls) -> Limits:
        """How much is asked for a preview?"""
        return cls(questions=1_500, people=4_000)


@dataclass(frozen=True, slots=True)
class Effects:
    """What would a change do? Where it is not complete, numbers say at least how much."""

    outcome: Outcome = field(repr=False)
    reached: tuple[Reached, ...]
    gained: Found
    lost: Found
    cautions: tuple[Caution, ...]
    complete: bool
    told_of_others: bool


def effects_of(
    host: Host,
    session: Session,
    prepare: Prepare,
    *,
    context: Mapping[str, Property] | None = None,
    limits: Limits | None = None,
) -> Effects:
    """What would these edits do, in the situation that `context` describes? Raises what the change itself would."""
    limits = limits or Limits()
    outcome = change_account(host, session, prepare, via=VIA, dry_run=True)
    plan, now = outcome.plan, host.now()
    share_indexes(plan.before.compiled)
    touched = Touched(plan, TwoStates(plan.before.compiled, plan.compile(), now, context or {}))
    asking = Asking(host, session, plan.before, now)
    comparison = Comparison(asking, touched, Budget(limits.questions), Budget(limits.people))
    comparison.run()
    reader = Reader(host, session, plan.before)
    reached = tuple(Measuring(touched, reader, comparison.askable).reached())
    return Effects(
        outcome,
        reached,
        comparison.gained,
        comparison.lost,
        tuple(find_cautions(touched, reader, reached, comparison.lost.effects)),
        comparison.is_complete,
        comparison.askable.is_anything_possible,
    )


def reach_of(host: Host, session: Session, snapshot: Snapshot, policy: Policy) -> Reached:
    """How far does a policy reach as things are? (rule 25.7)"""
    plan, now = plan_edits(snapshot, ()), host.now()
    touched = Touched(plan, TwoStates(snapshot.compiled, snapshot.compiled, now))
    askable = Askable(Asking(host, session, snapshot, now))
    return Measuring(touched, Reader(host, session, snapshot), askable).of(snapshot.compiled, policy)
