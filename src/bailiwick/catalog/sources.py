"""YAML text as plain documents, each of which knows the line of every field.

Strict: no duplicate keys, tags, anchors, aliases, merge keys or directives, text as keys, at most 32
levels. Reads no files and must not know what a document means.
Serves docs/spec.md section 3 and the documents of accounts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from yaml import MarkedYAMLError, YAMLError
from yaml.cyaml import CParser  # type: ignore[attr-defined]  # its stub does not re-export it
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from bailiwick.catalog.places import Path
from bailiwick.catalog.scalars import parse_plain
from bailiwick.errors import Finding, Invalid

MAX_DEPTH = 32
MAX_NODES = 1_000_000
MAX_DOCUMENTS = 250_000

_UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_QUOTE = "quote it if it is text"


class SourceDocument:
    """One document of a file: its plain `data`, and where each part of it stands.

    WHY lines are found on demand: they are wanted only for findings, and following them doubles the
    time that a hundred thousand documents take.
    """

    __slots__ = ("_first", "_lines", "_text", "data", "file", "line")

    def __init__(self, data: dict[str, object], file: str, line: int, chunk: _Chunk) -> None:
        self.data = data
        self.file = file
        self.line = line
        self._text = chunk.text
        self._first = chunk.first
        self._lines: dict[Path, int] | None = None

    def line_of(self, path: Path) -> int:
        """On which line stands this path? The nearest enclosing part's where the path itself is not there."""
        if self._lines is None:
            self._lines = _find_lines(self._text, self._first)
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, self.line)

    def locate(self, path: Path) -> tuple[str, int]:
        """In which file and on which line stands this path?"""
        return self.file, self.line_of(path)


def parse_documents(text: str, file: str = "") -> list[SourceDocument]:
    """Which documents does this YAML text hold? Empty ones are left out.

    Raises: Invalid, with every finding of every document.
    """
    documents: list[SourceDocument] = []
    findings: list[Finding] = []
    for item in _read(_split(text), file):
        if isinstance(item, SourceDocument):
            documents.append(item)
        else:
            findings.extend(item)
        if len(documents) + len(findings) > MAX_DOCUMENTS:
            findings.append(Finding(f"text has more than {MAX_DOCUMENTS} documents", file=file))
            break
    if findings:
        raise Invalid(findings)
    return documents


def iter_documents(lines: Iterable[str], file: str = "") -> Iterator[SourceDocument]:
    """Which documents do these lines of text (an open file, say) hold, one at a time?

    Raises: Invalid at the first broken document, with every finding of it.
    """
    for item in _read(_split_lines(lines), file):
        if not isinstance(item, SourceDocument):
            raise Invalid(item)
        yield item


class _Chunk:
    """The text from one `---` to the next, and the number of its first line."""

    __slots__ = ("first", "text")

    def __init__(self, text: str, first: int) -> None:
        self.text = text
        self.first = first


def _split(text: str) -> Iterator[_Chunk]:
    # WHY: YAML takes every kind of line break for a line feed, inside quotes too; so nothing changes.
    return _split_lines(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


def _split_lines(lines: Iterable[str]) -> Iterator[_Chunk]:
    """Which texts lie between the document markers?

    A line that begins with `---` is a marker wherever it stands, inside quotes and blocks too.
    """
    held: list[str] = []
    first = number = 1
    for number, raw in enumerate(lines, start=1):
        line = raw.rstrip("\r\n")
        if line.startswith("---") and line[3:4] in ("", " ", "\t"):
            yield _Chunk("\n".join(held), first)
            held, first = [], number
        held.append(line.removeprefix("\ufeff") if number == 1 else line)
        if line.startswith("...") and line[3:4] in ("", " ", "\t"):
            yield _Chunk("\n".join(held), first)
            held, first = [], number + 1
    yield _Chunk("\n".join(held), first)


def _read(chunks: Iterable[_Chunk], file: str) -> Iterator[SourceDocument | list[Finding]]:
    for chunk in chunks:
        if not chunk.text or chunk.text.isspace():
            continue
        reading = _Reading(chunk, file)
        document = reading.read()
        if reading.findings:
            yield reading.findings
        elif document is not None:
            yield document


class _Reading:
    """How is one chunk read? Collects findings; what they concern is read as null."""

    __slots__ = ("_next", "_nodes", "chunk", "file", "findings")

    def __init__(self, chunk: _Chunk, file: str) -> None:
        self.chunk = chunk
        self.file = file
        self.findings: list[Finding] = []
        self._next: Callable[[], Any]
        self._nodes = 0

    def read(self) -> SourceDocument | None:
        """Which document does the chunk hold? None: none, or it is broken."""
        if self._is_unreadable():
            return None
        try:
            self._next = CParser(self.chunk.text).get_event
            return self._read_stream()
        except _TooDeepError as error:
            self._note(error.line, f"document is nested deeper than {MAX_DEPTH}")
        except _TooManyError as error:
            self._note(error.line, f"document has more than {MAX_NODES} values")
        except YAMLError as error:
            self._note_syntax(error)
        return None

    def _is_unreadable(self) -> bool:
        text = self.chunk.text
        if found := _UNREADABLE.search(text):
            self._note(
                text.count("\n", 0, found.start()), f"character U+{ord(found[0]):04X} cannot stand in YAML"
            )
        elif text.startswith("%"):
            self._note(0, "directives are not supported", "leave the line out")
        return bool(self.findings)

    def _read_stream(self) -> SourceDocument | None:
        self._next()
        start = self._next()
        if not isinstance(start, DocumentStartEvent):
            return None
        root = self._next()
        line: int = root.start_mark.line
        data = self._value(root, 1)
        self._next()
        after = self._next()
        if not isinstance(after, StreamEndEvent):
            self._note(
                after.start_mark.line, "expected one document, got another after it", "begin it with `---`"
            )
        if data is None:
            return None
        if not isinstance(data, dict):
            self._note(line, "expected a document with fields", "write `kind: …` and the fields, one a line")
            return None
        return SourceDocument(data, self.file, line + self.chunk.first, self.chunk)

    def _value(self, event: Any, depth: int) -> object:
        kind = type(event)
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise _TooManyError(event.start_mark.line)
        if kind is AliasEvent:
            self._note(
                event.start_mark.line, f"alias `*{event.anchor}` is not supported", "write the value again"
            )
            return None
        if event.anchor is not None:
            self._note(event.start_mark.line, f"anchor `&{event.anchor}` is not supported", "leave it out")
        if event.tag is not None:
            self._note(event.start_mark.line, f"tag `{event.tag}` is not supported", "leave it out")
        if kind is ScalarEvent:
            return event.value if event.style else self._plain(event)
        if depth > MAX_DEPTH:
            raise _TooDeepError(event.start_mark.line)
        return self._mapping(depth) if kind is MappingStartEvent else self._list(depth)

    def _plain(self, event: Any) -> object:
        try:
            return parse_plain(event.value)
        except ValueError as error:
            self._note(event.start_mark.line, str(error), _QUOTE)
            return None

    def _list(self, depth: int) -> list[object]:
        out: list[object] = []
        while type(event := self._next()) is not SequenceEndEvent:
            out.append(self._value(event, depth + 1))
        return out

    def _mapping(self, depth: int) -> dict[str, object]:
        out: dict[str, object] = {}
        while type(event := self._next()) is not MappingEndEvent:
            line = event.start_mark.line
            key = self._value(event, depth + 1)
            value = self._value(self._next(), depth + 1)
            if not isinstance(key, str):
                self._note(line, f"expected text as a key, got {_shown(key)}", _QUOTE)
            elif key in out:
                self._note(line, f"duplicate key `{key}`")
            elif key == "<<":
                self._note(line, "merge key `<<` is not supported", "write the fields again")
            else:
                out[key] = value
        return out

    def _note(self, line: int, message: str, help: str | None = None) -> None:
        self.findings.append(Finding(message, "", help, self.file, self.chunk.first + line))

    def _note_syntax(self, error: YAMLError) -> None:
        mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        problem = error.problem if isinstance(error, MarkedYAMLError) else str(error)
        context = error.context if isinstance(error, MarkedYAMLError) else None
        self._note(mark.line if mark else 0, f"broken YAML: {problem}", context)


class _TooDeepError(Exception):
    """The document is nested too deeply to be read on."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class _TooManyError(Exception):
    """The document has too many values to be read on."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def _shown(key: object) -> str:
    if isinstance(key, dict | list):
        return "a list" if isinstance(key, list) else "a mapping"
    return "`null`" if key is None else f"`{key}`".lower()


def _find_lines(text: str, first: int) -> dict[Path, int]:
    """On which line stands each path of the one document of this text?"""
    lines: dict[Path, int] = {}
    get: Callable[[], Any] = CParser(text).get_event

    def walk(event: Any, path: Path) -> None:
        lines.setdefault(path, event.start_mark.line + first)
        if isinstance(event, SequenceStartEvent):
            index = 0
            while not isinstance(item := get(), SequenceEndEvent):
                walk(item, (*path, index))
                index += 1
        elif isinstance(event, MappingStartEvent):
            while not isinstance(key := get(), MappingEndEvent):
                lines[(*path, key.value)] = key.start_mark.line + first
                walk(get(), (*path, key.value))

    get()
    get()
    walk(get(), ())
    return lines
