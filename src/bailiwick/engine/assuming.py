"""Assuming: may somebody act as this profile, with its account's consent and its own account's?

Implements docs/spec.md rules 22.2 to 22.4. Pure. Two accounts are looked at, each as itself: the caller's own (home),
which must allow it, and the profile's, which must trust the caller. They are one and the same for a local profile.
"""

from __future__ import annotations

from bailiwick.engine.compile import CompiledAccount
from bailiwick.engine.conditions import compile_condition
from bailiwick.engine.decide import decide, understand
from bailiwick.engine.facts import Facts
from bailiwick.engine.resources import Resolved
from bailiwick.engine.views import STORED_KINDS, View, find_view
from bailiwick.model.accounts import Principal
from bailiwick.model.conditions import Condition
from bailiwick.model.requests import Reason, Request, ResourceQuery
from bailiwick.model.services import IAM
from bailiwick.model.trusting import (
    ASSUME,
    PROFILE,
    AssumeQuestion,
    Assumption,
    Trusted,
    TrustReason,
    foreign_reference,
    parse_trusted,
    profile_id,
)


def decide_assuming(
    home: CompiledAccount, trusting: CompiledAccount | None, question: AssumeQuestion
) -> Assumption:
    """May the principal of `home` assume the profile of `trusting`? (rule 22.2) None: there is no such account."""
    name = profile_id(home.account.name, question.account, question.profile)
    decision = decide(
        home,
        Request(
            principal=question.principal,
            action=ASSUME,
            resource=ResourceQuery(IAM, (("profile", name),)),
            now=question.now,
            context=question.context,
            restrictions=question.restrictions,
        ),
    )
    view = find_view(home, question.principal, question.now)
    if not decision.allowed or view is None:
        return Assumption(TrustReason.HOME, decision.reason.value, valid_until=decision.valid_until)
    if trusting is None:
        return Assumption(
            TrustReason.UNKNOWN_PROFILE, decision.reason.value, valid_until=decision.valid_until
        )
    reason, entry = _trust(home, trusting, question, view)
    return Assumption(reason, decision.reason.value, entry, decision.valid_until)


def _trust(
    home: CompiledAccount, trusting: CompiledAccount, question: AssumeQuestion, view: View
) -> tuple[TrustReason, str]:
    """Does the profile let this principal assume it, and by which entry of its list?"""
    profile = trusting.account.principals.get(PROFILE + question.profile)
    if trusting.account.suspended:
        return TrustReason.ACCOUNT_SUSPENDED, ""
    if profile is None:
        return TrustReason.UNKNOWN_PROFILE, ""
    if profile.disabled:
        return TrustReason.PROFILE_DISABLED, ""
    is_foreign = home.account.name != trusting.account.name
    entry = _entry_for(profile, home.account.name if is_foreign else "", view, question)
    if entry is None:
        return TrustReason.NOT_TRUSTED, ""
    if not _condition_holds(profile.trust_when, home, trusting, question, view):
        return TrustReason.TRUST_CONDITION, entry
    return TrustReason.TRUSTED, entry


def _entry_for(profile: Principal, account: str, view: View, question: AssumeQuestion) -> str | None:
    """Which entry of the trust list, the first, means this principal? `account` is empty for the profile's own."""
    for text in profile.trust:
        if _means(parse_trusted(text), account, view, question):
            return text
    return None


def _means(trusted: Trusted, account: str, view: View, question: AssumeQuestion) -> bool:
    """Does the entry mean this principal? (rule 22.3)"""
    if trusted.account != account:
        return False
    if not account:
        return trusted.subject in view.subjects
    if not trusted.subject:
        return view.principal.reference.partition(":")[0] in STORED_KINDS
    # SECURITY: the name and its holder must both be the one that was meant; an unbound name means nobody.
    return (
        trusted.subject in (view.principal.reference, *view.groups)
        and trusted.uid != ""
        and question.uids.get(trusted.subject) == trusted.uid
    )


def _condition_holds(
    condition: Condition | None,
    home: CompiledAccount,
    trusting: CompiledAccount,
    question: AssumeQuestion,
    view: View,
) -> bool:
    """Is the profile's condition true of the caller and its connection? (rule 22.4)"""
    if condition is None:
        return True
    facts = _facts(home, trusting, question, view)
    return facts is not None and compile_condition(condition)(facts) is True


def _facts(
    home: CompiledAccount, trusting: CompiledAccount, question: AssumeQuestion, view: View
) -> Facts | None:
    profile = _resolved(trusting, question.profile)
    if profile is None:
        return None
    reference, groups = view.principal.reference, view.told_groups
    if home.account.name != trusting.account.name:
        reference = foreign_reference(home.account.name, reference)
        groups = tuple(foreign_reference(home.account.name, group) for group in groups)
    return Facts(
        principal=reference,
        groups=groups,
        budgets=view.principal.budgets,
        stored_properties=view.principal.properties,
        said_properties={},
        resource=profile,
        action_properties={},
        context=question.context,
        account=trusting.account.name,
    )


def _resolved(trusting: CompiledAccount, profile: str) -> Resolved | None:
    """What may conditions read of the profile as a resource of its account?"""
    asked = understand(trusting, ASSUME, ResourceQuery(IAM, (("profile", profile),)))
    return None if isinstance(asked, Reason) else asked[1]
