"""What conditions say of the clock, as the window of a policy.

A window holds from its start on and ends before its end; a comparison that falls elsewhere is refused.
Implements docs/spec.md 23.5. WHY windows: `now` is the server's own clock, which no caller moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bailiwick.importing.keys import ALWAYS
from bailiwick.model.conditions import Condition, Scalar, parse_instant
from bailiwick.model.policies import Window


@dataclass(slots=True)
class Clock:
    """From when until when does what was read so far hold?"""

    starts_at: float | None = None
    expires_at: float | None = None

    def window(self) -> Window:
        """Which window is it?"""
        return Window(self.starts_at, self.expires_at)

    def never_holds(self) -> bool:
        """Does it end before it starts?"""
        return (
            self.starts_at is not None and self.expires_at is not None and self.expires_at <= self.starts_at
        )

    def start(self, at: float) -> None:
        """It holds from this instant on, too."""
        self.starts_at = at if self.starts_at is None else max(self.starts_at, at)

    def end(self, at: float) -> None:
        """It ends before this instant, too."""
        self.expires_at = at if self.expires_at is None else min(self.expires_at, at)


class Refusing(Protocol):
    """Who takes a refusal, and says whether an allow may be a moment shorter?"""

    denies: bool
    narrow_edges: bool

    def refuse(self, code: str, pointer: str, message: str, help: str | None = None) -> None:
        """How is one refusal noted?"""


def narrow(clock: Clock, operator: str, values: list[Scalar], pointer: str, block: Refusing) -> Condition:
    """How does a comparison with the clock narrow the window? Several values are alternatives."""
    instants = [instant.timestamp() for value in values if (instant := parse_instant(value)) is not None]
    if not instants:
        return ALWAYS
    if operator.endswith("LessThan"):
        clock.end(max(instants))
    elif operator.endswith("GreaterThanEquals"):
        clock.start(min(instants))
    elif operator.endswith("LessThanEquals"):
        _edge(
            block,
            pointer,
            operator,
            "a window ends before its end: write the second after, with `DateLessThan`",
        )
        clock.end(max(instants))
    elif operator.endswith("GreaterThan"):
        _edge(block, pointer, operator, "a window holds from its start on: write `DateGreaterThanEquals`")
        clock.start(min(instants) + 1)
    else:
        block.refuse("time_place", pointer, f"`{operator}` of the clock is no window", "write a range")
    return ALWAYS


def _edge(block: Refusing, pointer: str, operator: str, help: str) -> None:
    """May the edge be left out? Only of an allow, and only where the caller said so."""
    if block.denies or not block.narrow_edges:
        more = "" if block.denies else "; `--narrow` allows that moment less"
        block.refuse("time_edge", pointer, f"`{operator}` ends between two instants", help + more)
