"""JSON lines: one object a line, bounded in length and number, each as strictly read as any body.

The server reads the bodies of inventory changes with it, and the command line whole files before it sends any of
them, so that both find the same mistakes. It must not know what a line means.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from bailiwick.api.bodies import parse_object
from bailiwick.errors import Finding, Invalid
from bailiwick.service.inventory import MOST_FINDINGS, InventoryLine

JSON_LINES = "application/jsonl"
NEWLINE_JSON = "application/x-ndjson"
MAX_LINE_BYTES = 1 << 16
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def parse_lines(lines: Iterable[bytes], file: str = "", first: int = 1) -> Iterator[InventoryLine]:
    """Which objects are on these lines? Empty lines are left out. Raises Invalid at the end, with all findings."""
    findings: list[Finding] = []
    for number, line in enumerate(lines, first):
        try:
            text = _bounded(line.strip(b" \t\r\n"))
            if text:
                yield InventoryLine(number, parse_object(text))
        except Invalid as error:
            findings += [replace(one, file=file, line=number) for one in error.findings]
            if len(findings) >= MOST_FINDINGS:
                break
    if findings:
        raise Invalid(findings)


def _bounded(line: bytes) -> bytes:
    if len(line) > MAX_LINE_BYTES:
        raise Invalid.at("", f"line is {len(line)} bytes long, expected at most {MAX_LINE_BYTES}")
    if line.startswith(_BYTE_ORDER_MARK):
        raise Invalid.at("", "line begins with a byte order mark", "save the file as UTF-8 without one")
    return line
