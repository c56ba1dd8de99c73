"""Guardrails: what nobody may do, the owner included; those of this account, those from above, and their reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from starlette.responses import Response

from bailiwick.catalog.documents import format_document
from bailiwick.console.forms import Form
from bailiwick.console.lists import Listed, list_objects
from bailiwick.console.objects import ObjectPages, Tab
from bailiwick.console.page import PAGE_SIZE, Page
from bailiwick.console.pages.objects import object_entries
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.console.yaml_fields import yaml_of
from bailiwick.errors import BailiwickError, Conflict, Denied, Invalid
from bailiwick.service.edits import Edit
from bailiwick.service.enterprise.guardrail_report import Reporting
from bailiwick.service.kinds import ACCOUNT
from bailiwick.service.reading import Found, Reader
from bailiwick.service.snapshots import Snapshot
from bailiwick.service.yaml_text import format_part

NODES = ("enterprise", "account-group", "account")
RULES = tuple(
    f"enterprise.{node}.{verb}-config-rules" for node in NODES for verb in ("attach", "detach", "update")
)
READ = ("iam.guardrail.list", "iam.guardrail.read", *(f"enterprise.{node}.retrieve" for node in NODES))
FIELDS = (
    "name",
    "description",
    "node",
    "actions",
    "except_actions",
    "scope",
    "when",
    "starts_at",
    "expires_at",
)
YAML_FIELDS = ("scope", "when")
TEXTS = ("description", "node", "starts_at", "expires_at")

GUARDRAILS = ObjectPages(
    "Guardrail",
    "Guardrails",
    (Tab("Overview"), Tab("What it stops", "report")),
    heading="Organisation",
    read=READ,
    update=("iam.guardrail.update", *RULES),
    delete=("iam.guardrail.delete", *RULES),
)


def guardrail_entries() -> list[Entry]:
    """Which lines has this subject?"""
    create, update = ("iam.guardrail.create", *RULES), GUARDRAILS.updates
    return [
        get("/guardrails", list_guardrails, *READ, "iam.account.read"),
        get("/guardrails/new", show_new, *create),
        post("/guardrails/new", create_guardrail, *create),
        get("/guardrails/above", show_above, "iam.account.read", "iam.guardrail.read", *RULES),
        get("/guardrails/{name}", show_guardrail, *READ),
        get("/guardrails/{name}/edit", show_edit, *READ),
        post("/guardrails/{name}/edit", change_guardrail, *READ, *update),
        get("/guardrails/{name}/report", show_report, *READ, *RULES),
        post("/guardrails/{name}/enable", partial(set_state, "enabled"), *READ, *update),
        post("/guardrails/{name}/disable", partial(set_state, "disabled"), *READ, *update),
        *object_entries(GUARDRAILS),
    ]


def list_guardrails(page: Page) -> Response:
    """Which guardrails bind, of this account and from above?"""
    may_see_above = page.reader.may_read(ACCOUNT, page.account, page.snapshot.account)
    above = page.snapshot.account.guardrails_above if may_see_above else {}
    try:
        listed = list_objects(page, "Guardrail")
    except Denied:
        if not above:
            raise
        listed = Listed((), "")
    return page.render(
        "guardrails/list.html",
        listed=listed,
        above=[above[name] for name in sorted(above)],
        may_create=page.judge.could_hold_any(("iam.guardrail.create", *RULES)),
    )


def show_guardrail(page: Page) -> Response:
    """One guardrail of this account."""
    found = GUARDRAILS.get(page)
    may_change = page.judge.could_hold_any(GUARDRAILS.updates)
    may_delete = page.judge.could_hold_any(GUARDRAILS.deletions)
    return GUARDRAILS.show(page, found, "guardrails/one.html", may_change=may_change, may_delete=may_delete)


def show_above(page: Page) -> Response:
    """One guardrail that the enterprise has set above this account, and what it stops or would stop here."""
    reporting = Reporting(page.host, page.session, page.asked("name"), None)
    document = format_document("Guardrail", reporting.guardrail, page.account)
    report = reporting.policies(page.asked("after") or None, PAGE_SIZE)
    return page.render("guardrails/above.html", guardrail=document, report=report)


def show_report(page: Page) -> Response:
    """What does it stop, or, while it is disabled, what would it stop?"""
    found = GUARDRAILS.get(page)
    reporting = Reporting(page.host, page.session, found.name, None)
    after = page.asked("after") or None
    if reporting.guardrail.node is not None:
        report = reporting.accounts(after, PAGE_SIZE)
    elif page.asked("show") == "losses":
        report = reporting.losses(after, PAGE_SIZE)
    else:
        report = reporting.policies(after, PAGE_SIZE)
    return GUARDRAILS.show(page, found, "guardrails/report.html", "report", report=report)


def show_new(page: Page) -> Response:
    """The form of a new guardrail: it begins disabled, so that its report can be read first."""
    if not page.judge.could_hold_any(("iam.guardrail.create", *RULES)):
        page.judge.refuse("iam.guardrail.create", "", "no_matching_policy")
    form = Form.of({"node": page.asked("node"), "state": "disabled"})
    return page.render("guardrails/edit.html", form=form, is_new=True)


def create_guardrail(page: Page) -> Response:
    """Make it."""
    name = page.form.text("name")
    try:
        outcome = page.create("Guardrail", _said(page, name))
    except (Invalid, Conflict, Denied) as error:
        return _again(page, error, is_new=True)
    note = f"Guardrail {name} was created. Read what it would stop before you enable it."
    return GUARDRAILS.redirect(page, name, "report", note=note, revision=outcome.revision)


def show_edit(page: Page) -> Response:
    """The form of a guardrail that is there."""
    return page.render("guardrails/edit.html", form=_form_of(GUARDRAILS.get(page)), is_new=False)


def change_guardrail(page: Page) -> Response:
    """Change it. Weakening it needs the authority that taking it off needs."""
    found = GUARDRAILS.get(page)
    try:
        outcome = page.replace("Guardrail", _said(page, found.name), since=page.form.get("since"))
    except (Invalid, Conflict, Denied) as error:
        return _again(page, error, is_new=False)
    return GUARDRAILS.redirect(page, found.name, note="The guardrail was changed.", revision=outcome.revision)


def _again(page: Page, error: BailiwickError, *, is_new: bool) -> Response:
    if isinstance(error, Denied) and error.reason == "no_matching_policy":
        raise error
    form = page.form.failed(error, *FIELDS)
    return page.render("guardrails/edit.html", status=status_of(error), form=form, is_new=is_new)


def _form_of(found: Found) -> Form:
    said = found.document
    return Form.of(
        {
            "name": found.name,
            **{field: str(said.get(field) or "") for field in TEXTS},
            **{field: format_part(said.get(field)) for field in YAML_FIELDS},
            "actions": _texts(said.get("actions")),
            "except_actions": _texts(said.get("except_actions")),
            "state": str(said.get("state", "enabled")),
            "since": str(found.identity.revision),
        }
    )


def _texts(value: Any) -> Sequence[str]:
    return [value] if isinstance(value, str) else [str(one) for one in value or ()]


def _said(page: Page, name: str) -> Mapping[str, Any]:
    form = page.form
    said: dict[str, Any] = {"name": name, "actions": list(form.all("actions"))}
    said |= {field: text for field in TEXTS if (text := form.text(field))}
    said |= {field: value for field in YAML_FIELDS if (value := yaml_of(form, field)) is not None}
    if excepted := form.all("except_actions"):
        said["except_actions"] = list(excepted)
    if form.get("state") == "disabled":
        said["state"] = "disabled"
    return said


def set_state(state: str, page: Page) -> Response:
    """Switch it on, or off."""

    def prepare(before: Snapshot) -> Sequence[Edit]:
        name = Reader(page.host, page.session, before).get_to_change("Guardrail", page.name).name
        guardrail = before.account.guardrails[name]
        return [Edit("Guardrail", name, replace(guardrail, enabled=state == "enabled"))]

    outcome = page.change(prepare)
    return GUARDRAILS.redirect(page, page.name, note=f"The guardrail is {state}.", revision=outcome.revision)
