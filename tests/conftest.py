"""What holds for all tests: a machine that is busy makes none of them fail, and how soon pages were there is told."""

from __future__ import annotations

from statistics import median

from _pytest.terminal import TerminalReporter
from hypothesis import settings

# WHY: how long one example takes depends on what else the machine does; tests/bench measures time, nothing else does.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Say how soon the console's pages were usable in the browser tests of this run, if there were any."""
    times = [
        (float(str(value)), report.nodeid.partition("[")[2].rstrip("]"))
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for name, value in report.user_properties
        if name == "usable_ms"
    ]
    if times:
        slowest = ", ".join(f"{page} {ms:.0f}" for ms, page in sorted(times, reverse=True)[:3])
        middle = median(ms for ms, _ in times)
        terminalreporter.write_line(
            f"pages usable after {middle:.0f} ms (median of {len(times)}); slowest: {slowest}"
        )
