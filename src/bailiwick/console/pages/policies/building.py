"""The builder of policies: a form of sentences and the same as YAML, with a preview of what it would do.

Nothing is kept on the server: each answer follows from the form that was sent. Which view is shown is a field of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from starlette.responses import Response

from bailiwick.console.catalog import shown_services
from bailiwick.console.forms import Form
from bailiwick.console.page import Page
from bailiwick.console.pages.policies.conditions import DAYS
from bailiwick.console.pages.policies.fields import (
    document_in,
    document_of,
    marked,
    values_of,
    yaml_of,
)
from bailiwick.console.pages.policies.previews import Preview, preview_document
from bailiwick.console.pages.policies.sentences import sentence_of
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.errors import Conflict, Denied, Invalid, NotFound
from bailiwick.service.reading import Filter

READ = "iam.policy.read"
CREATE = ("iam.policy.create", "iam.role.assign", "iam.policy.publish", READ)
UPDATE = ("iam.policy.update", *CREATE)
FORM, YAML = "form", "yaml"
EFFECTS = (("allow", "may be"), ("deny", "may not use"))
STATES = (("enabled", "enabled"), ("disabled", "disabled: it is written and does nothing"))
MOST_ROLES = 200


def builder_entries() -> list[Entry]:
    """Which lines has the builder?"""
    return [
        get("/policies/new", show_new, *CREATE),
        post("/policies/new", partial(build, is_new=True), *CREATE),
        post("/policy-builder/preview", preview, *UPDATE),
        get("/policy-builder/roles", offer_roles, *CREATE),
        get("/policies/{name}/edit", show_edit, *UPDATE),
        post("/policies/{name}/edit", partial(build, is_new=False), *UPDATE),
    ]


def require_some(page: Page, *actions: str) -> None:
    """Could the visitor do any of this anywhere? Raises Denied. What is done is judged when it is done."""
    if not page.judge.could_hold_any(actions):
        page.judge.refuse(actions[0], "", "no_matching_policy")


def show_new(page: Page) -> Response:
    """The builder of a new policy: empty, filled from the address, or a copy of another."""
    require_some(page, CREATE[0])
    document: dict[str, Any] = {}
    if source := page.asked("from"):
        document = {**page.reader.get("Policy", source).document, "name": ""}
        document.pop("managed_by", None)
    else:
        for field, name in (("subjects", "subject"), ("roles", "role")):
            if said := page.asked_all(name):
                document[field] = list(said)
        scope = {
            name: said[0] if len(said) == 1 else list(said)
            for name in ("service", "region", "instance", "project", "type", "id")
            if (said := page.asked_all(name))
        }
        document |= {"scope": scope} if scope else {}
    # WHY not asked here: the page is there at once, and asks for what it would do.
    return _show(page, Form.of(values_of(document)), "", Preview(sentence_of(page, document), empty=True))


def show_edit(page: Page) -> Response:
    """The builder of a policy that is there."""
    found = page.reader.get("Policy", page.name)
    require_some(page, UPDATE[0])
    values = {**values_of(found.document), "since": str(found.identity.revision)}
    return _show(page, Form.of(values), page.name, Preview(empty=True))


def _show(
    page: Page, form: Form, old: str, seen: Preview, *, view: str = FORM, status: int = 200
) -> Response:
    return page.render(
        "policies/builder.html",
        status=status,
        form=form,
        old=old,
        view=view,
        preview=seen,
        days=DAYS,
        effects=EFFECTS,
        states=STATES,
        services=[(one.name, one.title) for one in shown_services(page)],
    )


def _said(page: Page) -> dict[str, Any]:
    """Which document does the form say, in the view that was shown? Raises Invalid."""
    form = page.form
    return document_in(form.get("yaml")) if form.get("view") == YAML else document_of(form)


def build(page: Page, *, is_new: bool) -> Response:
    """Save what the form says, or show it in the other view."""
    old = "" if is_new else page.name
    require_some(page, CREATE[0] if is_new else UPDATE[0])
    view = YAML if page.form.get("view") == YAML else FORM
    try:
        document = _said(page)
        if to := page.form.get("show"):
            return _turned(page, document, old, to)
        return _saved(page, document, old)
    except (Invalid, Conflict, NotFound, Denied) as error:
        form = marked(page.form, error) if view == FORM else marked(page.form, error, ("yaml",))
        seen = Preview(problem=error)
        return _show(page, form, old, seen, view=view, status=status_of(error))


def _turned(page: Page, document: dict[str, Any], old: str, to: str) -> Response:
    """The same in the other view."""
    kept = {"since": page.form.get("since")}
    if to == YAML:
        values: dict[str, Any] = {**kept, "yaml": yaml_of(document)}
    else:
        # WHY parsed: what is no policy cannot be shown in sentences.
        page.edit_of("Policy", {**document, "name": document.get("name") or "new-policy"})
        values = {**kept, **values_of(document)}
    return _show(
        page, Form.of(values), old, preview_document(page, document, old), view=YAML if to == YAML else FORM
    )


def _saved(page: Page, document: dict[str, Any], old: str) -> Response:
    if old and document.get("name") != old:
        raise Invalid.at(
            "name", f"the policy is called `{old}`, and a policy keeps its name", "clone it for another"
        )
    if old:
        outcome = page.replace("Policy", document, since=page.form.get("since"))
    else:
        outcome = page.create("Policy", document)
    name = str(document["name"])
    done = "was changed" if old else "was created"
    is_changed = bool(outcome.differences)
    note = f"Policy {name} {done}." if is_changed else f"Policy {name} is as it was."
    return page.redirect("/policies", name, note=note, revision=outcome.revision if is_changed else 0)


def preview(page: Page) -> Response:
    """What would it do, as far as it is written? Only a part of the builder's page; it changes nothing."""
    require_some(page, CREATE[0], UPDATE[0])
    old = page.form.get("old")
    try:
        seen = preview_document(page, _said(page), old)
    except Invalid as error:
        seen = Preview(problem=error)
    return _show(page, page.form, old, seen)


def offer_roles(page: Page) -> Response:
    """Which roles of the chosen services are called so? (Custom ones by their own name.)"""
    require_some(page, CREATE[0])
    typed = page.asked("role").casefold()
    wanted = set(page.asked_all("service"))
    found = [one for one in _roles(page, wanted) if typed in " ".join(one).casefold()]
    return page.render("pickers/options.html", options=found[:MOST_ROLES])


def _roles(page: Page, services: set[str]) -> Iterator[tuple[str, str]]:
    for service in shown_services(page):
        if service.name in services or (not services and service.name != "iam"):
            one = len(services) == 1
            yield from (
                (role.name if one else role.reference, role.title or service.title)
                for role in service.roles.values()
            )
    try:
        own = page.reader.list("Role", Filter(), after=None, limit=MOST_ROLES).items
    except Denied:
        return
    yield from (
        (one.name, "custom role") for one in own if not services or one.document["service"] in services
    )
