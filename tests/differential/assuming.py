"""Generated pairs of accounts, one whose principals assume and one whose profiles are assumed; and who asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tests.differential import vocabulary as words
from tests.differential.accounts import draw_account, draw_guardrail, draw_window
from tests.differential.conditions import draw_condition
from tests.differential.draw import Draw
from tests.differential.questions import draw_request
from tests.differential.services import draw_services

from bailiwick.model.accounts import Account, Principal
from bailiwick.model.conditions import Condition, parse_condition
from bailiwick.model.policies import Policy, Scope
from bailiwick.model.services import IAM, Action, ResourceType, Right, Role, Service
from bailiwick.model.trusting import ACT_AS, ASSUME, AssumeQuestion, parse_trusted

OTHER = "other"
DEPARTMENT = "sales"
PROFILES = ("profile:deployer", "profile:ops")
CALLERS = (*words.STORED, "service:alpha", "anonymous", "user:ghost")
UIDS = {reference: f"uid-{number}" for number, reference in enumerate(words.STORED)} | {
    f"group:{name}": f"uid-{name}" for name in words.GROUPS
}
_IDS = ("ops", "//acme/ops", "//acme/*", "//other/*", "*", "o*", "*ops", "deployer")


@dataclass(frozen=True)
class Pair:
    """A catalog and two accounts; they are the same one now and then."""

    services: Mapping[str, Service]
    home: Account
    trusting: Account


def draw_pair(draw: Draw) -> Pair:
    """Which pair?"""
    services = _with_profiles(draw_services(draw))
    home = _with_assumers(draw, draw_account(draw, services))
    if draw.chance(35):
        home = _with_trust(draw, home, (home.name, OTHER))
        return Pair(services, home, home)
    other = replace(draw_account(draw, services), name=OTHER)
    return Pair(services, home, _with_trust(draw, other, (home.name, OTHER)))


def draw_question(draw: Draw, pair: Pair) -> AssumeQuestion:
    """Who asks, of which profile, in which situation?"""
    drawn = draw_request(draw, pair.services, pair.home)
    profile = draw.pick(("ops", "deployer", "none") if draw.chance(20) else ("ops", "deployer"))
    return AssumeQuestion(
        principal=draw.pick(_named(pair, profile) if draw.chance(60) else CALLERS),
        account=pair.trusting.name,
        profile=profile,
        now=words.NOW,
        context=drawn.context,
        restrictions=(draw_guardrail(draw, pair.services, "r1"),) if draw.chance(10) else (),
        uids={} if draw.chance(5) else UIDS,
    )


def _named(pair: Pair, profile: str) -> tuple[str, ...]:
    """Which principals does the profile's trust list name? Some, where it names none."""
    stored = pair.trusting.principals.get(f"profile:{profile}")
    entries = [parse_trusted(text) for text in (() if stored is None else stored.trust)]
    return tuple(one.subject for one in entries if one.subject in words.STORED) or words.STORED


def _with_profiles(services: Mapping[str, Service]) -> dict[str, Service]:
    """The services, whose `iam` has profiles that are assumed, and lets act as services."""
    iam = services[IAM]
    user = Role(IAM, "Profile User", "service", (Right(IAM, (ASSUME,)),))
    agent = Role(IAM, "Service Agent", "service", (Right(IAM, (ACT_AS,)),))
    return {
        **services,
        IAM: replace(
            iam,
            resource_types={**iam.resource_types, "profile": ResourceType("profile", "profile")},
            actions={
                **iam.actions,
                ASSUME: Action(ASSUME, ASSUME, "use", "profile"),
                ACT_AS: Action(ACT_AS, ACT_AS, "permissions", spans_services=True),
            },
            roles={**iam.roles, user.name: user, agent.name: agent},
        ),
    }


def _with_assumers(draw: Draw, account: Account) -> Account:
    """The account with policies by which some may assume profiles."""
    policies = dict(account.policies)
    for number in range(1 + draw.below(3)):
        subjects = draw.some(
            (*words.STORED, *(f"group:{name}" for name in words.GROUPS), "group:members"), 1, 3
        )
        scope = Scope(service=(IAM,))
        if draw.chance(70):
            scope = Scope(service=(IAM,), type=("profile",), id=tuple(draw.some(_IDS, 1, 2)))
        name = f"assumes-{number}"
        when = draw_condition(draw) if draw.chance(15) else None
        policies[name] = Policy(name, tuple(subjects), ("Profile User",), scope, when, draw_window(draw))
    return replace(account, policies=policies)


def draw_profile(draw: Draw, reference: str, others: tuple[str, ...]) -> Principal:
    """Which profile, trusting whom on which condition?"""
    trust = dict.fromkeys(draw_entry(draw, others) for _ in range(draw.below(6)))
    return Principal(
        reference,
        disabled=draw.chance(4),
        trust=tuple(trust),
        trust_when=_draw_trust_when(draw),
    )


def _draw_trust_when(draw: Draw) -> Condition | None:
    """Which condition: any, none, or one that a change of the caller's properties makes true?"""
    if draw.chance(25):
        return parse_condition(
            {"key": "principal.properties.dept", "operator": "string-equals", "value": DEPARTMENT}
        )
    return draw_condition(draw) if draw.chance(50) else None


def _with_trust(draw: Draw, account: Account, others: tuple[str, ...]) -> Account:
    """The account with two profiles that trust some of its own and of the other account's."""
    principals = dict(account.principals)
    for reference in PROFILES:
        principals[reference] = draw_profile(draw, reference, others)
    return replace(account, principals=principals)


def draw_entry(draw: Draw, others: tuple[str, ...]) -> str:
    """Which entry of a trust list?"""
    kind = draw.below(6)
    named = draw.pick((*words.STORED, *(f"group:{name}" for name in words.GROUPS)))
    if kind < 2:
        return draw.pick((named, "group:members", "service:alpha"))
    account = draw.pick(others)
    if kind == 2:
        return f"account:{account}"
    uid = "" if draw.chance(15) else ":uid-wrong" if draw.chance(10) else f":{UIDS[named]}"
    return f"account:{account}/{named}{uid}"
