"""May this session make these edits? Every change asks the engine, on the state before it.

Implements docs/spec.md section 9: each edit needs its `iam` action, and whatever it hands over needs authority.
There is no other permission check; an error here is a refusal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bailiwick.catalog.catalog import Catalog
from bailiwick.engine import CompiledAccount, decide, decide_over
from bailiwick.engine.roles import ASSIGN, RoleIndex, find_explicit
from bailiwick.errors import Denied
from bailiwick.model.names import SERVICE_TYPE
from bailiwick.model.policies import Policy, Scope
from bailiwick.model.requests import AuthorityQuestion, Request, ResourceQuery
from bailiwick.model.services import IAM
from bailiwick.service.edits import Difference, Plan
from bailiwick.service.grants import Differ, Handover
from bailiwick.service.kinds import ACCOUNT, KINDS, find_value
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot

CREATE_POLICY = "iam.policy.create"
PUBLISH_POLICY = "iam.policy.publish"


def authorize_plan(catalog: Catalog, session: Session, plan: Plan, now: float) -> None:
    """May the session carry out this plan? Raises Denied, naming the action, the place and the reason."""
    judge = Judge(catalog, session, plan.before, plan, now)
    for difference in plan.differences:
        judge.check_edit(difference)
    differ = Differ(plan.before.account, plan.account, catalog.services_for(plan.before.account))
    for handover in dict.fromkeys(differ.handovers(plan.changed)):
        judge.check_handover(handover)


def authorize_handovers(
    catalog: Catalog, session: Session, snapshot: Snapshot, principal: str, now: float
) -> None:
    """May the session hand somebody everything that this principal holds? (a credential for another)"""
    judge = Judge(catalog, session, snapshot, None, now)
    differ = Differ(snapshot.account, snapshot.account, catalog.services_for(snapshot.account))
    for handover in dict.fromkeys(differ.held_by(principal)):
        judge.check_handover(handover)


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
        """Does the session have the `iam` action of this edit? (rule 9.1)"""
        verb = {"created": "create", "changed": "update", "deleted": "delete"}[difference.op]
        if difference.kind == ACCOUNT:
            return self.require("iam.account.update", iam_object("account", difference.name))
        kind = KINDS[difference.kind]
        action = self._action(difference, verb)
        if kind.word == "Policy":
            return self._check_policy_edit(difference, action)
        if verb == "create":
            return self.require(action, iam_service())
        return self.require(action, iam_object(kind.resource_type, difference.name, self._owner(difference)))

    def _action(self, difference: Difference, verb: str) -> str:
        """Which action is it? Some changes have names of their own."""
        kind = KINDS[difference.kind]
        if kind.word == "User" and verb == "create":
            return "iam.user.invite"
        if kind.word == "Resource" and verb == "create":
            return "iam.resource.register"
        if kind.word == "Project" and verb == "update" and difference.before and difference.after:
            was, is_ = difference.before.get("disabled", False), difference.after.get("disabled", False)
            if was != is_:
                return "iam.project.disable" if is_ else "iam.project.enable"
        return f"iam.{kind.resource_type}.{verb}"

    def _owner(self, difference: Difference) -> str | None:
        value = find_value(self._before.account, difference.kind, difference.name)
        return getattr(value, "owner", None)

    def _check_policy_edit(self, difference: Difference, action: str) -> None:
        """Policies are held over their scope; whoever administers `iam` policies as such may end or read any."""
        for account in (self._before.account, self._plan.account if self._plan else self._before.account):
            policy: Policy | None = account.policies.get(difference.name)
            if policy is None or self.holds(action, policy.scope):
                continue
            self.require(action, iam_object("policy", difference.name))

    def check_handover(self, handover: Handover) -> None:
        """Is what the change hands over within the session's authority, and not longer than it? (rule 9.2)"""
        if handover.owner_only and self._session.principal != self._before.account.owner:
            raise Denied(
                f"only the account's owner may do this: {handover.because}",
                action="iam.account.update",
                reason="not_owner",
            )
        if not handover.roles:
            return
        self._require_over(CREATE_POLICY, handover, None)
        if handover.publishes:
            self._require_over(PUBLISH_POLICY, handover, None)
        for role in self._full_names(handover):
            self._require_over(ASSIGN, handover, role)

    def _full_names(self, handover: Handover) -> Iterator[str]:
        """Which roles, by full name, may the names of this handover mean within its scope?"""
        account = self._plan.account if self._plan is not None else self._before.account
        services = handover.scope.service or tuple(n for n in self._before.compiled.services if n != IAM)
        for name in handover.roles:
            if "/" in name:
                yield name
                continue
            custom = [a.roles[name] for a in (self._before.account, account) if name in a.roles]
            found = {role.reference for role in custom}
            for service in services:
                entry = self._before.compiled.services.get(service) or account.services.get(service)
                if entry is not None and name in entry.roles:
                    found.add(entry.roles[name].reference)
            yield from sorted(found)

    def _require_over(self, action: str, handover: Handover, role: str | None) -> None:
        question = AuthorityQuestion(
            principal=self._session.principal,
            action=action,
            scope=self._scope_for(handover.scope, role),
            now=self._now,
            action_properties={} if role is None else {"role": role},
            restrictions=self._session.restrictions,
        )
        for link in (self._session.principal, *self._session.chain):
            answer = decide_over(self._compiled, replace(question, principal=link))
            if not answer:
                raise Denied(
                    f"{handover.because}, and you lack `{action}`"
                    + (f" for role `{role}`" if role else "")
                    + f" over {format_scope(handover.scope)}",
                    action=action,
                    reason="no_authority",
                    help="ask somebody who may grant this, or the account's owner",
                )
            if answer.expires_at is not None and (
                handover.until is None or handover.until > answer.expires_at
            ):
                raise Denied(
                    f"{handover.because} for longer than your own authority lasts",
                    action=action,
                    reason="authority_ends_earlier",
                    help="set an `expires_at` no later than the end of your authority",
                )

    def _scope_for(self, scope: Scope, role: str | None) -> Scope:
        """A role of one service is handed over within that service only."""
        if role is None or scope.service is not None:
            return scope
        service = role.partition("/")[0]
        return scope if service == IAM else replace(scope, service=(service,))

    def holds(self, action: str, scope: Scope) -> bool:
        """Is the action held over this scope?"""
        question = AuthorityQuestion(
            self._session.principal, action, scope, self._now, restrictions=self._session.restrictions
        )
        return all(
            decide_over(self._compiled, replace(question, principal=link)).held
            for link in (self._session.principal, *self._session.chain)
        )

    def is_allowed(self, action: str, resource: ResourceQuery) -> bool:
        """Is the action allowed on this resource?"""
        return decide(self._before.compiled, request_of(self._session, action, resource, self._now)).allowed

    def require(self, action: str, resource: ResourceQuery) -> None:
        """Is the action allowed on this resource? Raises Denied."""
        decision = decide(self._before.compiled, request_of(self._session, action, resource, self._now))
        if not decision.allowed:
            raise Denied(
                f"`{self._session.principal}` lacks `{action}`",
                action=action,
                reason=decision.reason.value,
                help="ask somebody who may grant this, or the account's owner",
            )


def request_of(session: Session, action: str, resource: ResourceQuery, now: float) -> Request:
    """Which question does the product ask about its own routes? Nothing of it comes from a body (rule 10.2)."""
    return Request(
        principal=session.principal,
        action=action,
        resource=resource,
        now=now,
        chain=session.chain,
        restrictions=session.restrictions,
    )


def iam_service() -> ResourceQuery:
    """Bailiwick's own service, as a resource."""
    return ResourceQuery(IAM, ((SERVICE_TYPE, IAM),))


def iam_object(kind: str, name: str, owner: str | None = None) -> ResourceQuery:
    """One of Bailiwick's own objects, as a resource."""
    return ResourceQuery(IAM, ((kind, name),), owner=owner)


def format_scope(scope: Scope) -> str:
    """How is a scope said in a sentence?"""
    parts = [f"{name} {_words(getattr(scope, name))}" for name in ("service", "region", "instance", "project")
             if getattr(scope, name) is not None]  # fmt: skip
    if scope.type is not None:
        parts.append(_words(scope.type) + (f" {_words(scope.id)}" if scope.id is not None else ""))
    if scope.within is not None:
        parts.append("within " + " or ".join(f"{kind}/{ident}" for kind, ident in scope.within))
    return ", ".join(parts) or "the whole account (every service but iam)"


def _words(values: tuple[str, ...]) -> str:
    return " or ".join(f"`{value}`" for value in values)
