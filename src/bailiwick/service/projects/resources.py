"""The resources of projects: which are there, what belongs together, and the edits that move them.

Implements docs/spec.md rules 19.3, 19.5 and 19.9. It must not authorize the move itself: the edits come through
changes.py, where each is asked for like any other change of a resource. What is asked here is what may be seen, so that
no answer tells of a resource that its asker does not see.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bailiwick.catalog.eps_codes import BAD_RESOURCE, DEFAULT_IS_FIXED
from bailiwick.catalog.places import Collector
from bailiwick.catalog.project_changes import INSTANCE_TYPE
from bailiwick.errors import Conflict, Invalid
from bailiwick.model.accounts import Account, Resource
from bailiwick.model.names import ResourceName, format_resource_name, parse_resource_name
from bailiwick.model.services import ResourceType, Service
from bailiwick.service.edits import Edit
from bailiwick.service.needed import (
    READ_RESOURCE,
    default_project,
    needed_to_add_resources,
    needed_to_list_resources,
    needed_to_read_resource,
    needed_to_remove_resources,
    needed_to_see_resource,
)
from bailiwick.service.reading import Page, Reader
from bailiwick.service.snapshots import Snapshot

MOST_MOVED = 1000
_LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Move:
    """Which resources shall go where? `source` None: from wherever they are. `target` None: to the default project.

    `associated`: what belongs to them goes along, as far as it lies in the same project.
    """

    names: tuple[str, ...]
    source: str | None
    target: str | None
    associated: bool = False

    def edits_of(self, reader: Reader) -> Sequence[Edit]:
        """Which edits carry it out? Raises Denied, NotFound, Conflict, Invalid with every finding."""
        account, target = reader.snapshot.account, self._target(reader)
        roots = self._find_roots(reader)
        moving: dict[str, None] = {}
        for root in roots:
            moving.update(dict.fromkeys([root.name, *self._along(reader.snapshot, root)]))
        resources = (account.resources[name] for name in moving)
        return [
            Edit("Resource", one.name, replace(one, project=target))
            for one in resources
            if one.project != target
        ]

    def _target(self, reader: Reader) -> str:
        """Where do they go? The actions on the named projects are asked first, whether these exist or not."""
        default = default_project(reader.snapshot.account)
        if self.source is not None:
            reader.judge.require_any(needed_to_remove_resources(self.source))
            self._require(reader, self.source)
        if self.target is not None:
            reader.judge.require_any(needed_to_add_resources(self.target))
            self._require(reader, self.target)
            return self.target
        if default is None:
            raise Conflict(
                "the account has no default project", "make a project the default, or move them to another"
            )
        if self.source == default:
            raise Invalid.at(
                "",
                f"project `{default}` is the default: what is in it is not removed",
                "move it to another project",
                code=DEFAULT_IS_FIXED,
            )
        return default

    def _require(self, reader: Reader, project: str) -> None:
        if project not in reader.snapshot.account.projects:
            reader.get("Project", project)

    def _find_roots(self, reader: Reader) -> list[Resource]:
        """Which resources are named? Raises Invalid with every name that is not one of those.

        SECURITY: what is hidden is answered like what is not there.
        """
        account = reader.snapshot.account
        default = default_project(account)
        notes = Collector()
        found: list[Resource] = []
        for index, name in enumerate(self.names):
            value = account.resources.get(name)
            if self.source is not None:
                message = f"`{name}` is not in project `{self.source}`"
                is_there = value is not None and lies_in(
                    account, value, self.source, default, reader.services
                )
            else:
                message = f"`{name}` is not registered, or in a project that you do not see"
                is_there = value is not None and _sees(reader, value, value.project or default)
            if value is not None and is_there:
                found.append(value)
            else:
                notes.add(("resources", index), message, None, BAD_RESOURCE)
        notes.raise_if_any()
        return found

    def _along(self, snapshot: Snapshot, root: Resource) -> Iterator[str]:
        """What goes along: what has no project of its own, and if wanted all that belongs to it."""
        account, services = snapshot.account, snapshot.compiled.services
        names = belonging(snapshot, root.name) if self.associated else names_below(snapshot, root.name)
        for name in names:
            one = account.resources[name]
            type = type_of(services, parse_resource_name(name))
            if one.project != root.project or type is None or type.project == "none":
                continue
            if self.associated or "project" in type.inherits:
                yield name


def _sees(reader: Reader, value: Resource, project: str | None) -> bool:
    """Does the session see that this resource is there? Any one of these deeds is enough."""
    return any(reader.judge.is_any_allowed(needed) for needed in needed_to_see_resource(value, project))


def _may_read(reader: Reader, value: Resource) -> bool:
    return reader.judge.is_any_allowed(needed_to_read_resource(value))


def type_of(services: Mapping[str, Service], name: ResourceName) -> ResourceType | None:
    """Which type has a resource of this name?"""
    service = services.get(name.service)
    return None if service is None else service.resource_types.get(name.type)


def lies_in(
    account: Account, value: Resource, project: str, default: str | None, services: Mapping[str, Service]
) -> bool:
    """Is the resource in this project? What could have a project and has none lies in the default one. (19.5)"""
    if value.project is not None or project != default:
        return value.project == project
    type = type_of(services, parse_resource_name(value.name))
    return type is not None and "project" in type.attributes


def names_below(snapshot: Snapshot, name: str) -> Sequence[str]:
    """Which registered resources lie below this one in their path, or in the instance that it is?"""
    parsed = parse_resource_name(name)
    service = snapshot.compiled.services.get(parsed.service)
    names = snapshot.sorted_names("Resource")
    prefix = f"{name}/"
    if parsed.type == INSTANCE_TYPE and len(parsed.path) == 1 and service is not None and service.instances:
        inside = replace(parsed, instance=parsed.id)
        prefix = format_resource_name(inside).removesuffix(name.rpartition(":")[2])
    found = names[bisect_left(names, prefix) : bisect_left(names, prefix + _LAST)]
    return [one for one in found if one != name]


def belonging(snapshot: Snapshot, name: str) -> Sequence[str]:
    """What belongs to this resource: below it, attached to it, and what belongs to these? (rule 19.9)"""
    attached = snapshot.attached_names()
    found: dict[str, None] = {name: None}
    pending = [name]
    while pending:
        holder = pending.pop()
        for one in (*names_below(snapshot, holder), *attached.get(holder, ())):
            if one not in found:
                found[one] = None
                pending.append(one)
    return list(found)[1:]


@dataclass(frozen=True, slots=True)
class ResourceFilter:
    """Which of a project's resources are wanted? What is None is not asked for."""

    service: str | None = None
    type: str | None = None
    prefix: str | None = None

    def fits(self, name: str) -> bool:
        """Is it wanted, by its name?"""
        if self.prefix is not None and not name.startswith(self.prefix):
            return False
        if self.service is None and self.type is None:
            return True
        parsed = parse_resource_name(name)
        return self.service in (None, parsed.service) and self.type in (None, parsed.type)


def list_resources(
    reader: Reader, project: str, wanted: ResourceFilter, *, after: str | None, limit: int
) -> Page:
    """Which resources of this project does the session see, by name, after this one?

    Raises Denied, and NotFound only to who may see projects of this name. (rule 19.3)
    """
    account, default = reader.snapshot.account, default_project(reader.snapshot.account)
    needed = needed_to_list_resources(project)
    # WHY both at once: each resource would be asked the same of its project again.
    sees_all = any(reader.judge.is_any_allowed(one) for one in (needed, needed_to_remove_resources(project)))
    inside = [
        name
        for name, one in account.resources.items()
        if lies_in(account, one, project, default, reader.services) and wanted.fits(name)
    ]
    if not sees_all and not reader.judge.could_hold_any((READ_RESOURCE,)):
        inside = []
    seen = sorted(name for name in inside if sees_all or _may_read(reader, account.resources[name]))
    if not sees_all and not seen:
        reader.judge.require_any(needed)
    if project not in account.projects:
        reader.get("Project", project)
    rest = [name for name in seen if after is None or name > after]
    return Page(tuple(reader.found("Resource", name) for name in rest[:limit]), more=len(rest) > limit)
