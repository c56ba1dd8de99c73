"""The benchmark of the engine: `python -m bench.engine_bench [--sizes 1000,100000,1000000]` prints every figure.

Each size and each kind of figure is measured in a process of its own, one after the other; docs/performance.md
says what they mean. Nothing is written.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from bench.worlds import HUB_GROUPS, World

Figures = dict[str, dict[str, float]]

_DRAWS = ("zipf-described", "zipf-registered", "even-described", "even-registered")
_PEERS = ("bailiwick", "pycasbin", "cedarpy")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every size and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.engine_bench", description=__doc__)
    parser.add_argument("--sizes", default="1000,100000,1000000", help="numbers of policies")
    parser.add_argument(
        "--resources", type=int, default=1_000_000, help="registered resources of one account"
    )
    asked = parser.parse_args(arguments)
    sizes = [int(text) for text in asked.sizes.split(",")]
    console = Console(width=110)
    console.print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} processors")
    memory, decisions, searches, peers = {}, {}, {}, {}
    for size in sizes:
        console.print(f"measuring {size:,} policies")
        memory[size] = _run("bench.memory", size)
        decisions[size] = _run("bench.decisions", size)
        searches[size] = _run("bench.searching", size)
        peers[size] = _run("bench.peers", size)
    for table in (
        _worlds(sizes),
        _memory(memory, decisions),
        _decisions(decisions),
        _touches(decisions),
        _searches(searches),
        _indexes(searches),
        _peers(peers),
    ):
        console.print(table)
    console.print(f"measuring {asked.resources:,} registered resources")
    console.print(_inventory(asked.resources, _run("bench.inventory", asked.resources)["inventory"]))
    return 0


def _run(module: str, size: int) -> Figures:
    """Which figures does a fresh process find?"""
    done = subprocess.run(
        [sys.executable, "-m", module, str(size)], capture_output=True, text=True, check=True
    )
    found: Figures = json.loads(done.stdout)
    return found


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table


def _inventory(resources: int, found: dict[str, float]) -> Table:
    table = _table(
        "The world `inventory`: one account, on files; seconds of the processor",
        "resources", "file read", "loaded", "one change", "started again", "bytes a resource",
    )  # fmt: skip
    table.add_row(
        f"{resources:,}", f"{found['read']:.0f} s", f"{found['load']:.0f} s", f"{1000 * found['one_change']:.1f} ms",
        f"{found['start']:.0f} s", f"{found['bytes_a_resource']:,.0f}",
    )  # fmt: skip
    return table


def _worlds(sizes: list[int]) -> Table:
    table = _table(
        "The world `wide`", "policies", "principals", "groups", "largest group", "most groups of one"
    )
    for world in map(World, sizes):
        table.add_row(
            f"{world.policies:,}", f"{world.principals:,}", f"{world.groups:,}",
            f"{world.in_everyones_group:,}", str(HUB_GROUPS),
        )  # fmt: skip
    return table


def _memory(memory: dict[int, Figures], decisions: dict[int, Figures]) -> Table:
    table = _table(
        "Compiling and memory",
        "policies",
        "compile",
        "index, bytes a policy",
        "with names",
        "one view, bytes",
    )
    for size, found in memory.items():
        row = found["bytes"]
        table.add_row(
            f"{size:,}", f"{decisions[size]['compile']['seconds']:.2f} s",
            f"{row['index']:.0f}", f"{row['index_and_names']:.0f}", f"{row['view']:.0f}",
        )  # fmt: skip
    return table


def _decisions(decisions: dict[int, Figures]) -> Table:
    table = _table(
        "Warm decisions, microseconds", "policies", "principals, resources", "p50", "mean", "p99", "allowed"
    )
    for size, found in decisions.items():
        for name in _DRAWS:
            row = found[name]
            table.add_row(f"{size:,}", name.replace("-", ", "), *_microseconds(row), f"{row['allowed']:.0%}")
    return table


def _touches(decisions: dict[int, Figures]) -> Table:
    table = _table("Other decisions, microseconds", "policies", "which", "p50", "mean", "p99")
    for size, found in decisions.items():
        for name, title in (
            ("first", "first of a principal"),
            ("first-of-hub", f"first of the one in {HUB_GROUPS} groups"),
            ("condition", "by a condition, again"),
        ):
            table.add_row(f"{size:,}", title, *_microseconds(found[name]))
        change = found["change"]
        for name, title in (
            ("policy_ms", "change of a policy"),
            ("small_group_ms", "change of a group's members"),
            ("large_group_ms", "change of the largest group's members"),
        ):
            table.add_row(f"{size:,}", title, f"{change[name]:.1f} ms", "", "")
    return table


def _searches(searches: dict[int, Figures]) -> Table:
    table = _table(
        "Searches, milliseconds", "resources and policies", "which", "first page", "found", "count"
    )
    for size, found in searches.items():
        for name, row in found.items():
            if "page_ms" in row:
                table.add_row(
                    f"{size:,}", name, f"{row['page_ms']:.2f}", f"{row['count']:,.0f}", f"{row['count_ms']:.2f}"
                )  # fmt: skip
        seen = found["all that one sees"]
        for who in (name for name in seen if not name.endswith(" ms")):
            table.add_row(
                f"{size:,}", f"every type, {who}", "", f"{seen[who]:,.0f}", f"{seen[who + ' ms']:.2f}"
            )
    return table


def _indexes(searches: dict[int, Figures]) -> Table:
    table = _table("Indexes of searches", "resources and policies", "which", "made in", "megabytes")
    for size, found in searches.items():
        for name in ("inventory", "attributes", "who_index"):
            row = found[name]
            table.add_row(f"{size:,}", name, f"{row['seconds']:.2f} s", f"{row['megabytes']:.0f}")
        for name, milliseconds in found["change"].items():
            table.add_row(f"{size:,}", name.removesuffix(", ms"), f"{milliseconds:.1f} ms", "")
    return table


def _microseconds(row: dict[str, float]) -> list[str]:
    return [f"{row[name]:.1f}" for name in ("p50_us", "mean_us", "p99_us")]


def _peers(peers: dict[int, Figures]) -> Table:
    table = _table(
        "The same questions, each asked once after one that is not counted",
        "policies", "engine", "ready after", "questions", "same answers", "p50, us", "times Bailiwick's",
    )  # fmt: skip
    for size, found in peers.items():
        own = found["bailiwick"]["p50_us"]
        for name in _PEERS:
            row = found[name]
            table.add_row(
                f"{size:,}", name, f"{row['prepare_seconds']:.1f} s", f"{row['questions']:.0f}",
                f"{row['agree'] / row['questions']:.0%}", f"{row['p50_us']:,.1f}", f"{row['p50_us'] / own:,.0f}",
            )  # fmt: skip
    return table


if __name__ == "__main__":
    sys.exit(main())
