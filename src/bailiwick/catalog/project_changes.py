"""May the project of a registered resource change so, by what the catalog says of its type?

Implements docs/spec.md rule 19.8. The one place where `free`, `set-once`, `fixed` and `none` of a resource type mean
anything for a change. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bailiwick.model.accounts import Account, Resource
from bailiwick.model.names import SERVICE_TYPE, format_resource_name, parse_resource_name
from bailiwick.model.services import Service

INSTANCE_TYPE = "instance"
FREE, SET_ONCE = "free", "set-once"


def find_refusal_of_move(
    services: Mapping[str, Service], after: Account, old: Resource, new: Resource
) -> str | None:
    """Why may the resource not go from one project to the other? None: it may.

    What inherits its project goes where its nearest registered ancestor is, whatever else its type says.
    """
    if old.project == new.project:
        return None
    name = parse_resource_name(new.name)
    service = services.get(name.service)
    type = None if service is None else service.resource_types.get(name.type)
    if service is None or type is None or name.type == SERVICE_TYPE:
        return None
    if "project" in type.inherits:
        above = nearest_registered(after, new.name)
        if above is not None and above.project == new.project:
            return None
    if type.project == FREE or (type.project == SET_ONCE and old.project is None):
        return None
    what = f"a `{name.type}` of `{service.name}`"
    if type.project == SET_ONCE:
        return f"{what} keeps the project that it was given: `{old.project}`"
    if "project" in type.inherits:
        return f"{what} has the project of what it lies in, and moves with it"
    return f"{what} keeps the project that it was registered with"


def nearest_registered(account: Account, name: str) -> Resource | None:
    """Which registered resource is nearest above this one?"""
    parsed = parse_resource_name(name)
    above = list(parsed.ancestors())
    if parsed.instance and parsed.type != INSTANCE_TYPE:
        # Rule 2.5: of services with instances, the instance is the last ancestor.
        above.append(replace(parsed, path=((INSTANCE_TYPE, parsed.instance),)))
    found = (account.resources.get(format_resource_name(one)) for one in above)
    return next((one for one in found if one is not None), None)
