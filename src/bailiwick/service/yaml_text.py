"""Documents as YAML text that `apply` reads back to the same documents, and a person reads at all.

Pure. Mappings and lists of mappings stand in blocks, lists of words in brackets; text that any reader of YAML could
take for something else is quoted. It must not know what a document means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from bailiwick.catalog.scalars import parse_plain

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.@+-]*(?:[:/ ][A-Za-z0-9_.@+-]+)*")
_YAML_1_1 = frozenset({"y", "n", "yes", "no", "on", "off"})
# WHY: inside quotes YAML folds these as line breaks, or refuses them as they are.
_FOLDED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_LONGEST_LINE = 110


def format_documents(documents: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """Which text does each document come to? Joined they are one stream."""
    for document in documents:
        yield "---\n" + "".join(_block(document, ""))


def format_part(value: object) -> str:
    """Which text is a part of a document, alone? "" for nothing."""
    if value is None or value in ({}, [], ()):
        return ""
    if isinstance(value, Mapping):
        return "".join(_block(value, "")).strip()
    return "".join(_block({"value": value}, "")).removeprefix("value:").strip()


def _block(mapping: Mapping[str, object], indent: str) -> Iterator[str]:
    for name, value in mapping.items():
        head = f"{indent}{_text(name)}:"
        flow = _flow(value)
        if len(head) + len(flow) < _LONGEST_LINE or not value or not isinstance(value, dict | list):
            yield f"{head} {flow}\n"
        elif isinstance(value, dict):
            yield f"{head}\n"
            yield from _block(value, indent + "  ")
        else:
            yield f"{head}\n"
            yield from _items(value, indent + "  ")


def _items(items: list[object], indent: str) -> Iterator[str]:
    for item in items:
        flow = _flow(item)
        if isinstance(item, dict) and item and len(indent) + len(flow) >= _LONGEST_LINE:
            lines = "".join(_block(item, indent + "  "))
            yield f"{indent}- {lines[len(indent) + 2 :]}"
        else:
            yield f"{indent}- {flow}\n"


def _flow(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text(name)}: {_flow(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    if isinstance(value, str):
        return _text(value)
    return json.dumps(value)


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _YAML_1_1 and parse_plain(text) == text:
        return text
    return _FOLDED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
