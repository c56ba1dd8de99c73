"""Try an operation: what would the engine say? Nothing is done. A refusal names what is missing and whom to ask."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import Response

from bailiwick.console.forms import Form
from bailiwick.console.page import Page
from bailiwick.console.pages.explorer.showing import Shown, Way, show_resource, ways_of
from bailiwick.console.pages.services.operations import KINDS, operations_of
from bailiwick.console.pages.services.places import Chosen, asking_of, chosen, find_service, survey_of
from bailiwick.engine.operations import operation_requests, type_path
from bailiwick.engine.resources import INSTANCE_TYPE
from bailiwick.errors import Denied, NotFound
from bailiwick.model.names import SERVICE_TYPE, ResourceName, format_resource_name
from bailiwick.model.requests import Decision, ResourceQuery
from bailiwick.model.services import Operation, Service
from bailiwick.service.asking import Question
from bailiwick.service.decision_paths import paths_of
from bailiwick.service.proposals.asking_for_access import ask_for_access
from bailiwick.service.proposals.proposing import Proposals, find_proposals
from bailiwick.service.proposals.whom_to_ask import Ask

ID = "id-"
ROUTE = "POST /console/accounts/{account}/services/{name}/try"


@dataclass(frozen=True, slots=True)
class Asked:
    """One action of the operation, the resource that it was asked of, and what was decided."""

    action: str
    title: str
    shown: Shown
    decision: Decision


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why is it refused: the missing action, the reason in a sentence, the way to it, and whom to ask?"""

    action: str
    text: str
    ways: list[Way]
    ask: Ask
    link: str


def show_operation(page: Page) -> Response:
    """One operation: what it needs, and a form to try it on something."""
    service, where = find_service(page, page.name), chosen(page)
    survey_of(page, where, service)
    operation = _operation(service, page.asked("operation"))
    names = {ID + kind: page.asked(ID + kind) for kind in _kinds(service, operation)}
    return _show(page, service, operation, where, Form.of({**names, "instance": page.asked("instance")}))


def try_operation(page: Page) -> Response:
    """Would it be allowed? Asked of the engine, action by action."""
    service, where = find_service(page, page.name), chosen(page, page.form)
    operation = _operation(service, page.form.text("operation"))
    survey_of(page, where, service)
    if operation.discontinued:
        return _show(page, service, operation, where, page.form)
    asking = asking_of(page)
    named = _named(page.form, service, operation, where)
    asked, questions = [], []
    for action, query in operation_requests(service, operation, {"target": named, "source": named}):
        question = Question(
            where.who, action, replace(query, project=query.project or where.place.project or None)
        )
        questions.append(question)
        decision = asking.decide(question)
        title = service.actions[action].title
        asked.append(Asked(action, title, show_resource(page, question.resource), decision))
    refused = next((q for q, one in zip(questions, asked, strict=True) if not one.decision.allowed), None)
    if refused is not None and not where.is_other:
        reason = next(one.decision.reason for one in asked if not one.decision.allowed)
        page.host.record("refusal", reason.value, page.session, action=refused.action, route=ROUTE)
    refusal = None if refused is None else _refusal(page, refused)
    return _show(page, service, operation, where, page.form, asked=asked, refusal=refusal, is_tried=True)


def _refusal(page: Page, question: Question) -> Refusal:
    shown = show_resource(page, question.resource)
    name = _name_of(page, question.resource)
    link = page.url("/explorer", who=question.principal, action=question.action, resource=name)
    if question.resource.project:
        link = page.url(
            "/explorer",
            who=question.principal,
            action=question.action,
            resource=name,
            project=question.resource.project,
        )
    general = ask_for_access(page.host, page.reader, question.principal, question.resource, question.action)
    try:
        found = find_proposals(page.host, asking_of(page), question)
    except Denied:
        return Refusal(question.action, "", [], general, link)
    paths = paths_of(page.snapshot.compiled, found.explanation, name, page.now)
    return Refusal(
        question.action,
        found.explanation.text.removeprefix("denied: "),
        ways_of(page, paths, shown),
        _whom(found) or general,
        link,
    )


def _whom(found: Proposals) -> Ask | None:
    """Whom do the obstacles, else the first proposal, name?"""
    asks = (*(one.ask for one in found.obstacles), *(one.ask for one in found.proposals))
    return next((ask for ask in asks if ask.text), None)


def _name_of(page: Page, query: ResourceQuery) -> str:
    """By which name is it asked about in the explorer? "" where an id is not known, so that it is named there."""
    if any(ident is None for _, ident in query.path):
        return ""
    path = tuple((kind, ident or "") for kind, ident in query.path)
    return format_resource_name(
        ResourceName(page.account, query.service, query.region or "", query.instance or "", path)
    )


def _show(
    page: Page, service: Service, operation: Operation, where: Chosen, form: Form, **more: Any
) -> Response:
    values = {"asked": [], "refusal": None, "is_tried": False, **more}
    return page.render(
        "services/operation.html",
        service=service,
        operation=operation,
        where=where,
        form=form,
        kinds=KINDS,
        names=_kinds(service, operation),
        **values,
    )


def _operation(service: Service, ident: str) -> Operation:
    for one in operations_of(service):
        if one.id == ident:
            return one
    raise NotFound(f"`{service.name}` has no operation `{ident[:80]}`", "look at the list of its operations")


def _kinds(service: Service, operation: Operation) -> list[str]:
    """Which types must be named to say on what: the longest way to a type of its actions?"""
    wanted = (service.actions[action].resource_type for action, _ in operation.actions)
    return max((type_path(service, one) for one in wanted if one is not None), key=len, default=[])


def _named(form: Form, service: Service, operation: Operation, where: Chosen) -> ResourceQuery:
    """Which resource was named, as far as it was? Nothing: the service itself stands for anything in it."""
    path: list[tuple[str, str | None]] = []
    for kind in _kinds(service, operation):
        ident = form.text(ID + kind)
        if not ident:
            break
        path.append((kind, ident))
    return ResourceQuery(
        service.name,
        tuple(path) or ((SERVICE_TYPE, service.name),),
        (where.place.region or None) if service.regional else None,
        (form.text("instance") or form.text(ID + INSTANCE_TYPE) or None) if service.instances else None,
        project=where.place.project or None,
    )
