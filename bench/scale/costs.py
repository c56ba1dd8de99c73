"""The measured costs, read from bench/scale_costs.json, and what lies between and beyond the sizes that were measured.

Between two sizes a cost is taken to be linear; beyond the largest it goes on as it went between the last two.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent.parent / "scale_costs.json"
Figures = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Line:
    """A cost by size: straight between the sizes that were measured."""

    sizes: Sequence[float]
    values: Sequence[float]

    def at(self, size: float) -> float:
        """What does it cost at this size? Never less than nothing."""
        right = min(max(bisect_right(self.sizes, size), 1), len(self.sizes) - 1)
        left = right - 1
        share = (size - self.sizes[left]) / (self.sizes[right] - self.sizes[left])
        return max(0.0, self.values[left] + share * (self.values[right] - self.values[left]))

    def reaches(self, value: float) -> float:
        """At which size does the cost reach this value, beyond the last two sizes' slope if need be?"""
        for number in range(1, len(self.sizes)):
            if value <= self.values[number] or number == len(self.sizes) - 1:
                rise = self.values[number] - self.values[number - 1]
                run = self.sizes[number] - self.sizes[number - 1]
                return self.sizes[number - 1] + (value - self.values[number - 1]) * run / rise
        raise AssertionError("a line has two sizes")


@dataclass(frozen=True)
class Costs:
    """What was measured. INVARIANT: seconds are the processor's, of node and database together, where nothing waits for
    a disk: the clock's hold what else the machine did.
    """

    raw: Mapping[str, Any]

    @property
    def kinds(self) -> Mapping[str, Mapping[str, Figures]]:
        """What does one of each kind take: `{kind: {table: {rows, table_bytes, index_bytes}}}`?"""
        found: Mapping[str, Mapping[str, Figures]] = self.raw["rows"]
        return found

    def bytes_of(self, kind: str, tables: Sequence[str] = ()) -> float:
        """How many bytes does one of this kind take, in these tables (none named: in all)?"""
        return sum(
            one["table_bytes"] + one["index_bytes"]
            for name, one in self.kinds[kind].items()
            if not tables or name in tables
        )

    def by_size(self, name: str) -> Line:
        """How does this figure of an account go with its policies?"""
        loads = self.raw["loads"]
        return Line([one["policies"] for one in loads], [one[name] for one in loads])

    @cached_property
    def load(self) -> Line:
        """Seconds to load an account of so many policies."""
        loads = self.raw["loads"]
        return Line([one["policies"] for one in loads], [work(one["load"]) for one in loads])

    @property
    def load_share_of_database(self) -> float:
        """Which share of the seconds of a load are the database's?"""
        largest = self.raw["loads"][-1]["load"]
        return float(largest["database_processor_seconds"]) / work(largest)

    @cached_property
    def held(self) -> Line:
        """Bytes of memory to hold it: itself, and what is remembered of the one in ten users who ask."""
        own, asked = self.by_size("held_bytes"), self.by_size("bytes_a_principal_that_asked")
        values = [
            held + one * size / 50
            for held, one, size in zip(own.values, asked.values, own.sizes, strict=True)
        ]
        return Line(own.sizes, values)

    @property
    def question(self) -> float:
        """Seconds of a node's processor for a question that needs no load."""
        return float(self.raw["questions"]["processor_seconds"])

    def write(self, name: str, part: str) -> float:
        """Which figure has a single writer's `change` or `append`?"""
        return float(self.raw["writes"]["one"][name][part])

    def feed(self, name: str) -> float:
        """Seconds of this part of following."""
        return work(self.raw["feed"][name])


def work(one: Figures) -> float:
    """How many seconds of a processor does it take, the node's and the database's together?"""
    return one["node_processor_seconds"] + one["database_processor_seconds"]


def read_costs(file: Path = FILE) -> Costs:
    """Which costs were measured?"""
    return Costs(json.loads(file.read_text(encoding="utf-8")))
