"""Places inside a document: paths, how a person reads them, and what was found wrong at them.

A path is a tuple of field names and list positions; a `Locate` says which file and line it came from.
Pure; must not know what the fields mean. Serves docs/spec.md section 3 and the documents of accounts.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from bailiwick.errors import Finding, Invalid

Path = tuple[str | int, ...]
Locate = Callable[[Path], tuple[str, int]]

_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


def nowhere(path: Path) -> tuple[str, int]:
    """Which file and line is it? None: the document did not come from a file."""
    return "", 0


def format_path(path: Path) -> str:
    """How does a person read this path? `rights[2].actions[0]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def parse_path(text: str) -> Path:
    """Which path does this text, as `format_path` writes it, name?"""
    return tuple(int(index) if index else word for index, word in _STEP.findall(text))


class Collector:
    """What was found wrong with one document so far? Every finding gets its file and line here."""

    __slots__ = ("findings", "locate")

    def __init__(self, locate: Locate = nowhere) -> None:
        self.locate = locate
        self.findings: list[Finding] = []

    def add(self, path: Path, message: str, help: str | None = None, code: str = "") -> None:
        """How is one finding at this path noted?"""
        file, line = self.locate(path)
        self.findings.append(Finding(message, format_path(path), help, file, line, code))

    def adopt(self, path: Path, error: Invalid, *, nested: bool = False) -> None:
        """How are the findings of another parser noted? `nested`: their places are paths below this one."""
        for finding in error.findings:
            self.add(path + parse_path(finding.place) if nested else path, finding.message, finding.help)

    def raise_if_any(self) -> None:
        """Is anything wrong? Raises Invalid with all of it."""
        if self.findings:
            raise Invalid(self.findings)
