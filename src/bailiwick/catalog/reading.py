"""Reading the fields of one mapping strictly: every mistake is noted and a harmless value returned.

So that all findings of a document appear at once. A field that is null counts as not written.
Knows no kind of document; the messages are the same for YAML files and JSON bodies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeGuard, TypeVar

from bailiwick.catalog.places import Collector, Path
from bailiwick.errors import Invalid, did_you_mean
from bailiwick.model.conditions import Condition, parse_condition, parse_instant

MAX_LIST_LENGTH = 1000
MAX_TEXT_LENGTH = 4096
MAX_VALUE_DEPTH = 32
_MOST_SHOWN = 80

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_LAST_SECOND = 253_402_300_799

T = TypeVar("T")


class Fields:
    """One mapping of a document, read field by field. `path` is its place, `notes` takes the findings."""

    __slots__ = ("data", "notes", "path")

    def __init__(self, data: object, path: Path, notes: Collector, known: Sequence[str]) -> None:
        self.path = path
        self.notes = notes
        if not isinstance(data, Mapping):
            notes.add(path, f"expected fields, got {format_value(data)}", f"available: {_listed(known)}")
            data = {}
        self.data: Mapping[str, object] = data
        for word in data:
            if word not in known:
                shown = str(word)[:_MOST_SHOWN]
                notes.add((*path, shown), f"unknown field `{shown}`", did_you_mean(shown, known, most=20))

    def has(self, field: str) -> bool:
        """Is the field written?"""
        return self.data.get(field) is not None

    def at(self, field: str) -> Path:
        """Where does the field stand?"""
        return (*self.path, field)

    def require(self, *fields: str) -> None:
        """Are these fields written?"""
        for field in fields:
            if not self.has(field):
                self.notes.add(self.path, f"missing field `{field}`")

    def text(self, field: str, default: str = "", *, most: int = MAX_TEXT_LENGTH) -> str:
        """Which text is it?"""
        value = self.data.get(field)
        if value is None:
            return default
        return value if is_text(value, self.at(field), self.notes, most=most) else default

    def flag(self, field: str, default: bool = False) -> bool:
        """Is it set?"""
        value = self.data.get(field)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.notes.add(self.at(field), f"expected true or false, got {format_value(value)}")
            return default
        return value

    def choice(self, field: str, options: Sequence[str], default: str) -> str:
        """Which of the options is it?"""
        value = self.data.get(field)
        if isinstance(value, str) and value in options:
            return value
        if value is not None:
            self.notes.add(self.at(field), f"expected one of {_listed(options)}, got {format_value(value)}")
        return default

    def integer(self, field: str, default: int, least: int, most: int) -> int:
        """Which whole number is it?"""
        value = self.data.get(field)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            expected = f"expected a whole number from {least} to {most}"
            self.notes.add(self.at(field), f"{expected}, got {format_value(value)}")
            return default
        return value

    def instant(self, field: str) -> float | None:
        """Which instant is it, in epoch seconds?"""
        value = self.data.get(field)
        if value is None:
            return None
        instant = parse_instant(value) if isinstance(value, str) and _INSTANT.fullmatch(value) else None
        if instant is None:
            help = "write it with its offset, such as 2027-01-01T00:00:00Z"
            self.notes.add(
                self.at(field), f"expected an RFC 3339 date and time, got {format_value(value)}", help
            )
            return None
        if not 0 <= instant.timestamp() <= _LAST_SECOND:
            self.notes.add(self.at(field), f"expected a time from 1970 to 9999, got {format_value(value)}")
            return None
        return instant.timestamp()

    def condition(self, field: str) -> Condition | None:
        """Which condition is it?"""
        value = self.data.get(field)
        if value is None or not _is_sound(value, self.at(field), self.notes):
            return None
        try:
            return parse_condition(value, field)
        except Invalid as error:
            self.notes.adopt(self.path, error, nested=True)
            return None

    def parsed(self, field: str, parse: Callable[[str, str], T]) -> T | None:
        """What does this parser make of the text?"""
        value = self.data.get(field)
        return None if value is None else parse_text(value, self.at(field), self.notes, parse)

    def items(self, field: str, *, most: int = MAX_LIST_LENGTH) -> Iterator[tuple[object, Path]]:
        """Which elements does the list hold, each with its place?"""
        value = self.data.get(field)
        if value is None:
            return
        path = self.at(field)
        if not isinstance(value, list | tuple):
            self.notes.add(path, f"expected a list, got {format_value(value)}", "write it in brackets: [ … ]")
        elif len(value) > most:
            self.notes.add(path, f"`{field}` has {len(value)} elements, expected at most {most}")
        else:
            for index, item in enumerate(value):
                yield item, (*path, index)

    def parsed_items(
        self, field: str, parse: Callable[[str, str], T], *, most: int = MAX_LIST_LENGTH
    ) -> tuple[T, ...]:
        """What does this parser make of the texts of the list? No text stands in it twice."""
        out: dict[T, None] = {}
        for item, path in self.items(field, most=most):
            value = parse_text(item, path, self.notes, parse)
            if value is None:
                continue
            if value in out:
                self.notes.add(path, f"duplicate `{item}`")
            out[value] = None
        return tuple(out)

    def texts(self, field: str) -> tuple[str, ...]:
        """Which texts does the list hold? Each once."""
        return self.parsed_items(field, parse_some_text)

    def words(self, field: str, known: Sequence[str], what: str) -> tuple[str, ...]:
        """Which of the known words does the list hold? Each once."""
        out = self.texts(field)
        for index, word in enumerate(out):
            if word not in known:
                self.notes.add(
                    (*self.at(field), index), f"unknown {what} `{word}`", did_you_mean(word, known)
                )
        return tuple(word for word in out if word in known)

    def entries(self, field: str) -> Iterator[tuple[str, object, Path]]:
        """Which names and values does the mapping hold, each with its place?"""
        value = self.data.get(field)
        if value is None:
            return
        path = self.at(field)
        if not isinstance(value, Mapping):
            self.notes.add(path, f"expected names with values, got {format_value(value)}")
        elif len(value) > MAX_LIST_LENGTH:
            self.notes.add(path, f"`{field}` has {len(value)} entries, expected at most {MAX_LIST_LENGTH}")
        else:
            for name, item in value.items():
                if is_text(name, path, self.notes):
                    yield name, item, (*path, name)


def is_text(value: object, path: Path, notes: Collector, *, most: int = MAX_TEXT_LENGTH) -> TypeGuard[str]:
    """Is this text that can be stored and shown? Notes what is wrong."""
    if not isinstance(value, str):
        notes.add(path, f"expected text, got {format_value(value)}", _quote_hint(value))
    elif len(value) > most:
        notes.add(path, f"text is {len(value)} characters long, expected at most {most}")
    elif found := _UNPRINTABLE.search(value):
        notes.add(path, f"text holds the character U+{ord(found[0]):04X}", "leave it out")
    else:
        return True
    return False


def _is_sound(data: object, path: Path, notes: Collector) -> bool:
    """Are depth, lists and texts of this free-form part within bounds? (JSON bodies bound none of them.)"""
    pending: list[tuple[object, int]] = [(data, 1)]
    while pending:
        value, depth = pending.pop()
        if depth > MAX_VALUE_DEPTH:
            notes.add(path, f"value is nested deeper than {MAX_VALUE_DEPTH}")
            return False
        if isinstance(value, Mapping):
            pending.extend((item, depth + 1) for pair in value.items() for item in pair)
        elif isinstance(value, list | tuple):
            if len(value) > MAX_LIST_LENGTH:
                notes.add(path, f"a list has {len(value)} elements, expected at most {MAX_LIST_LENGTH}")
                return False
            pending.extend((item, depth + 1) for item in value)
        elif isinstance(value, str) and not is_text(value, path, notes):
            return False
    return True


def parse_text(value: object, path: Path, notes: Collector, parse: Callable[[str, str], T]) -> T | None:
    """What does this parser make of the text? None when it is none; notes what is wrong."""
    if not is_text(value, path, notes):
        return None
    try:
        return parse(value, "")
    except Invalid as error:
        notes.adopt(path, error)
        return None


def parse_some_text(text: str, place: str) -> str:
    """Is this text, and not empty?"""
    if not text:
        raise Invalid.at(place, "expected text, got nothing")
    return text


def format_value(value: object) -> str:
    """How is a wrong value shown in a message?"""
    match value:
        case None:
            return "nothing"
        case bool():
            return "`true`" if value else "`false`"
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case _:
            text = str(value)
            return f"`{text}`" if len(text) <= _MOST_SHOWN else f"`{text[:_MOST_SHOWN]}…`"


def format_instant(seconds: float) -> str:
    """Which RFC 3339 text, in UTC, is this instant?"""
    return datetime.fromtimestamp(seconds, UTC).isoformat().removesuffix("+00:00") + "Z"


def _quote_hint(value: object) -> str | None:
    return "quote it" if isinstance(value, bool | int | float) else None


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
