"""From a query to the attributes that policies match: known, absent or unknown.

Implements docs/spec.md section 2 (what is registered: registered.py) and rules 3.2 and 3.3. Pure.
A None attribute is absent unless its bit in `unknown` is set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bailiwick.engine.registered import Nodes, Registered, Sought
from bailiwick.model.accounts import Property, Resource
from bailiwick.model.names import SERVICE_TYPE
from bailiwick.model.requests import Reason, ResourceQuery
from bailiwick.model.services import Action, ResourceType, Service

REGION, INSTANCE, PROJECT, OWNER, GROUPS, BUDGET, TAGS, PROPERTIES, NODE_ID = (1 << bit for bit in range(9))
EVERYTHING = (1 << 9) - 1
INSTANCE_TYPE = "instance"
PATH_ATTRIBUTES = frozenset({"type", "id", "within"})
NO_PROPERTIES: Mapping[str, Property] = {}

_SERVICE_ITSELF = ResourceType(SERVICE_TYPE, "The service itself")
_OWN_BITS = {"project": PROJECT, "owner": OWNER, "groups": GROUPS, "budget": BUDGET, "tags": TAGS}
_BITS = {"region": REGION, "instance": INSTANCE, **_OWN_BITS, "properties": PROPERTIES}


# WHY: not frozen, because one is made for each decision and a frozen one takes five times as long to make.
@dataclass(slots=True)
class Resolved:
    """Which attributes does the asked resource have? `nodes` runs outermost first.

    A bit of `unknown` means something only where the attribute is None (or a tag is missing).
    `has`: which attributes it can have; of these, the `taken` ones are as `stored`, the others as the query says.
    """

    service: str
    region: str | None
    instance: str | None
    project: str | None
    nodes: Nodes
    unknown: int
    has: int
    taken: int
    stored: Resource | None
    query: ResourceQuery

    def _source(self, bit: int) -> Resource | ResourceQuery | None:
        if not self.has & bit:
            return None
        return self.stored if self.taken & bit else self.query

    @property
    def owner(self) -> str | None:
        """Who owns it?"""
        source = self._source(OWNER)
        return None if source is None else source.owner

    @property
    def groups(self) -> tuple[str, ...] | None:
        """Which groups does it belong to?"""
        source = self._source(GROUPS)
        return None if source is None else source.groups

    @property
    def budget(self) -> str | None:
        """Which budget pays for it?"""
        source = self._source(BUDGET)
        return None if source is None else source.budget

    @property
    def tags(self) -> Mapping[str, str] | None:
        """Which tags has it?"""
        source = self._source(TAGS)
        return None if source is None else source.tags

    @property
    def properties(self) -> Mapping[str, Property] | None:
        """Which properties are stored? None: all are absent, what the request says included."""
        if not self.has & PROPERTIES:
            return None
        return self.stored.properties if self.stored and self.taken & PROPERTIES else NO_PROPERTIES

    @property
    def said_properties(self) -> Mapping[str, Property]:
        """Which properties does the request give?"""
        return self.query.properties


# A resource of which nothing at all is known.
NOWHERE = Resolved(
    "", None, None, None, (("", None),), EVERYTHING, PROPERTIES, 0, None, ResourceQuery("", ())
)
NOTHING_STORED = (None, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """What is true of every resource of one type of one service?

    Sets of attributes are bits. `has`: what such a resource can have. `inherited`: what it takes from the nearest
    registered ancestor. `below`: the kinds that may stand directly under it.
    """

    service: str
    has: int
    inherited: int
    stands_for_project: bool
    stands_in_instance: bool
    below: dict[str, Kind] = field(default_factory=dict)


Kinds = Mapping[str, Kind]


def kinds_of(service: Service) -> Kinds:
    """Which kinds may stand first in a path of this service? The others are below them (rule 2.1)."""
    types = {**service.resource_types, SERVICE_TYPE: _SERVICE_ITSELF}
    kinds = {name: _kind(service, found) for name, found in types.items()}
    for name, found in types.items():
        for parent in found.parents:
            if parent in kinds:
                kinds[parent].below[name] = kinds[name]
    return {name: kinds[name] for name, found in types.items() if not found.parents}


def _kind(service: Service, found: ResourceType) -> Kind:
    own = _bits(found.attributes) | PROPERTIES
    own |= PROJECT if found.stands_for_project else 0
    inherited = own & (_bits(found.inherits) | PROJECT)
    return Kind(
        service=service.name,
        has=own | (REGION if service.regional else 0) | (INSTANCE if service.instances else 0),
        inherited=inherited & ~PROJECT if found.stands_for_project else inherited,
        stands_for_project=found.stands_for_project,
        stands_in_instance=service.instances and INSTANCE_TYPE in service.resource_types,
    )


def _bits(names: frozenset[str]) -> int:
    return sum(bit for name, bit in _OWN_BITS.items() if name in names)


def find_kind(first: Kinds, path: Nodes) -> Kind | None:
    """Which kind of resource does this path end in? None: it breaks rule 2.1."""
    below, found = first, None
    for node in path:
        found = below.get(node[0])
        if found is None:
            return None
        below = found.below
    return found


def path_problem(service: Service, path: Nodes) -> Reason:
    """What is wrong with a path that breaks rule 2.1? (rule 7.2 a)"""
    known = all(kind == SERVICE_TYPE or kind in service.resource_types for kind, _ in path)
    return Reason.INCOMPLETE_RESOURCE if known else Reason.UNKNOWN_RESOURCE_TYPE


@dataclass(frozen=True, slots=True)
class Sight:
    """What does an action see of its resource? `keeps` as bits; `itself`: it is asked of the service itself."""

    keeps: int
    itself: bool


ALL_OF_IT = Sight(EVERYTHING, itself=False)


def sight_of(action: Action) -> Sight:
    """Which attributes is this action decided on? (rules 3.2 and 3.3)"""
    itself = action.resource_type is None and not action.spans_services
    kept = action.decided_on
    if kept is None:
        return Sight(REGION, itself) if itself else ALL_OF_IT
    keeps = sum(bit for name, bit in _BITS.items() if name in kept)
    return Sight(keeps | (NODE_ID if kept & PATH_ATTRIBUTES else 0), itself)


def resolve(kind: Kind, query: ResourceQuery, registered: Registered, sight: Sight) -> Resolved:
    """Which attributes does this resource have for an action that sees so much? (rules 2.3 to 2.10, 3.2, 3.3)"""
    has = kind.has & sight.keeps
    stored, taken = find_stored(kind, query, registered) if registered else NOTHING_STORED
    if not taken & NODE_ID and registered and _is_incomplete(kind, query):
        query, stored, taken = _what_is_certain(kind, query, registered, stored, taken)
    unknown = has & ~taken
    region = (query.region or None) if has & REGION else None
    if region is not None:
        unknown &= ~REGION
    instance = (query.instance or None) if has & INSTANCE else None
    if instance is not None:
        unknown &= ~INSTANCE
    project = _project(kind, query, stored, taken) if has & PROJECT else None
    if project is not None:
        unknown &= ~PROJECT
    nodes = query.path if sight is ALL_OF_IT else _seen_nodes(kind, query.path, sight)
    if not taken & NODE_ID:
        for node in nodes:
            if node[1] is None:
                unknown |= NODE_ID
    return Resolved(kind.service, region, instance, project, nodes, unknown, has, taken, stored, query)


def _is_incomplete(kind: Kind, query: ResourceQuery) -> bool:
    """Does the name leave out a part? (rule 2.10)"""
    if (kind.has & REGION and not query.region) or (kind.has & INSTANCE and not query.instance):
        return True
    for node in query.path:  # noqa: SIM110  # WHY: any() takes three times as long, and this is asked of most
        if node[1] is None:
            return True
    return False


def _what_is_certain(
    kind: Kind, query: ResourceQuery, registered: Registered, stored: Resource | None, taken: int
) -> tuple[ResourceQuery, Resource | None, int]:
    """What is certain of a resource with an incomplete name: what the request says, what is stored, and of what?

    SECURITY: nothing that a registered resource could say otherwise, so that leaving out a part of the name never
    makes more allowed (rules 2.10, 5.3).
    """
    service, region, instance, path = _sought(kind, query)
    if registered.could_mean(Sought(service, region, instance, path)):
        return ResourceQuery(query.service, query.path, query.region, query.instance), None, 0
    # INVARIANT: an incomplete ancestor is below a complete one, and nearer; so what was found may be overruled.
    ends = range(len(path) - 1, 0, -1)
    sought = [Sought(service, region, instance, path[:end]) for end in ends]
    if kind.stands_in_instance:
        sought.append(Sought(service, region, instance, ((INSTANCE_TYPE, instance),)))
    if kind.inherited and any(_is_open(one) and registered.could_mean(one) for one in sought):
        return _without(query, kind.inherited), None, 0
    return query, stored, taken


def _sought(kind: Kind, query: ResourceQuery) -> Sought:
    region = (query.region or None) if kind.has & REGION else ""
    instance = (query.instance or None) if kind.has & INSTANCE else ""
    return Sought(kind.service, region, instance, query.path)


def _is_open(sought: Sought) -> bool:
    return None in sought or any(ident is None for _, ident in sought.path)


def _without(query: ResourceQuery, attributes: int) -> ResourceQuery:
    """The same question, without what it says of these attributes."""
    unsaid: dict[str, Any] = {name: None for name, bit in _OWN_BITS.items() if attributes & bit}
    return replace(query, **unsaid)


def _project(kind: Kind, query: ResourceQuery, stored: Resource | None, taken: int) -> str | None:
    if kind.stands_for_project:
        return query.path[-1][1]
    return stored.project if stored is not None and taken & PROJECT else query.project


def find_stored(kind: Kind, query: ResourceQuery, registered: Registered) -> tuple[Resource | None, int]:
    """Which registered resource says something of this one, itself or an ancestor, and of which attributes?"""
    # WHY: a plain tuple equals the Key of the same parts, and is made in a fifth of the time.
    find: Callable[[tuple[str, str, str, Nodes]], Resource | None] = registered.find  # type: ignore[assignment]
    service, path = kind.service, query.path
    region = query.region or "" if kind.has & REGION else ""
    instance = query.instance or "" if kind.has & INSTANCE else ""
    stored = find((service, region, instance, path))
    if stored is not None:
        return stored, EVERYTHING
    if not kind.inherited:
        return NOTHING_STORED
    end = len(path) - 1
    while end:
        stored = find((service, region, instance, path[:end]))
        if stored is not None:
            return stored, kind.inherited
        end -= 1
    if kind.stands_in_instance and instance:
        stored = find((service, region, instance, ((INSTANCE_TYPE, instance),)))
    return (stored, kind.inherited) if stored is not None else NOTHING_STORED


def _seen_nodes(kind: Kind, path: Nodes, sight: Sight) -> Nodes:
    if not sight.keeps & NODE_ID:
        return ()
    return ((SERVICE_TYPE, kind.service),) if sight.itself else path
