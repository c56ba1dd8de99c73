"""The inventory by attribute: which registered resources of one type are in a region, a project, below a node?

Implements docs/spec.md rules 17.1 and 4.1 to 4.5 for many resources at once. Pure.
Resources are numbered by service and type, in the order of their names (ranks.py); a column for each attribute
(columns.py) is made when it is first asked for. An inventory is a value: a change makes another that shares the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from bailiwick.engine.columns import Column
from bailiwick.engine.ranks import Ranks, Segment
from bailiwick.engine.registered import Key, key_of_name
from bailiwick.engine.resources import Kind, find_kind
from bailiwick.model.accounts import Resource
from bailiwick.model.names import ResourceName, format_resource_name

if TYPE_CHECKING:
    from bailiwick.engine.compile import CompiledAccount

Sort = tuple[str, str]


class Row(NamedTuple):
    """One candidate: under which key it is asked about, and what is registered of it."""

    key: Key
    stored: Resource


Rows = Ranks[Row]
NO_ROWS: Rows = Ranks(())


@dataclass(frozen=True, slots=True)
class Inventory:
    """All candidates, by service and type. `project_sorts`: the types that stand for projects (rule 17.1)."""

    rows: Mapping[Sort, Rows]
    project_sorts: frozenset[Sort]

    def of(self, service: str, type: str) -> Rows:
        """Which candidates has a search for resources of this type of this service?"""
        return self.rows.get((service, type), NO_ROWS)

    def apply(self, compiled: CompiledAccount, changed: Iterable[tuple[str, str]]) -> Inventory:
        """Which inventory is there once these objects (kind, name) are as the compiled account has them?"""
        found: dict[Sort, dict[str, Row | None]] = {}
        for kind, name in changed:
            if kind == "Resource":
                for sort, text, row in self._changed_resource(compiled, name):
                    found.setdefault(sort, {})[text] = row
            elif kind == "Project":
                for sort in self.project_sorts:
                    text, row = _project_row(compiled, sort, name)
                    found.setdefault(sort, {})[text] = row if name in compiled.account.projects else None
        if not found:
            return self
        rows = dict(self.rows)
        for sort, rows_of_sort in found.items():
            rows[sort] = self.of(*sort).changed(rows_of_sort)
        return Inventory(rows, self.project_sorts)

    def _changed_resource(
        self, compiled: CompiledAccount, name: str
    ) -> Iterator[tuple[Sort, str, Row | None]]:
        key = key_of_name(name)
        sort = (key.service, key.path[-1][0])
        if sort in self.project_sorts:
            project = key.path[-1][1]
            if project is not None and project in compiled.account.projects:
                yield (sort, *_project_row(compiled, sort, project))
            return
        stored = compiled.registered.find(key)
        is_candidate = stored is not None and find_kind_of(compiled, key) is not None
        yield sort, name, Row(key, stored) if stored is not None and is_candidate else None


def build_inventory(compiled: CompiledAccount) -> Inventory:
    """Which candidates has every search in this account? Those that rule 2.1 refuses are none."""
    project_sorts = frozenset(
        (service, name)
        for service, entry in compiled.services.items()
        for name, found in entry.resource_types.items()
        if found.stands_for_project
    )
    by_sort: dict[Sort, list[tuple[str, Row]]] = {}
    for key, stored in compiled.registered.items():
        sort = (key.service, key.path[-1][0])
        if sort not in project_sorts and find_kind_of(compiled, key) is not None:
            by_sort.setdefault(sort, []).append((stored.name, Row(key, stored)))
    for sort in project_sorts:
        by_sort[sort] = [_project_row(compiled, sort, project) for project in compiled.account.projects]
    return Inventory({sort: Ranks.of(rows) for sort, rows in by_sort.items()}, project_sorts)


def find_kind_of(compiled: CompiledAccount, key: Key) -> Kind | None:
    """Which kind of resource is registered under this key? None: its name breaks rule 2.1."""
    first = compiled.kinds.get(key.service)
    return None if first is None else find_kind(first, key.path)


def _project_row(compiled: CompiledAccount, sort: Sort, project: str) -> tuple[str, Row]:
    """Which candidate is the project, as a resource of this type? It may be registered besides."""
    service, kind = sort
    key = Key(service, "", "", ((kind, project),))
    name = format_resource_name(ResourceName(compiled.account.name, service, "", "", ((kind, project),)))
    return name, Row(key, compiled.registered.find(key) or Resource(name, project=project))


def find_column(segment: Segment[Row], name: str) -> Column:
    """Which things have which value of this attribute? `above`: ancestors as `type/id`; `tags`: see tag_value."""
    found = segment.remembered.get(name)
    if not isinstance(found, Column):
        found = segment.remembered[name] = Column(_pairs(segment.items, name))
    return found


def tag_value(tag: str, value: str) -> str:
    """As which value does a column know this tag of this value? No two are alike."""
    return f"{len(tag)}:{tag}{value}"


_ONE: Mapping[str, Callable[[Row], str | None]] = {
    "region": lambda row: row.key.region or None,
    "instance": lambda row: row.key.instance or None,
    "id": lambda row: row.key.path[-1][1],
    "project": lambda row: row.stored.project,
    "owner": lambda row: row.stored.owner,
    "budget": lambda row: row.stored.budget,
}
_MANY: Mapping[str, Callable[[Row], Iterable[str]]] = {
    "groups": lambda row: dict.fromkeys(row.stored.groups or ()),
    "above": lambda row: dict.fromkeys(f"{kind}/{ident}" for kind, ident in row.key.path[:-1]),
    "tags": lambda row: [tag_value(tag, value) for tag, value in row.stored.tags.items()],
}


def _pairs(rows: list[Row], name: str) -> Iterator[tuple[int, str]]:
    if name in _MANY:
        several = _MANY[name]
        return ((number, value) for number, row in enumerate(rows) for value in several(row))
    read = _ONE[name]
    return ((number, value) for number, row in enumerate(rows) if (value := read(row)) is not None)
