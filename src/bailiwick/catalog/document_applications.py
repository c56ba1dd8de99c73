"""Documents of kind Application: to values and back.

Serves docs/spec.md section 28. A secret is no part of the document: it is made and shown once.
"""

from __future__ import annotations

from dataclasses import fields as fields_of
from typing import Any

from bailiwick.catalog.reading import Fields
from bailiwick.errors import Invalid
from bailiwick.model.applications import (
    ACCESS_TOKEN_SECONDS,
    DEFAULT_IDLE_SECONDS,
    DEFAULT_REFRESH_SECONDS,
    GRANTS,
    REFRESH_IDLE_SECONDS,
    REFRESH_TOKEN_SECONDS,
    TYPES,
    Application,
    parse_audience,
    parse_redirect_uri,
    parse_scope_text,
)
from bailiwick.model.names import parse_name, parse_principal

APPLICATION_FIELDS = tuple(one.name for one in fields_of(Application))
MAX_URIS = 32
MAX_SCOPES = 100
_NUMBERS = {
    "access_token_seconds": (ACCESS_TOKEN_SECONDS[1], *ACCESS_TOKEN_SECONDS),
    "refresh_token_seconds": (DEFAULT_REFRESH_SECONDS, *REFRESH_TOKEN_SECONDS),
    "refresh_idle_seconds": (DEFAULT_IDLE_SECONDS, *REFRESH_IDLE_SECONDS),
}


def parse_application(fields: Fields, account: str) -> Application:
    """Which application is it?"""
    fields.require("name", "type")
    return Application(
        name=fields.parsed("name", parse_name) or "",
        type=fields.choice("type", TYPES, TYPES[0]),
        title=fields.text("title"),
        description=fields.text("description"),
        redirect_uris=fields.parsed_items("redirect_uris", parse_redirect_uri, most=MAX_URIS),
        post_logout_redirect_uris=fields.parsed_items(
            "post_logout_redirect_uris", parse_redirect_uri, most=MAX_URIS
        ),
        grants=fields.words("grants", GRANTS, "grant"),
        acts_as=fields.parsed("acts_as", _parse_acts_as),
        audiences=fields.parsed_items("audiences", parse_audience, most=MAX_URIS),
        scopes=fields.parsed_items("scopes", parse_scope_text, most=MAX_SCOPES),
        first_party=fields.flag("first_party"),
        disabled=fields.flag("disabled"),
        **{name: fields.integer(name, *bounds) for name, bounds in _NUMBERS.items()},
    )


def format_application(application: Application) -> dict[str, object]:
    """Which fields parse to this application? What is as it is by default is left out, but for its type."""
    default = Application(application.name)
    out: dict[str, object] = {"name": application.name, "type": application.type}
    for name in APPLICATION_FIELDS:
        value: Any = getattr(application, name)
        if name not in out and value != getattr(default, name):
            out[name] = list(value) if isinstance(value, tuple) else value
    return out


def _parse_acts_as(text: str, place: str) -> str:
    if not text.startswith("service-id:"):
        raise Invalid.at(place, f"`{text}` is no service ID", "write `service-id:NAME`")
    return parse_principal(text, place)
