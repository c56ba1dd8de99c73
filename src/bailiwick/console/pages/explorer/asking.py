"""Ask: may somebody do this to that, and why? With what would change a denial."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from starlette.responses import Response

from bailiwick.console.forms import Form
from bailiwick.console.page import Page
from bailiwick.console.pages.explorer.questions import (
    SHOWN,
    asked_form,
    asking_of,
    parameters,
    read_question,
)
from bailiwick.console.pages.explorer.showing import (
    action_title,
    is_unclear,
    show_resource,
    ways_of,
)
from bailiwick.console.problems import status_of
from bailiwick.engine.operations import type_path
from bailiwick.engine.resources import INSTANCE_TYPE
from bailiwick.errors import Denied, Invalid, did_you_mean
from bailiwick.model.names import SERVICE_TYPE, ResourceName, format_resource_name
from bailiwick.model.requests import Decision, Reason
from bailiwick.model.services import IAM, Service
from bailiwick.service.asking import Question
from bailiwick.service.decision_paths import paths_of
from bailiwick.service.proposals.proposing import find_proposals

ID = "id-"


def ask(page: Page) -> Response:
    """The question that the address asks, and its answer; without one, the form."""
    form = asked_form(page, who=page.session.principal)
    if not form.text("action") and not form.text("resource"):
        return _show(page, form)
    if form.text("action") and not form.text("resource"):
        return _show(page, form, naming=naming_of(page, form))
    try:
        question = read_question(page, form, "action")
        return _answer(page, form, question)
    except (Invalid, Denied) as error:
        return _show(page, form.failed(error, *SHOWN), status=status_of(error))


def _show(page: Page, form: Form, *, status: int = 200, **more: object) -> Response:
    naming = more.get("naming")
    options = [(one.name, one.title) for one in naming.services] if isinstance(naming, Naming) else []
    values = {"naming": None, "found": None, "services_as_options": options, **more}
    return page.render("explorer/ask.html", status=status, form=form, query=parameters(form), **values)


def _answer(page: Page, form: Form, question: Question) -> Response:
    asking = asking_of(page)
    found = find_proposals(page.host, asking, question)
    shown = show_resource(page, question.resource)
    paths = paths_of(page.snapshot.compiled, found.explanation, form.text("resource"), page.now)
    decision = found.explanation.decision
    return _show(
        page,
        form,
        found=found,
        question=question,
        shown=shown,
        title=action_title(page, question.action, question.resource.service),
        ways=ways_of(page, paths, shown),
        hint=_hint(page, question, decision) if is_unclear(decision.reason) else "",
        considered=[one for one in found.explanation.considered if one.failed not in ("role", "service")],
        link=page.url("/explorer", **parameters(form)),
    )


def _hint(page: Page, question: Question, decision: Decision) -> str:
    """What could be meant, where the question was not understood?"""
    services = page.snapshot.compiled.services
    service = services.get(question.resource.service)
    if service is None:
        return did_you_mean(question.resource.service, services) or ""
    if decision.reason is Reason.UNKNOWN_ACTION:
        return did_you_mean(question.action, service.actions, most=6) or ""
    if decision.reason is Reason.UNKNOWN_RESOURCE_TYPE:
        return did_you_mean(question.resource.path[-1][0], service.resource_types) or ""
    need = page.snapshot.compiled.needs[service.name].get(question.action)
    wanted = None if need is None else need.action.resource_type
    path = "/".join(f"{kind}/ID" for kind in type_path(service, wanted)) if wanted else ""
    return f"`{question.action}` is asked of `{path}`" if path else ""


@dataclass(frozen=True, slots=True)
class Naming:
    """Which parts has the name of a resource of this action? `services`: those that have the action."""

    service: Service | None
    services: tuple[Service, ...]
    kinds: tuple[str, ...]


def naming_of(page: Page, form: Form) -> Naming:
    """What must be said to name the resource that the action is asked of?"""
    action = form.text("action")
    services = tuple(_services_with(page, action))
    chosen = page.asked("service")
    service = next((one for one in services if one.name == chosen or len(services) == 1), None)
    if service is None:
        return Naming(None, services, ())
    wanted = page.snapshot.compiled.needs[service.name][action].action.resource_type
    is_own = action in service.actions
    kinds = tuple(type_path(service, wanted)) if wanted is not None and is_own else ()
    return Naming(service, services, kinds)


def _services_with(page: Page, action: str) -> Iterator[Service]:
    """Which services is the action asked of? One of `iam` that spans services: of any, its own first."""
    compiled = page.snapshot.compiled
    found = [one for name, one in compiled.services.items() if action in compiled.needs[name]]
    yield from sorted(found, key=lambda one: (one.name != IAM, one.title))


def name_resource(page: Page) -> Response:
    """From the parts of a name to the question about it: an address of its own leads on."""
    form = asked_form(page)
    query = parameters(form)
    naming = naming_of(page, form)
    service = naming.service
    if service is None:
        return page.redirect("/explorer", **{**query, "service": page.asked("service")})
    path = tuple((kind, page.asked(ID + kind)) for kind in naming.kinds) or ((SERVICE_TYPE, service.name),)
    region = page.asked("region") if service.regional else ""
    instance = page.asked("instance") or page.asked(ID + INSTANCE_TYPE) if service.instances else ""
    missing = [kind for kind, ident in path if not ident]
    if missing:
        return page.redirect("/explorer", **{**query, "service": service.name})
    name = format_resource_name(ResourceName(page.account, service.name, region, instance, path))
    return page.redirect("/explorer", **{**query, "resource": name})
