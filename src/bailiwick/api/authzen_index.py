"""Where is what in one account: services by type, registered resources by short id.

Serves short names in AuthZEN requests (rule 7.2 a of docs/spec.md, `ambiguous_resource`). Made when first needed and
kept until the account's services or resources change; it must not hold anything that a policy can change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bailiwick.engine import CompiledAccount
from bailiwick.engine.registered import Key, Registered
from bailiwick.model.services import Service

MOST_ACCOUNTS = 1024

ShortId = tuple[str, str, str | None]


@dataclass(slots=True)
class Index:
    """What is found by type, and by (service, type, id)? A lone key stands for itself."""

    services: Mapping[str, Service]
    registered: Registered
    types: Mapping[str, tuple[str, ...]]
    ids: Mapping[ShortId, Key | list[Key]] | None = None

    def services_of_type(self, kind: str) -> tuple[str, ...]:
        """Which services have this type? Those of the account, else those of the system."""
        return self.types.get(kind, ())

    def keys_of_id(self, service: str, kind: str, ident: str) -> Sequence[Key]:
        """Under which keys are resources of this service, type and id registered?"""
        if self.ids is None:
            self.ids = _index_ids(self.registered)
        found = self.ids.get((service, kind, ident))
        if found is None:
            return ()
        return found if isinstance(found, list) else (found,)


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
        ids=known.ids if known is not None and same_resources else None,
    )
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


def _index_ids(registered: Registered) -> dict[ShortId, Key | list[Key]]:
    ids: dict[ShortId, Key | list[Key]] = {}
    for key in registered:
        place = (key.service, *key.path[-1])
        known = ids.setdefault(place, key)
        if isinstance(known, list):
            known.append(key)
        elif known is not key:
            ids[place] = [known, key]
    return ids
