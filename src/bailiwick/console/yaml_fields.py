"""Fields of forms that hold YAML: read with the place of what is wrong, written as people would."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from bailiwick.catalog.sources import parse_documents
from bailiwick.console.forms import Form
from bailiwick.errors import Invalid

_TEXT = r'"(?:[^"\\]|\\.)*"'
_QUOTED = re.compile(f"({_TEXT}) *= *({_TEXT})")


def yaml_of(form: Form, field: str) -> Any:
    """What does this field hold? None where it is empty. Raises Invalid at the field."""
    text = form.text(field)
    if not text:
        return None
    indented = "".join(f"  {line}\n" for line in text.splitlines())
    try:
        documents = parse_documents(f"{field}:\n{indented}", "form")
    except Invalid as error:
        first = error.findings[0]
        raise Invalid.at(field, f"{first.message} (line {max(first.line - 1, 1)})", first.help) from None
    return documents[0].data.get(field) if documents else None


def pairs_text(pairs: Mapping[str, object]) -> list[str]:
    """How does a list of lines show these pairs: `key=value`, one each; in quotes what could be read otherwise?"""
    return [_pair_text(key, str(value)) for key, value in pairs.items()]


def _pair_text(key: str, value: str) -> str:
    is_plain = "=" not in key and not key.startswith('"') and all(map(_keeps, (key, value)))
    return f"{key}={value}" if is_plain else f"{_quoted(key)}={_quoted(value)}"


def _keeps(text: str) -> bool:
    """Does one line of a form keep the text as it is?"""
    return text == text.strip() and text.isprintable()


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=not text.isprintable())


def pairs_of(form: Form, field: str) -> dict[str, str]:
    """Which pairs do the lines of this field hold? Raises Invalid at the field."""
    return dict(_pair_of(line, field) for line in form.all(field))


def _pair_of(line: str, field: str) -> tuple[str, str]:
    if quoted := _QUOTED.fullmatch(line):
        with suppress(ValueError):
            return json.loads(quoted[1]), json.loads(quoted[2])
    key, equals, value = line.partition("=")
    if not equals or not key.strip():
        raise Invalid.at(field, f"`{line[:80]}` is no pair", "write key=value")
    return key.strip(), value.strip()
