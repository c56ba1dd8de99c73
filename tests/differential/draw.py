"""Where choices come from: a seeded random generator for volume, hypothesis for shrinking.

Every generator here takes a Draw and asks it for numbers only, so both sources make the same worlds.
The first of several choices is the simplest, which is where hypothesis shrinks to.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from random import Random
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Draw(ABC):
    """Which choice is made next?"""

    @abstractmethod
    def below(self, bound: int) -> int:
        """Which number from 0 to below the bound?"""

    @abstractmethod
    def apart(self, words: str) -> Draw:
        """Which source makes choices that leave those of this one as they are, where that can be?"""

    def chance(self, percent: int) -> bool:
        """Does something happen that happens in so many of a hundred cases?"""
        return self.below(100) >= 100 - percent

    def pick(self, items: Sequence[T]) -> T:
        """Which one of these?"""
        return items[self.below(len(items))]

    def some(self, items: Sequence[T], least: int = 0, most: int | None = None) -> list[T]:
        """Which of these, each at most once, between `least` and `most` of them?"""
        left = list(items)
        top = min(len(left), len(left) if most is None else most)
        low = min(least, top)
        count = low + self.below(top - low + 1)
        return [left.pop(self.below(len(left))) for _ in range(count)]


class SeededDraw(Draw):
    """Choices of a seeded generator: the same seed, the same world, on every machine."""

    def __init__(self, seed: int | str) -> None:
        self._random = Random(seed)
        self._seed = seed
        self._apart = 0

    def below(self, bound: int) -> int:
        """Which number does the generator give?"""
        return int(self._random.random() * bound)

    def apart(self, words: str) -> Draw:
        """Another generator, seeded by this one's seed, the words, and how often it was asked for."""
        self._apart += 1
        return SeededDraw(f"{self._seed} {words} {self._apart}")


class HypothesisDraw(Draw):
    """Choices of hypothesis, which shrinks them."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def below(self, bound: int) -> int:
        """Which number does hypothesis give?"""
        return self._data.draw(st.integers(0, bound - 1))

    def apart(self, words: str) -> Draw:
        """The same: hypothesis keeps no world between runs."""
        return self
