"""Generated requests and questions of authority, made from the world that they are asked in.

Most are built around a policy that could allow them, so that a good part is allowed (test_generators.py
asserts how many); the rest around a registered resource or around nothing at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tests.differential import vocabulary as words
from tests.differential.accounts import Path, draw_guardrail, draw_path, draw_properties, draw_scope
from tests.differential.draw import Draw

from bailiwick.model.accounts import Account, Property
from bailiwick.model.names import EVERYONE, MEMBERS, parse_resource_name
from bailiwick.model.patterns import matches
from bailiwick.model.policies import Policy, Scope
from bailiwick.model.requests import AuthorityQuestion, Request, ResourceQuery
from bailiwick.model.services import IAM, Action, Right, Role, Service

Services = Mapping[str, Service]


def draw_request(draw: Draw, catalog: Services, account: Account) -> Request:
    """Which request?"""
    services = {**account.services, **catalog}
    policies = [policy for policy in account.policies.values() if policy.enabled]
    kind = draw.below(40)
    if kind < 31 and policies:
        request = _around_policy(draw, services, account, draw.pick(policies))
    elif kind < 37 and account.resources:
        request = _around_resource(draw, services, account)
    else:
        request = _around_nothing(draw, services)
    return _with_company(draw, services, request)


def _around_policy(draw: Draw, services: Services, account: Account, policy: Policy) -> Request:
    """Which request would this policy decide, were there no others?"""
    right = _right_of(draw, services, account, policy)
    service, action = _action_of(draw, services, right)
    if action.spans_services and service.name == IAM:
        service = services[_service_of(draw, services, policy.scope, right)]
    return _request(
        draw,
        _member(draw, account, _subject(draw, account, policy)),
        action.id,
        draw_query(draw, service, draw_scoped_path(draw, service, policy.scope, action), policy.scope),
    )


def _right_of(draw: Draw, services: Services, account: Account, policy: Policy) -> Right:
    """Which right of the policy's roles, in a service that its scope names?"""
    name = draw.pick(policy.roles)
    prefix, slash, bare = name.partition("/")
    wanted = [prefix] if slash else list(policy.scope.service or sorted(services))
    rights = [
        right
        for role in _roles_of(services, account)
        if role.service in wanted and role.name == (bare if slash else name)
        for right in role.rights
    ]
    rights = [right for right in rights if right.effect == "allow"] or rights
    return draw.pick(rights) if rights else Right(draw.pick(sorted(services)), ("*",))


def _roles_of(services: Services, account: Account) -> list[Role]:
    return [
        *account.roles.values(),
        *(role for service in services.values() for role in service.roles.values()),
    ]


def _action_of(draw: Draw, services: Services, right: Right) -> tuple[Service, Action]:
    service = services[right.service]
    named = [each for each in service.actions.values() if any(matches(p, each.id) for p in right.actions)]
    return service, draw.pick(named or list(service.actions.values()))


def _service_of(draw: Draw, services: Services, scope: Scope, right: Right) -> str:
    """Over which service may an action that spans them be asked?"""
    named = [name for name in scope.service or () if name in services]
    return draw.pick(named or [name for name in sorted(services) if name != IAM])


def _subject(draw: Draw, account: Account, policy: Policy) -> str:
    """Which of the policy's subjects, mostly one that exists?"""
    there = {*account.principals, *(f"group:{name}" for name in account.groups), EVERYONE, MEMBERS}
    good = [subject for subject in policy.subjects if subject in there]
    return draw.pick(good if good and draw.chance(95) else policy.subjects)


def _member(draw: Draw, account: Account, subject: str, depth: int = 0) -> str:
    """Which principal does the subject stand for?"""
    if subject in (EVERYONE, MEMBERS):
        return draw.pick((*sorted(account.principals), "anonymous"))
    if not subject.startswith("group:"):
        return subject
    group = account.groups.get(subject.removeprefix("group:"))
    if group is None or not group.members or depth > 3:
        return draw.pick(words.STORED)
    known = [
        each.member
        for each in group.members
        if each.member in account.principals or each.member[:6] == "group:"
    ]
    return _member(draw, account, draw.pick(known or [group.members[0].member]), depth + 1)


def draw_scoped_path(
    draw: Draw, service: Service, scope: Scope, action: Action
) -> tuple[tuple[str, str | None], ...]:
    """Which path, with the scope's types and ids in it where they fit?"""
    kind = action.resource_type if action.resource_type in (*service.resource_types, "service") else None
    path = draw_path(draw, service, kind)
    wanted = dict(scope.within or ())
    for name in scope.type or ():
        wanted.setdefault(name, _fitting(draw, scope.id, words.IDS) if scope.id else draw.pick(words.IDS))
    return tuple(
        (name, wanted[name] if name in wanted and draw.chance(85) else ident) for name, ident in path
    )


def _fitting(draw: Draw, patterns: tuple[str, ...] | None, values: tuple[str, ...]) -> str:
    """Which value, mostly one that matches?"""
    good = [value for value in values if any(matches(pattern, value) for pattern in patterns or ("*",))]
    return draw.pick(good if good and draw.chance(90) else values)


def draw_query(
    draw: Draw, service: Service, path: tuple[tuple[str, str | None], ...], scope: Scope
) -> ResourceQuery:
    """Which resource, described so that the scope can be true? Some descriptions are left out."""
    return ResourceQuery(
        service.name,
        tuple((kind, None if draw.chance(3) else ident) for kind, ident in path),
        region=_fitting(draw, scope.region, words.REGIONS)
        if draw.chance(92 if service.regional else 8)
        else None,
        instance=_fitting(draw, scope.instance, words.INSTANCES)
        if draw.chance(92 if service.instances else 8)
        else None,
        project=_fitting(draw, scope.project, words.PROJECTS) if draw.chance(85) else None,
        owner=draw.pick(words.STORED) if draw.chance(70) else None,
        groups=tuple(f"group:{name}" for name in draw.some(words.GROUPS)) if draw.chance(65) else None,
        budget=draw.pick(words.BUDGETS) if draw.chance(65) else None,
        tags={key: draw.pick(values) for key, values in words.TAGS.items() if draw.chance(70)}
        if draw.chance(75)
        else None,
        properties=draw_properties(draw, "resource.properties."),
    )


def _around_resource(draw: Draw, services: Services, account: Account) -> Request:
    """Which request is about a registered resource, or one that stands in it?"""
    name = parse_resource_name(draw.pick(sorted(account.resources)))
    service = services[name.service]
    path: Path = name.path
    below = [kind for kind in service.resource_types.values() if name.type in kind.parents]
    if below and draw.chance(40):
        path = (*path, (draw.pick(below).name, draw.pick(words.IDS)))
    actions = [each for each in service.actions.values() if each.resource_type in (None, path[-1][0])]
    actions += [each for each in services[IAM].actions.values() if each.spans_services]
    action = draw.pick(actions)
    query = replace(
        draw_query(draw, service, path, Scope()), region=name.region or None, instance=name.instance or None
    )
    return _request(draw, draw.pick((*words.STORED, account.owner)), action.id, query)


def _around_nothing(draw: Draw, services: Services) -> Request:
    """Which request is any at all, some with names that do not exist or paths that are broken?"""
    service = services[draw.pick(sorted(services))]
    path: Path = draw_path(draw, service)
    match draw.below(8):
        case 5:
            path = path[1:]
        case 6:
            path = (*path, ("service" if draw.chance(50) else "nothing", "a"))
        case 7:
            path = (*path, *draw_path(draw, service))
        case _:
            pass
    actions = [action for each in services.values() for action in each.actions]
    action = "nothing.at-all" if draw.chance(8) else draw.pick(actions)
    query = draw_query(draw, service, path, Scope())
    return _request(draw, draw.pick((*words.STORED, *_odd_principals())), action, query)


def _odd_principals() -> tuple[str, ...]:
    return ("anonymous", "service:alpha", "service:own", "service:ghost", "user:ghost", "service-id:ghost")


def _request(draw: Draw, principal: str, action: str, query: ResourceQuery) -> Request:
    return Request(
        principal,
        action,
        query if not draw.chance(2) else replace(query, service="ghost"),
        words.NOW + (draw.pick((0.0, 3600.0, 3599.5, -3600.0, 1.5)) if draw.chance(15) else 0.0),
        context=draw_said(draw, "context."),
        action_properties=draw_action_properties(draw),
        principal_properties=draw_said(draw, "principal.properties."),
    )


def draw_said(draw: Draw, head: str) -> dict[str, Property]:
    """What does the caller say under this head? Nothing, some keys, or most of them."""
    return draw_properties(draw, head) if draw.chance(75) else {}


def draw_action_properties(draw: Draw) -> dict[str, Property]:
    """Which properties of the action: mostly the role that is assigned?"""
    said = draw_said(draw, "action.properties.")
    if draw.chance(70):
        roles = (
            "alpha/Reader",
            "beta/Manager",
            "alpha/Purger",
            "own/Reader",
            "alpha/Custom",
            "ghost/Reader",
            "Reader",
        )
        said["role"] = draw.pick(roles) if draw.chance(95) else 5
    return said


def _with_company(draw: Draw, services: Services, request: Request) -> Request:
    """Which chain and which restrictions come with it, if any?"""
    if draw.chance(8):
        request = replace(request, chain=tuple(draw.some((*words.STORED, *_odd_principals()), 1, 3)))
    if draw.chance(8):
        request = replace(request, restrictions=(draw_guardrail(draw, services, "r1"),))
    return request


def draw_authority_question(draw: Draw, catalog: Services, account: Account) -> AuthorityQuestion:
    """Which question of authority, mostly about a part of what some policy grants?"""
    services = {**account.services, **catalog}
    policies = [policy for policy in account.policies.values() if policy.enabled and policy.effect == "allow"]
    if policies and draw.chance(85):
        policy = draw.pick(policies)
        _, action = _action_of(draw, services, _right_of(draw, services, account, policy))
        scope = _narrowed(draw, services, policy.scope)
        principal = _member(draw, account, _subject(draw, account, policy))
    else:
        scope = draw_scope(draw, services)
        action = draw.pick([each for service in services.values() for each in service.actions.values()])
        principal = draw.pick((*words.STORED, account.owner, "anonymous", "user:ghost"))
    return AuthorityQuestion(
        principal,
        action.id,
        scope,
        words.NOW,
        context=draw_said(draw, "context."),
        action_properties=draw_action_properties(draw),
        restrictions=(draw_guardrail(draw, services, "r1"),) if draw.chance(5) else (),
    )


def _narrowed(draw: Draw, services: Services, scope: Scope) -> Scope:
    """Which scope is a part of this one, or nearly?"""
    other = draw_scope(draw, services)
    named = scope.service or (tuple(draw.some(sorted(services), 1, 1)) if draw.chance(75) else None)
    if named is not None and len(named) > 1 and draw.chance(60):
        named = named[:1]
    same = {name: getattr(scope, name) for name in ("region", "instance", "project", "type", "id", "within")}
    for name in ("region", "instance", "project"):
        if draw.chance(30 if same[name] is None else 10):
            same[name] = getattr(other, name)
        elif same[name] is not None and draw.chance(40):
            same[name] = tuple(pattern.replace("*", "").replace("?", "e") or "x" for pattern in same[name])
    if named and same["type"] is None and other.type is not None and draw.chance(50):
        same |= {"type": other.type, "id": other.id}
    if named and same["within"] is None and draw.chance(15):
        same["within"] = other.within
    return replace(scope, service=named, **same)
