"""Where a fact of a catalog entry comes from: `{table: "4", row: 5}`, `{section: "…"}` or plain text.

Kept in values as text (`table 4, row 5`), so that it can be shown as it is.
Must not judge whether the cited place exists.
"""

from __future__ import annotations

import re

from bailiwick.catalog.places import Path
from bailiwick.catalog.reading import Fields, is_text

_TABLE_ROW = re.compile(r"table (.+), row (\d+)")
_TABLE = re.compile(r"table (.+)")
_SECTION = re.compile(r"section (.+)")
_MOST_ROWS = 10_000


def parse_citations(fields: Fields, field: str = "source") -> tuple[str, ...]:
    """Which places does the field cite? One, or a list of them."""
    value = fields.data.get(field)
    if value is None:
        return ()
    if isinstance(value, list | tuple):
        cited = [_parse_one(item, path, fields) for item, path in fields.items(field)]
    else:
        cited = [_parse_one(value, fields.at(field), fields)]
    return tuple(dict.fromkeys(text for text in cited if text))


def format_citations(cited: tuple[str, ...]) -> object:
    """Which document parses to these citations? A single one stands without a list."""
    out = [_format_one(text) for text in cited]
    return out[0] if len(out) == 1 else out


def _parse_one(value: object, path: Path, fields: Fields) -> str:
    if isinstance(value, str):
        return value if is_text(value, path, fields.notes) else ""
    place = Fields(value, path, fields.notes, ("table", "row", "section"))
    if place.has("section"):
        return f"section {place.text('section')}"
    place.require("table")
    if not place.has("row"):
        return f"table {place.text('table')}"
    return f"table {place.text('table')}, row {place.integer('row', 1, 1, _MOST_ROWS)}"


def _format_one(text: str) -> object:
    if found := _TABLE_ROW.fullmatch(text):
        return {"table": found[1], "row": int(found[2])}
    if found := _TABLE.fullmatch(text):
        return {"table": found[1]}
    if found := _SECTION.fullmatch(text):
        return {"section": found[1]}
    return text
