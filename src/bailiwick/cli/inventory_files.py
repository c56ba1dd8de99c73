"""Inventory files as the command line reads them: checked whole, then sent in parts of bounded size.

Nothing of a file is held in memory but what is being sent. Standard input is kept in a temporary file meanwhile.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from bailiwick.cli.sources import STANDARD_INPUT
from bailiwick.errors import Finding, Invalid, NotFound
from bailiwick.model.accounts import Resource

if TYPE_CHECKING:
    from bailiwick.cli.client import Client

PART_BYTES = 8 << 20
_MOST_IN_MEMORY = 64 << 20

NumberedLine = tuple[int, bytes]


@dataclass(frozen=True)
class InventoryFile:
    """An open file of lines, which can be read several times. `size` in bytes."""

    name: str
    size: int
    content: IO[bytes]

    def lines(self) -> Iterator[NumberedLine]:
        """Every line with its number, from the beginning."""
        self.content.seek(0)
        yield from enumerate(self.content, 1)


@contextmanager
def opened(path: Path) -> Iterator[InventoryFile]:
    """The file of this path, or standard input. Raises NotFound."""
    if str(path) == STANDARD_INPUT:
        with tempfile.SpooledTemporaryFile(_MOST_IN_MEMORY) as kept:
            shutil.copyfileobj(sys.stdin.buffer, kept)
            yield InventoryFile("standard input", kept.tell(), kept)
        return
    try:
        with path.open("rb") as content:
            yield InventoryFile(str(path), path.stat().st_size, content)
    except OSError as error:
        raise NotFound(f"cannot read `{path}`: {error.strerror}") from None


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource of the file: where it stands, how many bytes its line has, and what it shall be."""

    number: int
    size: int
    resource: Resource


def read_entries(file: InventoryFile, account: str) -> Iterator[Entry]:
    """Every resource of the file. Raises Invalid at the end, with all findings (a hundred at most)."""
    from bailiwick.api.json_lines import parse_lines
    from bailiwick.service.inventory import MOST_FINDINGS, edits_of_lines

    findings: list[Finding] = []
    first: dict[str, int] = {}
    for number, line in file.lines():
        try:
            edits = edits_of_lines(account, parse_lines([line], file.name, number), file.name)
            for edit in edits:
                findings += _twice(file.name, number, first.setdefault(edit.name, number), edit.name)
                if not isinstance(edit.value, Resource):
                    raise Invalid(
                        [Finding("a line of a file removes nothing", "remove", None, file.name, number)]
                    )
                yield Entry(number, len(line), edit.value)
        except Invalid as error:
            findings += error.findings
        if len(findings) >= MOST_FINDINGS:
            break
    if findings:
        raise Invalid(findings)


def _twice(file: str, number: int, first: int, name: str) -> list[Finding]:
    if number == first:
        return []
    return [Finding(f"Resource `{name}` is given twice (first in line {first})", "name", None, file, number)]


@dataclass(frozen=True, slots=True)
class Part:
    """Lines that are sent together, and their numbers in the file."""

    numbers: tuple[int, ...]
    lines: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """How many bytes are these?"""
        return sum(map(len, self.lines))

    def send(self, client: Client, file: str, *, dry_run: bool) -> dict[str, Any]:
        """What does the server say to these lines? Raises what the client does; findings name file and line."""
        from bailiwick.api.json_lines import JSON_LINES

        try:
            answer = client.call(
                "POST",
                client.account_path("inventory"),
                content=b"".join(self.lines),
                headers={"Content-Type": JSON_LINES},
                params={"dry_run": "true" if dry_run else "false"},
            )
        except Invalid as error:
            raise Invalid([self._placed(file, finding) for finding in error.findings]) from None
        return dict(answer)

    def _placed(self, file: str, finding: Finding) -> Finding:
        if not 1 <= finding.line <= len(self.numbers):
            return replace(finding, file=file, line=self.numbers[0])
        return replace(finding, file=file, line=self.numbers[finding.line - 1])


def parts_of(lines: Iterable[NumberedLine]) -> Iterator[Part]:
    """Which parts are sent one after the other?"""
    from bailiwick.service.inventory import MOST_LINES

    numbers: list[int] = []
    held: list[bytes] = []
    size = 0
    for number, line in lines:
        if held and (len(held) == MOST_LINES or size + len(line) > PART_BYTES):
            yield Part(tuple(numbers), tuple(held))
            numbers, held, size = [], [], 0
        numbers.append(number)
        held.append(line if line.endswith(b"\n") else line + b"\n")
        size += len(line)
    if held:
        yield Part(tuple(numbers), tuple(held))


def removal_line(name: str) -> bytes:
    """Which line removes this resource?"""
    return json.dumps({"remove": name}).encode() + b"\n"
