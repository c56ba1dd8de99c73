"""Asking for decisions on behalf of a session: who may ask what about whom.

Implements docs/spec.md section 10. About oneself anyone may ask; about another, describing somebody, or seeing
another's reasons needs an action of `iam` over the asked resource, judged by the same engine at the same moment
and never with anything that the question says of context or action. It must not know HTTP or AuthZEN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, Protocol

from bailiwick.engine import Explanation, decide, decide_over, explain
from bailiwick.errors import Denied, Invalid, Unauthenticated
from bailiwick.model.accounts import Property
from bailiwick.model.policies import Scope
from bailiwick.model.requests import AuthorityQuestion, Decision, Reason, Request, ResourceQuery
from bailiwick.model.services import IAM
from bailiwick.service.counting import Counters
from bailiwick.service.judge import request_of
from bailiwick.service.rates import Rates
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot

EVALUATE = "iam.decision.evaluate"
DESCRIBE = "iam.decision.describe"
EXPLAIN = "iam.decision.explain"
MOST_REMEMBERED = 4096
NOTHING_SAID: Mapping[str, Property] = {}

_NO_SUCH_RESOURCE = (Reason.UNKNOWN_SERVICE, Reason.UNKNOWN_RESOURCE_TYPE, Reason.INCOMPLETE_RESOURCE)
_PURPOSE = {
    EVALUATE: "ask what another may do",
    DESCRIBE: "describe a principal when asking",
    EXPLAIN: "see why another may or may not",
}


class Asked(Protocol):
    """Whoever answers: the clock, the accounts and the sessions of this process. Nothing here does I/O when warm."""

    @property
    def public_url(self) -> str:
        """Under which address do clients reach it? From the configuration, never from a request."""

    @property
    def rates(self) -> Rates:
        """How many requests may somebody send?"""

    def now(self) -> float:
        """Which moment is it, in epoch seconds?"""

    def snapshot(self, account: str) -> Snapshot:
        """What does the account hold? Raises NotFound."""

    def authenticate(self, authorization: str | None, address: str | None = "") -> Session:
        """Who asks, by this `Authorization` header, from this address ("": not known)? Raises Unauthenticated."""

    def stale_since(self, account: str) -> datetime | None:
        """Since when was nothing heard of the store, where that is too long and answered all the same? Raises Stale."""

    def find_missing(self, account: str, wanted: Mapping[str, str]) -> str | None:
        """Which log has not yet reached the wanted revision here? None: all have. May do I/O. Raises Forked."""

    @property
    def counters(self) -> Counters:
        """What is counted of questions?"""

    def record_decision(self, session: Session, decision: Decision) -> None:
        """Count one answer; no I/O."""


class Question(NamedTuple):
    """May this principal do this to that?

    `unresolved` says why there is nothing to judge (the resource cannot be told, the session is over); `resource` is
    then what the right to ask is judged over. `judged` is the session behind a token that came with the question.
    """

    principal: str
    action: str
    resource: ResourceQuery
    unresolved: Reason | None = None
    context: Mapping[str, Property] = NOTHING_SAID
    action_properties: Mapping[str, Property] = NOTHING_SAID
    principal_properties: Mapping[str, Property] = NOTHING_SAID
    judged: Session | None = None


class Everywhere(NamedTuple):
    """Does somebody hold an action over every service but `iam`, in the state of this very vector, in this time?"""

    vector: Mapping[str, str]
    since: float
    until: float
    held: bool


_EVERYWHERE: dict[tuple[str, str, str], Everywhere] = {}


@dataclass(slots=True)
class Asking:
    """One session that asks one state of one account at one moment, once or many times."""

    host: Asked
    session: Session
    snapshot: Snapshot
    now: float
    stale_since: datetime | None = None

    def decide(self, question: Question) -> Decision:
        """Is it allowed? Raises Denied where the session may not ask."""
        self.check_may_ask(question)
        if question.unresolved is not None:
            decision = Decision(False, question.unresolved)
        else:
            decision = _bounded(decide(self.snapshot.compiled, self.request(question)), question.judged)
        self.host.record_decision(self.session, decision)
        return decision

    def explain(self, question: Question) -> Explanation:
        """Why is it allowed or not? Raises Denied where the session may not ask or may not see the reasons."""
        self.check_may_ask(question)
        session = question.judged or self.session
        if question.principal != self.session.principal or session.chain:
            self.require(EXPLAIN, question)
        if question.unresolved is not None:
            decision = Decision(False, question.unresolved)
            text = f"denied: {question.unresolved.value.replace('_', ' ')}"
            found = Explanation(decision, question.principal, (), (), (), text)
        else:
            found = explain(self.snapshot.compiled, self.request(question))
            found = replace(found, decision=_bounded(found.decision, question.judged))
        self.host.record_decision(self.session, found.decision)
        return found

    def may_ask(self, action: str, question: Question) -> bool:
        """May the session do this over the asked resource, or is there nothing to protect?"""
        try:
            self.require(action, question)
        except Denied:
            return False
        return True

    def may(self, action: str, resource: ResourceQuery) -> bool:
        """Does the session hold this action over the resource? Nothing that a question says enters."""
        return decide(self.snapshot.compiled, request_of(self.session, action, resource, self.now)).allowed

    def check_may_ask(self, question: Question) -> None:
        """Rule 10.1. Raises Denied."""
        if question.principal != self.session.principal:
            self.require(EVALUATE, question)
        if question.principal_properties:
            self.require(DESCRIBE, question)

    def require(self, action: str, question: Question) -> None:
        """May the session do this over the asked resource?

        SECURITY: nothing of the question but the resource enters, so no caller argues itself into a right.
        WHY: where the catalog knows no such resource the answer is the same denial for everybody and says
        nothing about anybody, so it may be given.
        """
        if question.resource.service != IAM and self._holds_everywhere(action):
            return
        request = request_of(self.session, action, question.resource, self.now)
        decision = decide(self.snapshot.compiled, request)
        if decision.allowed:
            self._look_everywhere(action, decision)
        elif decision.reason not in _NO_SUCH_RESOURCE:
            raise Denied(
                f"`{self.session.principal}` lacks `{action}` over the asked resource",
                action=action,
                reason=decision.reason.value,
                help=f"it is needed to {_PURPOSE[action]}; ask somebody who may grant it",
            )

    def _holds_everywhere(self, action: str) -> bool:
        """Is it known that the session holds the action over every service but `iam`, now and in this state?"""
        known = _EVERYWHERE.get((self.session.account, self.session.principal, action))
        return (
            known is not None
            and known.held
            and known.vector is self.snapshot.vector
            and known.since <= self.now < known.until
            and not (self.session.chain or self.session.restrictions or self.session.context)
        )

    def _look_everywhere(self, action: str, decision: Decision) -> None:
        """Remember, once for each state, whether one look was enough for every resource.

        Source: docs/spec.md rule 8.7, authority over a scope implies the decision for whatever the scope matches;
        and rule 7.8, no window changes any decision about this principal before `valid_until`.
        """
        session, snapshot = self.session, self.snapshot
        if session.chain or session.restrictions or session.context:
            return
        key = (session.account, session.principal, action)
        known = _EVERYWHERE.get(key)
        if known is not None and known.vector is snapshot.vector and known.since <= self.now < known.until:
            return
        question = AuthorityQuestion(session.principal, action, Scope(), self.now)
        held = decide_over(snapshot.compiled, question).held
        until = float("inf") if decision.valid_until is None else decision.valid_until
        if len(_EVERYWHERE) >= MOST_REMEMBERED and known is None:
            _EVERYWHERE.clear()
        _EVERYWHERE[key] = Everywhere(snapshot.vector, self.now, until, held)

    def session_behind(self, token: object, principal: str, address: object = "") -> Session | None:
        """Which session of this principal does the token stand for? None: none any more. (rule 22.9)

        `address`: from where it is used, as the question says: of a token that is good in some networks only it has to.
        Raises Invalid for a token of somebody else: the question contradicts itself.
        """
        if not isinstance(token, str):
            raise Invalid.at("context.token", "expected an access token as text")
        try:
            found = self.host.authenticate(f"Bearer {token}", address if isinstance(address, str) else "")
        except Unauthenticated:
            return None
        if found.account != self.session.account:
            raise Invalid.at("context.token", f"the token is not one of account `{self.session.account}`")
        if found.principal != principal:
            raise Invalid.at("context.token", "the token is not the subject's")
        return found

    def judged_session(self, question: Question) -> Session | None:
        """Under whose chain and restrictions is it judged? A session asks about itself under its own."""
        own = question.principal == self.session.principal
        return question.judged or (self.session if own else None)

    def request(self, question: Question) -> Request:
        """What is the engine asked?"""
        session = self.judged_session(question)
        return Request(
            question.principal,
            question.action,
            question.resource,
            self.now,
            question.context,
            question.action_properties,
            question.principal_properties,
            () if session is None else session.chain,
            () if session is None else session.restrictions,
        )


def _bounded(decision: Decision, session: Session | None) -> Decision:
    """The same for no longer than the session lasts, or some window of what it rests on (rule 22.6)."""
    if session is None:
        return decision
    until = min(session.expires_at, session.stands_until)
    if decision.valid_until is not None and decision.valid_until <= until:
        return decision
    return replace(decision, valid_until=until)


def begin_asking(host: Asked, authorization: str | None, account: str | None, address: str = "") -> Asking:
    """Who asks, from this address, and which state answers? `account` is the one that the path names, None: its own.

    Raises Unauthenticated, Denied for another account than the session's, NotFound.
    """
    session = host.authenticate(authorization, address)
    if account is not None and account != session.account:
        raise Denied(
            f"this session is not one of account `{account}`"[:200],
            action=EVALUATE,
            reason="other_account",
            help="ask with a token of that account",
        )
    # INVARIANT: asked before the snapshot, which is at least as new as what this tells.
    stale_since = host.stale_since(session.account)
    return Asking(host, session, host.snapshot(session.account), host.now(), stale_since)
