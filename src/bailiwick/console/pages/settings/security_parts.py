"""Settings › Security, its further tabs: networks; keys, tokens, what people do themselves, stale answers.

Each tab changes its own part of the one document and leaves the others as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from starlette.responses import Response

from bailiwick.catalog.document_security import format_security
from bailiwick.console.forms import Form
from bailiwick.console.page import Page
from bailiwick.console.pages.settings.security import READ, UPDATE, Question, since_of
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.errors import Conflict, Denied, Invalid, NotFound
from bailiwick.model.networks import AllowedNetwork
from bailiwick.model.security import (
    KEY_NUMBERS,
    SELF_FLAGS,
    SESSION_NUMBERS,
    STALENESS_NUMBERS,
    WHO_MAKES,
    SecuritySettings,
    Whole,
)
from bailiwick.service.kinds import SECURITY
from bailiwick.service.needed import iam_service

SURFACES = ("console", "api")
KEYS = (
    Question("longest_days", "A key is good for at most", "days", "any time"),
    Question("most_keys", "Keys of one user or service ID at most", "keys"),
)
SESSIONS = (
    Question("most_visits", "Visits of one user at once at most", "visits", "any number"),
    Question("access_token_seconds", "An access token is good for", "seconds"),
)
STALENESS = (Question("longest_seconds", "Answered without the store for at most", "seconds"),)
# Fields of the page that are called otherwise in the document, where two parts have one of the same name.
_IN_DOCUMENT = {"most_keys": "most_for_one_identity", "most_visits": "most_for_one_identity"}
NUMBERS: dict[str, Whole] = {
    "longest_days": KEY_NUMBERS["longest_days"],
    "most_keys": KEY_NUMBERS["most_for_one_identity"],
    "most_visits": SESSION_NUMBERS["most_for_one_identity"],
    "access_token_seconds": SESSION_NUMBERS["access_token_seconds"],
    **STALENESS_NUMBERS,
}


@dataclass(frozen=True, slots=True)
class Part:
    """One tab: where it is, how its form shows the settings, and which part of the document a form means."""

    path: str
    template: str
    shown: Callable[[SecuritySettings], Mapping[str, str | Sequence[str]]]
    read: Callable[[Form], dict[str, Any]]
    fields: tuple[str, ...]
    places: Mapping[str, str]


def security_part_entries() -> list[Entry]:
    """Which lines have these tabs?"""
    return [
        line
        for part in (NETWORKS, ACCESS)
        for line in (
            get(part.path, partial(_ask, part), READ),
            post(part.path, partial(_change, part), READ, UPDATE),
        )
    ]


def _ask(part: Part, page: Page) -> Response:
    page.judge.require(READ, iam_service())
    values = part.shown(page.snapshot.account.security_settings)
    return _show(part, page, Form.of({**values, "since": since_of(page)}))


def _show(part: Part, page: Page, form: Form, status: int = 200) -> Response:
    return page.render(
        part.template,
        status=status,
        form=form,
        keys=KEYS,
        sessions=SESSIONS,
        staleness=STALENESS,
        numbers=NUMBERS,
        who_makes=WHO_MAKES,
        may_change=page.may(UPDATE, iam_service()),
        address=str(page.session.context.get("ip", "")),
    )


def _change(part: Part, page: Page) -> Response:
    page.judge.require(UPDATE, iam_service())
    since = page.form.get("since")
    try:
        whole = format_security(page.snapshot.account.security_settings)
        document = {**whole, **part.read(page.form)}
        outcome = page.replace(SECURITY, document, since=since) if since else page.create(SECURITY, document)
    except (Invalid, Conflict, Denied, NotFound) as error:
        form = page.form.failed(_at_fields(part, error), *part.fields)
        return _show(part, page, form, status_of(error))
    return page.redirect(part.path, note="The security settings were changed.", revision=outcome.revision)


def _at_fields(part: Part, error: Conflict | Denied | Invalid | NotFound) -> Any:
    """The same, with each finding at the field of the page (`networks.api[2].network` at `api`)."""
    if not isinstance(error, Invalid):
        return error
    return Invalid(replace(one, place=_field_of(part, one.place)) for one in error.findings)


def _field_of(part: Part, place: str) -> str:
    inner = place.rpartition(": ")[2]
    found = next((field for start, field in part.places.items() if inner.startswith(start)), None)
    return found or inner


def _shown_networks(settings: SecuritySettings) -> dict[str, str]:
    return {surface: _lines(getattr(settings.networks, surface)) for surface in SURFACES}


def _lines(networks: Sequence[AllowedNetwork]) -> str:
    return "\n".join(f"{one.network} {one.description}".strip() for one in networks)


def _read_networks(form: Form) -> dict[str, Any]:
    return {"networks": {surface: _read_lines(form.get(surface)) for surface in SURFACES}}


def _read_lines(text: str) -> list[dict[str, str]]:
    """Which networks are written, one a line, each followed by what it is?"""
    pairs = (line.strip().partition(" ") for line in text.splitlines() if line.strip())
    return [
        {"network": network, **({"description": said.strip()} if said.strip() else {})}
        for network, _, said in pairs
    ]


def _shown_access(settings: SecuritySettings) -> dict[str, str]:
    return {
        "longest_days": str(settings.keys.longest_days),
        "most_keys": str(settings.keys.most_for_one_identity),
        "most_visits": str(settings.sessions.most_for_one_identity),
        "access_token_seconds": str(settings.sessions.access_token_seconds),
        "who_makes_keys": settings.keys.who_may_create,
        "who_makes_service_ids": settings.service_ids.who_may_create,
        "longest_seconds": str(settings.staleness.longest_seconds),
        "then": settings.staleness.then,
        **{f"change_{name}": "yes" for name in SELF_FLAGS if getattr(settings.may_change, name)},
    }


def _read_access(form: Form) -> dict[str, Any]:
    """Which part of the document does the form mean? Raises Invalid for what is no number."""
    form.require_numbers(NUMBERS)
    return {
        "keys": {
            "who_may_create": form.get("who_makes_keys"),
            **{_IN_DOCUMENT.get(one.name, one.name): int(form.text(one.name)) for one in KEYS},
        },
        "sessions": {_IN_DOCUMENT.get(one.name, one.name): int(form.text(one.name)) for one in SESSIONS},
        "service_ids": {"who_may_create": form.get("who_makes_service_ids")},
        "may_change": {name: form.has(f"change_{name}") for name in SELF_FLAGS},
        "staleness": {
            **{one.name: int(form.text(one.name)) for one in STALENESS},
            "then": form.get("then"),
        },
    }


NETWORKS = Part(
    "/settings/security/networks",
    "settings/security_networks.html",
    _shown_networks,
    _read_networks,
    SURFACES,
    {f"networks.{surface}": surface for surface in SURFACES},
)
ACCESS = Part(
    "/settings/security/access",
    "settings/security_access.html",
    _shown_access,
    _read_access,
    (*NUMBERS, "who_makes_keys", "who_makes_service_ids", "then"),
    {
        "keys.longest_days": "longest_days",
        "keys.most_for_one_identity": "most_keys",
        "keys.who_may_create": "who_makes_keys",
        "sessions.most_for_one_identity": "most_visits",
        "sessions.access_token_seconds": "access_token_seconds",
        "service_ids.who_may_create": "who_makes_service_ids",
        "staleness.longest_seconds": "longest_seconds",
        "staleness.then": "then",
    },
)
