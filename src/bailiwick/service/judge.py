"""May this session do this? The engine is asked about every link of it, on one state of its account.

Implements docs/spec.md sections 8 and 10 for the product's own routes. There is no other permission check; an error
here is a refusal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from typing import NoReturn

from bailiwick.catalog.catalog import Catalog
from bailiwick.engine import Authority, CompiledAccount, decide, decide_over
from bailiwick.engine.authority import scope_contains, split_cells
from bailiwick.engine.compile import guardrails_of
from bailiwick.engine.roles import ASSIGN, RoleIndex, find_explicit
from bailiwick.errors import Denied
from bailiwick.model.accounts import Account
from bailiwick.model.policies import Scope
from bailiwick.model.requests import AuthorityQuestion, Decision, Reason, Request, ResourceQuery
from bailiwick.model.services import IAM
from bailiwick.service.edits import Plan
from bailiwick.service.granting import find_granting
from bailiwick.service.kinds import ACCOUNT
from bailiwick.service.needed import Asked, Needed
from bailiwick.service.projects.eps import EPS, names_action
from bailiwick.service.proving import StepUpRequired, as_proved, max_age_seconds
from bailiwick.service.refusal_words import ASK, FORBIDDEN, format_place, refused_on_project
from bailiwick.service.sessions import FOREVER, Session
from bailiwick.service.snapshots import Snapshot

CREATE_POLICY = "iam.policy.create"


class Judge:
    """Asks the engine about one session on one state: `before` what a plan would change, where there is one."""

    def __init__(
        self, catalog: Catalog, session: Session, before: Snapshot, plan: Plan | None, now: float
    ) -> None:
        self.session = session
        self.before = before
        self.plan = plan
        self.now = now
        self._catalog = catalog
        self._compiled = self._with_later_guards(before.compiled)
        self._granting: dict[str, tuple[Scope, ...]] = {}
        self._answers: dict[tuple[str, Scope, str | None], Authority] = {}

    @property
    def after(self) -> Account:
        """Which account is it after the change? Without one, as it is."""
        return self.before.account if self.plan is None else self.plan.account

    def _with_later_guards(self, compiled: CompiledAccount) -> CompiledAccount:
        """The state before, but a role that the change makes explicit is already assigned by name only."""
        if self.plan is None:
            return compiled
        after = self.plan.account
        guards = find_explicit({**after.services, **self._catalog}, after.roles)
        if guards <= compiled.roles.explicit:
            return compiled
        index = RoleIndex(compiled.services, compiled.account.roles, guards)
        return replace(compiled, roles=index, views={})

    def is_plain_owner(self) -> bool:
        """Is it the owner, acting for nobody else and with nothing taken off?"""
        return self.session.principal == self.before.account.owner and self.session.is_whole

    def is_denied_from_above(self, needed: Iterable[Needed]) -> bool:
        """Would a guardrail from above deny this, the account's own guardrails and its suspension aside?"""
        without = replace(self.before.account, guardrails={}, suspended=False)
        compiled = self.before.compiled.apply(without, {("Guardrail", "")})
        return any(
            decide(compiled, request_of(self.session, one.action, one.resource, self.now)).reason
            is Reason.GUARDRAIL
            for one in needed
        )

    def may_always_change(self, kind: str) -> bool:
        """Is it the owner, who may change this kind of object although guardrail or suspension stop all else? (9.5)"""
        liftable = kind == "Guardrail" or (kind == ACCOUNT and self.before.account.suspended)
        return liftable and self.is_plain_owner()

    def authority(self, action: str, scope: Scope, role: str | None) -> Authority:
        """Does everyone of the session hold the action over this scope, and until when?"""
        known = self._answers.get((action, scope, role))
        if known is None:
            known = self._answers[action, scope, role] = self._ask(action, scope, role)
        return known

    def _ask(self, action: str, scope: Scope, role: str | None) -> Authority:
        session = self.session
        # SECURITY: who may assume a profile till Friday hands on nothing of it that lasts longer.
        ends = [session.acts_until] if session.acts_until < FOREVER else []
        links = (session.principal, *session.chain)
        for link, part in product(links, self._parts_known(scope)):
            question = AuthorityQuestion(
                principal=link,
                action=action,
                scope=part,
                now=self.now,
                context=session.context,
                action_properties={} if role is None else {"role": role},
                restrictions=session.restrictions,
            )
            answer = decide_over(self._compiled, question)
            if not answer:
                return answer
            if answer.expires_at is not None:
                ends.append(answer.expires_at)
        return Authority(True, expires_at=min(ends, default=None))

    def _parts_known(self, scope: Scope) -> tuple[Scope, ...]:
        """The scope; everything stands in it for services that are not there yet.

        SECURITY: nobody but who holds all of the account can have authority over what nobody knows.
        """
        known = tuple(name for name in scope.service or () if name in self.before.compiled.services)
        if scope.service is None or known == scope.service:
            return (scope,)
        return (Scope(), replace(scope, service=known)) if known else (Scope(),)

    def holds(self, action: str, scope: Scope) -> bool:
        """Is the action held over this scope?"""
        return self._could_hold(action, scope) and self.authority(action, scope, None).held

    def _could_hold(self, action: str, scope: Scope) -> bool:
        """Does any one policy of the principal that could grant the action contain each cell? (rules 8.3, 8.5)

        WHY: a list of a hundred thousand policies asks as often, and mostly in vain.
        """
        granting = self._granting.get(action)
        if granting is None:
            granting = self._granting[action] = self._find_granting(action)
        return all(
            any(scope_contains(one, cell) for one in granting)
            for part in self._parts_known(scope)
            for cell in split_cells(part)
        )

    def _find_granting(self, action: str) -> tuple[Scope, ...]:
        """Over which scopes could the principal hold the action by one policy?"""
        return find_granting(self._compiled, self.session.principal, action, self.now)

    def could_hold_any(self, actions: Iterable[str]) -> bool:
        """Could any of these actions be held anywhere? Says yes too often, never no wrongly; cheap."""
        return any(self._find_granting(action) for action in actions)

    def holds_everything(self) -> bool:
        """May the session grant any role over anything, without end?

        Sound for whatever a resource hands over: a cell that is contained in one that is held is held too (rules 8.3,
        8.5), and what stands in the way of the part meets the whole (8.6). The role is left out, so that whatever
        depends on it is unknown and refuses. A session that may do less than its principal does not hold everything.
        """
        if self.session.restrictions:
            return False
        answers = [
            self.authority(action, scope, None)
            for action in (CREATE_POLICY, ASSIGN)
            for scope in (Scope(), Scope(service=(IAM,)))
        ]
        return all(answer.held and answer.expires_at is None for answer in answers)

    def decide(self, action: str, resource: ResourceQuery) -> Decision:
        """Is the action allowed on this resource, and why?"""
        return decide(self.before.compiled, request_of(self.session, action, resource, self.now))

    def is_allowed(self, action: str, resource: ResourceQuery) -> bool:
        """Is the action allowed on this resource?"""
        return self.decide(action, resource).allowed

    def is_stopped(self, action: str, resource: ResourceQuery) -> bool:
        """Does a guardrail or restriction forbid it, whatever allows it?"""
        return self.decide(action, resource).reason is Reason.GUARDRAIL

    def require(self, action: str, resource: ResourceQuery) -> None:
        """Is the action allowed on this resource? Raises Denied, or StepUpRequired where only a proof is missing."""
        decision = self.decide(action, resource)
        if not decision.allowed:
            if decision.reason is Reason.GUARDRAIL and not self.proved.is_stopped(action, resource):
                raise StepUpRequired(action, max_age_seconds(self.before.account))
            self.refuse(action, format_place(resource), decision.reason.value)

    def is_any_allowed(self, needed: Needed) -> bool:
        """Is one of the actions that stand for this deed allowed, and none forbidden?"""
        return self.find_refusal(needed) is None

    def require_any(self, needed: Needed) -> None:
        """Is one of the actions that stand for this deed allowed, and none forbidden? Raises Denied. (rule 19.2)"""
        refusal = self.find_refusal(needed)
        if refusal is None:
            return
        asked, reason = refusal
        if reason is Reason.GUARDRAIL and self.proved.is_any_allowed(needed):
            raise StepUpRequired(asked.action, max_age_seconds(self.before.account))
        if asked.resource.service != EPS:
            self.refuse(asked.action, format_place(asked.resource), reason.value)
        raise refused_on_project(self.session.principal, needed, asked, reason)

    def require_any_or_over(self, needed: Needed, action: str, scope: Scope) -> None:
        """Is the deed allowed, or, unless it is forbidden, this action held over this scope? Raises Denied."""
        refusal = self.find_refusal(needed)
        if refusal is not None and (self._is_forbidden(*refusal) or not self.holds(action, scope)):
            self.require_any(needed)

    def find_refusal(self, needed: Needed) -> tuple[Asked, Reason] | None:
        """Which action refuses the deed, and why? The first that is forbidden, else the first; None: it is allowed."""
        first: Reason | None = None
        any_allowed = False
        for asked in needed.any_of:
            decision = self.decide(asked.action, asked.resource)
            if self._is_forbidden(asked, decision.reason):
                return asked, decision.reason
            any_allowed = any_allowed or decision.allowed
            first = first or decision.reason
        return None if any_allowed or first is None else (needed.any_of[0], first)

    def _is_forbidden(self, asked: Asked, reason: Reason) -> bool:
        return reason in FORBIDDEN and self._is_meant(asked, reason)

    def _is_meant(self, asked: Asked, reason: Reason) -> bool:
        """Is the deed forbidden, and not only one of its names together with everything of its service?

        WHY: a guardrail that leaves only some services usable says nothing of projects that `iam` administers.
        """
        if reason is not Reason.GUARDRAIL:
            return True
        guardrails = (*guardrails_of(self.before.account), *self.session.restrictions)
        return any(names_action(one, asked.action) for one in guardrails)

    @property
    def proved(self) -> Judge:
        """The same, of somebody who has just proved who they are."""
        return Judge(self._catalog, as_proved(self.session), self.before, self.plan, self.now)

    def refuse(self, action: str, place: str, reason: str) -> NoReturn:
        """The session lacks this action. Raises Denied."""
        message = f"`{self.session.principal}` lacks `{action}`{place}"
        raise Denied(message, action=action, reason=reason, help=ASK)


def request_of(session: Session, action: str, resource: ResourceQuery, now: float) -> Request:
    """Which question does the product ask about its own routes? Nothing of it comes from a body (rule 10.2)."""
    return Request(
        principal=session.principal,
        action=action,
        resource=resource,
        now=now,
        context=session.context,
        chain=session.chain,
        restrictions=session.restrictions,
    )
