"""Policies: the list, one of them, and what ends it: disabling and deleting, which first show what they would do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from starlette.responses import Response

from bailiwick.console.catalog import shown_services
from bailiwick.console.forms import Form
from bailiwick.console.lists import list_objects
from bailiwick.console.objects import ObjectPages, Tab
from bailiwick.console.page import Page
from bailiwick.console.pages.objects import object_entries
from bailiwick.console.pages.policies.building import CREATE, READ, UPDATE
from bailiwick.console.pages.policies.conditions import situation_of
from bailiwick.console.pages.policies.previews import Preview, preview_edits
from bailiwick.console.pages.policies.sentences import sentence_of
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.errors import BailiwickError, Conflict, Invalid, NotFound
from bailiwick.model.policies import Policy
from bailiwick.service.edits import Edit
from bailiwick.service.effects import reach_of
from bailiwick.service.reading import Found

DELETE = ("iam.policy.delete", READ)
LIST = ("iam.policy.list", READ)
POLICIES = ObjectPages("Policy", "Policies", (Tab("Policy"),), update=UPDATE)


@dataclass(frozen=True, slots=True)
class Deeds:
    """What may the visitor do to a policy?"""

    edit: bool
    delete: bool
    clone: bool


def showing_entries() -> list[Entry]:
    """Which lines show policies and end them?"""
    return [
        get("/policies", list_policies, *LIST),
        get("/policies/{name}", show_policy, READ),
        *object_entries(POLICIES, deletable=False),
        get("/policies/{name}/enable", partial(ask_state, enabled=True), *UPDATE),
        post("/policies/{name}/enable", partial(set_state, enabled=True), *UPDATE),
        get("/policies/{name}/disable", partial(ask_state, enabled=False), *UPDATE),
        post("/policies/{name}/disable", partial(set_state, enabled=False), *UPDATE),
        get("/policies/{name}/delete", ask_delete, *DELETE),
        post("/policies/{name}/delete", delete, *DELETE),
    ]


def list_policies(page: Page) -> Response:
    """Which policies does the visitor see?"""
    listed = list_objects(page, "Policy")
    return page.render(
        "policies/list.html",
        listed=listed,
        sentences=[(one.name, sentence_of(page, one.document)) for one in listed.items],
        services=[(one.name, one.title) for one in shown_services(page)],
        filtered=any(page.asked(name) for name in ("q", "subject", "role", "service", "effect", "state")),
        may_create=page.judge.could_hold_any(CREATE[:1]),
    )


def _policy(page: Page, found: Found) -> Policy:
    return page.snapshot.account.policies[found.name]


def _deeds(page: Page, policy: Policy) -> Deeds:
    if policy.managed_by:
        return Deeds(edit=False, delete=False, clone=page.judge.could_hold_any(CREATE[:1]))
    return Deeds(
        edit=page.judge.could_hold_any(UPDATE[:1]) and page.judge.holds(UPDATE[0], policy.scope),
        delete=page.judge.could_hold_any(DELETE[:1]) and page.judge.holds(DELETE[0], policy.scope),
        clone=page.judge.could_hold_any(CREATE[:1]),
    )


def show_policy(page: Page) -> Response:
    """What does it say, and whom and what does it reach?"""
    found = POLICIES.get(page)
    policy = _policy(page, found)
    return POLICIES.show(
        page,
        found,
        "policies/policy.html",
        sentence=sentence_of(page, found.document),
        managed_by=policy.managed_by,
        deeds=_deeds(page, policy),
        reached=reach_of(page.host, page.session, page.snapshot, policy),
        actions=_actions(page, policy),
    )


def _actions(page: Page, policy: Policy) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Which actions have its roles, by service: name, title, actions with their titles?"""
    compiled = page.snapshot.compiled
    found = []
    for service in policy.scope.service or tuple(name for name in compiled.services if name != "iam"):
        held = [
            (ident, need.action.title)
            for ident, need in sorted(compiled.needs_over(service).items())
            if any(
                compiled.roles.reach(role, service, need.action_service, need.action).allows
                for role in policy.roles
            )
        ]
        if held:
            found.append((service, compiled.services[service].title, held))
    return found


def ask_state(page: Page, *, enabled: bool) -> Response:
    """What would enabling or disabling do?"""
    policy = _policy(page, page.reader.get("Policy", page.name))
    return _ask(
        page,
        "enable" if enabled else "disable",
        Edit("Policy", policy.name, replace(policy, enabled=enabled)),
    )


def ask_delete(page: Page) -> Response:
    """What will be lost?"""
    page.reader.get("Policy", page.name)
    return _ask(page, "delete", Edit("Policy", page.name, None))


def _ask(page: Page, verb: str, edit: Edit) -> Response:
    found = page.reader.get("Policy", page.name)
    context = situation_of(found.document.get("when"))
    return _asked(page, verb, preview_edits(page, [edit], context=context))


def _asked(page: Page, verb: str, seen: Preview, error: BailiwickError | None = None) -> Response:
    found = page.reader.get("Policy", page.name)
    return page.render(
        "policies/ending.html",
        status=200 if error is None else status_of(error),
        found=found,
        verb=verb,
        preview=seen,
        sentence=sentence_of(page, found.document),
        error=error,
        form=Form.of({"since": str(found.identity.revision)}),
    )


def set_state(page: Page, *, enabled: bool) -> Response:
    """Enable or disable it."""
    found = page.reader.get("Policy", page.name)
    document = {**found.document, "state": "enabled" if enabled else "disabled"}
    verb = "enable" if enabled else "disable"
    try:
        outcome = page.replace("Policy", document, since=page.form.get("since"))
    except (Invalid, Conflict, NotFound) as error:
        return _asked(page, verb, Preview(empty=True), error)
    note = f"Policy {page.name} was {verb}d."
    return page.redirect("/policies", page.name, note=note, revision=outcome.revision)


def delete(page: Page) -> Response:
    """Take it away."""
    try:
        outcome = page.delete("Policy", page.name, since=page.form.get("since"))
    except (Invalid, Conflict) as error:
        return _asked(page, "delete", Preview(empty=True), error)
    return page.redirect("/policies", note=f"Policy {page.name} was deleted.", revision=outcome.revision)
