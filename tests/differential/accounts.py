"""Generated accounts: principals, nested groups, custom roles, policies, guardrails, projects, resources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tests.differential import vocabulary as words
from tests.differential.conditions import draw_condition
from tests.differential.draw import Draw
from tests.differential.services import draw_rights, draw_service

from bailiwick.model.accounts import Account, Group, Membership, Principal, Project, Property, Resource
from bailiwick.model.names import SERVICE_TYPE, ResourceName, format_resource_name
from bailiwick.model.policies import ALWAYS, Guardrail, Policy, Scope, Window
from bailiwick.model.services import IAM, Role, Service

Path = tuple[tuple[str, str], ...]


def draw_account(draw: Draw, catalog: Mapping[str, Service]) -> Account:
    """Which account?"""
    own = {words.OWN_SERVICE: draw_service(draw, words.OWN_SERVICE)} if draw.chance(40) else {}
    services = {**catalog, **own}
    roles = {
        name: draw_custom_role(draw, services, name)
        for name in draw.some(("Custom", "Reader", "Manager"), 0, 2)
    }
    policies = [draw_policy(draw, services, roles, f"p{index}") for index in range(2 + draw.below(8))]
    resources = [draw_resource(draw, services) for _ in range(draw.below(9))]
    return Account(
        words.ACCOUNT,
        owner=draw.pick(words.USERS),
        suspended=draw.chance(2),
        principals={one: draw_principal(draw, one) for one in words.STORED if not draw.chance(4)},
        groups={name: draw_group(draw, name) for name in words.GROUPS if not draw.chance(15)},
        roles=roles,
        policies={policy.name: policy for policy in policies},
        guardrails={name: draw_own_guardrail(draw, services, name) for name in draw.some(("n1", "n2"), 0, 2)}
        if draw.chance(60)
        else {},
        projects={
            name: Project(name, disabled=draw.chance(20)) for name in words.PROJECTS if not draw.chance(10)
        },
        resources={resource.name: resource for resource in resources},
        services=own,
        guardrails_above=draw_guardrails_above(draw.apart("above"), services),
    )


def draw_principal(draw: Draw, reference: str) -> Principal:
    """Which stored principal?"""
    return Principal(
        reference,
        disabled=draw.chance(3),
        properties=draw_properties(draw, "principal.properties."),
        budgets=tuple(draw.some(words.BUDGETS)),
    )


def draw_properties(draw: Draw, head: str) -> dict[str, Property]:
    """Which values for the keys that begin so, mostly of the type that conditions expect?"""
    found: dict[str, Property] = {}
    for kind, keys in words.KEYS.items():
        for key in keys:
            if key.startswith(head) and draw.chance(55):
                _put(found, key.removeprefix(head), draw_value(draw, kind))
    return found


def _put(into: dict[str, Property], path: str, value: Property) -> None:
    first, dot, rest = path.partition(".")
    into[first] = {rest: value} if dot else value


def draw_value(draw: Draw, kind: str) -> Property:
    """Which value for a key of this type, now and then of another?"""
    if draw.chance(8):
        return draw.pick(
            (*words.NOT_NUMBERS, *words.NOT_DATES, *words.NOT_ADDRESSES, *words.LIST_VALUES, {"x": 1})
        )
    values: dict[str, tuple[Property, ...]] = {
        "string": words.TEXTS,
        "number": words.NUMBERS,
        "bool": (True, False),
        "date": words.DATES,
        "network": (*words.ADDRESSES, *words.NETWORKS) if draw.chance(20) else words.ADDRESSES,
        "list": words.LIST_VALUES,
    }
    return draw.pick(values[kind])


def draw_window(draw: Draw) -> Window:
    """Which window, mostly none?"""
    if not draw.chance(18):
        return ALWAYS
    start = draw.pick(words.INSTANTS) if draw.chance(50) else None
    end = draw.pick(words.INSTANTS) if draw.chance(70) else None
    return Window(start, end)


def draw_group(draw: Draw, name: str) -> Group:
    """Which group? Groups may contain each other in a circle; some members do not exist."""
    candidates = (
        *words.STORED,
        *(f"group:{each}" for each in words.GROUPS),
        "user:ghost",
        "service:alpha",
        "group:members",
    )
    members = draw.some(candidates, 1, 5)
    return Group(
        name, tuple(Membership(each, ALWAYS if draw.chance(50) else draw_window(draw)) for each in members)
    )


def draw_custom_role(draw: Draw, services: Mapping[str, Service], name: str) -> Role:
    """Which custom role? Some take the name of a role of the catalog."""
    service = draw.pick(sorted(services))
    rights = draw_rights(draw, service, services[service].actions)
    return Role(service, name, "service", rights, custom=True, explicit=draw.chance(5))


def draw_policy(draw: Draw, services: Mapping[str, Service], roles: Mapping[str, Role], name: str) -> Policy:
    """Which policy?"""
    scope = draw_scope(draw, services)
    return Policy(
        name,
        subjects=tuple(draw.some(_subjects(), 1, 3)),
        roles=tuple(
            dict.fromkeys(_role_name(draw, services, roles, scope) for _ in range(1 + draw.below(2)))
        ),
        scope=scope,
        when=draw_condition(draw) if draw.chance(15) else None,
        window=draw_window(draw),
        effect="deny" if draw.chance(8) else "allow",
        enabled=not draw.chance(6),
    )


def _subjects() -> tuple[str, ...]:
    groups = tuple(f"group:{name}" for name in (*words.GROUPS, "ghost"))
    return (*words.STORED, *groups, "group:members", "group:everyone", "service:alpha")


def _role_name(draw: Draw, services: Mapping[str, Service], roles: Mapping[str, Role], scope: Scope) -> str:
    """Which role: mostly one of the scope's services, by its name or in full; now and then a missing one."""
    if draw.chance(3):
        return draw.pick(("Nobody", "alpha/Nobody", "ghost/Reader"))
    named = [name for name in scope.service or sorted(services) if name in services] or sorted(services)
    service = draw.pick(named if draw.chance(85) else sorted(services))
    known = [*services[service].roles, *(role.name for role in roles.values() if role.service == service)]
    name = draw.pick(sorted(set(known)))
    return f"{service}/{name}" if draw.chance(30) else name


def draw_scope(draw: Draw, services: Mapping[str, Service]) -> Scope:
    """Which scope? `type` comes with `service` and `id` with `type`."""
    named = _services(draw, services)
    kinds = sorted({kind for name in named or () for kind in (*services[name].resource_types, SERVICE_TYPE)})
    kind = tuple(draw.some(kinds, 1, 2)) if draw.chance(25) else ()
    within = (
        [(draw.pick(kinds), draw.pick(words.IDS)) for _ in range(1 + draw.below(2))]
        if draw.chance(8) and kinds
        else []
    )
    return Scope(
        named,
        _patterns(draw, words.REGIONS, 15),
        _patterns(draw, words.INSTANCES, 8),
        _patterns(draw, words.PROJECTS, 20),
        kind or None,
        _patterns(draw, words.IDS, 60) if kind else None,
        tuple(within) or None,
    )


def _services(draw: Draw, services: Mapping[str, Service]) -> tuple[str, ...] | None:
    if draw.chance(20):
        return None
    return tuple(draw.some(sorted(services), 1, 2 if draw.chance(20) else 1))


def _patterns(draw: Draw, values: tuple[str, ...], percent: int) -> tuple[str, ...] | None:
    """Which alternatives, if any: values, `prefix*`, inner wildcards, `?`."""
    if not draw.chance(percent):
        return None
    return tuple(dict.fromkeys(draw_pattern(draw, values) for _ in range(1 + draw.below(2))))


def draw_pattern(draw: Draw, values: tuple[str, ...]) -> str:
    """Which value or pattern?"""
    value = draw.pick(values)
    at = draw.below(len(value))
    match draw.below(10):
        case 6:
            return value[: at + 1] + "*"
        case 7:
            return "*"
        case 8:
            return value[:at] + "*" + value[at:]
        case 9:
            return value[:at] + "?" + value[at + 1 :]
        case _:
            return value


def draw_own_guardrail(draw: Draw, services: Mapping[str, Service], name: str) -> Guardrail:
    """Which guardrail does the account hold: mostly its own, now and then a node's, which does not bind it?"""
    node = "account-group:lower" if draw.apart("node").chance(8) else None
    return replace(draw_guardrail(draw, services, name), node=node)


def draw_guardrails_above(draw: Draw, services: Mapping[str, Service]) -> dict[str, Guardrail]:
    """Which guardrails bind the account from nodes above it, mostly none?"""
    names = draw.some(("corp/g1", "corp/lower/g2"), 0, 2) if draw.chance(25) else []
    return {
        name: replace(
            draw_guardrail(draw, services, name), node=draw.pick(("enterprise:corp", "account:acme"))
        )
        for name in names
    }


def draw_guardrail(draw: Draw, services: Mapping[str, Service], name: str) -> Guardrail:
    """Which guardrail or restriction?"""
    actions = sorted(ident for service in services.values() for ident in service.actions)
    spared = draw.apart("spared")
    return Guardrail(
        name,
        tuple(_action_pattern(draw, actions) for _ in range(1 + draw.below(2))),
        draw_scope(draw, services),
        draw_condition(draw) if draw.chance(35) else None,
        draw_window(draw),
        enabled=not draw.chance(10),
        except_actions=(_action_pattern(spared, actions),) if spared.chance(25) else (),
    )


def _action_pattern(draw: Draw, actions: list[str]) -> str:
    ident = draw.pick(actions)
    match draw.below(8):
        case 5:
            return "*"
        case 6:
            return ident[: 1 + draw.below(len(ident))] + "*"
        case 7:
            return "iam.*"
        case _:
            return ident


def draw_path(draw: Draw, service: Service, kind: str | None = None) -> Path:
    """Which sound path, to a resource of this type or any? The type `service` stands alone."""
    kind = kind or draw.pick([*sorted(service.resource_types), SERVICE_TYPE])
    if kind == SERVICE_TYPE:
        return ((SERVICE_TYPE, service.name),)
    nodes = [(kind, draw.pick(words.IDS))]
    while parents := [
        p for p in service.resource_types[nodes[0][0]].parents if len(nodes) < 4 or p != "folder"
    ]:
        nodes.insert(0, (draw.pick(parents), draw.pick(words.IDS)))
    return tuple(nodes)


def draw_resource(draw: Draw, services: Mapping[str, Service]) -> Resource:
    """Which registered resource?"""
    service = services[
        draw.pick([name for name in sorted(services) if name != IAM or draw.chance(20)] or [IAM])
    ]
    region = draw.pick(words.REGIONS) if service.regional else ""
    instance = draw.pick(words.INSTANCES) if service.instances else ""
    path = draw_path(draw, service)
    if path[0][0] == "instance" and len(path) == 1 and draw.chance(80):
        path = (("instance", instance),)
    return Resource(
        format_resource_name(ResourceName(words.ACCOUNT, service.name, region, instance, path)),
        project=draw.pick(words.PROJECTS) if draw.chance(80) else None,
        owner=draw.pick(words.STORED) if draw.chance(70) else None,
        groups=tuple(f"group:{name}" for name in draw.some(words.GROUPS)) if draw.chance(60) else None,
        budget=draw.pick(words.BUDGETS) if draw.chance(50) else None,
        tags={key: draw.pick(values) for key, values in words.TAGS.items() if draw.chance(60)},
        properties=draw_properties(draw, "resource.properties."),
    )
