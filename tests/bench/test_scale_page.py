"""docs/scale.md says what the simulation gives from the committed costs, and what the costs are is what is measured."""

from __future__ import annotations

import json

import pytest
from bench.scale.costs import FILE, Line, read_costs
from bench.scale.paper import counts, stored
from bench.scale.tables import duration, number, percent, size
from bench.scale.workload import Workload
from bench.scale_simulation import PAGE, every_table, parts_of, with_tables


@pytest.mark.timeout(900)
def test_the_page_has_the_numbers_of_the_simulation() -> None:
    """Each table of the page is the one that `make scale` gives; `make scale WRITE=1` writes them."""
    assert parts_of(PAGE.read_text(encoding="utf-8")) == every_table()


def test_the_page_shows_formula_and_simulation_agreeing() -> None:
    """What is held differs by one percent of all questions at most."""
    lines = parts_of(PAGE.read_text(encoding="utf-8"))["agreement"].splitlines()[2:]
    assert len(lines) >= 5
    for line in lines:
        simulated, expected = (float(cell.replace("%", "")) for cell in line.split("|")[2:4])
        assert simulated == pytest.approx(expected, abs=1), line


def test_a_table_that_drifted_is_found_and_put_right() -> None:
    """The comparison sees a changed number, and writing puts the new table in its place alone."""
    page = (
        "before\n<!-- numbers: nodes -->\n| 1 |\n<!-- end -->\nafter\n<!-- numbers: feed -->\n<!-- end -->\n"
    )
    assert parts_of(page) == {"nodes": "| 1 |", "feed": ""}
    written = with_tables(page, {"nodes": "| 2 |", "feed": "| 3 |"})
    assert written == page.replace("1", "2").replace("feed -->\n", "feed -->\n| 3 |\n")
    assert parts_of(written) == {"nodes": "| 2 |", "feed": "| 3 |"}


def test_costs_are_whole() -> None:
    """Every size and kind has its figures, and says when and where they were measured."""
    found = json.loads(FILE.read_text(encoding="utf-8"))
    assert set(found) == {"about", "rows", "loads", "verify_a_row", "writes", "questions", "feed"}
    assert {"account", "user", "group", "policy", "role", "credential", "event"} <= set(found["rows"])
    assert [one["policies"] for one in found["loads"]] == [10, 100, 1_000, 10_000]
    assert "shared" in found["about"]["caveat"]
    assert all(found["about"][name] for name in ("measured_at", "python", "postgresql", "bailiwick", "cores"))


def test_the_database_is_the_sum_of_what_was_measured() -> None:
    """A billion policies are as many rows of the log, and nothing is counted twice."""
    costs, workload = read_costs(), Workload()
    found = stored(costs, workload)
    each = {kind: sum(one["rows"] for one in costs.kinds[kind].values()) for kind in counts(workload)}
    rows = sum(each[kind] * count for kind, count in counts(workload).items())
    assert sum(one.rows for one in found.values()) == pytest.approx(rows)
    assert found["object"].rows == pytest.approx(1.28e9 + 5e6, rel=0.01)
    whole = sum(costs.bytes_of(kind) * count for kind, count in counts(workload).items())
    assert sum(one.bytes for one in found.values()) == pytest.approx(whole)


def test_costs_between_and_beyond_what_was_measured_are_straight() -> None:
    """Halfway is half of the difference, beyond the last two sizes it goes on, and a value is found again."""
    line = Line([10, 20, 40], [1, 2, 6])
    assert [line.at(one) for one in (10, 15, 20, 30, 40, 60)] == [1, 1.5, 2, 4, 6, 10]
    assert [line.reaches(one) for one in (1.5, 4, 10)] == [15, 30, 60]
    assert line.at(0) == 0


def test_numbers_are_told_with_three_digits() -> None:
    """As people read them, with a unit that fits."""
    assert [number(one) for one in (0, 0.00123, 4.07, 12_345, float("inf"))] == [
        "0", "0.00123", "4.07", "12,300", "∞"
    ]  # fmt: skip
    assert [size(one) for one in (12, 1_530, 1.53e12)] == ["12 B", "1.53 kB", "1.53 TB"]
    assert [duration(one) for one in (0.000_02, 0.024, 90, 7_200)] == ["20 µs", "24 ms", "1.5 min", "2 h"]
    assert [duration(one) for one in (1e-18, 0.0, float("inf"))] == ["0", "0", "∞"]
    assert percent(0.9731) == "97.3 %"
