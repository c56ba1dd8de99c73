"""Where the time of a request goes: places that a trace may show, if this process makes traces at all.

Nothing of OpenTelemetry is imported here. A place has a name and nothing else: no account, no principal, no value.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import ParamSpec, TypeVar

Open = Callable[[str], AbstractContextManager[object]]
Given = ParamSpec("Given")
Made = TypeVar("Made")

_open: list[Open] = []


def trace_by(open_span: Open | None) -> None:
    """From now on every place is opened by this function. None: by none."""
    _open[:] = [] if open_span is None else [open_span]


def traced(name: str) -> Callable[[Callable[Given, Made]], Callable[Given, Made]]:
    """Which decorator makes of a function a place of this name?"""

    def decorate(function: Callable[Given, Made]) -> Callable[Given, Made]:
        @wraps(function)
        def run(*given: Given.args, **named: Given.kwargs) -> Made:
            if not _open:
                return function(*given, **named)
            with _open[0](name):
                return function(*given, **named)

        return run

    return decorate
