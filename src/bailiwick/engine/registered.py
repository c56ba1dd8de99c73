"""What is registered: found by its whole name, and whether anything is by a name that leaves out a part.

Implements docs/spec.md 2.4, 2.6 for what is stored, and 2.10. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import ItemsView, Iterable, Iterator, Mapping
from dataclasses import replace
from sys import intern
from typing import NamedTuple

from bailiwick.model.accounts import Resource
from bailiwick.model.names import parse_resource_name
from bailiwick.model.overlays import Overlay
from bailiwick.model.services import BUILT_IN_ATTRIBUTES, Service

Nodes = tuple[tuple[str, str | None], ...]

MOST_FORMS = 256
_EVERY_ATTRIBUTE = frozenset(BUILT_IN_ATTRIBUTES)


class Key(NamedTuple):
    """Under which key is a resource registered? Text segments are empty where there is nothing."""

    service: str
    region: str
    instance: str
    path: Nodes


class Sought(NamedTuple):
    """By which name is something looked for? None: that part is left out."""

    service: str
    region: str | None
    instance: str | None
    path: Nodes


# Which parts does a name leave out: service, region or not, instance or not, each node's type and its id or not.
Form = tuple[str, bool, bool, tuple[tuple[str, bool], ...]]
# A service, and the types along a path.
Kinds = tuple[str, tuple[str, ...]]


class Registered(Mapping[Key, Resource]):
    """The registered resources by key. Never changed: `changed` makes another.

    `find` is the quick way to one of them. `_fitting` remembers, for each form in which a name was incomplete, which
    names of that form fit how many resources, and `_kinds` how many there are of each kind; both are made at the first
    such question and kept up with changes.
    """

    __slots__ = ("_all", "_fitting", "_kinds", "find")

    def __init__(
        self,
        resources: Overlay[Key, Resource],
        fitting: dict[Form, Overlay[Sought, int]] | None = None,
        kinds: Counter[Kinds] | None = None,
    ) -> None:
        self._all = resources
        self._fitting = fitting or {}
        self._kinds = kinds
        self.find = resources.find

    def __getitem__(self, key: Key) -> Resource:
        return self._all[key]

    def __contains__(self, key: object) -> bool:
        return key in self._all

    def __iter__(self) -> Iterator[Key]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def items(self) -> ItemsView[Key, Resource]:
        """Keys with what is registered under them."""
        return self._all.items()

    @property
    def all(self) -> Overlay[Key, Resource]:
        """The same, with what is shared between changes told apart from what differs."""
        return self._all

    def changed(self, changes: Mapping[Key, Resource | None]) -> Registered:
        """Which resources are registered with these instead? None: no longer."""
        come = [key for key, resource in changes.items() if resource is not None and key not in self._all]
        gone = [key for key, resource in changes.items() if resource is None and key in self._all]
        fitting = {form: _counted(form, known, come, gone) for form, known in list(self._fitting.items())}
        kinds = self._kinds
        if kinds is not None:
            kinds = kinds + Counter(map(_kinds_of, come))
            kinds.subtract(map(_kinds_of, gone))
        return Registered(self._all.changed(changes), fitting, kinds)

    def could_mean(self, sought: Sought) -> bool:
        """Is a registered resource such that every part that the name says is its own? (rule 2.10)"""
        # WHY asked first: else each of any number of paths that nothing has would cost a look at all resources.
        if self._kinds is None:
            self._kinds = Counter(map(_kinds_of, self._all))
        if not self._kinds[_kinds_of(sought)]:
            return False
        path = tuple((kind, ident is None) for kind, ident in sought.path)
        form = (sought.service, sought.region is None, sought.instance is None, path)
        known = self._fitting.get(form)
        if known is None:
            if len(self._fitting) >= MOST_FORMS:
                self._fitting.clear()
            known = self._fitting[form] = Overlay(Counter(_in_form(form, self._all)))
        return sought in known


def _kinds_of(name: Key | Sought) -> Kinds:
    """Of which kinds is the resource of this name, and what it lies in?"""
    return name.service, tuple([kind for kind, _ in name.path])


def _in_form(form: Form, keys: Iterable[Key]) -> Iterator[Sought]:
    """How would the resources that can be meant in this form be sought?"""
    service, no_region, no_instance, nodes = form
    kinds = tuple(kind for kind, _ in nodes)
    for key in keys:
        if key.service == service and len(key.path) == len(kinds):
            if tuple(kind for kind, _ in key.path) != kinds:
                continue
            path = tuple(
                (kind, None if left_out else ident)
                for (kind, ident), (_, left_out) in zip(key.path, nodes, strict=True)
            )
            yield Sought(
                service, None if no_region else key.region, None if no_instance else key.instance, path
            )


def _counted(
    form: Form, known: Overlay[Sought, int], come: Iterable[Key], gone: Iterable[Key]
) -> Overlay[Sought, int]:
    moved = Counter(_in_form(form, come))
    moved.subtract(_in_form(form, gone))
    return known.changed({sought: (known.get(sought, 0) + by) or None for sought, by in moved.items()})


def register(services: Mapping[str, Service], resources: Iterable[Resource]) -> dict[Key, Resource]:
    """Under which keys are these registered, each as its type has it? One with an incomplete name is not (2.10)."""
    found = {}
    for resource in resources:
        key = key_of_name(resource.name)
        service = services.get(key.service)
        if service is not None and is_complete(service, key):
            found[key] = _as_its_type_has(service, key, resource)
    return found


def key_of_name(name: str) -> Key:
    """Under which key is the resource of this canonical name registered? Words that many names share are kept once."""
    parsed = parse_resource_name(name)
    path = tuple([(intern(kind), ident) for kind, ident in parsed.path])
    return Key(intern(parsed.service), intern(parsed.region), intern(parsed.instance), path)


def is_complete(service: Service, key: Key) -> bool:
    """Does the name say the region and the instance, where the service has them? (rule 2.10)"""
    return bool((key.region or not service.regional) and (key.instance or not service.instances))


def _as_its_type_has(service: Service, key: Key, stored: Resource) -> Resource:
    """What is registered, without what its type does not list, and with the project that it stands for? (rule 2.6)"""
    kind, ident = key.path[-1]
    found = service.resource_types.get(kind)
    if found is None or (found.attributes >= _EVERY_ATTRIBUTE and not found.stands_for_project):
        return stored
    has = found.attributes
    project = ident if found.stands_for_project else stored.project if "project" in has else None
    seen = replace(
        stored,
        project=project,
        owner=stored.owner if "owner" in has else None,
        groups=stored.groups if "groups" in has else None,
        budget=stored.budget if "budget" in has else None,
        tags=stored.tags if "tags" in has else {},
    )
    return stored if seen == stored else seen
