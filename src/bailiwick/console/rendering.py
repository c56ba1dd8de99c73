"""From a template and its values to HTML. Everything is escaped; a name that is not given is an error, not a gap."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from jinja2_fragments import render_block as render_fragment
from markupsafe import Markup

from bailiwick import __version__
from bailiwick.console.static import find_icon, static_url
from bailiwick.service.yaml_text import format_part


@cache
def environment() -> Environment:
    """Which templates are there, with which words in reach? Made at the first page."""
    made = Environment(
        loader=PackageLoader("bailiwick.console", "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"static": static_url, "icon": find_icon, "version": __version__}
    made.filters |= {"when": when, "yaml": as_yaml, "plural": plural, "number": number}
    made.filters |= {"coded": coded, "sentence": sentence}
    return made


def render_page(template: str, values: Mapping[str, object]) -> str:
    """Which HTML is the whole page?"""
    return environment().get_template(template).render(_with_parts(values))


def has_block(template: str, block: str) -> bool:
    """Has the template, itself, a block of this name?"""
    return block in environment().get_template(template).blocks


def render_block(template: str, block: str, values: Mapping[str, object]) -> str:
    """Which HTML is this block of it?"""
    return render_fragment(environment(), template, block, **_with_parts(values))


def _with_parts(values: Mapping[str, object]) -> dict[str, object]:
    """The same, and `ui`: the parts that pages are made of, which know the page."""
    return {**values, "ui": environment().get_template("ui.html").make_module({"page": values["page"]})}


def when(moment: datetime | float | str | None, otherwise: str = "never") -> Markup | str:
    """How is an instant shown? In UTC, which the page's script turns into the viewer's own zone."""
    if moment is None or moment == "":
        return otherwise
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    at = datetime.fromtimestamp(moment, UTC) if isinstance(moment, int | float) else moment.astimezone(UTC)
    shown = at.strftime("%Y-%m-%d %H:%M UTC")
    return Markup('<time datetime="{}" data-when>{}</time>').format(at.isoformat(timespec="seconds"), shown)


def as_yaml(document: Any) -> str:
    """How is a document written? In the order of its fields."""
    return format_part(document)


_PLAIN_AND_CODE = (Markup("{}"), Markup("<code>{}</code>"))


def coded(text: str) -> Markup:
    """How is a sentence shown that has code in backticks? As code, all else escaped."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return Markup("{}").format(text)
    return Markup("").join(_PLAIN_AND_CODE[index % 2].format(part) for index, part in enumerate(parts))


def sentence(text: str) -> str:
    """How does a message, which begins small and has no final period, stand by itself on a page?"""
    begun = text[:1].upper() + text[1:]
    return begun if not begun or begun[-1] in ".!?:" else f"{begun}."


def plural(count: int, one: str, many: str = "") -> str:
    """How many of them, in words: `1 user`, `12 users`?"""
    return f"{number(count)} {one if count == 1 else many or f'{one}s'}"


def number(count: int) -> str:
    """How is a number shown? With thin spaces between thousands."""
    return f"{count:,}".replace(",", "\u202f")
