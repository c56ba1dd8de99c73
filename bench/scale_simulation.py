"""What a million accounts and a billion policies need, from the measured costs: formulas, and simulated nodes.

`python -m bench.scale_simulation` prints the tables of docs/scale.md, `--write` puts them there. Nothing is by chance
but for the seed: the same costs and workload give the same numbers.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from bench.scale.costs import read_costs
from bench.scale.limits import limits_table
from bench.scale.paper import (
    costs_of_feed,
    costs_of_kinds,
    costs_of_sizes,
    costs_of_writes,
    growth,
    rows_and_bytes,
    supposed,
    writes,
)
from bench.scale.scenarios import World, agreement, failure, feed, nodes, ways
from bench.scale.workload import Workload

PAGE = Path(__file__).parent.parent / "docs" / "scale.md"
_PART = re.compile(r"(<!-- numbers: (?P<name>[a-z ]+) -->\n)(?P<text>.*?)(<!-- end -->)", re.DOTALL)


def every_table() -> dict[str, str]:
    """Which tables come of the committed costs, by the names that the page has for them?"""
    world = World.of(read_costs(), Workload())
    costs, workload, population = world.costs, world.workload, world.population
    tried = ways(world)
    about = costs.raw["about"]
    return {
        "about": f"Measured {about['measured_at']}, Bailiwick {about['bailiwick']}, Python {about['python']}, "
        f"PostgreSQL {str(about['postgresql']).split()[0]}, {about['cores']} cores.",
        "kinds": costs_of_kinds(costs),
        "sizes": costs_of_sizes(costs),
        "changes": costs_of_writes(costs),
        "following": costs_of_feed(costs),
        "supposed": supposed(workload, population),
        "stored": rows_and_bytes(costs, workload),
        "growth": growth(costs, workload),
        "writes": writes(costs, workload, population),
        "nodes": nodes(world, tried),
        "agreement": agreement(world, tried),
        "failure": failure(world),
        "feed": feed(world),
        "limits": limits_table(world),
    }


def parts_of(page: str) -> dict[str, str]:
    """Which tables stand in the page, by name?"""
    return {found["name"]: found["text"].removesuffix("\n") for found in _PART.finditer(page)}


def with_tables(page: str, tables: dict[str, str]) -> str:
    """The page with these tables instead."""
    return _PART.sub(lambda found: f"{found[1]}{tables[found['name']]}\n{found[4]}", page)


def main() -> None:
    """Print the tables, or write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/scale.md")
    tables = every_table()
    if parser.parse_args().write:
        PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), tables), encoding="utf-8")
        return
    for name, text in tables.items():
        print(f"\n## {name}\n\n{text}")


if __name__ == "__main__":
    main()
