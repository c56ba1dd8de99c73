"""What a browser sends of a form that nobody touched: the HTML standard's rules that can lose a value.

One line loses its line breaks, a time or number that is none is empty, a list without a choice sends its first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

_SHAPES = {
    "time": re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,3})?)?"),
    "datetime-local": re.compile(r"\d{4,}-\d\d-\d\d[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,3})?)?"),
    "number": re.compile(r"-?\d+(\.\d+)?"),
}


class _Reader(HTMLParser):
    """Collects the fields of each form of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[list[tuple[str, str]]] = []
        self._inside = False
        self._text: list[str] | None = None
        self._area = ""
        self._select: tuple[str, list[tuple[str, bool]]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = said.get("method") == "post"
            if self._inside:
                self.forms.append([])
        elif not self._inside:
            return
        elif tag == "input" and said.get("name"):
            self._keep_input(said)
        elif tag == "textarea":
            self._area, self._text = said.get("name", ""), []
        elif tag == "select":
            self._select = (said.get("name", ""), [])
        elif tag == "option" and self._select is not None:
            self._select[1].append((said.get("value", ""), "selected" in said))

    def _keep_input(self, said: dict[str, str]) -> None:
        kind, value = said.get("type", "text"), said.get("value", "")
        if kind in ("checkbox", "radio") and "checked" not in said:
            return
        if kind not in ("hidden", "checkbox", "radio"):
            value = re.sub(r"[\r\n]", "", value)
        shape = _SHAPES.get(kind)
        self.forms[-1].append((said["name"], value if shape is None or shape.fullmatch(value) else ""))

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "textarea" and self._text is not None:
            text = "".join(self._text).removeprefix("\n")
            self.forms[-1].append((self._area, text.replace("\n", "\r\n")))
            self._text = None
        elif tag == "select" and self._select is not None:
            name, options = self._select
            chosen = [value for value, is_chosen in options if is_chosen] or [options[0][0]]
            self.forms[-1].append((name, chosen[-1]))
            self._select = None


def sent(page: str, holding: str) -> dict[str, list[str]]:
    """What is sent of the form that has this field, by name?"""
    reader = _Reader()
    reader.feed(page)
    (form,) = (one for one in reader.forms if holding in dict(one))
    found: dict[str, list[str]] = {}
    for name, value in _pairs(form):
        found.setdefault(name, []).append(value)
    return found


def _pairs(form: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    yield from ((name, value) for name, value in form if name)
