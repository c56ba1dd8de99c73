"""A question as an address: who, what, to which resource, when. Every question is a link that can be shared.

The same fields come back in the form that confirms a grant. It reads; what may be asked is service/asking.py's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from json import loads
from typing import Any

from bailiwick.catalog.places import Collector
from bailiwick.console.forms import Form
from bailiwick.console.page import Page
from bailiwick.engine.own import as_stored
from bailiwick.errors import Invalid
from bailiwick.model.accounts import Property
from bailiwick.model.names import ANONYMOUS, parse_name, parse_principal, parse_resource_name
from bailiwick.model.requests import ResourceQuery
from bailiwick.service.asking import Asking, Question

SAID = ("project", "owner")
SITUATION = ("network", "mfa", "ip", "time")
FIELDS = ("who", "action", "resource", "role", *SAID, *SITUATION)
SHOWN = (*FIELDS, "context")
MAX_CONTEXT = 20


def asked_form(page: Page, **otherwise: str) -> Form:
    """Which form shows what the address asks?"""
    values: dict[str, str | tuple[str, ...]] = {
        name: page.asked(name, otherwise.get(name, "")) for name in FIELDS
    }
    return Form.of({**values, "context": page.asked_all("context")})


def parameters(form: Form) -> dict[str, Any]:
    """Which parameters make an address of this form?"""
    return {**{name: form.text(name) for name in FIELDS}, "context": form.all("context")}


def asking_of(page: Page) -> Asking:
    """The visitor, asking the state that the page shows.

    What is asked is judged in the situation that the question says, the right to ask in the visitor's own (rule 10.2).
    """
    return Asking(page.host, page.session, page.snapshot, page.now)


def read_question(page: Page, form: Form, *needed: str) -> Question:
    """Which question does the form ask? `needed` fields must be there. Raises Invalid with every finding, by field."""
    notes = Collector()
    for name in needed:
        if not form.text(name):
            notes.add((name,), "say what to ask about")
    principal = _principal(form.text("who") or page.session.principal, notes)
    resource = _resource(page, form, notes)
    role = form.text("role")
    context = _situation(form, notes)
    notes.raise_if_any()
    return Question(
        principal,
        form.text("action"),
        as_stored(page.snapshot.account, resource),
        context=context,
        action_properties={"role": role} if role else {},
    )


def _principal(text: str, notes: Collector) -> str:
    try:
        return parse_principal(text if ":" in text or text == ANONYMOUS else f"user:{text}")
    except Invalid as error:
        notes.adopt(("who",), error)
    return ""


def _resource(page: Page, form: Form, notes: Collector) -> ResourceQuery:
    text = form.text("resource")
    if not text:
        return ResourceQuery("", ())
    try:
        name = parse_resource_name(text)
        if name.account != page.account:
            raise Invalid.at("", f"this is a resource of account `{name.account}`, not of this one")
    except Invalid as error:
        notes.adopt(("resource",), error)
        return ResourceQuery("", ())
    return ResourceQuery.of(name, **_said(form, notes))


def _said(form: Form, notes: Collector) -> dict[str, str]:
    """What is said of a resource that is not registered?"""
    said = {one: form.text(one) for one in SAID if form.text(one)}
    for field, parse in (("owner", parse_principal), ("project", parse_name)):
        if field not in said:
            continue
        try:
            parse(said[field], field)
        except Invalid as error:
            notes.adopt((field,), error)
    return said


def _situation(form: Form, notes: Collector) -> Mapping[str, Property]:
    """What is said of the situation, for conditions that read it?"""
    found: dict[str, Property] = {name: form.text(name) for name in ("network", "ip") if form.text(name)}
    mfa = form.text("mfa")
    if mfa in ("yes", "no"):
        found["mfa"] = mfa == "yes"
    time = form.text("time")
    if time:
        try:
            found["time"] = datetime.fromisoformat(time).strftime("%Y-%m-%dT%H:%M:%SZ")
        except ValueError:
            notes.add(("time",), "expected a date and a time, in UTC")
    for line in form.all("context")[:MAX_CONTEXT]:
        key, equals, value = line.partition("=")
        if not equals or not key.strip():
            notes.add(("context",), f"`{line}` is not name=value")
        else:
            found[key.strip()] = _value(value.strip())
    return found


def _value(text: str) -> Property:
    """Which value is meant: a number, true, false, a list of texts, else the text itself?"""
    try:
        value = loads(text)
    except (ValueError, RecursionError):
        return text
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    return text
