"""Assuming a profile, rule by rule (docs/spec.md 22.2 to 22.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.reference.attributes import Known
from tests.reference.conditions import evaluate
from tests.reference.decide import decide, find_action
from tests.reference.resources import as_action_sees, resolve
from tests.reference.world import World, groups_of, stored_principal, subjects_of

from bailiwick.model.accounts import Account, Principal
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.model.services import IAM, Service
from bailiwick.model.trusting import AssumeQuestion, Assumption, TrustReason

ASSUME = "iam.profile.assume"


def decide_assuming(
    services: Mapping[str, Service], home: Account, trusting: Account | None, question: AssumeQuestion
) -> Assumption:
    """May the principal of `home` assume the profile (22.2)?"""
    local = question.account == home.name
    name = question.profile if local else f"//{question.account}/{question.profile}"
    request = Request(
        question.principal,
        ASSUME,
        ResourceQuery(IAM, (("profile", name),)),
        question.now,
        question.context,
        restrictions=question.restrictions,
    )
    at_home = decide(services, home, request)
    reason, entry = TrustReason.HOME, ""
    if at_home.allowed:
        reason, entry = trust(services, home, trusting, question)
    return Assumption(reason, at_home.reason.value, entry, at_home.valid_until)


def trust(
    services: Mapping[str, Service], home: Account, trusting: Account | None, question: AssumeQuestion
) -> tuple[TrustReason, str]:
    """Which of b to e holds first, and through which entry?"""
    if trusting is None:
        return TrustReason.UNKNOWN_PROFILE, ""
    if trusting.suspended:
        return TrustReason.ACCOUNT_SUSPENDED, ""
    there = World.of(services, trusting)
    profile = stored_principal(there, f"profile:{question.profile}")
    if profile is None:
        return TrustReason.UNKNOWN_PROFILE, ""
    if profile.disabled:
        return TrustReason.PROFILE_DISABLED, ""
    here = World.of(services, home)
    entries = [entry for entry in profile.trust if _means(here, trusting, question, entry)]
    if not entries:
        return TrustReason.NOT_TRUSTED, ""
    if evaluate(profile.trust_when, Seen(here, there, profile, question)) is not True:
        return TrustReason.TRUST_CONDITION, entries[0]
    return TrustReason.TRUSTED, entries[0]


def _means(here: World, trusting: Account, question: AssumeQuestion, entry: str) -> bool:
    """Does the entry mean the principal (22.3)?"""
    is_local = here.account.name == trusting.name
    if not entry.startswith("account:"):
        return is_local and entry in subjects_of(here, question.principal, question.now)
    account, _, rest = entry.removeprefix("account:").partition("/")
    if is_local or account != here.account.name:
        return False
    if not rest:
        return stored_principal(here, question.principal) is not None
    kind, name, uid = [*rest.split(":"), ""][:3]
    subject = f"{kind}:{name}"
    groups = groups_of(here, question.principal, question.now)
    return subject in groups | {question.principal} and uid != "" and question.uids.get(subject) == uid


@dataclass(frozen=True)
class Seen:
    """What the profile's condition reads (22.4): the caller as its account knows it, the profile in its own."""

    here: World
    there: World
    profile: Principal
    question: AssumeQuestion

    def __call__(self, key: str) -> object:
        """Which value has this key?"""
        caller = Known(self.here, self.question.principal, self.question.now, None, self.question.context)
        is_foreign = self.here.account.name != self.there.account.name
        prefix = f"account:{self.here.account.name}/" if is_foreign else ""
        if key == "principal.id":
            return prefix + self.question.principal
        if key == "principal.groups":
            groups = caller(key)
            assert isinstance(groups, tuple)
            return tuple(prefix + group for group in groups)
        if key.startswith("resource."):
            return self._of_profile(key)
        return caller(key)

    def _of_profile(self, key: str) -> object:
        iam = self.there.services[IAM]
        asked = find_action(self.there, iam, ASSUME)
        assert asked is not None
        query = ResourceQuery(IAM, (("profile", self.question.profile),))
        seen = as_action_sees(resolve(self.there, iam, query), asked.action)
        return Known(self.there, self.profile.reference, self.question.now, seen)(key)
