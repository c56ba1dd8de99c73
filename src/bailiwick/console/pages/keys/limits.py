"""What a form says of an API key: what it is for, until when, from where, and what a report of it does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bailiwick.authn.keys import DISABLE, ApiKeyRecord
from bailiwick.console.forms import Form
from bailiwick.console.moments import local_text, read_moment
from bailiwick.errors import Invalid
from bailiwick.model.conditions import parse_instant
from bailiwick.service.keys.changing import Keep

LIMIT_FIELDS = ("description", "expires_at", "networks", "when_leaked")
WHEN_LEAKED = (
    (DISABLE, "it is disabled"),
    ("delete", "it is withdrawn for good"),
    ("none", "nothing but a note"),
)


def form_of(record: ApiKeyRecord, description: str) -> Form:
    """How does a form show this key?"""
    ends = None if record.expires_at is None else record.expires_at.timestamp()
    return Form.of(
        {
            "description": description,
            "expires_at": local_text(ends),
            "networks": record.networks,
            "when_leaked": record.when_leaked,
        }
    )


def read_limits(form: Form) -> dict[str, Any]:
    """What does the form of a new key say? Raises Invalid."""
    return {
        "description": form.text("description"),
        "expires_at": _instant(form),
        "networks": form.all("networks"),
        "when_leaked": form.get("when_leaked", DISABLE),
    }


def read_changes(form: Form, record: ApiKeyRecord) -> dict[str, Any]:
    """What does the form of this key say? WHY an end that looks the same stays: a form shows it to the minute only."""
    said = read_limits(form)
    ends = None if record.expires_at is None else record.expires_at.timestamp()
    if form.text("expires_at")[:16] == local_text(ends):
        said["expires_at"] = Keep.END
    return said


def _instant(form: Form) -> datetime | None:
    text = read_moment(form, "expires_at")
    instant = parse_instant(text)
    if text and instant is None:
        raise Invalid.at("expires_at", f"`{text[:40]}` is no date and time")
    return instant
