"""Tables of markdown, with numbers as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isinf

_BYTES = ((10**15, "PB"), (10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
_TIMES = (
    (86_400.0, "d"),
    (3_600.0, "h"),
    (60.0, "min"),
    (1.0, "s"),
    (1e-3, "ms"),
    (1e-6, "µs"),
    (1e-9, "ns"),
)


def number(value: float) -> str:
    """The number with three digits that count, or whole: 12,300; 4.07; 0.0012."""
    if isinf(value):
        return "∞"
    if value == 0:
        return "0"
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 100 or rounded == int(rounded) else f"{rounded:.3g}"


def size(value: float) -> str:
    """So many bytes: 1.53 TB."""
    return _in_units(value, _BYTES, "B")


def duration(seconds: float) -> str:
    """So long: 24 ms, 4.1 h."""
    if isinf(seconds):
        return "∞"
    return _in_units(seconds, _TIMES, "s") if seconds >= 1e-9 else "0"


def percent(share: float) -> str:
    """This share: 97.3 %."""
    return f"{share * 100:.1f} %"


def _in_units(value: float, units: Sequence[tuple[float, str]], least: str) -> str:
    rounded = float(f"{value:.3g}")
    for unit, name in units:
        if rounded >= unit:
            return f"{number(rounded / unit)} {name}"
    return f"{number(value)} {least}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column is text, and the others numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
