"""A policy's document as the fields of the builder, and back, without losing anything.

Pure. What no field can show stands as YAML in the field `more`, and is put back as it was.
LAW: the document of a document's fields is the same policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bailiwick.catalog.sources import parse_documents
from bailiwick.console.forms import Form
from bailiwick.console.pages.policies import conditions
from bailiwick.console.pages.policies.conditions import join_list, split_list
from bailiwick.errors import BailiwickError, Finding, Invalid
from bailiwick.service.yaml_text import format_documents

PLACES = ("region", "instance", "project", "type", "id", "within")
PLAIN = ("name", "description", "effect", "state")
WINDOW = ("starts_at", "expires_at")
KIND = "Policy"
# Where the errors of a document's field stand in the form.
_ERRORS_AT = {"subjects": "subject", "roles": "role", "when": "when"}
SHOWN = (*PLAIN, *WINDOW, *PLACES, "subject", "role", "service", "when", "more")

# What a document need not say.
_USUAL: Mapping[str, object] = {
    "description": "", "effect": "allow", "scope": {}, "when": None, "state": "enabled", **dict.fromkeys(WINDOW, ""),
}  # fmt: skip

Document = Mapping[str, Any]


def values_of(document: Document) -> dict[str, str | list[str]]:
    """Which fields show this document?"""
    rest = {name: value for name, value in document.items() if name not in ("kind", "account")}
    values: dict[str, str | list[str]] = {
        "name": str(rest.pop("name", "")),
        "description": str(rest.pop("description", "")),
        "effect": str(rest.pop("effect", "allow")),
        "state": str(rest.pop("state", "enabled")),
        "subject": _texts(rest.pop("subjects", [])),
        "role": _texts(rest.pop("roles", [])),
    }
    scope, kept_scope = _scope_fields(rest.pop("scope", {}))
    when, kept_when = conditions.fields_of(rest.pop("when", None))
    window = {name: text for name in WINDOW if (text := _shown_instant(rest.get(name))) is not None}
    rest = {name: value for name, value in rest.items() if name not in window}
    rest |= {name: value for name, value in (("scope", kept_scope), ("when", kept_when)) if value}
    return {**values, **scope, **when, **window, "more": _written(rest) if rest else ""}


def _scope_fields(scope: Document) -> tuple[dict[str, str | list[str]], dict[str, Any]]:
    shown: dict[str, str | list[str]] = {}
    kept: dict[str, Any] = {}
    for name, value in scope.items():
        listed = value if isinstance(value, list) else [value]
        line = join_list(listed)
        if name == "service":
            shown[name] = _texts(listed)
        elif name in PLACES and line is not None:
            shown[name] = line
        else:
            kept[name] = value
    return shown, kept


def _shown_instant(value: object) -> str | None:
    """How does a field for date and time show this instant? None: it has none, or shows it not exactly."""
    if not isinstance(value, str) or not value.endswith("Z"):
        return None
    text = value.removesuffix("Z")
    return text if len(text) == len("2027-01-01T00:00:00") else None


def _texts(values: object) -> list[str]:
    return [str(one) for one in values] if isinstance(values, list) else [str(values)]


def _written(document: Document) -> str:
    return next(format_documents([document])).removeprefix("---\n")


def document_of(form: Form) -> dict[str, Any]:
    """Which document do the fields say? Raises Invalid where `more` is no YAML."""
    more = _more(form)
    scope = {
        name: value[0] if len(value) == 1 else value
        for name in ("service", *PLACES)
        if (value := list(form.all(name)) if name == "service" else split_list(form.get(name)))
    }
    scope |= more.pop("scope", {})
    when = conditions.condition_of(form, more.pop("when", None))
    said: dict[str, Any] = {
        "kind": KIND,
        "name": form.text("name"),
        "description": form.text("description"),
        "subjects": list(form.all("subject")),
        "roles": list(form.all("role")),
        "effect": form.get("effect", "allow"),
        "scope": scope,
        "when": when,
        **{name: _instant(form.text(name)) for name in WINDOW},
        "state": form.get("state", "enabled"),
        **more,
    }
    return {name: value for name, value in said.items() if name not in _USUAL or value != _USUAL[name]}


def _instant(text: str) -> str:
    """Which instant does a field for date and time say? It is UTC; browsers leave out seconds that are zero."""
    whole = f"{text}:00" if len(text) == len("2027-01-01T00:00") else text
    return f"{whole}Z" if whole else ""


def _more(form: Form) -> dict[str, Any]:
    text = form.get("more")
    if not text.strip():
        return {}
    try:
        found = [one.data for one in parse_documents(text, "")]
    except Invalid as error:
        raise Invalid([Finding(one.message, "more", one.help) for one in error.findings]) from None
    scope = found[0].get("scope", {}) if found else {}
    if len(found) != 1 or not isinstance(scope, dict):
        raise Invalid.at("more", "expected the further fields of one policy")
    return dict(found[0])


def yaml_of(document: Document) -> str:
    """How is the document written in the YAML tab?"""
    return _written({name: value for name, value in document.items() if name not in ("kind", "account")})


def document_in(text: str) -> dict[str, Any]:
    """Which document is written in the YAML tab? Raises Invalid."""
    found = [one.data for one in parse_documents(text, "")]
    if len(found) != 1:
        raise Invalid.at("yaml", f"expected one policy, got {len(found)} documents")
    kind = found[0].get("kind", KIND)
    if kind != KIND:
        raise Invalid.at("yaml", f"expected a policy, got kind `{str(kind)[:40]}`")
    return {"kind": KIND, **found[0]}


def marked(form: Form, error: BailiwickError, shown: Iterable[str] = SHOWN) -> Form:
    """The same form, with what was wrong at the fields that show it; all else stands above."""
    known = set(shown)
    findings = error.findings if isinstance(error, Invalid) and error.findings else ()
    errors: dict[str, tuple[Finding, ...]] = {}
    for finding in findings or (Finding(error.message, help=error.help, code=error.code),):
        at = _field_of(finding.place)
        name = at if at in known else ""
        errors[name] = (*errors.get(name, ()), finding)
    return Form(form.fields, errors)


def _field_of(place: str) -> str:
    # WHY rpartition: a check of the whole account says of which object it speaks (`Policy web: roles[0]`).
    steps = place.rpartition(": ")[2].split(".")
    first = steps[0].split("[")[0]
    if first == "scope" and len(steps) > 1:
        return steps[1].split("[")[0]
    return _ERRORS_AT.get(first, first)
