"""The world `inventory` can be measured: a small one is loaded, changed and started again."""

from __future__ import annotations

import json
from pathlib import Path

from bench.inventory import PROJECTS, line, measure


def test_every_figure_is_found(tmp_path: Path) -> None:
    """Loading in parts, one change and a start in a process of its own give a figure each."""
    found = measure(300, tmp_path / "data")
    assert set(found) == {"read", "load", "bytes_a_resource", "one_change", "start", "started_bytes"}
    assert all(value > 0 for name, value in found.items() if name != "bytes_a_resource")


def test_resources_are_spread_over_the_projects() -> None:
    """Each line is another resource, and every project has its share."""
    documents = [json.loads(line(number)) for number in range(200)]
    assert len({one["name"] for one in documents}) == 200
    assert len({one["project"] for one in documents}) == PROJECTS
