"""What an action sees of many resources at once: sets of them where a scope or a condition holds.

Implements docs/spec.md sections 4 to 6 for the candidates of a search (17.1). Pure.
An *extent* is two sets: where it surely holds, and where it possibly does; `decide` has the last word on the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import NamedTuple

from pyroaring import BitMap

from bailiwick.engine.columns import NOTHING, Column
from bailiwick.engine.inventory import Row, find_column, tag_value
from bailiwick.engine.ranks import Part
from bailiwick.engine.resources import (
    BUDGET,
    GROUPS,
    INSTANCE,
    NODE_ID,
    OWNER,
    PROJECT,
    REGION,
    TAGS,
    Kind,
    Sight,
)
from bailiwick.engine.scopes import EXACT, Code, Key, Shape
from bailiwick.model.names import SERVICE_TYPE
from bailiwick.model.patterns import matches
from bailiwick.model.policies import Scope
from bailiwick.model.services import IAM

BITS = {
    "region": REGION, "instance": INSTANCE, "project": PROJECT, "owner": OWNER, "groups": GROUPS,
    "budget": BUDGET, "tags": TAGS,
}  # fmt: skip


class Extent(NamedTuple):
    """Where does it surely hold, and where possibly? INVARIANT: what is sure is possible."""

    sure: BitMap
    maybe: BitMap

    def both(self, other: Extent) -> Extent:
        """Where do this and the other hold?"""
        return Extent(self.sure & other.sure, self.maybe & other.maybe)

    def either(self, other: Extent) -> Extent:
        """Where does one of them hold?"""
        return Extent(self.sure | other.sure, self.maybe | other.maybe)

    def without(self, other: Extent) -> Extent:
        """Where does this hold and the other not?"""
        return Extent(self.sure - other.maybe, self.maybe - other.sure)


NOWHERE = Extent(NOTHING, NOTHING)


def exactly(found: BitMap) -> Extent:
    """Where is it certain on both sides?"""
    return Extent(found, found)


@dataclass(frozen=True, slots=True)
class Seen:
    """What does one action see of one part of the candidates?

    `has`: which attributes, as bits. `itself`: it is asked of the service itself, whatever is named (rule 3.3).
    `is_told`: whatever is not registered of a candidate is absent. It is not of projects: they need not be
    registered, and are then only described.
    """

    part: Part[Row]
    service: str
    type: str
    has: int
    itself: bool
    is_told: bool

    @classmethod
    def by(cls, sight: Sight, part: Part[Row], kind: Kind, type: str) -> Seen:
        """What does an action with this sight see of these resources, all of this kind?"""
        has = kind.has & sight.keeps | sight.keeps & NODE_ID
        return cls(part, kind.service, type, has, sight.itself, not kind.stands_for_project)

    @property
    def everywhere(self) -> Extent:
        """Which candidates are there?"""
        return exactly(self.part.there)

    @property
    def somewhere(self) -> Extent:
        """Nothing is known: it may hold anywhere."""
        return Extent(NOTHING, self.part.there)

    def column(self, name: str) -> Column:
        """Who has which value of this attribute, seen or not?"""
        return find_column(self.part.segment, name)

    def cell(self, shape: Shape, key: Key) -> BitMap:
        """Which resources lie in the cell of this shape and key? (the inverse of `Shape.keys`)"""
        _, region, instance, project, has_type, ident, within = shape.code
        values = iter(key[1:])
        found = None if has_type else self.part.there
        for name, code in (("region", region), ("instance", instance), ("project", project)):
            if code is not None:
                found = _narrowed(found, self._text(name, str(next(values)), code))
        if has_type:
            kind = str(next(values))
            of_kind = self._of_type(kind) if ident is None else self._node(kind, str(next(values)), ident)
            found = _narrowed(found, of_kind)
        if within:
            found = _narrowed(found, self._below(str(next(values)), str(next(values))))
        return self.part.there if found is None else found

    def _text(self, name: str, value: str, code: int) -> BitMap:
        if not self.has & BITS[name]:
            return NOTHING
        column = self.column(name)
        return column.equal(value) if code == EXACT else column.beginning(value)

    def _of_type(self, kind: str) -> BitMap:
        if not self.has & NODE_ID:
            return NOTHING
        if self.itself:
            return self.part.there if kind == SERVICE_TYPE else NOTHING
        return self.part.there if kind == self.type else self.column("above").beginning(f"{kind}/")

    def _node(self, kind: str, value: str, code: Code) -> BitMap:
        """Which resources have a node of this type whose id is this, or begins so?"""
        if not self.has & NODE_ID:
            return NOTHING
        if self.itself:
            fits = self.service == value if code == EXACT else self.service.startswith(value)
            return self.part.there if kind == SERVICE_TYPE and fits else NOTHING
        above = self.column("above")
        found = above.equal(f"{kind}/{value}") if code == EXACT else above.beginning(f"{kind}/{value}")
        if kind != self.type:
            return found
        own = self.column("id")
        return found | (own.equal(value) if code == EXACT else own.beginning(value))

    def _below(self, kind: str, value: str) -> BitMap:
        if self.itself or not self.has & NODE_ID:
            return NOTHING
        return self.column("above").equal(f"{kind}/{value}")

    def scope(self, scope: Scope, service: str) -> Extent:
        """Where does the scope hold, the resources' service taken to be `service`? (the twin of `scope_answer`)"""
        if service == IAM if scope.service is None else service not in scope.service:
            return NOWHERE
        found = self.everywhere
        for name, patterns in (
            ("region", scope.region),
            ("instance", scope.instance),
            ("project", scope.project),
        ):
            if patterns is not None:
                found = found.both(self._fitting(name, patterns))
        if scope.type is not None:
            found = found.both(_union(self._nodes(kind, scope.id) for kind in scope.type))
        if scope.within is not None:
            found = found.both(exactly(_united(self._below(*node) for node in scope.within)))
        return found

    def _fitting(self, name: str, patterns: tuple[str, ...]) -> Extent:
        if not self.has & BITS[name]:
            return NOWHERE
        column = self.column(name)
        return _union(Extent(*column.fitting(pattern)) for pattern in patterns)

    def _nodes(self, kind: str, patterns: tuple[str, ...] | None) -> Extent:
        if patterns is None:
            return exactly(self._of_type(kind))
        if not self.has & NODE_ID:
            return NOWHERE
        if self.itself:
            fits = kind == SERVICE_TYPE and any(matches(pattern, self.service) for pattern in patterns)
            return self.everywhere if fits else NOWHERE
        above = self.column("above")
        found = _union(Extent(*above.fitting(f"{kind}/{pattern}")) for pattern in patterns)
        if kind != self.type:
            return found
        return found.either(_union(Extent(*self.column("id").fitting(pattern)) for pattern in patterns))

    def with_value(self, name: str, values: Iterable[str]) -> BitMap:
        """Which resources have one of these values of an attribute that a condition reads?"""
        if not self.has & BITS[name]:
            return NOTHING
        column = self.column(name)
        return _united(column.equal(value) for value in values)

    def with_tag(self, tag: str, values: Iterable[str]) -> BitMap:
        """Which resources have this tag with one of these values?"""
        return self.with_value("tags", [tag_value(tag, value) for value in values])


def _narrowed(found: BitMap | None, by: BitMap) -> BitMap:
    return by if found is None else found & by


def _united(sets: Iterable[BitMap]) -> BitMap:
    return reduce(or_, sets, NOTHING)


def _union(extents: Iterable[Extent]) -> Extent:
    return reduce(Extent.either, extents, NOWHERE)
