"""The decision, rule by rule (docs/spec.md section 7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tests.reference.applies import (
    Matter,
    applying_allows,
    applying_denies,
    applying_guardrails,
    binding_guardrails,
)
from tests.reference.attributes import Known
from tests.reference.resources import Attributes, as_action_sees, path_fault, resolve
from tests.reference.world import (
    Asked,
    World,
    built_in_groups_of,
    groups_of,
    is_disabled,
    is_implied_for_owner,
    is_known,
)

from bailiwick.model.accounts import Account
from bailiwick.model.policies import Window
from bailiwick.model.requests import UNKNOWN, Decision, Reason, Request
from bailiwick.model.services import IAM, Action, Service


@dataclass(frozen=True)
class Verdict:
    """What was decided for one identity, and by which policies?"""

    reason: Reason
    prerequisite: str | None = None
    deciding: tuple[str, ...] = ()


def decide(services: Mapping[str, Service], account: Account, request: Request) -> Decision:
    """May it be done (7.1)? The principal first, then each of the chain; the first denied is named (7.9)."""
    world = World.of(services, account)
    ends: list[float] = []
    for judged in judged_in_turn(request):
        verdict = judge(world, judged)
        ends += next_changes(world, judged, verdict.reason)
        if verdict.reason is not Reason.ALLOWED:
            link = judged.principal if request.chain else None
            return Decision(False, verdict.reason, min(ends, default=None), link, verdict.prerequisite)
    return Decision(True, Reason.ALLOWED, min(ends, default=None))


def deciding_policies(services: Mapping[str, Service], account: Account, request: Request) -> tuple[str, ...]:
    """Which policies, or guardrails and restrictions, apply with the deciding effect, sorted by name (7.10)?

    With a chain: those of the identity that was denied, else those of the principal.
    """
    world = World.of(services, account)
    verdicts = [judge(world, judged) for judged in judged_in_turn(request)]
    denied = [verdict for verdict in verdicts if verdict.reason is not Reason.ALLOWED]
    return (denied or verdicts)[0].deciding


def judged_in_turn(request: Request) -> Iterator[Request]:
    """Which requests are judged for the identities of the chain, each as itself (7.9)?

    WHY: what the caller says of the principal's properties it says of the principal alone.
    """
    yield replace(request, chain=())
    for link in request.chain:
        yield replace(request, principal=link, chain=(), principal_properties={})


def judge(world: World, request: Request) -> Verdict:
    """What is the first rule that holds (7.2)?"""
    service = world.services.get(request.resource.service)
    if service is None:
        return Verdict(Reason.UNKNOWN_SERVICE)
    asked = find_action(world, service, request.action)
    fault = path_fault(service, request.resource.path) or _action_fault(asked, request)
    if fault is not None or asked is None:
        return Verdict(fault or Reason.UNKNOWN_ACTION)
    if world.account.suspended:
        return Verdict(Reason.ACCOUNT_SUSPENDED)
    if not is_known(world, request.principal):
        return Verdict(Reason.UNKNOWN_PRINCIPAL)
    if is_disabled(world, request.principal):
        return Verdict(Reason.PRINCIPAL_DISABLED)
    return _judge_rules(world, request, asked, resolve(world, service, request.resource))


def find_action(world: World, service: Service, name: str) -> Asked | None:
    """Which action is meant: the service's own, else one of `iam` that spans services (7.2 a)?"""
    if name in service.actions:
        return Asked(service.name, service.actions[name], service.name)
    iam = world.services.get(IAM)
    if iam is not None and name in iam.actions and iam.actions[name].spans_services:
        return Asked(IAM, iam.actions[name], service.name)
    return None


def _action_fault(asked: Asked | None, request: Request) -> Reason | None:
    if asked is None:
        return Reason.UNKNOWN_ACTION
    wanted = asked.action.resource_type
    is_wrong = wanted is not None and not asked.spans and wanted != request.resource.path[-1][0]
    return Reason.WRONG_RESOURCE_TYPE if is_wrong else None


def _judge_rules(world: World, request: Request, asked: Asked, whole: Attributes) -> Verdict:
    """Which of rules d to h holds first?"""
    matter = _matter(world, request, asked, whole)
    rails = applying_guardrails(matter, request.restrictions)
    if rails:
        return Verdict(Reason.GUARDRAIL, deciding=tuple(rails))
    if asked.action.takes_into_project and project_may_be_disabled(world, whole):
        return Verdict(Reason.PROJECT_DISABLED)
    is_owner = request.principal == world.account.owner
    denies = applying_denies(matter)
    if denies and not is_owner:
        return Verdict(Reason.EXPLICIT_DENY, deciding=tuple(denies))
    allows = applying_allows(matter)
    if is_owner and is_implied_for_owner(world, asked.service, asked.action.id):
        return Verdict(Reason.ALLOWED, deciding=tuple(allows))
    if not allows:
        return Verdict(Reason.NO_MATCHING_POLICY)
    missing = missing_prerequisite(world, request, asked.action)
    if missing is not None:
        return Verdict(Reason.PREREQUISITE_MISSING, missing)
    return Verdict(Reason.ALLOWED, deciding=tuple(allows))


def _matter(world: World, request: Request, asked: Asked, whole: Attributes) -> Matter:
    seen = as_action_sees(whole, asked.action)
    known = Known(
        world,
        request.principal,
        request.now,
        seen,
        request.context,
        request.action_properties,
        request.principal_properties,
    )
    return Matter(world, asked, seen, known)


def project_may_be_disabled(world: World, whole: Attributes) -> bool:
    """Is the resource's project disabled, or unknown while some project is (7.2 e)?

    WHY: this asks for the resource's own project, whatever the action is decided on (3.2 speaks of matching).
    """
    disabled = {project.name for project in world.account.projects.values() if project.disabled}
    return bool(disabled) if whole.project is UNKNOWN else whole.project in disabled


def missing_prerequisite(world: World, request: Request, action: Action) -> str | None:
    """Which required action is the first that is not itself allowed (7.6)?"""
    for required in action.requires:
        if judge(world, replace(request, action=required)).reason is not Reason.ALLOWED:
            return required
    return None


def next_changes(world: World, request: Request, reason: Reason) -> list[float]:
    """At which instants after now does a window begin or end that concerns the principal (7.8)?"""
    if reason in _WITHOUT_END:
        return []
    instants = [end for window in _windows(world, request) for end in (window.starts_at, window.expires_at)]
    return [instant for instant in instants if instant is not None and instant > request.now]


_WITHOUT_END = frozenset(
    {
        Reason.UNKNOWN_SERVICE,
        Reason.UNKNOWN_RESOURCE_TYPE,
        Reason.INCOMPLETE_RESOURCE,
        Reason.UNKNOWN_ACTION,
        Reason.WRONG_RESOURCE_TYPE,
        Reason.ACCOUNT_SUSPENDED,
        Reason.UNKNOWN_PRINCIPAL,
        Reason.PRINCIPAL_DISABLED,
    }
)


def _windows(world: World, request: Request) -> Iterator[Window]:
    account = world.account
    upwards = groups_of(world, request.principal, None) | {request.principal}
    subjects = upwards | built_in_groups_of(world, request.principal)
    for group in account.groups.values():
        yield from (each.window for each in group.members if each.member in upwards)
    for policy in account.policies.values():
        if policy.enabled and subjects & set(policy.subjects):
            yield policy.window
    rails = (*binding_guardrails(world), *request.restrictions)
    yield from (rail.window for rail in rails if rail.enabled)
