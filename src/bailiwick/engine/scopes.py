"""Scopes in three values, and as shapes and keys for look-up by hash.

Implements docs/spec.md section 4. A scope is cut into *cells* (one alternative of each constraint);
a cell's *shape* says which attributes it constrains and its *key* with which values, so that all cells of
one shape that match a resource are found by a few dictionary look-ups, however many there are.
What a hash cannot answer (an inner wildcard, a list of more than 64 cells) stays as a leftover scope.
Source: Srinivasan, Suri, Varghese, Packet Classification Using Tuple Space Search, SIGCOMM 1999.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from operator import attrgetter
from threading import Lock

from bailiwick.engine.resources import INSTANCE, NODE_ID, PROJECT, REGION, Resolved
from bailiwick.model.patterns import is_pattern, matches, prefix_of
from bailiwick.model.policies import Scope
from bailiwick.model.services import IAM

MAX_CELLS = 64
_HASHED = ("id", "project", "region", "instance", "within", "type")
_PATTERNED = ("region", "instance", "project", "id")
_NONE = (None,)
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


# service, region, instance, project, has type, id, has within
ShapeCode = tuple[str | None, Code, Code, Code, bool, Code, bool]
KeysOf = Callable[[Resolved], Sequence[Key]]
_ONE_RESOURCE = (None, None, None, True, EXACT, False)  # the most frequent shape by far


# One alternative of a scope: its shape, its key without the shape's number, what remains to be checked.
Cell = tuple[ShapeCode, Key, Scope | None]


def cells_of(scope: Scope) -> Iterator[Cell]:
    """Which cells does this scope consist of? At most MAX_CELLS for each service; long lists become leftover."""
    hashed, leftover = (scope, None) if _is_small(scope) else _split(scope)
    for region, instance, project, kind, ident, within in product(
        hashed.region or _NONE,
        hashed.instance or _NONE,
        hashed.project or _NONE,
        hashed.type or _NONE,
        hashed.id or _NONE,
        hashed.within or _NONE,
    ):
        codes: list[Code] = []
        values: list[str] = []
        for text in (region, instance, project):
            codes.append(_append_stem(text, values))
        if kind is not None:
            values.append(kind)
        of_id = _append_stem(ident, values)
        if within is not None:
            values += within
        rest = (codes[0], codes[1], codes[2], kind is not None, of_id, within is not None)
        for service in hashed.service or _NONE:
            yield (service, *rest), tuple(values), leftover


def _append_stem(text: str | None, values: list[str]) -> Code:
    """Which code has this constraint? Its value, or what stands before its `*`, is added to the key."""
    if text is None:
        return None
    prefix = prefix_of(text)
    values.append(text if prefix is None else prefix)
    return EXACT if prefix is None else len(prefix)


def _is_small(scope: Scope) -> bool:
    """Is it surely no more than one cell for each service, with nothing that a hash cannot answer?"""
    for patterns in (scope.region, scope.instance, scope.project, scope.id):
        if patterns is not None and (len(patterns) > 1 or _inner_wildcard(patterns[0])):
            return False
    return (scope.type is None or len(scope.type) == 1) and (scope.within is None or len(scope.within) == 1)


def _inner_wildcard(pattern: str) -> bool:
    return is_pattern(pattern) and prefix_of(pattern) is None


def _split(scope: Scope) -> tuple[Scope, Scope | None]:
    """Which part of the scope is found by hash, and which is left to be checked?"""
    hashed, leftover = scope, Scope()
    for name in _PATTERNED:
        patterns: tuple[str, ...] | None = getattr(scope, name)
        if patterns is not None and any(_inner_wildcard(pattern) for pattern in patterns):
            hashed, leftover = _move(name, scope, hashed, leftover)
    while True:
        sizes = {name: len(getattr(hashed, name) or ()) for name in _HASHED}
        longest = max(sizes, key=lambda name: sizes[name])
        cells = prod(size or 1 for size in sizes.values()) * len(hashed.service or (None,))
        if sizes[longest] <= 1 or cells <= MAX_CELLS:
            return hashed, None if leftover == Scope() else leftover
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


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """Which attributes do the cells of one service (or None: of scopes without one) constrain, and how?

    `number` tells shapes apart within one compiled account and begins every key of the shape.
    `keys` makes the keys under which its cells can match a resource: one for each node that may fit.
    `reads`: which attributes, as bits of `Resolved.unknown`, decide whether a key can be made.
    `narrow`: it constrains project, type, id or within (rule 7.5).
    `code`: the same in a form that a search can turn round.
    """

    number: int
    service: str | None
    keys: KeysOf
    reads: int
    narrow: bool
    code: ShapeCode


class Shapes:
    """Which shapes occur? Numbers them; grows only, so that snapshots of one account may share it.

    SECURITY: numbers are given under a lock, as in `Slots`: cells of two shapes of one number would be one cell.
    """

    def __init__(self) -> None:
        self._by_code: dict[ShapeCode, Shape] = {}
        self._giving = Lock()

    def shape(self, code: ShapeCode) -> Shape:
        """Which shape has this code?"""
        found = self._by_code.get(code)
        if found is None:
            with self._giving:
                found = self._by_code.get(code)
                if found is None:
                    found = self._by_code[code] = _shape(len(self._by_code), code)
        return found

    def by_number(self) -> list[Shape]:
        """Which shapes are there, in the order of their numbers?"""
        return list(self._by_code.values())


def _shape(number: int, code: ShapeCode) -> Shape:
    service, region, instance, project, has_type, ident, within = code
    reads = REGION if region is not None else 0
    reads |= INSTANCE if instance is not None else 0
    reads |= PROJECT if project is not None else 0
    reads |= NODE_ID if ident is not None or within else 0
    narrow = project is not None or has_type or within
    return Shape(number, service, key_maker(number, code), reads, narrow, code)


def key_maker(number: int, code: ShapeCode) -> KeysOf:
    """Which function makes the keys of this shape: the texts, then the node that a scope names, then the ancestor?

    INVARIANT: an attribute that is absent or unknown, or shorter than a prefix, makes a key that no cell has.
    """
    _, region, instance, project, has_type, ident, within = code
    if code[1:] == _ONE_RESOURCE:
        alone = (number,)
        return lambda resource: [alone + node for node in resource.nodes]
    texts = [("region", region), ("instance", instance), ("project", project)]
    head = _head_maker(number, tuple((name, size) for name, size in texts if size is not None))
    keys = _node_keys(head, ident) if has_type else _head_keys(head)
    return _ancestor_keys(keys) if within else keys


Head = Callable[[Resolved], Key]


def _head_maker(number: int, texts: tuple[tuple[str, int], ...]) -> Head:
    """Which function makes the first part of a key: the number and these texts, whole or their first characters?"""
    if not texts:
        alone = (number,)
        return lambda resource: alone
    if texts == (("region", EXACT),):
        return lambda resource: (number, resource.region)
    if texts == (("project", EXACT),):
        return lambda resource: (number, resource.project)
    readers = [_text_reader(name, size) for name, size in texts]
    return lambda resource: (number, *[read(resource) for read in readers])


def _text_reader(name: str, size: int) -> Callable[[Resolved], str | None]:
    read: Callable[[Resolved], str | None] = attrgetter(name)
    return read if size == EXACT else lambda resource: _cut(read(resource), size)


def _cut(text: str | None, size: int) -> str | None:
    return None if text is None else text[:size]


def _head_keys(head: Head) -> KeysOf:
    return lambda resource: (head(resource),)


def _node_keys(head: Head, ident: Code) -> KeysOf:
    def by_type(resource: Resolved) -> Sequence[Key]:
        start = head(resource)
        return [(*start, kind) for kind, _ in resource.nodes]

    def by_id(resource: Resolved) -> Sequence[Key]:
        start = head(resource)
        return [start + node for node in resource.nodes]

    def by_prefix(resource: Resolved) -> Sequence[Key]:
        start = head(resource)
        return [(*start, kind, text and text[:size]) for kind, text in resource.nodes]

    size = EXACT if ident is None else ident
    if ident is None:
        return by_type
    return by_id if ident == EXACT else by_prefix


def _ancestor_keys(keys: KeysOf) -> KeysOf:
    def each(resource: Resolved) -> Sequence[Key]:
        ancestors = resource.nodes[:-1]
        return [key + node for key in keys(resource) for node in ancestors] if ancestors else ()

    return each
