"""What rows, writes, loads, held accounts, the feed and questions cost, measured on a PostgreSQL server of its own.

`make scale-costs` runs it, some minutes long, and writes bench/scale_costs.json, from which bench/scale_simulation.py
reckons. The machine on which it was run had two cores, shared with other work: the figures are good for ratios and
orders of magnitude, and bytes and rows are exact.
Run it as `python -m bench.scale_costs [--to FILE]`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.cluster import Server, primary
from tests.faults.nodes import Installation

import bailiwick
from bench.scale.asked import measure_questions
from bench.scale.feed import measure_feed
from bench.scale.loads import measure_loads, measure_verifying
from bench.scale.rows import measure_rows
from bench.scale.world import Place, fill, make_empty
from bench.scale.writes import measure_writes

COSTS = Path(__file__).with_name("scale_costs.json")
ASKED_POLICIES = 1_000
CAVEAT = (
    "measured on a machine with two cores that it shared with other work, database, nodes and clients on it alike: "
    "bytes and rows are exact, seconds are good for ratios and orders of magnitude"
)


def main(to: Path) -> None:
    """Start a server, measure part by part, and write the figures."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(
            primary(shared_buffers="256MB", max_wal_size="4GB", max_connections="100")
        )
        made = Installation(folder, ["--store", server.url(), "--master-key", str(folder / "master.key")])
        made.initialise()
        figures = {"about": _about(server), **_measure(Place(server, folder / "master.key"), made)}
    to.write_text(json.dumps(_rounded(figures), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"written to {to.name}")


def _measure(place: Place, made: Installation) -> dict[str, object]:
    found: dict[str, object] = {}
    with place.node() as host:
        _say("rows and bytes")
        found["rows"] = measure_rows(place.server, host)
        _say("loads and memory")
        found["loads"] = measure_loads(place.server, host)
        found["verify_a_row"] = measure_verifying(place.server, host)
        _say("writes")
        found["writes"] = measure_writes(place, host)
        _say("questions")
        key = make_empty(host, "asked")
        fill(host, "asked", ASKED_POLICIES)
        found["questions"] = measure_questions(made, "asked", ASKED_POLICIES, key)
        _say("the feed")
        found["feed"] = measure_feed(place, host)
    return found


def _about(server: Server) -> dict[str, object]:
    [(version,)] = server.execute("SHOW server_version")
    return {
        "measured_at": datetime.now(UTC).date().isoformat(),
        "bailiwick": bailiwick.__version__,
        "python": platform.python_version(),
        "postgresql": str(version),
        "cores": os.cpu_count(),
        "caveat": CAVEAT,
    }


def _rounded(value: object) -> object:
    """The same with four significant digits: more would be noise."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list) else value


def _say(part: str) -> None:
    print(f"measuring {part}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=COSTS)
    main(parser.parse_args().to)
