"""Files that the command line reads and writes; what is wrong with one is said with its name."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from bailiwick.errors import Invalid, NotFound, Unavailable

STANDARD_INPUT = "-"
_SUFFIXES = (".yaml", ".yml")


def read_sources(paths: list[Path]) -> list[dict[str, str]]:
    """Which texts are in these files and directories (and, for `-`, on standard input)? In the order of names.

    Raises NotFound, Invalid.
    """
    return [{"file": name, "text": text} for path in paths for name, text in _texts(path)]


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    if str(path) == STANDARD_INPUT:
        yield "standard input", _decoded(sys.stdin.buffer.read(), "standard input")
        return
    if not path.is_dir():
        yield str(path), read_text(path)
        return
    files = sorted(one for one in path.rglob("*") if one.suffix in _SUFFIXES and one.is_file())
    if not files:
        raise NotFound(f"no .yaml or .yml file in `{path}`", "name a file, or another directory")
    for file in files:
        yield str(file), read_text(file)


def read_text(path: Path) -> str:
    """Which text is in this file? Raises NotFound, Invalid."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise NotFound(f"cannot read `{path}`: {error.strerror}") from None
    return _decoded(content, str(path))


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Invalid.at("", f"`{name}` is not UTF-8 text, in line {line}") from None


def write_text(path: Path, text: str) -> None:
    """Write a file, whole or not at all. Raises Unavailable."""
    beside = path.with_name(f".{path.name}.new")
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")
        else:
            beside.write_text(text, encoding="utf-8")
            beside.replace(path)
    except OSError as error:
        raise Unavailable(f"cannot write `{path}`: {error.strerror}") from None
