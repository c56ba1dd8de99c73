"""May this session make these edits? Every change asks the engine, on the state before it.

Implements docs/spec.md section 9: each edit needs its `iam` action, and whatever it hands over needs authority.
There is no other permission check; an error here is a refusal.
"""

from __future__ import annotations

from dataclasses import replace

from bailiwick.catalog.catalog import Catalog
from bailiwick.errors import Denied
from bailiwick.model.enterprises import nodes_from, split_node
from bailiwick.model.patterns import is_pattern
from bailiwick.model.policies import Policy, Scope
from bailiwick.model.requests import Reason
from bailiwick.service.edits import Difference, Plan
from bailiwick.service.enterprise.needed_in_tree import SERVICE as IN_TREE
from bailiwick.service.enterprise.needed_in_tree import Over, loosened
from bailiwick.service.handing_over.allowing import HandoverJudge
from bailiwick.service.handing_over.differ import Differ
from bailiwick.service.judge import CREATE_POLICY, Judge
from bailiwick.service.kinds import ACCOUNT
from bailiwick.service.needed import Needed, iam_service, needed_actions
from bailiwick.service.own_email import is_own_email
from bailiwick.service.projects.eps import REMOVE_GROUPS, eps_project, projects_of
from bailiwick.service.proving import require_proof
from bailiwick.service.refusal_words import ASK, format_scope
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot

_VERBS = {"created": "create", "changed": "update", "deleted": "delete"}


def authorize_plan(catalog: Catalog, session: Session, plan: Plan, now: float) -> None:
    """May the session carry out this plan? Raises Denied, naming the action, the place and the reason.

    Raises StepUpRequired where only a newer proof is missing.
    """

    def ask(who: Session) -> None:
        _authorize_plan(Judge(catalog, who, plan.before, plan, now), catalog, plan)

    require_proof(session, plan.before.account, "", ask)


def _authorize_plan(judge: Judge, catalog: Catalog, plan: Plan) -> None:
    edits = _EditJudge(judge)
    for difference in plan.differences:
        edits.check_edit(difference)
    differ = Differ(plan.before.account, plan.account, catalog.services_for(plan.before.account))
    HandoverJudge(judge).check_all(differ, plan.changed)
    for over in loosened(plan.before.account, plan.account):
        edits.check_over(over)


def authorize_handovers(
    catalog: Catalog, session: Session, snapshot: Snapshot, principal: str, now: float
) -> None:
    """May the session hand somebody everything that this principal holds? (a credential for another)

    Raises Denied, StepUpRequired.
    """

    def ask(who: Session) -> None:
        judge = HandoverJudge(Judge(catalog, who, snapshot, None, now))
        differ = Differ(snapshot.account, snapshot.account, catalog.services_for(snapshot.account))
        for handover in dict.fromkeys(differ.held_by(principal)):
            judge.check(handover)

    require_proof(session, snapshot.account, CREATE_POLICY, ask)


class _EditJudge:
    """Judges edits: each by the actions that its kind and what it changes ask for."""

    def __init__(self, judge: Judge) -> None:
        self._judge, self._session, self._now = judge, judge.session, judge.now
        self._before, self._after, self._plan = judge.before, judge.after, judge.plan

    def check_edit(self, difference: Difference) -> None:
        """Does the session have the `iam` actions of this edit? (rule 9.1)"""
        if difference.kind == "Policy":
            return self._check_policy_edit(difference, f"iam.policy.{_VERBS[difference.op]}")
        # WHY: an account's own guardrail or suspension binds its owner, who could otherwise never lift it again.
        if self._judge.is_plain_owner() and (
            self._is_own_guardrail(difference) or self._lifts_suspension(difference)
        ):
            return None
        before = self._before.account
        is_own = is_own_email(self._session, before, difference)
        for needed in needed_actions(self._before.compiled.services, before, self._after, difference):
            refusal = self._judge.find_refusal(needed)
            if not (is_own and refusal is not None and refusal[1] is Reason.NO_MATCHING_POLICY):
                self._judge.require_any(needed)
        return None

    def _check_policy_edit(self, difference: Difference, action: str) -> None:
        """Policies are held over their scope; whoever administers `iam` policies as such may end or read any."""
        for account in (self._before.account, self._after):
            policy: Policy | None = account.policies.get(difference.name)
            if policy is None or self._judge.holds(action, policy.scope) or self._is_detaching(difference):
                continue
            if not self._judge.is_allowed(action, iam_service()):
                self._judge.refuse(action, f" over {format_scope(policy.scope)}", "no_authority")

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
        return not is_bound or not self._judge.is_denied_from_above(
            needed_actions(self._before.compiled.services, before, after, difference)
        )

    def _lifts_suspension(self, difference: Difference) -> bool:
        """Does the edit do nothing but let a suspended account work again?"""
        if difference.kind != ACCOUNT or self._plan is None or not self._before.account.suspended:
            return False
        lifted = replace(self._before.account, suspended=False)
        return len(self._plan.differences) == 1 and self._plan.account == lifted

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
        return is_less and all(self._judge.is_any_allowed(one) for one in needed)

    def check_over(self, over: Over) -> None:
        """Is the action held over the node and all below it, without end? (rule 20.8)

        A policy may hold it by any node above: names are unique in the tree, so each of these cells is the node.
        """
        tree = self._before.account
        kind, name = split_node(over.node)
        here = Scope(service=(IN_TREE,), type=(kind,), id=(name,))
        above = (split_node(node) for node in nodes_from(tree, over.node) if node != over.node)
        answers = [
            self._judge.authority(over.action, cell, None)
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
