"""Instants in forms: what an input shows, and which text of a document it means.

An input says its time in UTC; the page's script turns it into the viewer's own zone and back (`ui.moment`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bailiwick.console.forms import Form

# Source: HTML, "local date and time string": to the minute, or with seconds.
_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?", re.ASCII)


def local_text(instant: float | None) -> str:
    """What does the input of this instant (epoch seconds) show? "": it is empty."""
    if instant is None:
        return ""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M")


def read_moment(form: Form, name: str) -> str:
    """Which RFC 3339 text was written? "": none. What is no local time is left for the document's own parser."""
    text = form.text(name)
    if not _LOCAL.fullmatch(text):
        return text
    return f"{text}:00Z" if text.count(":") == 1 else f"{text}Z"


def window_of(form: Form) -> dict[str, object]:
    """Which fields of a document say the window of this form?"""
    said = {name: read_moment(form, name) for name in ("starts_at", "expires_at")}
    return {name: text for name, text in said.items() if text}
