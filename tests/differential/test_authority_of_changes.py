"""The law of rule 9.4 on generated changes: no accepted change allows anything outside its author's authority.

Changes are judged by the service; what became possible is found with the engine, and whether it was within the
author's authority before is asked of the reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pytest
from tests.differential import vocabulary as words
from tests.differential.accounts import draw_scope
from tests.differential.changes import Changed, draw_changes
from tests.differential.draw import Draw, SeededDraw
from tests.differential.questions import draw_request
from tests.differential.worlds import GeneratedWorld, draw_world
from tests.reference.authority import decide_over

from bailiwick.catalog.catalog import Catalog
from bailiwick.engine import CompiledAccount, compile_account, decide
from bailiwick.errors import Denied
from bailiwick.model.accounts import Account
from bailiwick.model.names import parse_resource_name
from bailiwick.model.patterns import matches
from bailiwick.model.policies import Policy, Scope, Window
from bailiwick.model.requests import AuthorityQuestion, Request, ResourceQuery
from bailiwick.model.services import IAM, Right, Role, Service
from bailiwick.service.edits import Plan
from bailiwick.service.handing_over.allowing import HandoverJudge
from bailiwick.service.handing_over.differ import Differ
from bailiwick.service.judge import Judge
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot

WORLDS = 5_000
PARTS = 10
AUTHOR = "user:alice"
REQUESTS = 14


@dataclass(frozen=True)
class Attempt:
    """One author's change of one world."""

    seed: str
    world: GeneratedWorld
    after: Account
    changed: Changed


def attempts(part: int) -> Iterator[tuple[SeededDraw, Attempt]]:
    """Which attempts belong to this part? The author administers something, most of the time."""
    for seed in range(part * WORLDS // PARTS, (part + 1) * WORLDS // PARTS):
        draw = SeededDraw(f"changes {seed}")
        world = draw_world(draw)
        world = replace(world, account=_with_author(draw, world))
        after, changed = draw_changes(draw, world.services, world.account)
        changed = tuple(name for name in changed if name[0] != "Project")
        if changed and all(kind != "Project" for kind, _ in changed):
            # WHY also what is above: the tree is changed in another account, by nobody of this one.
            kept = replace(
                after, projects=world.account.projects, guardrails_above=world.account.guardrails_above
            )
            yield draw, Attempt(f"changes {seed}", world, kept, changed)


def _with_author(draw: Draw, world: GeneratedWorld) -> Account:
    """The world's account with policies by which the author may hand on some things."""
    account = world.account
    policies = dict(account.policies)
    services = {**account.services, **world.services}
    for number in range(1 + draw.below(3)):
        scope = Scope() if draw.chance(60) else draw_scope(draw, services)
        name = f"author-{number}"
        policies[name] = Policy(name, (AUTHOR,), ("Administrator",), scope, window=_window(draw))
    owner = account.owner if account.owner != AUTHOR else "user:dan"
    people = dict(account.principals)
    if AUTHOR in people:
        people[AUTHOR] = replace(people[AUTHOR], disabled=False)
    return replace(account, policies=policies, owner=owner, principals=people, suspended=False)


def _window(draw: Draw) -> Window:
    return Window(None, words.NOW + 3600.0) if draw.chance(10) else Window()


def is_accepted(attempt: Attempt) -> bool:
    """Does the service let the author make this change (every `iam` action granted, only handovers judged)?"""
    judge, differ = judging(attempt)
    try:
        HandoverJudge(judge).check_all(differ, attempt.changed)
    except Denied:
        return False
    return True


def judging(attempt: Attempt) -> tuple[Judge, Differ]:
    """Who judges the author's change, and what does it differ in?"""
    before = attempt.world.account
    every = {**before.services, **attempt.world.services}
    compiled = compile_account(attempt.world.services, before)
    snapshot = Snapshot(compiled, {}, {}, {}, {}, 0)
    plan = Plan(snapshot, attempt.after, frozenset(attempt.changed), (), (), (), (), {})
    session = Session(before.name, AUTHOR, "uid", "key", words.NOW + 3600.0)
    judge = Judge(Catalog(attempt.world.services), session, snapshot, plan, words.NOW)
    return judge, Differ(before, attempt.after, every)


@pytest.mark.parametrize("part", range(2))
def test_who_holds_everything_holds_what_each_resource_hands_over(part: int) -> None:
    """What is answered once for all resources is what each of them would be answered (18.5)."""
    whole = handed_over = 0
    for _, attempt in attempts(part):
        if all(kind != "Resource" for kind, _ in attempt.changed):
            continue
        judge, differ = judging(_with_whole_authority(attempt))
        if AUTHOR in attempt.world.account.principals and judge.holds_everything():
            whole += 1
            for handover in differ.handovers([key for key in attempt.changed if key[0] == "Resource"]):
                handed_over += 1
                HandoverJudge(judge).check(handover)
    assert whole > 5
    assert handed_over > 20


def _with_whole_authority(attempt: Attempt) -> Attempt:
    """The same change, by an author who administers the whole account besides (but for what denies or guards it)."""
    policies = {
        name: Policy(name, (AUTHOR,), (f"{IAM}/Administrator",), Scope(service=service))
        for name, service in (("whole", None), ("whole-iam", (IAM,)))
    }
    before = replace(attempt.world.account, policies={**attempt.world.account.policies, **policies})
    after = replace(attempt.after, policies={**attempt.after.policies, **policies})
    return replace(attempt, world=replace(attempt.world, account=before), after=after)


@pytest.mark.parametrize("part", range(PARTS))
def test_no_accepted_change_allows_what_its_author_could_not_grant(part: int) -> None:
    """After an accepted change, whatever is newly allowed was within the author's authority before."""
    accepted = newly = 0
    for draw, attempt in attempts(part):
        if AUTHOR not in attempt.world.account.principals or not is_accepted(attempt):
            continue
        accepted += 1
        before = compile_account(attempt.world.services, attempt.world.account)
        after = compile_account(attempt.world.services, attempt.after)
        for request in _requests(draw, attempt):
            if decide(before, request).allowed or not decide(after, request).allowed:
                continue
            if _everyone_may(before, request) or _is_the_owners_new_service(attempt, request):
                continue
            newly += 1
            assert was_grantable(attempt, request), f"{attempt.seed}: {attempt.changed}\n{request}"
    assert accepted > WORLDS // PARTS // 20
    assert newly > 0


def _requests(draw: Draw, attempt: Attempt) -> Iterator[Request]:
    """Which questions show what became possible? About both states, asked now, for one principal alone."""
    for account in (attempt.after, attempt.world.account):
        for _ in range(REQUESTS // 2):
            drawn = draw_request(draw, attempt.world.services, account)
            yield replace(drawn, now=words.NOW, chain=(), restrictions=())
    for kind, name in attempt.changed:
        if kind == "Resource":
            yield from _about(draw, attempt, name)
        near = _policies_near(attempt.after, kind, name)
        if near:
            account = replace(attempt.after, policies=near)
            for _ in range(REQUESTS):
                drawn = draw_request(draw, attempt.world.services, account)
                member = draw.pick(_members(attempt.after, name)) if kind == "Group" else drawn.principal
                yield replace(drawn, principal=member, now=words.NOW, chain=(), restrictions=())


def _about(draw: Draw, attempt: Attempt, text: str) -> Iterator[Request]:
    """Which questions are about this resource, each saying some project of it?"""
    name = parse_resource_name(text)
    service = {**attempt.after.services, **attempt.world.services}.get(name.service)
    there = () if service is None else service.actions.values()
    actions = [one.id for one in there if one.resource_type == name.type]
    for _ in range(REQUESTS if actions else 0):
        drawn = draw_request(draw, attempt.world.services, attempt.world.account)
        query = ResourceQuery.of(name, project=draw.pick((None, *words.PROJECTS)))
        yield replace(
            drawn, action=draw.pick(actions), resource=query, now=words.NOW, chain=(), restrictions=()
        )


def _policies_near(account: Account, kind: str, name: str) -> dict[str, Policy]:
    """Which policies does a change of this object concern most?"""
    if kind == "Group":
        return {key: p for key, p in account.policies.items() if f"group:{name}" in p.subjects}
    if kind == "Role":
        return {key: p for key, p in account.policies.items() if name in p.roles}
    return {key: p for key, p in account.policies.items() if kind == "Policy" and key == name}


def _members(account: Account, group: str) -> list[str]:
    """Who is in the group itself? (Nobody of consequence where it is gone.)"""
    found = account.groups.get(group)
    members = (
        [m.member for m in found.members if not m.member.startswith("group:")] if found is not None else []
    )
    return members or ["user:bob"]


def _everyone_may(before: CompiledAccount, request: Request) -> bool:
    """Could `anonymous` do it already? Then a new principal gains nothing by being known."""
    return decide(before, replace(request, principal="anonymous")).allowed


def _is_the_owners_new_service(attempt: Attempt, request: Request) -> bool:
    """Does the account's owner hold it only because the service has it now? That is nobody's grant."""
    return (
        request.principal == attempt.after.owner and ("Service", request.resource.service) in attempt.changed
    )


def was_grantable(attempt: Attempt, request: Request) -> bool:
    """Could the author have granted this action on this resource to anyone, by a role as it is after the change?"""
    world = attempt.world
    if request.resource.service not in {**world.account.services, **world.services}:
        return _held(world, "iam.policy.create", Scope(), {})
    services = {**attempt.after.services, **world.services}
    for role in _roles_with(attempt.after, services, request):
        for scope in _cells(request, role, services):
            if _held(world, "iam.policy.create", scope, {}) and _held(
                world, "iam.role.assign", scope, {"role": role.reference}
            ):
                return True
    return False


def _held(world: GeneratedWorld, action: str, scope: Scope, properties: Mapping[str, str]) -> bool:
    question = AuthorityQuestion(AUTHOR, action, scope, words.NOW, {}, dict(properties))
    return decide_over(world.services, world.account, question)


def _roles_with(account: Account, services: Mapping[str, Service], request: Request) -> Iterator[Role]:
    """Which roles hold the action for resources of this service?"""
    for service in services.values():
        for role in (
            *service.roles.values(),
            *(r for r in account.roles.values() if r.service == service.name),
        ):
            if any(_gives(right, request) for right in role.rights):
                yield role


def _gives(right: Right, request: Request) -> bool:
    return (
        right.effect == "allow"
        and right.service in (request.resource.service, IAM)
        and any(matches(pattern, request.action) for pattern in right.actions)
    )


def _cells(request: Request, role: Role, services: Mapping[str, Service]) -> Iterator[Scope]:
    """Which scopes hold the resource, from the resource itself outwards?"""
    query = request.resource
    entry = services[query.service]
    if role.service != query.service:
        # Rule 3.9: of another service's role the scope's service is compared with the role's own.
        yield Scope(service=(role.service,))
    if role.service not in (query.service, IAM):
        return
    base = Scope(
        service=(query.service,),
        region=(query.region,) if query.region and entry.regional else None,
        instance=(query.instance,) if query.instance and entry.instances else None,
    )
    projects = [None, *words.PROJECTS]
    nodes = [(kind, ident) for kind, ident in query.path if ident is not None]
    for project in projects:
        whole = base if project is None else replace(base, project=(project,))
        yield whole
        for kind, ident in nodes:
            yield replace(whole, type=(kind,), id=(ident,))
            yield replace(whole, type=(query.path[-1][0],), within=((kind, ident),))
