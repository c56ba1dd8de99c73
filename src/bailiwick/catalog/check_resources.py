"""Registered resources against their services' types.

Implements docs/spec.md 2.1, 2.3, 2.6 and 2.10 for stored resources, and 19.9.
"""

from __future__ import annotations

from bailiwick.catalog.check_world import ObjectNotes, World
from bailiwick.errors import Invalid
from bailiwick.model.accounts import Resource
from bailiwick.model.names import BUILT_IN_GROUPS, SERVICE_TYPE, ResourceName, parse_resource_name
from bailiwick.model.services import BUILT_IN_ATTRIBUTES, IAM, ResourceType, Service


def check_resource(resource: Resource, notes: ObjectNotes, world: World) -> None:
    """Is the name right for the service, and do the attributes exist and belong to the type?"""
    try:
        name = parse_resource_name(resource.name)
    except Invalid as error:
        notes.adopt(("name",), error)
        return
    if name.account != world.account.name:
        notes.add(("name",), f"resource is of account `{name.account}`, expected `{world.account.name}`")
    service = world.services.get(name.service)
    if service is None:
        notes.add(("name",), f"unknown service `{name.service}`", world.nearest(name.service, world.services))
    elif service.name == IAM:
        notes.add(
            ("name",),
            f"resources of `{IAM}` are not registered",
            "they are there as documents of their kinds",
        )
    else:
        _check_name(name, service, notes, world)
        _check_attributes(resource, name, service, notes)
        _check_attached(resource, name, service, notes, world)
    _check_references(resource, notes, world)


def _check_name(name: ResourceName, service: Service, notes: ObjectNotes, world: World) -> None:
    before = len(notes.findings)
    _check_path(name, service, notes, world)
    if len(notes.findings) > before:
        return
    if name.type == SERVICE_TYPE and name.id != service.name:
        notes.add(("name",), f"expected `{SERVICE_TYPE}/{service.name}`, got `{SERVICE_TYPE}/{name.id}`")
    for what, has, value in (
        ("region", service.regional, name.region),
        ("instance", service.instances, name.instance),
    ):
        if value and not has:
            notes.add(("name",), f"`{service.name}` has no {what}s, got `{value}`", f"leave the {what} empty")
        elif has and not value:
            notes.add(("name",), f"the name has no {what}", f"resources of `{service.name}` lie in one")


def _check_path(name: ResourceName, service: Service, notes: ObjectNotes, world: World) -> None:
    """Does every type exist, under a parent that it may have? (rule 2.1)"""
    above: str | None = None
    for type, _ in name.path:
        parents: tuple[str, ...] = ()
        if type != SERVICE_TYPE:
            found = service.resource_types.get(type)
            if found is None:
                notes.add(
                    ("name",), f"unknown resource type `{type}`", world.nearest(type, service.resource_types)
                )
                return
            parents = found.parents
        if above is None and parents:
            help = f"it lies within a {' or '.join(f'`{parent}`' for parent in parents)}"
            notes.add(("name",), f"a path cannot begin with `{type}`", help)
        elif above is not None and above not in parents:
            help = (
                f"it lies within a {' or '.join(f'`{p}`' for p in parents)}" if parents else "it stands alone"
            )
            notes.add(("name",), f"`{type}` cannot lie within a `{above}`", help)
        above = type


def _check_attributes(resource: Resource, name: ResourceName, service: Service, notes: ObjectNotes) -> None:
    """Has the type the attributes that the resource has? (rule 2.6)"""
    type = ResourceType(SERVICE_TYPE) if name.type == SERVICE_TYPE else service.resource_types.get(name.type)
    if type is None:
        return
    for attribute in BUILT_IN_ATTRIBUTES:
        if attribute not in type.attributes and getattr(resource, attribute) not in (None, {}):
            has = ", ".join(f"`{word}`" for word in BUILT_IN_ATTRIBUTES if word in type.attributes)
            help = f"it has {has}" if has else "it has none of the built-in attributes; use `properties`"
            notes.add(
                (attribute,), f"a `{type.name}` of `{service.name}` has no attribute `{attribute}`", help
            )


def _check_attached(
    resource: Resource, name: ResourceName, service: Service, notes: ObjectNotes, world: World
) -> None:
    """Is it attached to a registered resource of a type to which its own may be attached? (rule 19.9)"""
    if resource.attached_to is None:
        return
    type = service.resource_types.get(name.type)
    words = () if type is None else type.attached_to
    if not words:
        notes.add(("attached_to",), f"a `{name.type}` of `{service.name}` is attached to nothing")
        return
    other = parse_resource_name(resource.attached_to)
    if resource.attached_to not in world.account.resources:
        notes.add(("attached_to",), f"`{resource.attached_to}` is not registered", "register it first")
    elif other.service != service.name or other.type not in words:
        expected = " or a ".join(f"`{word}`" for word in words)
        notes.add(
            ("attached_to",),
            f"a `{name.type}` is attached to a {expected} of `{service.name}`, got `{resource.attached_to}`",
        )


def _check_references(resource: Resource, notes: ObjectNotes, world: World) -> None:
    if resource.project is not None:
        world.check_project(resource.project, ("project",), notes)
    if resource.owner is not None:
        world.check_reference(resource.owner, ("owner",), notes)
    for index, group in enumerate(resource.groups or ()):
        if group.partition(":")[2] in BUILT_IN_GROUPS:
            notes.add(("groups", index), f"built-in group `{group.partition(':')[2]}` owns nothing")
        else:
            world.check_reference(group, ("groups", index), notes)
