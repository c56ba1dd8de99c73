"""The account as it was right after a revision: its objects, one of them, and a question asked of it. Read-only."""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.console.asking import asked_instant, revision_of
from bailiwick.console.diffs import side_by_side
from bailiwick.console.forms import Form
from bailiwick.console.lists import Listed, filter_of
from bailiwick.console.naming import kinds_words, object_url
from bailiwick.console.page import PAGE_SIZE, Page
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get
from bailiwick.engine import Explanation
from bailiwick.errors import Invalid, NotFound
from bailiwick.service.asking import EXPLAIN
from bailiwick.service.history.looking_back import LookingBack, find_revision
from bailiwick.service.history.recorded import READ_LOG, Records
from bailiwick.service.kinds import KIND_OF_PATH, KINDS, Kind, find_value

FIELDS = ("principal", "action", "resource")


def past_entries() -> list[Entry]:
    """Which lines has this subject?"""
    one = "/past/{revision}"
    return [
        get("/past", find_past, READ_LOG),
        get(one, show_past, READ_LOG),
        get(f"{one}/ask", ask_past, READ_LOG, EXPLAIN),
        get(f"{one}/object", show_object, READ_LOG),
        get(f"{one}/{{kind}}", list_past, READ_LOG),
    ]


def find_past(page: Page) -> Response:
    """Which revision was the newest at a moment? Leads there; without one, to the newest."""
    at = asked_instant(page, "at", end=True)
    revision = page.snapshot.revision
    if at is None:
        Records(page.host, page.session, READ_LOG)
    else:
        revision = find_revision(page.host, page.session, at)
    if revision == 0:
        raise NotFound(f"the account was not there yet on {page.asked('at')}")
    return page.redirect("/past", str(revision))


def _look(page: Page) -> LookingBack:
    return LookingBack(page.host, page.session, revision_of(page))


def show_past(page: Page) -> Response:
    """What was there?"""
    then = _look(page)
    kinds = [(KINDS[kind], kinds_words(kind), count) for kind, count in then.counts().items() if count]
    return page.render("past/show.html", then=then, kinds=kinds, newest=page.snapshot.revision)


def list_past(page: Page) -> Response:
    """Which objects of one kind were there?"""
    then, kind = _look(page), _kind(str(page.request.path_params["kind"]))
    found = then.list(kind.word, filter_of(page), after=page.asked("after") or None, limit=PAGE_SIZE)
    listed = Listed(found.items, found.items[-1].name if found.more else "")
    states = {one.name: then.state_now(kind.word, one.name) for one in found.items}
    return page.render(
        "past/list.html",
        then=then,
        kind=kind,
        words=kinds_words(kind.word),
        listed=listed,
        states=states,
        newest=page.snapshot.revision,
    )


def _kind(path: str) -> Kind:
    found = KIND_OF_PATH.get(path)
    if found is None:
        raise NotFound(f"there is no kind `{path[:80]}`")
    return found


def show_object(page: Page) -> Response:
    """What was one object, and how does it differ from today's?"""
    then, kind = _look(page), _kind(page.asked("kind"))
    found = then.get(kind.word, page.asked("name"))
    state = then.state_now(kind.word, found.name)
    now = None
    if state == "changed" and find_value(page.snapshot.account, kind.word, found.name) is not None:
        now = page.reader.get(kind.word, found.name).document
    return page.render(
        "past/object.html",
        then=then,
        kind=kind,
        words=kinds_words(kind.word),
        found=found,
        state=state,
        lines=side_by_side(found.document, now) if now is not None else (),
        current="" if state == "gone" else object_url(page, kind.word, found.name),
        newest=page.snapshot.revision,
    )


def ask_past(page: Page) -> Response:
    """Could somebody do something then?"""
    then, form = _look(page), Form.of({name: page.asked(name) for name in FIELDS})
    status, answer = 200, None
    if any(page.asked(name) for name in FIELDS):
        try:
            answer = _answer(page, then)
        except (Invalid, NotFound) as error:
            status, form = status_of(error), form.failed(error, *FIELDS)
    return page.render(
        "past/ask.html", status=status, then=then, newest=page.snapshot.revision, form=form, answer=answer
    )


def _answer(page: Page, then: LookingBack) -> Explanation:
    principal, action, resource = (page.asked(name) for name in FIELDS)
    for name in FIELDS:
        if not page.asked(name):
            raise Invalid.at(name, "a question needs somebody, an action and a resource")
    return then.explain(principal, action, resource)
