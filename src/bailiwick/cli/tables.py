"""Text for people: tables and paragraphs folded to a width. Layout only; it must not know what it shows.

Cells are folded after a space, else after a mark that joins words in names (`container-registry.image.pull`); rows
for which even that is too wide become records, one field a line.
SECURITY: control characters of stored texts are shown, never sent to the terminal.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple, Self

from rich.cells import cell_len

GAP = 2
LONGEST_PIECE = 24
_PIECES = re.compile(r"[^-.:/_,]*[-.:/_,]+|[^-.:/_,]+")
# Controls, surrogates, line and paragraph separators; and what makes text run the other way.
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str, keep: str = "") -> str:
    """How is this text shown, so that nothing in it can move the cursor? `keep` are controls that may stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(one if one in keep or not _is_hidden(one) else _escaped(one) for one in text)


def _is_hidden(one: str) -> bool:
    return one in _DIRECTIONS or unicodedata.category(one) in _HIDDEN_CATEGORIES


def _escaped(one: str) -> str:
    return " " if one in "\n\t" else one.encode("unicode_escape").decode("ascii")


def format_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int | None = None,
    *,
    whole: Collection[str] = (),
) -> tuple[list[str], list[str]]:
    """Which lines of headings, and which lines below them, show these rows?

    `width` None: one line a row, however long. Cells of the columns in `whole` are never folded.
    """
    measured = [
        _Column.of(heading, cells, is_whole=heading in whole)
        for heading, *cells in zip(columns, *rows, strict=True)
    ]
    widths = [one.natural for one in measured]
    if width is not None:
        available = width - GAP * (len(columns) - 1)
        if sum(one.narrowest for one in measured) > available:
            return [], list(_records(columns, rows, width))
        for floors in zip(*(one[1:] for one in measured), strict=True):
            widths = _narrowed(widths, floors, available)
    return list(_lines(columns, widths)), [line for row in rows for line in _lines(row, widths)]


class _Column(NamedTuple):
    """How wide would a column be best, and how wide at least: its cells on one line, no word broken, at all?"""

    natural: int
    unfolded: int
    unbroken: int
    narrowest: int

    @classmethod
    def of(cls, heading: str, cells: Sequence[str], *, is_whole: bool) -> Self:
        """How wide may this column be?"""
        head = max((cell_len(word) for word in heading.split()), default=1)
        longest = max((cell_len(cell) for cell in cells), default=1)
        natural, unfolded = max(cell_len(heading), longest), max(head, longest)
        if is_whole:
            return cls(natural, unfolded, unfolded, unfolded)
        words = [word for cell in cells for word in cell.split()]
        word = max((cell_len(word) for word in words), default=1)
        piece = max((cell_len(piece) for word in words for piece in _pieces(word)), default=1)
        return cls(natural, unfolded, max(head, word), max(head, min(piece, LONGEST_PIECE)))


def _narrowed(widths: Sequence[int], floors: Sequence[int], available: int) -> list[int]:
    """Which widths fit, or nearly? The widest column gives way first, none below its floor."""
    found = list(widths)
    for _ in range(sum(found) - available):
        givers = [at for at in range(len(found)) if found[at] > floors[at]]
        if not givers:
            break
        found[max(givers, key=found.__getitem__)] -= 1
    return found


def _lines(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    folded = [fold(cell, width) for cell, width in zip(cells, widths, strict=True)]
    for number in range(max(len(parts) for parts in folded)):
        parts = [lines[number] if number < len(lines) else "" for lines in folded]
        padded = (part + " " * (width - cell_len(part)) for part, width in zip(parts, widths, strict=True))
        yield (" " * GAP).join(padded).rstrip()


def _records(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    label = max(cell_len(column) for column in columns)
    for number, row in enumerate(rows):
        if number:
            yield ""
        for column, cell in zip(columns, row, strict=True):
            if cell:
                yield from _lines((column, cell), (label, max(width - label - GAP, LONGEST_PIECE)))


def format_paragraph(text: str, width: int | None, indent: str = "  ") -> list[str]:
    """Which lines show this text? All but the first are indented."""
    if width is None:
        return [text]
    first, *rest = fold(text, max(width - len(indent), LONGEST_PIECE))
    return [first, *(indent + line for line in rest)]


def fold(text: str, width: int) -> list[str]:
    """On which lines does this text stand, none wider than `width`?"""
    if cell_len(text) <= width:
        return [text]
    lines = [""]
    for word in text.split(" "):
        if cell_len(lines[-1]) + bool(lines[-1]) + cell_len(word) <= width:
            lines[-1] += f" {word}" if lines[-1] else word
        elif cell_len(word) <= width:
            lines.append(word)
        else:
            lines.extend(_broken(word, width))
    return [line for line in lines if line] or [""]


def _broken(word: str, width: int) -> list[str]:
    """On which lines does a word stand that is too long for one?"""
    lines = [""]
    for piece in _pieces(word):
        for part in _cut(piece, width):
            if cell_len(lines[-1]) + cell_len(part) <= width:
                lines[-1] += part
            else:
                lines.append(part)
    return lines


def _pieces(word: str) -> list[str]:
    return _PIECES.findall(word)


def _cut(piece: str, width: int) -> Iterator[str]:
    held = ""
    for one in piece:
        if held and cell_len(held) + cell_len(one) > width:
            yield held
            held = ""
        held += one
    yield held
