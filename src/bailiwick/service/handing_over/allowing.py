"""Is what a change hands over within its session's authority? Implements docs/spec.md rules 9.2 and 9.3."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from bailiwick.engine.roles import ASSIGN
from bailiwick.errors import Denied
from bailiwick.model.policies import Scope
from bailiwick.model.services import IAM, Role, Service
from bailiwick.service.handing_over.differ import Differ
from bailiwick.service.handing_over.handover import ANY_ROLE, Handover, gained_actions
from bailiwick.service.judge import CREATE_POLICY, Judge
from bailiwick.service.kinds import RESOURCE
from bailiwick.service.needed import Needed, iam_object
from bailiwick.service.proving import StepUpRequired, max_age_seconds
from bailiwick.service.reaching import find_restricted, held_actions
from bailiwick.service.refusal_words import ASK, format_scope
from bailiwick.service.snapshots import Name

PUBLISH_POLICY = "iam.policy.publish"
UPDATE_GUARDRAIL = "iam.guardrail.update"


class HandoverJudge:
    """Judges what is handed over: each by the authority of everyone through whom the session was reached."""

    def __init__(self, judge: Judge) -> None:
        self._judge, self._session = judge, judge.session
        self._before, self._after = judge.before, judge.after

    def check_all(self, differ: Differ, changed: Collection[Name]) -> None:
        """Is all that the change of these objects hands over within the session's authority? (rule 9.3)"""
        if any(kind == RESOURCE for kind, _ in changed) and self._judge.holds_everything():
            # WHY: a million resources hand over at most everything, each by every policy that reads it (rule 18.5).
            changed = [key for key in changed if key[0] != RESOURCE]
        for handover in dict.fromkeys(differ.handovers(changed)):
            self.check(handover)

    def check(self, handover: Handover) -> None:
        """Is what the change hands over within the session's authority, and not longer than it? (rule 9.2)"""
        if handover.owner_only:
            if not self._judge.is_plain_owner():
                raise Denied(
                    f"only the account's owner may do this: {handover.because}",
                    action="iam.account.update",
                    reason="not_owner",
                )
            return
        if handover.unguards and self._judge.is_plain_owner():
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
        if handover.adds and not self._judge.is_plain_owner():
            self._require_gains(handover)

    def _require_proof_to_unguard(self) -> None:
        """May the owner let a guardrail fall with a proof as old as this? Raises StepUpRequired. (rule 30.9)

        SECURITY: by a membership or a tag that it reads it falls as well as by changing it.
        """
        needed = (Needed(UPDATE_GUARDRAIL, iam_object("guardrail", "*")),)
        if self._judge.is_denied_from_above(needed) and not self._judge.proved.is_denied_from_above(needed):
            raise StepUpRequired(UPDATE_GUARDRAIL, max_age_seconds(self._before.account))

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
        for name in self._full_names(handover):
            service, _, bare = name.partition("/")
            entries = (self._before.compiled.services.get(service), self._after.services.get(service))
            known = (entry.roles for entry in entries if entry is not None)
            holders = (self._before.account.roles, self._after.roles, *known)
            yield from (roles[bare] for roles in holders if bare in roles)

    def _full_names(self, handover: Handover) -> Iterator[str]:
        """Which roles, by full name, may the names of this handover mean within its scope?"""
        services = handover.scope.service or tuple(n for n in self._before.compiled.services if n != IAM)
        for name in handover.roles:
            if "/" in name:
                yield name
                continue
            custom = [a.roles[name] for a in (self._before.account, self._after) if name in a.roles]
            found = {
                role.reference for role in custom if role.service in (*services, *self._after.services, IAM)
            }
            for service in services:
                entries = (self._before.compiled.services.get(service), self._after.services.get(service))
                for entry in entries:
                    if entry is not None and name in entry.roles:
                        found.add(entry.roles[name].reference)
            yield from sorted(found)

    def _require_over(self, action: str, handover: Handover, role: str | None) -> None:
        answer = self._judge.authority(action, self._scope_for(handover.scope, role), role)
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
        return self._judge.authority(ASSIGN, scope, role).held

    def _scope_for(self, scope: Scope, role: str | None) -> Scope:
        """A role of one service is handed over within that service only."""
        service = "" if role is None else role.partition("/")[0]
        within = service != IAM if scope.service is None else service in scope.service
        return replace(scope, service=(service,)) if service and within else scope
