"""May this session make these edits? Every change asks the engine, on the state before it.

Implements docs/spec.md section 9: each edit needs its `iam` action, and whatever it hands over needs authority.
There is no other permission check; an error here is a refusal.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
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
from bailiwick.model.enterprises import nodes_from, split_node
from bailiwick.model.patterns import is_pattern
from bailiwick.model.policies import Policy, Scope
from bailiwick.model.requests import AuthorityQuestion, Decision, Reason, Request, ResourceQuery
from bailiwick.model.services import IAM, Role, Service
from bailiwick.service.edits import Difference, Plan
from bailiwick.service.enterprise.needed_in_tree import SERVICE as IN_TREE
from bailiwick.service.enterprise.needed_in_tree import Over, loosened
from bailiwick.service.granting import find_granting
from bailiwick.service.handing_over.differ import Differ
from bailiwick.service.handing_over.handover import ANY_ROLE, Handover, gained_actions
from bailiwick.service.kinds import ACCOUNT, RESOURCE
from bailiwick.service.needed import Asked, Needed, iam_object, iam_service, needed_actions
from bailiwick.service.own_email import is_own_email
from bailiwick.service.projects.eps import EPS, REMOVE_GROUPS, eps_project, names_action, projects_of
from bailiwick.service.proving import StepUpRequired, as_proved, max_age_seconds, require_proof
from bailiwick.service.reaching import find_restricted, held_actions
from bailiwick.service.refusal_words import ASK, FORBIDDEN, format_place, format_scope, refused_on_project
from bailiwick.service.sessions import FOREVER, Session
from bailiwick.service.snapshots import Name, Snapshot

CREATE_POLICY = "iam.policy.create"
PUBLISH_POLICY = "iam.policy.publish"
UPDATE_GUARDRAIL = "iam.guardrail.update"
_VERBS = {"created": "create", "changed": "update", "deleted": "delete"}


def authorize_plan(catalog: Catalog, session: Session, plan: Plan, now: float) -> None:
    """May the session carry out this plan? Raises Denied, naming the action, the place and the reason.

    Raises StepUpRequired where only a newer proof is missing.
    """

    def ask(who: Session) -> None:
        _authorize_plan(Judge(catalog, who, plan.before, plan, now), catalog, plan)

    require_proof(session, plan.before.account, "", ask)


def _authorize_plan(judge: Judge, catalog: Catalog, plan: Plan) -> None:
    for difference in plan.differences:
        judge.check_edit(difference)
    differ = Differ(plan.before.account, plan.account, catalog.services_for(plan.before.account))
    judge.check_handovers(differ, plan.changed)
    for over in loosened(plan.before.account, plan.account):
        judge.check_over(over)


def authorize_handovers(
    catalog: Catalog, session: Session, snapshot: Snapshot, principal: str, now: float
) -> None:
    """May the session hand somebody everything that this principal holds? (a credential for another)

    Raises Denied, StepUpRequired.
    """

    def ask(who: Session) -> None:
        judge = Judge(catalog, who, snapshot, None, now)
        differ = Differ(snapshot.account, snapshot.account, catalog.services_for(snapshot.account))
        for handover in dict.fromkeys(differ.held_by(principal)):
            judge.check_handover(handover)

    require_proof(session, snapshot.account, CREATE_POLICY, ask)


class Judge:
    """Asks the engine about one session on one state."""

    def __init__(
        self, catalog: Catalog, session: Session, before: Snapshot, plan: Plan | None, now: float
    ) -> None:
        self._catalog = catalog
        self._session = session
        self._before = before
        self._plan = plan
        self._now = now
        self._compiled = self._with_later_guards(before.compiled)
        self._granting: dict[str, tuple[Scope, ...]] = {}
        self._answers: dict[tuple[str, Scope, str | None], Authority] = {}

    @property
    def _after(self) -> Account:
        """Which account is it after the change? Without one, as it is."""
        return self._before.account if self._plan is None else self._plan.account

    def _with_later_guards(self, compiled: CompiledAccount) -> CompiledAccount:
        """The state before, but a role that the change makes explicit is already assigned by name only."""
        if self._plan is None:
            return compiled
        after = self._plan.account
        guards = find_explicit({**after.services, **self._catalog}, after.roles)
        if guards <= compiled.roles.explicit:
            return compiled
        index = RoleIndex(compiled.services, compiled.account.roles, guards)
        return replace(compiled, roles=index, views={})

    def check_edit(self, difference: Difference) -> None:
        """Does the session have the `iam` actions of this edit? (rule 9.1)"""
        if difference.kind == "Policy":
            return self._check_policy_edit(difference, f"iam.policy.{_VERBS[difference.op]}")
        # WHY: an account's own guardrail or suspension binds its owner, who could otherwise never lift it again.
        if self._is_plain_owner() and (
            self._is_own_guardrail(difference) or self._lifts_suspension(difference)
        ):
            return None
        before = self._before.account
        is_own = is_own_email(self._session, before, difference)
        for needed in needed_actions(self._before.compiled.services, before, self._after, difference):
            refusal = self._find_refusal(needed)
            if not (is_own and refusal is not None and refusal[1] is Reason.NO_MATCHING_POLICY):
                self.require_any(needed)
        return None

    def _is_own_guardrail(self, difference: Difference) -> bool:
        """Is it a guardrail of this account, before and after, and none of a node of its tree? (rule 9.5)

        SECURITY: where a guardrail from above, or one implied by the settings, denies the change, the owner is bound
        by it as by any other (20.6, 30.9).
        """
        if difference.kind != "Guardrail" or self._plan is None:
            return False
        before, after = self._before.account, self._plan.account
        found = (account.guardrails.get(difference.name) for account in (before, after))
        if any(guardrail is not None and guardrail.node is not None for guardrail in found):
            return False
        is_bound = before.guardrails_above or before.guardrails_implied
        return not is_bound or not self._is_denied_from_above(
            needed_actions(self._before.compiled.services, before, after, difference)
        )

    def _is_denied_from_above(self, needed: Iterable[Needed]) -> bool:
        """Would a guardrail from above deny this, the account's own guardrails and its suspension aside?"""
        without = replace(self._before.account, guardrails={}, suspended=False)
        compiled = self._before.compiled.apply(without, {("Guardrail", "")})
        return any(
            decide(compiled, request_of(self._session, one.action, one.resource, self._now)).reason
            is Reason.GUARDRAIL
            for one in needed
        )

    def check_over(self, over: Over) -> None:
        """Is the action held over the node and all below it, without end? (rule 20.8)

        A policy may hold it by any node above: names are unique in the tree, so each of these cells is the node.
        """
        tree = self._before.account
        kind, name = split_node(over.node)
        here = Scope(service=(IN_TREE,), type=(kind,), id=(name,))
        above = (split_node(node) for node in nodes_from(tree, over.node) if node != over.node)
        answers = [
            self._authority(over.action, cell, None)
            for cell in (here, *(replace(here, within=(node,)) for node in above))
        ]
        if any(answer.held and answer.expires_at is None for answer in answers):
            return
        ends = any(answer.held for answer in answers)
        why = "for good, which your authority is not" if ends else f"and you lack `{over.action}`"
        raise Denied(
            f"{over.because}, {why} over {kind} `{name}` and all below it",
            action=over.action,
            reason="authority_ends_earlier" if ends else "no_authority",
            help=ASK,
        )

    def _lifts_suspension(self, difference: Difference) -> bool:
        """Does the edit do nothing but let a suspended account work again?"""
        if difference.kind != ACCOUNT or self._plan is None or not self._before.account.suspended:
            return False
        lifted = replace(self._before.account, suspended=False)
        return len(self._plan.differences) == 1 and self._plan.account == lifted

    def may_always_change(self, kind: str) -> bool:
        """Is it the owner, who may change this kind of object although guardrail or suspension stop all else? (9.5)"""
        liftable = kind == "Guardrail" or (kind == ACCOUNT and self._before.account.suspended)
        return liftable and self._is_plain_owner()

    def _check_policy_edit(self, difference: Difference, action: str) -> None:
        """Policies are held over their scope; whoever administers `iam` policies as such may end or read any."""
        for account in (self._before.account, self._after):
            policy: Policy | None = account.policies.get(difference.name)
            if policy is None or self.holds(action, policy.scope) or self._is_detaching(difference):
                continue
            if not self.is_allowed(action, iam_service()):
                self.refuse(action, f" over {format_scope(policy.scope)}", "no_authority")

    def check_handovers(self, differ: Differ, changed: Collection[Name]) -> None:
        """Is all that the change of these objects hands over within the session's authority? (rule 9.3)"""
        if any(kind == RESOURCE for kind, _ in changed) and self.holds_everything():
            # WHY: a million resources hand over at most everything, each by every policy that reads it (rule 18.5).
            changed = [key for key in changed if key[0] != RESOURCE]
        for handover in dict.fromkeys(differ.handovers(changed)):
            self.check_handover(handover)

    def _is_detaching(self, difference: Difference) -> bool:
        """Does the edit only take subjects or roles off a policy on projects from which the session may? (19.10)"""
        old = self._before.account.policies.get(difference.name)
        new = None if self._plan is None else self._plan.account.policies.get(difference.name)
        projects = () if old is None or old.effect != "allow" else projects_of(old.scope)
        if old is None or not projects or any(is_pattern(one) for one in projects):
            return False
        if new is not None and replace(old, subjects=new.subjects, roles=new.roles) != new:
            return False
        is_less = new is None or (set(new.subjects) <= set(old.subjects) and set(new.roles) <= set(old.roles))
        needed = (Needed(REMOVE_GROUPS, eps_project(project)) for project in projects)
        return is_less and all(self.is_any_allowed(one) for one in needed)

    def check_handover(self, handover: Handover) -> None:
        """Is what the change hands over within the session's authority, and not longer than it? (rule 9.2)"""
        if handover.owner_only:
            if not self._is_plain_owner():
                raise Denied(
                    f"only the account's owner may do this: {handover.because}",
                    action="iam.account.update",
                    reason="not_owner",
                )
            return
        if handover.unguards and self._is_plain_owner():
            self._require_proof_to_unguard()
            return
        self._require_unrestricted(handover)
        if handover.consented == self._session.principal and self._session.is_whole:
            return
        self._require_over(CREATE_POLICY, handover, None)
        if handover.publishes:
            self._require_over(PUBLISH_POLICY, handover, None)
        for role in self._full_names(handover):
            self._require_over(ASSIGN, handover, role)
        if handover.adds and not self._is_plain_owner():
            self._require_gains(handover)

    def _require_proof_to_unguard(self) -> None:
        """May the owner let a guardrail fall with a proof as old as this? Raises StepUpRequired. (rule 30.9)

        SECURITY: by a membership or a tag that it reads it falls as well as by changing it.
        """
        needed = (Needed(UPDATE_GUARDRAIL, iam_object("guardrail", "*")),)
        if self._is_denied_from_above(needed) and not self._proved._is_denied_from_above(needed):
            raise StepUpRequired(UPDATE_GUARDRAIL, max_age_seconds(self._before.account))

    def holds_everything(self) -> bool:
        """May the session grant any role over anything, without end?

        Sound for whatever a resource hands over: a cell that is contained in one that is held is held too (rules 8.3,
        8.5), and what stands in the way of the part meets the whole (8.6). The role is left out, so that whatever
        depends on it is unknown and refuses. A session that may do less than its principal does not hold everything.
        """
        if self._session.restrictions:
            return False
        answers = [
            self._authority(action, scope, None)
            for action in (CREATE_POLICY, ASSIGN)
            for scope in (Scope(), Scope(service=(IAM,)))
        ]
        return all(answer.held and answer.expires_at is None for answer in answers)

    def _require_unrestricted(self, handover: Handover) -> None:
        """May the session itself use what it hands over? Refuses too much: of a restriction only actions count.

        SECURITY: else a session that may do less would have somebody do it, with a policy or a key that it makes.
        """
        if not self._session.restrictions:
            return
        for role in self._roles_meant(handover):
            action = find_restricted(role, self._session.restrictions)
            if action is not None:
                raise Denied(
                    f"{handover.because}, and this session may not hand on `{action}`",
                    action=ASSIGN,
                    reason="guardrail",
                    help="ask with a session that may do all that you may",
                )

    def _roles_meant(self, handover: Handover) -> Iterator[Role]:
        """Which roles may the names of this handover mean, as they were and as the change leaves them?"""
        after = self._after
        for name in self._full_names(handover):
            service, _, bare = name.partition("/")
            entries = (self._before.compiled.services.get(service), after.services.get(service))
            known = (entry.roles for entry in entries if entry is not None)
            holders = (self._before.account.roles, after.roles, *known)
            yield from (roles[bare] for roles in holders if bare in roles)

    def _is_plain_owner(self) -> bool:
        """Is it the owner, acting for nobody else and with nothing taken off?"""
        return self._session.principal == self._before.account.owner and self._session.is_whole

    def _full_names(self, handover: Handover) -> Iterator[str]:
        """Which roles, by full name, may the names of this handover mean within its scope?"""
        after = self._after
        services = handover.scope.service or tuple(n for n in self._before.compiled.services if n != IAM)
        for name in handover.roles:
            if "/" in name:
                yield name
                continue
            custom = [a.roles[name] for a in (self._before.account, after) if name in a.roles]
            found = {role.reference for role in custom if role.service in (*services, *after.services, IAM)}
            for service in services:
                entries = (self._before.compiled.services.get(service), after.services.get(service))
                for entry in entries:
                    if entry is not None and name in entry.roles:
                        found.add(entry.roles[name].reference)
            yield from sorted(found)

    def _require_over(self, action: str, handover: Handover, role: str | None) -> None:
        answer = self._authority(action, self._scope_for(handover.scope, role), role)
        if not answer:
            raise Denied(
                f"{handover.because}, and you lack `{action}`"
                + (f" for role `{role}`" if role else "")
                + f" over {format_scope(handover.scope)}",
                action=action,
                reason="no_authority",
                help=ASK,
            )
        if answer.expires_at is not None and (handover.until is None or handover.until > answer.expires_at):
            raise Denied(
                f"{handover.because} for longer than your own authority lasts",
                action=action,
                reason="authority_ends_earlier",
                help="set an `expires_at` no later than the end of your authority",
            )

    def _require_gains(self, handover: Handover) -> None:
        """May the session hand over what a role gains by other roles, as they were?

        WHY: who may assign a role by its name and change it could otherwise hand over anything.
        """
        services = {right.service for right in handover.adds}
        for name in sorted(services & set(self._before.compiled.services)):
            service = self._before.compiled.services[name]
            missing = set(gained_actions(handover.adds, service))
            scope = self._scope_for(handover.scope, f"{name}/")
            if not missing or self._may_assign(f"{name}/{ANY_ROLE}", scope):
                continue
            for role in self._roles_before(service):
                held = held_actions(role, service) & missing
                if held and self._may_assign(role.reference, scope):
                    missing -= held
            if missing:
                raise Denied(
                    f"{handover.because}, and you may not grant `{min(missing)}` over {format_scope(scope)}",
                    action=ASSIGN,
                    reason="no_authority",
                    help=ASK,
                )

    def _roles_before(self, service: Service) -> Iterator[Role]:
        yield from service.roles.values()
        yield from (r for r in self._before.account.roles.values() if r.service == service.name)

    def _may_assign(self, role: str, scope: Scope) -> bool:
        return self._authority(ASSIGN, scope, role).held

    def _scope_for(self, scope: Scope, role: str | None) -> Scope:
        """A role of one service is handed over within that service only."""
        service = "" if role is None else role.partition("/")[0]
        within = service != IAM if scope.service is None else service in scope.service
        return replace(scope, service=(service,)) if service and within else scope

    def _authority(self, action: str, scope: Scope, role: str | None) -> Authority:
        """Does everyone of the session hold the action over this scope, and until when?"""
        known = self._answers.get((action, scope, role))
        if known is None:
            known = self._answers[action, scope, role] = self._ask(action, scope, role)
        return known

    def _ask(self, action: str, scope: Scope, role: str | None) -> Authority:
        session = self._session
        # SECURITY: who may assume a profile till Friday hands on nothing of it that lasts longer.
        ends = [session.acts_until] if session.acts_until < FOREVER else []
        links = (session.principal, *session.chain)
        for link, part in product(links, self._parts_known(scope)):
            question = AuthorityQuestion(
                principal=link,
                action=action,
                scope=part,
                now=self._now,
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
        known = tuple(name for name in scope.service or () if name in self._before.compiled.services)
        if scope.service is None or known == scope.service:
            return (scope,)
        return (Scope(), replace(scope, service=known)) if known else (Scope(),)

    def holds(self, action: str, scope: Scope) -> bool:
        """Is the action held over this scope?"""
        return self._could_hold(action, scope) and self._authority(action, scope, None).held

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
        return find_granting(self._compiled, self._session.principal, action, self._now)

    def could_hold_any(self, actions: Iterable[str]) -> bool:
        """Could any of these actions be held anywhere? Says yes too often, never no wrongly; cheap."""
        return any(self._find_granting(action) for action in actions)

    def decide(self, action: str, resource: ResourceQuery) -> Decision:
        """Is the action allowed on this resource, and why?"""
        return decide(self._before.compiled, request_of(self._session, action, resource, self._now))

    def is_allowed(self, action: str, resource: ResourceQuery) -> bool:
        """Is the action allowed on this resource?"""
        return self.decide(action, resource).allowed

    def require(self, action: str, resource: ResourceQuery) -> None:
        """Is the action allowed on this resource? Raises Denied, or StepUpRequired where only a proof is missing."""
        decision = self.decide(action, resource)
        if not decision.allowed:
            if decision.reason is Reason.GUARDRAIL and not self._proved.is_stopped(action, resource):
                raise StepUpRequired(action, max_age_seconds(self._before.account))
            self.refuse(action, format_place(resource), decision.reason.value)

    def is_any_allowed(self, needed: Needed) -> bool:
        """Is one of the actions that stand for this deed allowed, and none forbidden?"""
        return self._find_refusal(needed) is None

    def require_any(self, needed: Needed) -> None:
        """Is one of the actions that stand for this deed allowed, and none forbidden? Raises Denied. (rule 19.2)"""
        refusal = self._find_refusal(needed)
        if refusal is None:
            return
        asked, reason = refusal
        if reason is Reason.GUARDRAIL and self._proved.is_any_allowed(needed):
            raise StepUpRequired(asked.action, max_age_seconds(self._before.account))
        if asked.resource.service != EPS:
            self.refuse(asked.action, format_place(asked.resource), reason.value)
        raise refused_on_project(self._session.principal, needed, asked, reason)

    def _is_meant(self, asked: Asked, reason: Reason) -> bool:
        """Is the deed forbidden, and not only one of its names together with everything of its service?

        WHY: a guardrail that leaves only some services usable says nothing of projects that `iam` administers.
        """
        if reason is not Reason.GUARDRAIL:
            return True
        guardrails = (*guardrails_of(self._before.account), *self._session.restrictions)
        return any(names_action(one, asked.action) for one in guardrails)

    @property
    def _proved(self) -> Judge:
        """The same, of somebody who has just proved who they are."""
        return Judge(self._catalog, as_proved(self._session), self._before, self._plan, self._now)

    def is_stopped(self, action: str, resource: ResourceQuery) -> bool:
        """Does a guardrail or restriction forbid it, whatever allows it?"""
        return self.decide(action, resource).reason is Reason.GUARDRAIL

    def require_any_or_over(self, needed: Needed, action: str, scope: Scope) -> None:
        """Is the deed allowed, or, unless it is forbidden, this action held over this scope? Raises Denied."""
        refusal = self._find_refusal(needed)
        if refusal is not None and (self._is_forbidden(*refusal) or not self.holds(action, scope)):
            self.require_any(needed)

    def _is_forbidden(self, asked: Asked, reason: Reason) -> bool:
        return reason in FORBIDDEN and self._is_meant(asked, reason)

    def _find_refusal(self, needed: Needed) -> tuple[Asked, Reason] | None:
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

    def refuse(self, action: str, place: str, reason: str) -> NoReturn:
        """The session lacks this action. Raises Denied."""
        message = f"`{self._session.principal}` lacks `{action}`{place}"
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
