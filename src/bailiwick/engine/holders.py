"""Policies the other way round: under which key does which subject hold or deny something?

Implements the reverse of the index of docs/spec.md section 4 (see tables.py). Pure.
INVARIANT: what it names is a hint. It never misses a subject, but may name one that holds nothing there any more;
who asks looks into the subject's own table. So it only grows, and snapshots of one account share it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, cast

from bailiwick.engine.resources import Resolved
from bailiwick.engine.scopes import Key, Shape
from bailiwick.engine.tables import SubjectTable

if TYPE_CHECKING:
    from bailiwick.engine.compile import CompiledAccount

FEW = 1000
# One subject, as most keys have, or several.
Named = str | list[str]


class Holders:
    """Who holds or denies something under which key? `stale`: how many hints came since it was made afresh."""

    __slots__ = ("_allows", "_denies", "stale")

    def __init__(self) -> None:
        self._allows: dict[Key, Named] = {}
        self._denies: dict[Shape, dict[Key, Named]] = {}
        self.stale = 0

    @property
    def is_worn(self) -> bool:
        """Has so much been added that it is better made afresh?"""
        return self.stale > max(FEW, len(self._allows))

    def add(self, subject: str, table: SubjectTable, old: SubjectTable | None = None) -> None:
        """Count what is in this subject's table and was not in its old one."""
        for key in cast(Iterable[object], table.allows):
            if isinstance(key, tuple) and (old is None or old.allows.get(key) is None):
                _put(self._allows, key, subject)
                self.stale += 1
        if table.denies is not None and (old is None or table.denies is not old.denies):
            for shape, by_key in table.denies.cells().items():
                known = self._denies.setdefault(shape, {})
                for key in by_key:
                    _put(known, key, subject)
                    self.stale += 1

    def holding(self, key: Key) -> Iterable[str]:
        """Who may hold something under this key?"""
        return _all(self._allows.get(key, ()))

    def denying(self, resource: Resolved, service: str) -> Iterator[str]:
        """Who may be denied something about this resource? (the twin of `BlockTable.near`)"""
        for shape, by_key in list(self._denies.items()):
            if shape.service not in (service, None):
                continue
            if shape.reads & resource.unknown:
                for named in list(by_key.values()):
                    yield from _all(named)
                continue
            for key in shape.keys(resource):
                yield from _all(by_key.get(key, ()))


def build_holders(tables: Mapping[str, SubjectTable]) -> Holders:
    """Who holds or denies something in these tables?"""
    holders = Holders()
    for subject, table in tables.items():
        holders.add(subject, table)
    holders.stale = 0
    return holders


def carry_on(
    holders: Holders, old: CompiledAccount, new: CompiledAccount, policies: set[str]
) -> Holders | None:
    """The holders once these policies have changed, or any (empty). None: they are worn and better made afresh."""
    subjects: set[str] = set()
    for name in policies:
        for account in (old.account, new.account):
            policy = account.policies.get(name)
            subjects.update(() if policy is None else policy.subjects)
    for subject in subjects if policies else new.tables:
        table, before = new.tables.get(subject), old.tables.get(subject)
        if table is not None and table is not before:
            holders.add(subject, table, before)
    return None if holders.is_worn else holders


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
