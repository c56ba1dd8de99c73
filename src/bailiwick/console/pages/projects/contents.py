"""What is in a project: the list, moving resources with what belongs to them, and what was moved."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from bailiwick.console.forms import Form
from bailiwick.console.page import PAGE_SIZE, Page
from bailiwick.console.pages.projects.common import ADD, AUTHORITY, REMOVE, SEE, show_project
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.errors import BailiwickError, Conflict, Denied, Invalid, NotFound
from bailiwick.model.names import parse_resource_name
from bailiwick.service.changes import Outcome
from bailiwick.service.edits import Edit
from bailiwick.service.projects import eps, moves
from bailiwick.service.projects.moves import MoveFilter, MoveLog, parse_position, remember_attempt
from bailiwick.service.projects.resources import MOST_MOVED, Move, ResourceFilter, list_resources
from bailiwick.service.reading import Filter, Reader
from bailiwick.service.snapshots import Snapshot

TARGETS = 200
MOVING = (*REMOVE, *ADD, *AUTHORITY)


def content_entries() -> list[Entry]:
    """Which lines has a project's content?"""
    read = (eps.LIST_RESOURCES, "iam.resource.list", "iam.resource.read", *SEE)
    log = (eps.LIST_RESOURCES, moves.READ_LOG, moves.READ_ACTIVITY, *SEE)
    return [
        get("/projects/{name}", show_contents, *read),
        get("/projects/{name}/add", show_add, *ADD, *REMOVE, *SEE),
        post("/projects/{name}/move", move, *MOVING),
        post("/projects/{name}/add", add, *MOVING),
        get("/projects/{name}/moves", show_moves, *log),
    ]


def show_contents(page: Page) -> Response:
    """What is in it, as far as the visitor sees it?"""
    wanted = ResourceFilter(*(page.asked(name) or None for name in ("service", "type", "prefix")))
    try:
        inside = list_resources(
            page.reader, page.name, wanted, after=page.asked("after") or None, limit=PAGE_SIZE
        )
        items, following = inside.items, inside.items[-1].name if inside.more else ""
        hidden = None
    except Denied as error:
        # Who may see the project, and not what is in it, is told so on its page.
        items, following, hidden = (), "", error
    return show_project(
        page,
        "contents",
        "contents",
        items=[(one, parse_resource_name(one.name)) for one in items],
        next=following,
        hidden=hidden,
        targets=_targets(page),
    )


def _targets(page: Page) -> list[str]:
    """Into which other projects could things be moved? Into the default one they can in any case."""
    try:
        found = page.reader.list("Project", Filter(disabled=False), after=None, limit=TARGETS)
    except Denied:
        return []
    return [one.name for one in found.items if one.name != page.name and not one.document.get("default")]


def show_add(page: Page) -> Response:
    """The form that takes resources in."""
    return show_project(page, "add", "contents", form=Form())


def move(page: Page) -> Response:
    """Move what was chosen into another project, or, without one, into the default one: first shown, then done."""
    names, target = page.form.all("resource"), page.form.get("to")
    return _carry_out(page, Move(names, page.name, target or None, page.form.has("associated")))


def add(page: Page) -> Response:
    """Take what was named into this project, from wherever it is: first shown, then done."""
    return _carry_out(page, Move(page.form.all("resource"), None, page.name, page.form.has("associated")))


def _carry_out(page: Page, wanted: Move) -> Response:
    is_confirmed = page.form.has("confirmed")

    def prepare(before: Snapshot) -> Sequence[Edit]:
        return wanted.edits_of(Reader(page.host, page.session, before))

    try:
        _check(wanted)
        outcome = page.change(prepare, dry_run=not is_confirmed)
    except (Invalid, Conflict, Denied, NotFound) as error:
        if is_confirmed:
            remember_attempt(page.host, page.session, wanted, error)
        return _refused(page, wanted, error)
    if not is_confirmed:
        return _preview(page, wanted, outcome)
    count = len(outcome.differences)
    note = f"{count} resource{'s were' if count != 1 else ' was'} moved."
    return page.redirect("/projects", page.name, note=note, revision=outcome.revision if count else 0)


def _check(wanted: Move) -> None:
    if not wanted.names:
        raise Invalid.at("resource", "nothing was chosen", "mark the resources that shall be moved")
    if len(wanted.names) > MOST_MOVED:
        raise Invalid.at("resource", f"expected at most {MOST_MOVED} resources at once")
    for name in wanted.names:
        parse_resource_name(name)


def _preview(page: Page, wanted: Move, outcome: Outcome) -> Response:
    moving = [
        (one.name, (one.before or {}).get("project"), (one.after or {}).get("project"))
        for one in outcome.differences
    ]
    return show_project(page, "moving", "contents", move=wanted, moving=moving, error=None)


def _refused(page: Page, wanted: Move, error: BailiwickError) -> Response:
    if isinstance(error, Denied) and error.reason == "no_matching_policy":
        raise error
    return show_project(
        page, "moving", "contents", status=status_of(error), move=wanted, moving=[], error=error
    )


def show_moves(page: Page) -> Response:
    """What was moved into it and out of it, newest first; and who tried in vain."""
    log = MoveLog(page.host, page.reader)
    wanted = MoveFilter(project=page.name)
    after = page.asked("after") or None
    if page.asked("result") == "refused":
        before = int(after) if after and after.isdigit() else None
        records = log.list_refused(wanted, before=before, limit=PAGE_SIZE)
    else:
        records = log.list(wanted, before=_position(after), limit=PAGE_SIZE)
    return show_project(page, "moves", "moves", records=records)


def _position(text: str | None) -> tuple[int, int] | None:
    try:
        return parse_position(text)
    except ValueError:
        raise Invalid.at("after", "the link is cut off", "begin again at the newest") from None
