"""Room in what is remembered between questions. Pure; several threads use it at once."""

from __future__ import annotations

from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


def forget_oldest(remembered: dict[Key, Value], count: int) -> None:
    """Take out the `count` entries that came first, while other threads may put in and take out.

    The keys are copied in one step of the interpreter: an iterator over a dictionary that grows meanwhile raises.
    """
    for oldest in list(remembered)[:count]:
        remembered.pop(oldest, None)
