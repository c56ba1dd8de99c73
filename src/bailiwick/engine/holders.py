"""Policies the other way round: under which key does which subject hold or deny something?

Implements the reverse of the index of docs/spec.md section 4 (see tables.py). Pure.
It is made from the tables of one moment and not changed. Subjects whose tables changed since are *touched*: what it
says of them does not count, and whoever asks looks into their own tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from bailiwick.engine.resources import Resolved
from bailiwick.engine.scopes import Key, Shape
from bailiwick.engine.tables import SubjectTable

if TYPE_CHECKING:
    from bailiwick.engine.compile import CompiledAccount

MANY = 64
MOST_TOUCHED = 2000


class Hot:
    """The many subjects of one key: principals by the very mask that they hold, groups one by one.

    Under None: the principals who hold something with a residue (see tables.py), each perhaps another.
    WHY: nearly all who hold something under such a key hold one of a few roles, and are looked at all at once.
    """

    __slots__ = ("by_mask", "groups")

    def __init__(self, key: Key, subjects: list[str], tables: Mapping[str, SubjectTable]) -> None:
        by_mask: dict[int | None, list[str]] = {}
        self.groups = tuple(subject for subject in subjects if subject.startswith("group:"))
        for subject in subjects:
            if not subject.startswith("group:"):
                held = tables[subject].allows.get(key)
                by_mask.setdefault(held if isinstance(held, int) else None, []).append(subject)
        self.by_mask: Mapping[int | None, tuple[str, ...]] = {
            mask: tuple(found) for mask, found in by_mask.items()
        }


# One subject, as most keys have, or several.
Named = str | list[str]


@dataclass(frozen=True, slots=True)
class Holders:
    """Who holds or denies something under which key? `touched`: of whom that is no longer certain."""

    allows: Mapping[Key, Named | Hot]
    denies: Mapping[Shape, Mapping[Key, Named]]
    touched: frozenset[str] = frozenset()

    def holding(self, key: Key) -> tuple[Iterable[str], Hot | None]:
        """Who holds something under this key, one by one, and many at once? The touched ones are not told apart."""
        named = self.allows.get(key, ())
        return (named.groups, named) if isinstance(named, Hot) else (_all(named), None)

    def denying(self, resource: Resolved, service: str) -> Iterator[str]:
        """Who may be denied something about this resource? (the twin of `BlockTable.near`)"""
        for shape, by_key in self.denies.items():
            if shape.service not in (service, None):
                continue
            if shape.reads & resource.unknown:
                for named in by_key.values():
                    yield from _all(named)
                continue
            for key in shape.keys(resource):
                yield from _all(by_key.get(key, ()))


def build_holders(tables: Mapping[str, SubjectTable]) -> Holders:
    """Who holds or denies something in these tables?"""
    allows: dict[Key, Named] = {}
    denies: dict[Shape, dict[Key, Named]] = {}
    for subject, table in tables.items():
        for key in cast(Iterable[object], table.allows):
            if isinstance(key, tuple):
                _put(allows, key, subject)
        for shape, by_key in table.denies.cells().items() if table.denies is not None else ():
            known = denies.setdefault(shape, {})
            for key in by_key:
                _put(known, key, subject)
    found: dict[Key, Named | Hot] = {**allows}
    for key, named in allows.items():
        if isinstance(named, list) and len(named) > MANY:
            found[key] = Hot(key, named, tables)
    return Holders(found, denies)


def after_change(
    holders: Holders, old: CompiledAccount, new: CompiledAccount, policies: set[str]
) -> Holders | None:
    """The holders once these policies have changed, or any (empty). None: it is better to make them afresh."""
    subjects: set[str] = set()
    for name in policies:
        for account in (old.account, new.account):
            policy = account.policies.get(name)
            subjects.update(() if policy is None else policy.subjects)
    candidates = subjects if policies else {*old.tables, *new.tables}
    touched = {subject for subject in candidates if new.tables.get(subject) is not old.tables.get(subject)}
    if len(touched) + len(holders.touched) > MOST_TOUCHED:
        return None
    return replace(holders, touched=holders.touched | touched)


def _put(into: dict[Key, Named], key: Key, subject: str) -> None:
    known = into.get(key)
    if known is None:
        into[key] = subject
    elif isinstance(known, str):
        into[key] = [known, subject]
    else:
        known.append(subject)


def _all(named: Named | tuple[()]) -> Iterable[str]:
    return (named,) if isinstance(named, str) else named
