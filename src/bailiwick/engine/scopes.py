"""Scopes in three values, and as shapes and keys for look-up by hash.

Implements docs/spec.md section 4. A scope is cut into *cells* (one alternative of each constraint);
a cell's *shape* says which attributes it constrains and its *key* with which values, so that all cells of
one shape that match a resource are found by a few dictionary look-ups, however many there are.
What a hash cannot answer (an inner wildcard, a list of more than 64 cells) stays as a leftover scope.
Source: Srinivasan, Suri, Varghese, Packet Classification Using Tuple Space Search, SIGCOMM 1999.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from math import prod

from bailiwick.engine.resources import INSTANCE, NODE_ID, PROJECT, REGION, Resolved
from bailiwick.model.patterns import is_pattern, matches, prefix_of
from bailiwick.model.policies import Scope
from bailiwick.model.services import IAM

MAX_CELLS = 64
_HASHED = ("id", "project", "region", "instance", "within", "type")
EXACT = -1

Answer = bool | None
Key = tuple[object, ...]
Code = int | None


def scope_answer(scope: Scope, resource: Resolved, service: str) -> Answer:
    """Does the scope hold for this resource, its service taken to be `service`? (rules 4.1 to 4.5)"""
    if scope.service is None:
        if service == IAM:
            return False
    elif service not in scope.service:
        return False
    answer: Answer = True
    for patterns, value, bit in (
        (scope.region, resource.region, REGION),
        (scope.instance, resource.instance, INSTANCE),
        (scope.project, resource.project, PROJECT),
    ):
        if patterns is None:
            continue
        if value is None:
            if not resource.unknown & bit:
                return False
            answer = None
        elif not any(matches(pattern, value) for pattern in patterns):
            return False
    for part in (_node_answer(scope, resource), _within_answer(scope, resource)):
        if part is False:
            return False
        if part is None:
            answer = None
    return answer


def _node_answer(scope: Scope, resource: Resolved) -> Answer:
    if scope.type is None:
        return True
    answer: Answer = False
    for kind, ident in resource.nodes:
        if kind not in scope.type:
            continue
        if scope.id is None:
            return True
        if ident is None:
            answer = None
        elif any(matches(pattern, ident) for pattern in scope.id):
            return True
    return answer


def _within_answer(scope: Scope, resource: Resolved) -> Answer:
    if scope.within is None:
        return True
    answer: Answer = False
    for kind, ident in resource.nodes[:-1]:
        for wanted_kind, wanted_id in scope.within:
            if kind == wanted_kind and ident is None:
                answer = None
            elif (kind, ident) == (wanted_kind, wanted_id):
                return True
    return answer


@dataclass(frozen=True, slots=True)
class Shape:
    """Which attributes does a cell constrain? None: not; EXACT: by value; n >= 0: by a prefix of n characters.

    `number` tells shapes apart within one compiled account and begins every key of the shape.
    """

    number: int
    service: bool
    region: Code
    instance: Code
    project: Code
    type: bool
    id: Code
    within: bool

    @property
    def narrow(self) -> bool:
        """Does it constrain project, type, id or within? (rule 7.5)"""
        return self.project is not None or self.type or self.within

    @property
    def reads(self) -> int:
        """Which attributes, as bits of `Resolved.unknown`, decide whether a key can be made?"""
        bits = 0 if self.region is None else REGION
        bits |= 0 if self.instance is None else INSTANCE
        bits |= 0 if self.project is None else PROJECT
        return bits | (NODE_ID if self.id is not None or self.within else 0)


ShapeCode = tuple[bool, Code, Code, Code, bool, Code, bool]


@dataclass(frozen=True, slots=True)
class Cell:
    """One alternative of a scope: its shape, its key without the shape's number, what remains to be checked."""

    code: ShapeCode
    values: Key
    leftover: Scope | None


def cells_of(scope: Scope) -> Iterator[Cell]:
    """Which cells does this scope consist of? At most MAX_CELLS for each service; the longest lists become leftover first."""
    hashed, leftover = _split(scope)
    rest = leftover if leftover != Scope() else None
    nodes = [(kind, ident) for kind in hashed.type or (None,) for ident in hashed.id or (None,)]
    for service, region, instance, project, (kind, ident), within in product(
        hashed.service or (None,),
        hashed.region or (None,),
        hashed.instance or (None,),
        hashed.project or (None,),
        nodes,
        hashed.within or (None,),
    ):
        codes = (_code(region), _code(instance), _code(project))
        code: ShapeCode = (service is not None, *codes, kind is not None, _code(ident), within is not None)
        values: list[object] = [service]
        values += [_stem(text) for text in (region, instance, project) if text is not None]
        if kind is not None:
            values.append(kind)
        if ident is not None:
            values.append(_stem(ident))
        if within is not None:
            values += within
        yield Cell(code, tuple(values), rest)


def _split(scope: Scope) -> tuple[Scope, Scope]:
    hashed, leftover = scope, Scope()
    for name in ("region", "instance", "project", "id"):
        patterns: tuple[str, ...] | None = getattr(scope, name)
        if patterns is not None and any(is_pattern(p) and prefix_of(p) is None for p in patterns):
            hashed, leftover = _move(name, scope, hashed, leftover)
    while True:
        sizes = {name: len(getattr(hashed, name) or ()) for name in _HASHED}
        longest = max(sizes, key=lambda name: sizes[name])
        if (
            sizes[longest] <= 1
            or prod(size or 1 for size in sizes.values()) * len(hashed.service or (None,)) <= MAX_CELLS
        ):
            return hashed, leftover
        hashed, leftover = _move(longest, scope, hashed, leftover)


def _move(name: str, scope: Scope, hashed: Scope, leftover: Scope) -> tuple[Scope, Scope]:
    """Take one constraint out of the hash; `id` stays with its `type`, which must hold at the same node."""
    hashed = replace(hashed, **{name: None})
    leftover = replace(leftover, **{name: getattr(scope, name)})
    if name == "type":
        hashed = replace(hashed, id=None)
    if name in ("type", "id"):
        leftover = replace(leftover, type=scope.type, id=scope.id)
    return hashed, replace(leftover, service=scope.service)


def _code(text: str | None) -> Code:
    if text is None:
        return None
    prefix = prefix_of(text)
    return EXACT if prefix is None else len(prefix)


def _stem(text: str) -> str:
    prefix = prefix_of(text)
    return text if prefix is None else prefix


class Shapes:
    """Which shapes occur? Numbers them; grows only, so that snapshots of one account may share it."""

    def __init__(self) -> None:
        self._by_code: dict[ShapeCode, Shape] = {}

    def shape(self, code: ShapeCode) -> Shape:
        """Which shape has this code?"""
        found = self._by_code.get(code)
        if found is None:
            found = self._by_code.setdefault(code, Shape(len(self._by_code), *code))
        return found

    def by_number(self) -> list[Shape]:
        """Which shapes are there, in the order of their numbers?"""
        return list(self._by_code.values())


def keys_of(shape: Shape, resource: Resolved, service: str) -> tuple[Key, ...] | list[Key]:
    """Under which keys can cells of this shape match this resource? One for each node that fits."""
    head: Key = (shape.number, service if shape.service else None)
    if shape.region is not None:
        if resource.region is None:
            return ()
        if shape.region == EXACT:
            head += (resource.region,)
        elif len(resource.region) >= shape.region:
            head += (resource.region[: shape.region],)
        else:
            return ()
    if shape.instance is not None:
        if resource.instance is None:
            return ()
        if shape.instance == EXACT:
            head += (resource.instance,)
        elif len(resource.instance) >= shape.instance:
            head += (resource.instance[: shape.instance],)
        else:
            return ()
    if shape.project is not None:
        if resource.project is None:
            return ()
        if shape.project == EXACT:
            head += (resource.project,)
        elif len(resource.project) >= shape.project:
            head += (resource.project[: shape.project],)
        else:
            return ()
    if not shape.type and not shape.within:
        return (head,)
    return _keys_by_path(shape, resource, head)


def _keys_by_path(shape: Shape, resource: Resolved, head: Key) -> list[Key]:
    keys = [head]
    if shape.type:
        if shape.id is None:
            keys = [(*head, kind) for kind, _ in resource.nodes]
        elif shape.id == EXACT:
            keys = [head + node for node in resource.nodes]
        else:
            size = shape.id
            keys = [
                (*head, kind, ident[:size])
                for kind, ident in resource.nodes
                if ident is not None and len(ident) >= size
            ]
    if shape.within:
        keys = [key + node for key in keys for node in resource.nodes[:-1]]
    return keys
