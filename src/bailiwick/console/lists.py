"""Lists of objects: which part of which list an address asks for."""

from __future__ import annotations

from dataclasses import dataclass

from bailiwick.console.page import PAGE_SIZE, Page
from bailiwick.service.reading import Filter, Found


@dataclass(frozen=True, slots=True)
class Listed:
    """Some members of a list; `next` is the name after which there are more, "" where there are none."""

    items: tuple[Found, ...]
    next: str


def filter_of(page: Page) -> Filter:
    """Which members does the address ask for? The words are those of the API's lists."""
    return Filter(
        q=page.asked("q") or None,
        subject=page.asked("subject") or None,
        role=page.asked("role") or None,
        service=page.asked("service") or None,
        effect=page.asked("effect") or None,
        state=page.asked("state") or None,
        disabled={"yes": True, "no": False}.get(page.asked("disabled")),
    )


def list_objects(page: Page, kind: str, wanted: Filter | None = None, *, limit: int = PAGE_SIZE) -> Listed:
    """Which members of this kind are shown? Raises Denied where the visitor sees none."""
    after = page.asked("after") or None
    found = page.reader.list(kind, wanted or filter_of(page), after=after, limit=limit)
    return Listed(found.items, found.items[-1].name if found.more else "")
