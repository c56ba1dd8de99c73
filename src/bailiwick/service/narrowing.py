"""Which of the resources that a search could find are wanted: by place, project, owner, groups, budget and tags.

Implements docs/spec.md rule 17.13. It compares what is stored; nothing here decides, and nothing is described by it.
What the engine can narrow by its index it is given; the rest is compared here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bailiwick.engine import CompiledAccount, Narrowing
from bailiwick.engine.own import as_stored
from bailiwick.engine.registered import key_of_name
from bailiwick.model.names import ResourceName, parse_resource_name
from bailiwick.model.policies import Scope
from bailiwick.model.requests import ResourceQuery
from bailiwick.model.services import IAM

_WILDCARDS = frozenset("*?")


@dataclass(frozen=True, slots=True)
class StoredSo:
    """How shall the resources be stored that are wanted? What is None is not asked for.

    `groups` and `tags` ask for each of theirs. `within`: (type, id) of a proper ancestor, as in rule 4.5. `below`: the
    canonical name begins so.
    """

    region: str | None = None
    instance: str | None = None
    project: str | None = None
    owner: str | None = None
    groups: tuple[str, ...] | None = None
    budget: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    within: tuple[str, str] | None = None
    below: str = ""

    @property
    def is_anything(self) -> bool:
        """Is every resource wanted?"""
        return self == _ANYTHING

    @property
    def needs_comparing(self) -> bool:
        """Does the engine's narrowing leave something to compare? In a scope `*` and `?` would be wildcards."""
        texts = (self.region, self.instance, self.project)
        return (
            self.groups is not None
            or self.budget is not None
            or bool(_WILDCARDS & set("".join(filter(None, texts))))
        )

    def narrowing(self, service: str) -> Narrowing:
        """To what can the engine narrow a search of this service? Never to less than is wanted."""
        scope = Scope(
            service=(service,),
            region=_one(self.region),
            instance=_one(self.instance),
            project=_one(self.project),
            within=None if self.within is None else (self.within,),
        )
        whole = scope == Scope(service=(service,))
        return Narrowing(None if whole else scope, self.below, self.owner, self.tags)

    def wants(self, compiled: CompiledAccount, text: str) -> bool:
        """Is the resource of this canonical name wanted, as it is stored? It is not for an attribute that it lacks."""
        name = parse_resource_name(text)
        return (
            text.startswith(self.below)
            and self._fits_name(name)
            and self._fits_stored(_stored(compiled, text, name))
        )

    def _fits_name(self, name: ResourceName) -> bool:
        if self.region is not None and name.region != self.region:
            return False
        if self.instance is not None and name.instance != self.instance:
            return False
        return self.within is None or self.within in name.path[:-1]

    def _fits_stored(self, stored: ResourceQuery) -> bool:
        for wanted, there in (
            (self.project, stored.project),
            (self.owner, stored.owner),
            (self.budget, stored.budget),
        ):
            if wanted is not None and wanted != there:
                return False
        if self.groups is not None and not set(self.groups) <= set(stored.groups or ()):
            return False
        tags = stored.tags or {}
        return all(tags.get(name) == value for name, value in self.tags.items())


_ANYTHING = StoredSo()


def _one(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else (text,)


def _stored(compiled: CompiledAccount, text: str, name: ResourceName) -> ResourceQuery:
    """What is stored of this resource, as a query that says exactly that?"""
    if name.service == IAM:
        query = as_stored(compiled.account, ResourceQuery.of(name))
        found = compiled.services[IAM].resource_types.get(name.type)
        return ResourceQuery.of(name, project=name.id) if found and found.stands_for_project else query
    registered = compiled.registered.get(key_of_name(text))
    if registered is not None:
        return ResourceQuery.of(
            name,
            project=registered.project,
            owner=registered.owner,
            groups=registered.groups,
            budget=registered.budget,
            tags=registered.tags,
        )
    found = compiled.services[name.service].resource_types.get(name.type)
    return ResourceQuery.of(name, project=name.id if found and found.stands_for_project else None)
