"""Who can do this, and what can somebody do: found by the search engine, in pages, and as tables to take along."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from starlette.responses import Response

from bailiwick.console.downloads import csv_response
from bailiwick.console.forms import Form
from bailiwick.console.page import PAGE_SIZE, Page
from bailiwick.console.pages.explorer.questions import (
    SHOWN,
    asked_form,
    asking_of,
    parameters,
    read_question,
)
from bailiwick.console.pages.explorer.showing import action_title, parsed, show_resource
from bailiwick.console.problems import status_of
from bailiwick.engine import Explanation, explain
from bailiwick.errors import Conflict, Denied, Invalid, did_you_mean
from bailiwick.model.names import SERVICE_TYPE
from bailiwick.model.services import Service
from bailiwick.service.asking import EXPLAIN, Asking, Question
from bailiwick.service.cursors import Query, SearchCursors
from bailiwick.service.proposals.whom_to_ask import may_see
from bailiwick.service.searching import (
    ResourcesSought,
    Search,
    search_actions,
    search_resources,
    search_subjects,
)

RowsOf = Callable[[tuple[str, ...]], Iterator["Row"]]
KINDS = (("user", "Users"), ("service-id", "Service IDs"), ("profile", "Profiles"))
ROWS_AT_ONCE = 500
MOST_PAGES = 2000


@dataclass(frozen=True, slots=True)
class Row:
    """One line of what was found. `why`: by which policies, through whom; "" where that may not be seen."""

    name: str
    title: str
    about: str = ""
    why: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Results:
    """A page of what was found. `next`: the cursor of the following page, "" at the end; `total`: None: not counted."""

    rows: tuple[Row, ...]
    next: str
    total: int | None


def who_can(page: Page) -> Response:
    """Who may do this to that?"""
    form, kind = asked_form(page), _kind(page)
    if not form.text("action") and not form.text("resource"):
        return _show_who(page, form, kind)
    try:
        asking, question = asking_of(page), read_question(page, form, "action", "resource")
        search = search_subjects(asking, question, kind)
        explained = asking.may_ask(EXPLAIN, question)
        rows = _results(
            page, search, form, kind, lambda found: _people(page, asking, question, found, explained)
        )
        return _show_who(page, form, kind, results=rows, shown=show_resource(page, question.resource))
    except (Invalid, Denied, Conflict) as error:
        return _show_who(page, form.failed(error, *SHOWN), kind, status=status_of(error))


def _show_who(page: Page, form: Form, kind: str, *, status: int = 200, **more: object) -> Response:
    values = {"results": None, "shown": None, **more}
    return page.render(
        "explorer/who_can.html",
        status=status,
        form=form,
        query=parameters(form),
        kind=kind,
        kinds=KINDS,
        **values,
    )


def _kind(page: Page) -> str:
    kind = page.asked("kind", KINDS[0][0])
    return kind if kind in dict(KINDS) else KINDS[0][0]


def _people(
    page: Page, asking: Asking, question: Question, found: tuple[str, ...], explained: bool
) -> Iterator[Row]:
    for reference in found:
        why = _why(asking, question._replace(principal=reference)) if explained else ""
        link = page.url("/explorer", **{**_asked(question, page), "who": reference})
        yield Row(reference, reference.partition(":")[2], _about(page, reference), why, link)


def _about(page: Page, reference: str) -> str:
    """What is said of this principal besides its name? Only to itself and to who may read it."""
    principal = page.snapshot.account.principals.get(reference)
    if principal is None or not (reference == page.session.principal or may_see(page.reader, reference)):
        return ""
    return principal.email or principal.description


def _asked(question: Question, page: Page) -> dict[str, object]:
    form = asked_form(page)
    return {**parameters(form), "action": question.action}


def _why(asking: Asking, question: Question) -> str:
    """By which policies, and held through whom? (Asked only where the reasons may be seen.)"""
    found: Explanation = explain(asking.snapshot.compiled, asking.request(question))
    deciding = [one for one in found.considered if one.applies and one.policy in found.deciding]
    if not deciding:
        return "owns the account"
    return ", ".join(
        dict.fromkeys(
            one.policy if one.subject == question.principal else f"{one.policy} (through {one.subject})"
            for one in deciding
        )
    )


def who_can_table(page: Page) -> Response:
    """All of them, as a table."""
    form, kind = asked_form(page), _kind(page)
    asking, question = asking_of(page), read_question(page, form, "action", "resource")
    search = search_subjects(asking, question, kind)
    explained = asking.may_ask(EXPLAIN, question)

    def rows() -> Iterator[tuple[str, ...]]:
        for found in _all(search):
            for one in _people(page, asking, question, found, explained):
                yield one.name, one.about, question.action, form.text("resource"), one.why

    heading = ("principal", "about", "action", "resource", "because")
    return csv_response(f"who-can {question.action}", heading, rows())


def what_can(page: Page) -> Response:
    """On what may somebody do this, or what may they do to that?"""
    form = asked_form(page, who=page.session.principal)
    if not form.text("action") and not form.text("resource"):
        return _show_what(page, form)
    try:
        asking = asking_of(page)
        question = read_question(page, form, "who")
        if form.text("resource"):
            results = _results(
                page,
                search_actions(asking, question),
                form,
                "actions",
                lambda found: _deeds(page, question, found),
            )
            return _show_what(
                page, form, results=results, of="actions", shown=show_resource(page, question.resource)
            )
        search = search_resources(asking, _sought(page, question))
        results = _results(page, search, form, "resources", lambda found: _things(page, form, found))
        return _show_what(page, form, results=results, of="resources")
    except (Invalid, Denied, Conflict) as error:
        return _show_what(page, form.failed(error, *SHOWN), status=status_of(error))


def _show_what(page: Page, form: Form, *, status: int = 200, **more: object) -> Response:
    values = {"results": None, "shown": None, "of": "", **more}
    return page.render(
        "explorer/what_can.html",
        status=status,
        form=form,
        query=parameters(form),
        services=[(one.name, one.title) for one in _services_with(page, form.text("action"))],
        **values,
    )


def what_can_table(page: Page) -> Response:
    """All of it, as a table."""
    form = asked_form(page, who=page.session.principal)
    asking, question = asking_of(page), read_question(page, form, "who")
    if form.text("resource"):
        actions = search_actions(asking, question)
        rows = (
            (question.principal, one.name, one.title, form.text("resource"))
            for found in _all(actions)
            for one in _deeds(page, question, found)
        )
        return csv_response("what-can", ("principal", "action", "title", "resource"), rows)
    search = search_resources(asking, _sought(page, question))
    things = ((question.principal, question.action, one) for found in _all(search) for one in found)
    return csv_response(f"what-can {question.action}", ("principal", "action", "resource"), things)


def _sought(page: Page, question: Question) -> ResourcesSought:
    """Which resources are looked for: those of the action's type, in its service? Raises Invalid."""
    services = list(_services_with(page, question.action))
    chosen = page.asked("service")
    service = next((one for one in services if one.name == chosen or len(services) == 1), None)
    if not services:
        known = {action for one in page.snapshot.compiled.services.values() for action in one.actions}
        raise Invalid.at(
            "action",
            f"no service has an action `{question.action}`",
            did_you_mean(question.action, known, most=3),
        )
    if service is None:
        service = services[0]
    action = service.actions[question.action]
    return ResourcesSought(
        question.principal,
        question.action,
        service.name,
        action.resource_type or SERVICE_TYPE,
        context=question.context,
        action_properties=question.action_properties,
    )


def _services_with(page: Page, action: str) -> Iterator[Service]:
    return (one for one in page.snapshot.compiled.services.values() if action in one.actions)


def _deeds(page: Page, question: Question, found: tuple[str, ...]) -> Iterator[Row]:
    for action in found:
        link = page.url(
            "/explorer", **{**parameters(asked_form(page)), "who": question.principal, "action": action}
        )
        yield Row(action, action_title(page, action, question.resource.service), link=link)


def _things(page: Page, form: Form, found: tuple[str, ...]) -> Iterator[Row]:
    for name in found:
        query = parsed(name)
        shown = None if query is None else show_resource(page, query)
        link = page.url("/explorer", **{**parameters(form), "resource": name})
        yield Row(
            name, name if shown is None else shown.text, "" if shown is None else shown.about, link=link
        )


def _results(page: Page, search: Search, form: Form, kind: str, rows_of: RowsOf) -> Results:
    """Which page of the search does the address ask for, counted where that is cheap?"""
    cursors, query = SearchCursors(page.host.cursor_secret()), _query(page, form, kind)
    token = page.request.query_params.get("cursor", "")
    after = cursors.read(query, token, page.now, "cursor") if token else None
    found = search.page(after, PAGE_SIZE)
    following = "" if found.after is None else cursors.make(query, found.after, page.now)
    return Results(tuple(rows_of(found.found)), following, search.count())


def _query(page: Page, form: Form, kind: str) -> Query:
    """To what is a cursor bound? To all that is asked, and to all that the session is."""
    session = page.session
    restrictions = json.dumps([repr(one) for one in session.restrictions])
    asked = json.dumps([parameters(form), page.asked("service")], sort_keys=True)
    identity = (session.uid, session.principal, *session.chain, restrictions)
    return Query(page.account, identity, f"console {kind}", asked.encode())


def _all(search: Search) -> Iterator[tuple[str, ...]]:
    """Everything that is found, part by part. Raises Conflict where there is too much to look at."""
    after: str | None = None
    for _ in range(MOST_PAGES):
        found = search.page(after, ROWS_AT_ONCE)
        yield found.found
        after = found.after
        if after is None:
            return
    raise Conflict("there is too much to look at", "ask about less")
