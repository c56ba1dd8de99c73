"""Settings › Federation rules: by which claims people of an identity provider come into which groups, for how long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import dedent
from typing import Any

from starlette.responses import Response

from bailiwick.console.forms import Form
from bailiwick.console.lists import list_objects
from bailiwick.console.objects import ObjectPages, Tab
from bailiwick.console.page import Page
from bailiwick.console.pages.objects import object_entries
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.console.yaml_fields import yaml_of
from bailiwick.errors import BailiwickError, Conflict, Denied, Finding, Invalid
from bailiwick.model.federation import CLAIM_OPERATORS, DEFAULT_HOURS
from bailiwick.service.needed import iam_service
from bailiwick.service.reading import Found
from bailiwick.service.yaml_text import format_part

KIND = "FederationRule"
LIST, CREATE = "iam.federation-rule.list", "iam.federation-rule.create"
AUTHORITY = ("iam.policy.create", "iam.role.assign")
FIELDS = ("name", "provider", "conditions", "groups", "hours", "state", "description")
RULES = ObjectPages(
    KIND, "Federation rules", (Tab("Overview"),), heading="Settings", at="/settings/federation-rules"
)


def rule_entries() -> list[Entry]:
    """Which lines has this subject?"""
    read, update = RULES.readings, (*RULES.readings, *RULES.updates, *AUTHORITY)
    path, edit = RULES.path, RULES.path_of("edit")
    return [
        get(path, list_rules, LIST, *read),
        get(f"{path}/new", show_new, CREATE),
        post(f"{path}/new", create_rule, CREATE, *AUTHORITY),
        get(RULES.path_of(), show_rule, *read),
        get(edit, show_edit, *read),
        post(edit, change_rule, *update),
        *object_entries(RULES),
    ]


def list_rules(page: Page) -> Response:
    """Who is brought where?"""
    may_create = page.may(CREATE, iam_service())
    return page.render("federation/rules.html", listed=list_objects(page, KIND), may_create=may_create)


def show_rule(page: Page) -> Response:
    """One rule."""
    found = RULES.get(page)
    may_change = page.judge.could_hold_any(RULES.updates)
    may_delete = page.judge.could_hold_any(RULES.deletions)
    return RULES.show(page, found, "federation/rule.html", may_change=may_change, may_delete=may_delete)


def show_new(page: Page) -> Response:
    """Whom does it bring where?"""
    page.judge.require(CREATE, iam_service())
    return _edit(
        page, Form.of({"hours": str(DEFAULT_HOURS), "provider": page.asked("provider")}), is_new=True
    )


def create_rule(page: Page) -> Response:
    """From the next sign-in on."""
    name = page.form.text("name")
    try:
        outcome = page.create(KIND, _said(page.form, name))
    except (Invalid, Conflict, Denied) as error:
        return _again(page, error, is_new=True)
    return RULES.redirect(page, name, note=f"Rule {name} was created.", revision=outcome.revision)


def show_edit(page: Page) -> Response:
    """The form of a rule that is there."""
    return _edit(page, _form_of(RULES.get(page)), is_new=False)


def change_rule(page: Page) -> Response:
    """From the next sign-in on; memberships that are there end when their hours are over."""
    found = RULES.get(page)
    try:
        outcome = page.replace(KIND, _said(page.form, found.name), since=page.form.get("since"))
    except (Invalid, Conflict, Denied) as error:
        return _again(page, error, is_new=False)
    return RULES.redirect(page, found.name, note="The rule was changed.", revision=outcome.revision)


def _edit(page: Page, form: Form, status: int = 200, *, is_new: bool) -> Response:
    providers = page.snapshot.account.identity_providers
    shown = [
        (one.name, one.shown)
        for one in sorted(providers.values(), key=lambda one: one.name)
        if page.reader.may_read("IdentityProvider", one.name, one)
    ]
    operators = ", ".join(CLAIM_OPERATORS)
    return page.render(
        "federation/edit_rule.html",
        status=status,
        form=form,
        is_new=is_new,
        providers=shown,
        operators=operators,
    )


def _again(page: Page, error: BailiwickError, *, is_new: bool) -> Response:
    if isinstance(error, Denied) and error.reason == "no_matching_policy":
        raise error
    return _edit(page, page.form.failed(error, *FIELDS), status_of(error), is_new=is_new)


def _form_of(found: Found) -> Form:
    said = found.document
    return Form.of(
        {
            "name": found.name,
            "provider": str(said["provider"]),
            "conditions": _lines(said.get("conditions")),
            "groups": [str(one).removeprefix("group:") for one in said["groups"]],
            "hours": str(said["hours"]),
            "state": "disabled" if said.get("disabled") else "enabled",
            "description": str(said.get("description") or ""),
            "since": str(found.identity.revision),
        }
    )


def _lines(conditions: Sequence[Any] | None) -> str:
    """How do conditions stand in the form? One a line, each begun as the first is."""
    # WHY: a list is written below its field, indented; the first line alone would lose that.
    return dedent(f"  {format_part(conditions)}") if conditions else ""


def _said(form: Form, name: str) -> Mapping[str, Any]:
    """Which document does the form describe? Raises Invalid for what is no number or no YAML."""
    hours = form.text("hours")
    if not (hours.isascii() and hours.isdigit() and len(hours) < 10):
        raise Invalid([Finding(f"expected a whole number, got `{hours[:40]}`", "hours")])
    said: dict[str, Any] = {"name": name, "provider": form.text("provider"), "hours": int(hours)}
    said["groups"] = [f"group:{one.removeprefix('group:')}" for one in form.all("groups")]
    if (conditions := yaml_of(form, "conditions")) is not None:
        said["conditions"] = conditions
    if description := form.text("description"):
        said["description"] = description
    return {**said, "disabled": form.get("state") == "disabled"}
