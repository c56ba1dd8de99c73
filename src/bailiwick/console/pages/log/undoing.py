"""Undoing a revision: first what would become of it, then the undo itself, judged like any change."""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.console.asking import revision_of
from bailiwick.console.diffs import changed_fields, side_by_side
from bailiwick.console.naming import Words
from bailiwick.console.page import VIA, Page
from bailiwick.console.pages.policies.previews import Preview, preview_edits
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.errors import Conflict, Invalid
from bailiwick.service.edits import Difference, Edit
from bailiwick.service.history.recorded import READ_LOG, Records
from bailiwick.service.history.undoing import ChangedSince, Undone, undo_revision
from bailiwick.service.kinds import find_value
from bailiwick.service.reading import Reader

# Of so many objects at most is compared who may do what before and after.
MOST_COMPARED = 100


def undo_entries() -> list[Entry]:
    """Which lines has this subject?"""
    path = "/log/{revision}/undo"
    return [get(path, preview, READ_LOG), post(path, undo, READ_LOG)]


def preview(page: Page) -> Response:
    """What would become of it?"""
    revision = revision_of(page)
    try:
        undone = undo_revision(page.host, page.session, revision, via=VIA, dry_run=True)
    except (Conflict, Invalid) as error:
        # WHY no error: the page that was asked for is there, and says why not.
        return _refused(page, revision, error, 200)
    return _preview(page, revision, undone)


def _preview(page: Page, revision: int, undone: Undone) -> Response:
    reader = Reader(page.host, page.session, undone.outcome.plan.before)
    return page.render(
        "log/undo.html",
        words=Words(page),
        revision=revision,
        first=Records(page.host, page.session, READ_LOG).revision(revision)[0],
        shown=[_shown(one) for one in reader.visible(undone.outcome.differences)],
        kept=undone.kept,
        preview=_preview_of_access(page, undone),
    )


def _preview_of_access(page: Page, undone: Undone) -> Preview | None:
    """Who could do more or less afterwards? None: nothing would change, or too much to say it before the page opens."""
    differences = undone.outcome.differences
    if not 0 < len(differences) <= MOST_COMPARED:
        return None
    after = undone.outcome.plan.account
    return preview_edits(
        page, [Edit(one.kind, one.name, find_value(after, one.kind, one.name)) for one in differences]
    )


def _shown(one: Difference) -> tuple[Difference, tuple[str, ...], object]:
    fields = changed_fields(one.before, one.after) if one.op == "changed" else ()
    return one, fields, side_by_side(one.before, one.after)


def _refused(page: Page, revision: int, error: Conflict | Invalid, status: int) -> Response:
    return page.render(
        "log/not_undone.html",
        words=Words(page),
        status=status,
        revision=revision,
        error=error,
        later=error.later if isinstance(error, ChangedSince) else (),
        findings=error.findings if isinstance(error, Invalid) else (),
    )


def undo(page: Page) -> Response:
    """Undo it."""
    revision = revision_of(page)
    try:
        undone = undo_revision(page.host, page.session, revision, via=VIA)
    except (Conflict, Invalid) as error:
        return _refused(page, revision, error, status_of(error))
    made = undone.outcome.revision
    return page.redirect("/log", str(made), note=f"Revision {revision} was undone.", revision=made)
