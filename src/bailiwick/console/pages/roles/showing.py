"""One role: its access rights as a table, who holds it, and, after it was saved, what that changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import RedirectResponse, Response

from bailiwick.catalog.access_rights import is_plain, read_selection, tabulate
from bailiwick.catalog.documents import parse_document
from bailiwick.catalog.edit_rights import Changed, compare_held
from bailiwick.catalog.right_words import describe_right
from bailiwick.catalog.rights import format_right
from bailiwick.console.page import PAGE_SIZE, Page
from bailiwick.console.pages.policies.previews import Preview, preview_edits
from bailiwick.console.pages.roles.shown import CREATE, ROLES, UPDATE, Shown, get_shown, uses_of_roles
from bailiwick.errors import BailiwickError, Invalid
from bailiwick.model.policies import Policy
from bailiwick.model.services import Role
from bailiwick.service.edits import Edit
from bailiwick.service.history.recorded import READ_LOG, Records
from bailiwick.service.needed import iam_object, iam_service
from bailiwick.service.reading import Found
from bailiwick.service.role_uses import names_role


def find(page: Page) -> Response:
    """Where is the role of this name? For links that hold its name, or `service/name`, as their last part."""
    parts = [
        str(page.request.path_params[one]) for one in ("service", "name") if one in page.request.path_params
    ]
    shown = get_shown(page, "/".join(parts))
    return RedirectResponse(ROLES.url(page, shown.address), 303)


def show(page: Page) -> Response:
    """Which access rights does the role give?"""
    shown = get_shown(page, page.asked("name"))
    return _render(
        page,
        shown,
        "roles/show.html",
        "",
        table=tabulate(shown.role.rights, shown.service),
        besides=[
            (describe_right(right, shown.service.name), format_right(right, shown.service.name))
            for right in shown.role.rights
            if not is_plain(right, shown.service)
        ],
        changed=_changed(page, shown),
    )


def show_policies(page: Page) -> Response:
    """Which policies hold the role, and whom do they give it?"""
    shown = get_shown(page, page.asked("name"))
    found, after = _policies(page, shown.role)
    return _render(page, shown, "roles/policies.html", "policies", policies=found, next=after)


def _render(page: Page, shown: Shown, template: str, here: str, **context: Any) -> Response:
    uses = uses_of_roles(page)
    tabs = (
        [(tab.title, ROLES.url(page, shown.address, tab.step), tab.step == here) for tab in ROLES.own_tabs]
        if shown.found is None
        else ROLES.tabs(page, shown.found, here)
    )
    is_open = shown.found is not None and not shown.role.managed_by
    return page.render(
        template,
        objects=ROLES,
        shown=shown,
        tabs=tabs,
        count=None if uses is None else uses.of(shown.role),
        may_edit=is_open and page.may(UPDATE, iam_object("role", shown.role.name)),
        may_delete=is_open and page.may("iam.role.delete", iam_object("role", shown.role.name)),
        may_clone=page.may(CREATE, iam_service()),
        **context,
    )


def _policies(page: Page, role: Role) -> tuple[list[Found], str]:
    """Some of the policies that name the role, as far as the visitor may see them; after which name there are more."""
    found: list[Found] = []
    policies = page.snapshot.account.policies
    names = sorted(name for name, policy in policies.items() if names_role(policy, role))
    for name in names:
        if name > page.asked("after") and _sees(page, name, policies[name]):
            if len(found) == PAGE_SIZE:
                return found, found[-1].name
            found.append(page.reader.found("Policy", name))
    return found, ""


def _sees(page: Page, name: str, policy: Policy) -> bool:
    return page.reader.may_list("Policy") or page.reader.may_read("Policy", name, policy)


@dataclass(frozen=True, slots=True)
class Change:
    """What a revision changed of the role's access rights, and, of its last one, for whom that changed what."""

    revision: int
    actions: tuple[Changed, ...]
    effects: Preview | None


def _changed(page: Page, shown: Shown) -> Change | None:
    """What did the revision that the address names change? None: nothing of this role, or it is not to be seen."""
    asked = page.asked("changed")
    if shown.found is None or not asked or not page.may(READ_LOG, iam_service()):
        return None
    if not asked.isascii() or not asked.isdigit() or int(asked) > page.snapshot.revision:
        raise Invalid.at("changed", f"`{asked[:40]}` is no revision of this account")
    try:
        before, after = _states(page, shown.found, int(asked))
    except BailiwickError:
        # WHY: a role of then may name what the catalog of today has no more.
        return None
    if before is None or after is None or before.service != after.service:
        return None
    was, now = (read_selection(role.rights, shown.service).held for role in (before, after))
    is_last = int(asked) == shown.found.identity.revision
    effects = _effects_since(page, before) if is_last else None
    return Change(int(asked), tuple(compare_held(was, now, shown.service)), effects)


def _effects_since(page: Page, before: Role) -> Preview | None:
    """What did the change from this state do? That which going back would undo. None: it is not to be known."""
    try:
        back = preview_edits(page, [Edit("Role", before.name, before)])
    except BailiwickError:
        return None
    return replace(back, gained=back.lost, lost=back.gained, cautions=())


def _states(page: Page, found: Found, revision: int) -> tuple[Role | None, Role | None]:
    records = Records(page.host, page.session, READ_LOG)
    for one in records.revision(revision):
        if one.row.uid == found.identity.uid:
            return _role(page, records.before(one.row)), _role(page, one.document)
    return None, None


def _role(page: Page, document: dict[str, object] | None) -> Role | None:
    if document is None:
        return None
    value = parse_document({**document, "kind": "Role", "account": page.account}, page.account)[1]
    return value if isinstance(value, Role) else None
