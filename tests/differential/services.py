"""Generated services: small ones that share words, and an `iam` whose actions span services."""

from __future__ import annotations

from collections.abc import Mapping

from tests.differential import vocabulary as words
from tests.differential.conditions import draw_condition
from tests.differential.draw import Draw

from bailiwick.model.conditions import Condition, parse_condition
from bailiwick.model.services import (
    ACCESS_LEVELS,
    IAM,
    Action,
    Qualifier,
    ResourceType,
    Right,
    Role,
    Service,
)

_QUALIFIERS = {
    "mine": {"key": "resource.owner", "operator": "string-equals", "value": {"ref": "principal.id"}},
    "my-groups": {"key": "resource.groups", "operator": "contains-any", "value": {"ref": "principal.groups"}},
    "this-group": {"key": "resource.groups", "operator": "contains-any", "value": {"ref": "grant.subject"}},
    "my-budgets": {
        "key": "resource.budget",
        "operator": "string-equals",
        "value": {"ref": "principal.budgets"},
    },
}
_SPANNING = ("iam.policy.create", "iam.policy.delete", "iam.role.assign", "iam.policy.publish")
_HOME = ("iam.user.invite", "iam.service-id.create", "iam.group.read")


def draw_services(draw: Draw) -> dict[str, Service]:
    """Which services does the catalog hold?"""
    names = [*words.SERVICES[: 2 + draw.below(3)]]
    services = {name: draw_service(draw, name) for name in names}
    services[IAM] = _iam(draw)
    return {name: _with_foreign_rights(draw, service, services) for name, service in services.items()}


def draw_service(draw: Draw, name: str) -> Service:
    """Which resource types, actions, roles and qualifiers does this service have?"""
    has_instances = draw.chance(40)
    types = _types(draw, has_instances)
    actions = _actions(draw, name, types)
    roles = {role.name: role for role in _roles(draw, name, actions)}
    return Service(
        name,
        title=name,
        resource_types=types,
        actions=actions,
        roles=roles,
        qualifiers=_qualifiers(draw),
        regional=not draw.chance(25),
        instances=has_instances,
    )


def _qualifiers(draw: Draw) -> dict[str, Qualifier]:
    known = {name: _qualifier(name, parse_condition(when)) for name, when in _QUALIFIERS.items()}
    return {**known, "odd": _qualifier("odd", draw_condition(draw, 2))}


def _qualifier(name: str, when: Condition) -> Qualifier:
    return Qualifier(name, name, frozenset(), when)


def _types(draw: Draw, has_instances: bool) -> dict[str, ResourceType]:
    """Which types, at most three deep; a folder may stand in a folder."""
    names = [*words.TYPES[: 1 + draw.below(4)]]
    if has_instances and draw.chance(70):
        names.insert(0, "instance")
    types: dict[str, ResourceType] = {}
    for index, name in enumerate(names):
        parents = draw.some(names[:index], 1, 2) if index and draw.chance(70) else []
        if name == "folder" and parents and draw.chance(50):
            parents.append("folder")
        types[name] = _type(draw, name, tuple(parents))
    return types


def _type(draw: Draw, name: str, parents: tuple[str, ...]) -> ResourceType:
    attributes = frozenset(words.ATTRIBUTES if draw.chance(70) else draw.some(words.ATTRIBUTES))
    inherits = (
        frozenset(draw.some(sorted(attributes), 0, 3)) if parents and draw.chance(50) else frozenset[str]()
    )
    stands = "project" in attributes and draw.chance(10)
    return ResourceType(name, name, parents, attributes, inherits, stands_for_project=stands)


def _actions(draw: Draw, service: str, types: Mapping[str, ResourceType]) -> dict[str, Action]:
    actions: dict[str, Action] = {}
    for word in draw.some(words.WORDS, 3, 6):
        kind = None if draw.chance(18) else draw.pick([*types, *types, "service"])
        ident = word if draw.chance(20) else f"{service}.{kind or 'all'}.{word}"
        peers = [other.id for other in actions.values() if other.resource_type == kind]
        actions[ident] = _action(draw, ident, kind, tuple(draw.some(peers, 1, 2) if draw.chance(35) else ()))
    return actions


def _action(
    draw: Draw, ident: str, kind: str | None, requires: tuple[str, ...] = (), spans: bool = False
) -> Action:
    return Action(
        ident,
        ident,
        draw.pick(ACCESS_LEVELS),
        resource_type=kind,
        decided_on=frozenset(draw.some(words.DECIDED_ON)) if draw.chance(20) else None,
        ignores_qualifiers=draw.chance(15),
        requires=requires,
        takes_into_project=draw.chance(15),
        spans_services=spans,
    )


def _roles(draw: Draw, service: str, actions: Mapping[str, Action]) -> list[Role]:
    """Which roles? Some of random rights, an explicit one, and an Administrator as rule 3.7 has it."""
    names = draw.some(("Reader", "Writer", "Manager"), 2, 3)
    roles = [Role(service, name, "service", draw_rights(draw, service, actions)) for name in names]
    if draw.chance(50):
        roles.append(Role(service, "Purger", "service", draw_rights(draw, service, actions), explicit=True))
    if draw.chance(75):
        roles.append(
            Role(service, "Administrator", "platform", _administrator_rights(draw, service, actions))
        )
    return roles


def _administrator_rights(draw: Draw, service: str, actions: Mapping[str, Action]) -> tuple[Right, ...]:
    own = draw_right(draw, service, actions) if draw.chance(30) else Right(service, ("*",))
    return (
        own,
        Right(IAM, ("iam.policy.*",)),
        Right(IAM, ("iam.role.assign",), roles=(f"{service}/*",)),
        Right(IAM, ("iam.user.invite", "iam.service-id.create"), level="account"),
    )


def draw_rights(draw: Draw, service: str, actions: Mapping[str, Action]) -> tuple[Right, ...]:
    """Which rights does a role of the service hold on its own actions?"""
    return tuple(draw_right(draw, service, actions) for _ in range(1 + draw.below(3)))


def draw_right(draw: Draw, service: str, actions: Mapping[str, Action]) -> Right:
    """Which right?"""
    return Right(
        service,
        tuple(_pattern(draw, list(actions)) for _ in range(1 + draw.below(3))),
        effect="deny" if draw.chance(8) else "allow",
        qualifier=draw.pick((*_QUALIFIERS, "odd")) if draw.chance(18) else None,
        when=draw_condition(draw) if draw.chance(12) else None,
        level="account" if draw.chance(6) else None,
        roles=_assignable(draw, service) if draw.chance(20 if service == IAM else 3) else None,
    )


def _assignable(draw: Draw, service: str) -> tuple[str, ...]:
    every = (f"{service}/*", "alpha/*", "alpha/Purger", "*/Reader", "beta/Manager", "*")
    return tuple(draw.some(every, 1, 2))


def _pattern(draw: Draw, actions: list[str]) -> str:
    """Which action id or pattern?"""
    ident = draw.pick(actions)
    match draw.below(10):
        case 6:
            return ident[: 1 + draw.below(len(ident))] + "*"
        case 7:
            return "*"
        case 8:
            return "*" + ident[draw.below(len(ident)) :]
        case 9:
            at = draw.below(len(ident))
            return ident[:at] + "?" + ident[at + 1 :]
        case _:
            return ident


def _with_foreign_rights(draw: Draw, service: Service, services: Mapping[str, Service]) -> Service:
    """Which roles of a system service also hold rights on another service's actions (3.5)?"""
    others = [other for other in services.values() if other.name != service.name]
    roles = dict(service.roles)
    for role in service.roles.values():
        if draw.chance(12):
            other = draw.pick(others)
            foreign = draw_right(draw, other.name, other.actions)
            roles[role.name] = Role(
                role.service, role.name, role.kind, (*role.rights, foreign), explicit=role.explicit
            )
    return Service(
        service.name,
        service.title,
        service.resource_types,
        service.actions,
        roles,
        qualifiers=service.qualifiers,
        regional=service.regional,
        instances=service.instances,
    )


def _iam(draw: Draw) -> Service:
    """Which `iam`: actions that span services, and actions of its own."""
    types = {name: ResourceType(name, name) for name in ("policy", "user", "group")}
    actions = {ident: _spanning_action(draw, ident) for ident in _SPANNING}
    actions |= {ident: _action(draw, ident, draw.pick((None, "user", "group"))) for ident in _HOME}
    if draw.chance(30):
        actions |= {"read": _action(draw, "read", "group", spans=draw.chance(50))}
    roles = [
        Role(IAM, "Administrator", "platform", (Right(IAM, ("*",)),)),
        Role(IAM, "Reader", "service", draw_rights(draw, IAM, actions)),
        Role(IAM, "Manager", "service", draw_rights(draw, IAM, actions)),
    ]
    return Service(
        IAM,
        IAM,
        types,
        actions,
        {role.name: role for role in roles},
        qualifiers=_qualifiers(draw),
        regional=draw.chance(20),
    )


def _spanning_action(draw: Draw, ident: str) -> Action:
    kind = None if draw.chance(25) else "policy"
    requires = ("iam.policy.create",) if ident == "iam.policy.publish" and draw.chance(40) else ()
    return _action(draw, ident, kind, requires, spans=True)
