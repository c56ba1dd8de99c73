"""Every metric that a server shows is documented, and what documents, dashboard and alerts name is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.core import Metric
from tests.unit.service.accounts import install

from bailiwick.api.metrics.page import HostCollector
from bailiwick.api.serving import Serving

ROOT = Path(__file__).parents[2]
NAME = re.compile(r"\b(?:bailiwick|process)_[a-z_]+\b")


def families() -> Iterator[Metric]:
    """Which families does a server show that was asked something?"""
    host, serving = install().host, Serving()
    for status in (200, 500):
        serving.requests.add("GET", "/healthz", status, 0.1)
    host.counters.fail("stale")
    host.snapshot("acme")
    return HostCollector(host, serving).collect()


def documented_name(family: Metric) -> str:
    """Under which name is it documented?"""
    return f"{family.name}_total" if family.type == "counter" else family.name


def section() -> str:
    """What do the operations say of metrics?"""
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    return text.partition("\n## Metrics\n")[2].partition("\n## ")[0]


def test_every_metric_is_documented_and_no_other() -> None:
    """The table has each name once."""
    rows = [line.split("|")[1] for line in section().splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in NAME.findall(row)]
    assert sorted(named) == sorted(documented_name(family) for family in families())


def test_every_label_is_documented() -> None:
    """In the row of its metric."""
    rows = {
        name: line
        for line in section().splitlines()
        for name in NAME.findall(line.split("|")[1] if "|" in line else "")
    }
    for family in families():
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        missing = [label for label in labels if f"`{label}`" not in rows[documented_name(family)]]
        assert missing == [], family.name


def test_every_metric_says_what_it_is() -> None:
    """A sentence, and a unit in the name where there is one."""
    for family in families():
        assert family.documentation.endswith("."), family.name
        assert family.samples, family.name


@pytest.mark.parametrize("wrong", ["bailiwick_held_dogs", "process_dogs"])
def test_a_name_that_nobody_shows_would_be_found(wrong: str) -> None:
    """The check can fail."""
    assert NAME.findall(f"rate({wrong}[5m])") == [wrong]
    assert wrong not in {documented_name(family) for family in families()}
