"""A mapping that is never changed: a change makes another, which shares what the change did not touch.

For what an account may hold a million of: copying a mapping of that size for each change takes longer than the rest
of the change. Pure. The law: `Overlay(a).changed(c)` equals `a` with the entries of `c`, without those that are None
in `c`, and every earlier overlay stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, Mapping, ValuesView
from itertools import chain
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

MOST_APART = 4096
"""How many entries may lie beside the shared ones, before all are put together again?"""


class Overlay(Mapping[K, V], Generic[K, V]):
    """Shared entries below, and above them the few that differ. No value is None.

    `find(key)` is the value, or None; without differences it is the dictionary's own look-up.
    """

    __slots__ = ("_above", "_below", "_length", "find")

    def __init__(self, below: dict[K, V]) -> None:
        """CAUTION: the dictionary is kept, not copied; nobody may change it afterwards."""
        self._set(below, {}, len(below))

    def _set(self, below: dict[K, V], above: dict[K, V | None], length: int) -> None:
        self._below, self._above, self._length = below, above, length
        self.find: Callable[[K], V | None] = self._find if above else below.get

    def changed(self, changes: Mapping[K, V | None]) -> Overlay[K, V]:
        """Which mapping has these values instead? None: no longer there."""
        above = {**self._above, **changes}
        if len(above) > MOST_APART:
            return Overlay(_put_together(self._below, above))
        grown = sum((value is not None) - (key in self) for key, value in changes.items())
        new: Overlay[K, V] = Overlay.__new__(Overlay)
        new._set(self._below, above, self._length + grown)
        return new

    @property
    def below(self) -> Mapping[K, V]:
        """Which entries are shared, also with what changed since? (Some may be hidden by those above.)"""
        return self._below

    @property
    def above(self) -> Mapping[K, V | None]:
        """Which few entries differ from the shared ones? None: it is no longer there."""
        return self._above

    def _find(self, key: K) -> V | None:
        # WHY not two look-ups: what lies above may hold None, which hides what is below.
        return self._above[key] if key in self._above else self._below.get(key)

    def get(self, key: K, default: Any = None) -> Any:
        """Which value has this key?"""
        found = self.find(key)
        return default if found is None else found

    def __getitem__(self, key: K) -> V:
        found = self.find(key)
        if found is None:
            raise KeyError(key)
        return found

    def __contains__(self, key: object) -> bool:
        return self.find(key) is not None  # type: ignore[arg-type]  # what is no key is not found

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[K]:
        above, below = self._above, self._below
        if not above:
            return iter(below)
        new = (key for key, value in above.items() if value is not None and key not in below)
        return chain((key for key in below if above.get(key, self) is not None), new)

    def items(self) -> ItemsView[K, V]:
        """Keys with their values. Those of a dictionary where nothing differs: three times as fast."""
        return super().items() if self._above else self._below.items()

    def values(self) -> ValuesView[V]:
        """The values. Those of a dictionary where nothing differs."""
        return super().values() if self._above else self._below.values()

    def __repr__(self) -> str:
        return f"Overlay({dict(self)!r})"


def _put_together(below: Mapping[K, V], above: Mapping[K, V | None]) -> dict[K, V]:
    """Which dictionary holds both?"""
    whole = dict(below)
    for key, value in above.items():
        if value is None:
            whole.pop(key, None)
        else:
            whole[key] = value
    return whole


def as_overlay(mapping: Mapping[K, V]) -> Overlay[K, V]:
    """The same mapping, so that a change shares what it does not touch."""
    return mapping if isinstance(mapping, Overlay) else Overlay(dict(mapping))
