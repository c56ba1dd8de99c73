"""Who is attached to a project: groups, users and service IDs, each with roles on it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from starlette.responses import Response

from bailiwick.console.forms import Form
from bailiwick.console.page import PAGE_SIZE, Page
from bailiwick.console.pages.projects.common import AUTHORITY, SEE, show_project
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.errors import Conflict, Denied, Invalid, NotFound
from bailiwick.model.names import parse_subject
from bailiwick.service.edits import Edit
from bailiwick.service.projects import eps
from bailiwick.service.projects.attachments import Attachment, list_attached
from bailiwick.service.reading import Reader
from bailiwick.service.snapshots import Snapshot

ATTACH = (eps.ADD_GROUPS, eps.ATTACH_POLICIES, "iam.policy.update", *AUTHORITY)
DETACH = (eps.REMOVE_GROUPS, "iam.policy.update", "iam.policy.delete", *SEE)


def people_entries() -> list[Entry]:
    """Which lines have a project's people?"""
    return [
        get("/projects/{name}/people", show_people, eps.LIST_USERS, "iam.policy.read", *SEE),
        post("/projects/{name}/attach", partial(_attach, True), *ATTACH),
        post("/projects/{name}/detach", partial(_attach, False), *DETACH),
    ]


def show_people(page: Page) -> Response:
    """Who has which roles on it, by which policies?"""
    return _people(page, Form())


def _people(page: Page, form: Form, status: int = 200) -> Response:
    after = page.asked("after")
    try:
        attached = list_attached(page.reader, page.name, page.asked("subject") or None)
        hidden = None
    except Denied as error:
        attached, hidden = [], error
    rest = [one for one in attached if one.position > after]
    shown = rest[:PAGE_SIZE]
    return show_project(
        page,
        "people",
        "people",
        status=status,
        attached=shown,
        next=shown[-1].position if len(rest) > PAGE_SIZE else "",
        hidden=hidden,
        form=form,
    )


def _attach(attaching: bool, page: Page) -> Response:
    subject, roles = page.form.text("subject"), page.form.all("roles")

    def prepare(before: Snapshot) -> Sequence[Edit]:
        reader = Reader(page.host, page.session, before)
        wanted = Attachment(page.name, subject, roles)
        return wanted.attaching(reader) if attaching else wanted.detaching(reader)

    try:
        parse_subject(subject)
        if attaching and not roles:
            raise Invalid.at("roles", "expected a role")
        outcome = page.change(prepare)
    except (Invalid, Conflict, NotFound) as error:
        return _people(page, page.form.failed(error, "subject", "roles"), status_of(error))
    except Denied as error:
        if error.reason != "no_authority":
            raise
        return _people(page, page.form.failed(error, "subject", "roles"), status_of(error))
    done = "attached" if attaching else "detached"
    note = f"{subject} was {done}." if outcome.differences else f"{subject} was {done} already."
    revision = outcome.revision if outcome.differences else 0
    return page.redirect("/projects", page.name, "people", note=note, revision=revision)
