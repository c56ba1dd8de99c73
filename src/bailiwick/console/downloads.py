"""Tables to take along: CSV, streamed row by row, with nothing in a cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from starlette.responses import Response, StreamingResponse

ROWS_AT_ONCE = 200
# Source: OWASP, CSV injection: with these a cell is read as a formula, or as another cell.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


def csv_response(name: str, heading: Sequence[str], rows: Iterable[Sequence[str]]) -> Response:
    """Which answer is this table as a file of this name? `rows` are read while it is sent."""
    file = _UNFIT.sub("-", name).strip("-.") or "table"
    return StreamingResponse(
        _lines(heading, rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{file}.csv"'},
    )


def _lines(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(heading)
    for number, row in enumerate(rows, 1):
        writer.writerow([safe_cell(cell) for cell in row])
        if number % ROWS_AT_ONCE == 0:
            yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> str:
    taken = text.getvalue()
    text.seek(0)
    text.truncate()
    return taken


def safe_cell(text: str) -> str:
    """How is a text written that a spreadsheet must not run? With a quotation mark before it, which makes it text."""
    return f"'{text}" if text.startswith(_FORMULA) else text
