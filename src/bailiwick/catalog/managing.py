"""Who manages an object, where it is not the account: the field `managed_by`, to value and back.

Implements docs/spec.md 21.5 (grammar). That what a template manages is changed by it alone is service/managed.py's.
"""

from __future__ import annotations

from bailiwick.catalog.reading import Fields
from bailiwick.errors import Invalid
from bailiwick.model.names import parse_name
from bailiwick.model.templates import MANAGED


def parse_manager(fields: Fields) -> str:
    """Which template manages the object? "": none."""
    return fields.parsed("managed_by", _parse_manager) or ""


def format_manager(managed_by: str) -> dict[str, object]:
    """Which field says who manages the object? None where nobody does."""
    return {"managed_by": managed_by} if managed_by else {}


def _parse_manager(text: str, place: str) -> str:
    if not text.startswith(MANAGED):
        raise Invalid.at(place, f"`{text}` manages nothing", f"expected `{MANAGED}` and a template's name")
    parse_name(text.removeprefix(MANAGED), place, "template name")
    return text
