"""What the account's own settings and locks forbid, whoever may change the objects otherwise.

Asked of every change of every surface (changes.py), after the engine. Implements docs/spec.md 31.4, 31.7 and 31.8.
Pure: one session and one plan in, or an error. It grants nothing.
"""

from __future__ import annotations

from bailiwick.errors import Conflict, Denied, Finding, Invalid
from bailiwick.model.accounts import Account, Principal
from bailiwick.model.networks import is_within
from bailiwick.model.policies import Policy
from bailiwick.model.security import OWNER
from bailiwick.service.edits import Difference, Plan
from bailiwick.service.kinds import SECURITY, find_value
from bailiwick.service.sessions import Session

CREATE_SERVICE_ID = "iam.service-id.create"


def check_rules(session: Session, plan: Plan) -> None:
    """Do locks and settings let this session make this change? Raises Conflict, Denied, Invalid."""
    for difference in plan.differences:
        if difference.kind == SECURITY:
            _check_own_address(session, plan.account)
        elif difference.kind == "ServiceId":
            _check_maker(session, plan, difference)
            _check_lock(plan, difference)
        elif difference.kind == "Policy":
            _check_grants_to_locked(plan, difference)


def _check_own_address(session: Session, after: Account) -> None:
    """Would whoever makes the change still be let in? WHY: a slip here is undone by nobody who is shut out."""
    surface = "console" if session.is_visit else "api"
    networks = [one.network for one in getattr(after.security_settings.networks, surface)]
    address = str(session.context.get("ip", ""))
    if networks and not is_within(networks, address):
        whose = f"`{address}`, from where you make this change," if address else "your own address"
        raise Invalid(
            [
                Finding(
                    f"{whose} is in none of these networks: you would shut yourself out",
                    f"networks.{surface}",
                    "add it, or make the change from an address that stays let in",
                )
            ]
        )


def _check_maker(session: Session, plan: Plan, difference: Difference) -> None:
    before = plan.before.account
    owner_only = before.security_settings.service_ids.who_may_create == OWNER
    is_owner = session.principal == before.owner and session.is_whole
    if owner_only and difference.op == "created" and not is_owner:
        raise Denied(
            "only the account's owner makes service IDs: the security settings say so",
            action=CREATE_SERVICE_ID,
            reason="not_owner",
            help="ask the owner",
        )


def _check_lock(plan: Plan, difference: Difference) -> None:
    old = find_value(plan.before.account, "ServiceId", difference.name)
    if isinstance(old, Principal) and old.locked and not _only_unlocks(difference):
        raise _locked(difference.name)


def _only_unlocks(difference: Difference) -> bool:
    before = {name: value for name, value in (difference.before or {}).items() if name != "locked"}
    return before == difference.after


def _check_grants_to_locked(plan: Plan, difference: Difference) -> None:
    """Is nothing granted to a locked service ID, or taken from it?"""
    account = plan.before.account
    named: set[str] = set()
    for policy in (account.policies.get(difference.name), plan.account.policies.get(difference.name)):
        named |= set(policy.subjects) if isinstance(policy, Policy) else set()
    for reference in sorted(named):
        principal = account.principals.get(reference)
        if principal is not None and principal.locked:
            raise _locked(reference.removeprefix("service-id:"))


def _locked(name: str) -> Conflict:
    return Conflict(f"service ID `{name}` is locked", "unlock it first, in a change of its own")
