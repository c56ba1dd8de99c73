"""Where is what in one account: services by type, registered resources by short id.

Serves short names in AuthZEN requests (rule 7.2 a of docs/spec.md, `ambiguous_resource`). Made when first needed and
kept until the account's services or resources change; it must not hold anything that a policy can change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bailiwick.engine import CompiledAccount
from bailiwick.engine.registered import Key, Registered
from bailiwick.model.services import Service

MOST_ACCOUNTS = 1024

ShortId = tuple[str, str, str | None]
Ids = Mapping[ShortId, Key | list[Key]]


@dataclass(slots=True)
class Index:
    """What is found by type, and by (service, type, id)? A lone key stands for itself.

    `ids` are those of what changes share, so that a change of one resource does not look at a million; `apart` are
    those of the few that differ.
    """

    services: Mapping[str, Service]
    registered: Registered
    types: Mapping[str, tuple[str, ...]]
    ids: Ids | None = None
    apart: Ids | None = None

    def services_of_type(self, kind: str) -> tuple[str, ...]:
        """Which services have this type? Those of the account, else those of the system."""
        return self.types.get(kind, ())

    def keys_of_id(self, service: str, kind: str, ident: str) -> Sequence[Key]:
        """Under which keys are resources of this service, type and id registered?"""
        above = self.registered.all.above
        if self.ids is None:
            self.ids = _index_ids(self.registered.all.below)
        if self.apart is None:
            self.apart = _index_ids(key for key, value in above.items() if value is not None)
        place = (service, kind, ident)
        shared = [key for key in _listed(self.ids.get(place)) if key not in above]
        return [*shared, *_listed(self.apart.get(place))]


_INDEXES: dict[str, Index] = {}


def index_of(compiled: CompiledAccount) -> Index:
    """Which index belongs to this account as it is now?"""
    name = compiled.account.name
    known = _INDEXES.get(name)
    same_resources = known is not None and known.registered is compiled.registered
    if known is not None and same_resources and known.services is compiled.services:
        return known
    index = Index(
        services=compiled.services,
        registered=compiled.registered,
        types=_index_types(compiled.services, compiled.account.services),
    )
    if known is not None and known.registered.all.below is compiled.registered.all.below:
        index.ids = known.ids
    if known is not None and same_resources:
        index.apart = known.apart
    if len(_INDEXES) >= MOST_ACCOUNTS and known is None:
        _INDEXES.clear()
    _INDEXES[name] = index
    return index


def _index_types(services: Mapping[str, Service], own: Mapping[str, Service]) -> dict[str, tuple[str, ...]]:
    of_system: dict[str, tuple[str, ...]] = {}
    of_account: dict[str, tuple[str, ...]] = {}
    for name, service in services.items():
        types = of_account if name in own else of_system
        for kind in service.resource_types:
            types[kind] = (*types.get(kind, ()), name)
    return of_system | of_account


def _listed(found: Key | list[Key] | None) -> Sequence[Key]:
    if found is None:
        return ()
    return found if isinstance(found, list) else (found,)


def _index_ids(keys: Iterable[Key]) -> Ids:
    ids: dict[ShortId, Key | list[Key]] = {}
    for key in keys:
        place = (key.service, *key.path[-1])
        known = ids.setdefault(place, key)
        if isinstance(known, list):
            known.append(key)
        elif known is not key:
            ids[place] = [known, key]
    return ids
