"""Fields of forms that hold YAML: read with the place of what is wrong, written as people would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bailiwick.catalog.sources import parse_documents
from bailiwick.console.forms import Form
from bailiwick.errors import Invalid


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
    """How does a list of lines show these pairs: `key=value`, one each?"""
    return [f"{key}={value}" for key, value in pairs.items()]


def pairs_of(form: Form, field: str) -> dict[str, str]:
    """Which pairs do the lines of this field hold? Raises Invalid at the field."""
    found: dict[str, str] = {}
    for line in form.all(field):
        key, equals, value = line.partition("=")
        if not equals or not key.strip():
            raise Invalid.at(field, f"`{line[:80]}` is no pair", "write key=value")
        found[key.strip()] = value.strip()
    return found
