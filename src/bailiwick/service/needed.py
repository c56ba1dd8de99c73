"""Which actions does an edit need, and of which object is each asked?

Implements the first half of docs/spec.md section 9 by the actions of the catalog entry `iam`; what an edit hands over
besides handing_over says. Projects are administered by the actions of the entry `eps` as well: of several actions that
stand for the same deed any one is enough (rule 19.2). Pure. Policies are not here: they are held over their scope
(authorize.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from bailiwick.model.accounts import Account, Group, Principal, Project, Resource
from bailiwick.model.applications import Application, needs_trust
from bailiwick.model.names import SERVICE_TYPE, parse_resource_name
from bailiwick.model.policies import Guardrail
from bailiwick.model.requests import ResourceQuery
from bailiwick.model.services import IAM, Service
from bailiwick.model.templates import Template
from bailiwick.service.edits import Difference
from bailiwick.service.enterprise.needed_in_tree import (
    asked_at,
    needed_in_tree,
    needed_of_assignment,
    needed_of_guardrail,
    read_action,
    rule_action,
)
from bailiwick.service.kinds import ACCOUNT, KINDS, NODE_TYPES, SECURITY, find_value
from bailiwick.service.projects.eps import (
    ADD_RESOURCES,
    GET,
    LIST,
    LIST_RESOURCES,
    REMOVE_RESOURCES,
    eps_action,
    eps_project,
    eps_service,
)

READ_RESOURCE = "iam.resource.read"
_CREATE = {"User": "iam.user.invite", "Resource": "iam.resource.register"}


class Asked(NamedTuple):
    """One action, and the resource of which it is asked."""

    action: str
    resource: ResourceQuery


class Needed(NamedTuple):
    """One action, and the resource of which it is asked; any of `others` stands for the same and is as good."""

    action: str
    resource: ResourceQuery
    others: tuple[Asked, ...] = ()

    @property
    def any_of(self) -> tuple[Asked, ...]:
        """Which actions is any one of enough?"""
        return (Asked(self.action, self.resource), *self.others)


def needed_actions(
    services: Mapping[str, Service], before: Account, after: Account, difference: Difference
) -> Iterator[Needed]:
    """Which actions does this edit need, whatever it hands over? `services` are those of the state before."""
    word, name = difference.kind, difference.name
    if word in NODE_TYPES:
        yield from (Needed(*one) for one in needed_in_tree(before, after, difference))
        return
    if word == "TemplateAssignment":
        yield from (Needed(*one) for one in needed_of_assignment(before, after, name))
        return
    if word == "Guardrail":
        yield from _guardrail(before, after, name)
        return
    if word == ACCOUNT:
        yield Needed("iam.account.update", iam_object("account", name))
        return
    if word in (SECURITY, "Service"):
        yield Needed("iam.setting.update" if word == SECURITY else "iam.catalog.update", iam_service())
        return
    old, new = find_value(before, word, name), find_value(after, word, name)
    yield from _becoming_default(before, old, new)
    yield from _besides(name, old, new)
    if difference.op == "created":
        yield from _created(word, name, new)
    elif difference.op == "deleted":
        project = needed_on_project("delete", name)
        removal = f"iam.{KINDS[word].resource_type}.delete"
        yield project if isinstance(old, Project) else Needed(removal, object_of(word, name, old))
    elif isinstance(old, Group) and isinstance(new, Group):
        yield from _group(old, new, object_of(word, name, old))
    elif isinstance(old, Project) and isinstance(new, Project):
        yield from _project(old, new)
    elif isinstance(old, Resource) and isinstance(new, Resource):
        yield from _resource(services, old, new, before)
    else:
        yield Needed(f"iam.{KINDS[word].resource_type}.update", object_of(word, name, old))


def _besides(name: str, old: object, new: object) -> Iterator[Needed]:
    """What does becoming so need, besides creating or changing it?"""
    if isinstance(new, Template) and new.committed and not (isinstance(old, Template) and old.committed):
        yield Needed("iam.template.commit", iam_object("template", name))
    if isinstance(new, Application) and needs_trust(old if isinstance(old, Application) else None, new):
        yield Needed("iam.application.trust", iam_object("application", name))


def _becoming_default(before: Account, old: object, new: object) -> Iterator[Needed]:
    """A project that becomes the default takes in whatever has none, which is no project's own affair. (rule 19.7)"""
    if isinstance(new, Project) and new.default and not (isinstance(old, Project) and old.default):
        yield Needed("iam.account.update", iam_object("account", before.name))


def _created(word: str, name: str, new: object) -> Iterator[Needed]:
    if isinstance(new, Project):
        yield needed_on_project("create", name)
        return
    yield Needed(_CREATE.get(word, f"iam.{KINDS[word].resource_type}.create"), iam_service())
    if isinstance(new, Resource) and new.project is not None:
        yield _adding(new.project)


def _guardrail(before: Account, after: Account, name: str) -> Iterator[Needed]:
    """The account's own guardrail is one of `iam`, a node's is a rule of that node; one may become the other."""
    old, new = before.guardrails.get(name), after.guardrails.get(name)
    yield from (Needed(*one) for one in needed_of_guardrail(before, after, old, new))
    was_own, is_own = (one is not None and one.node is None for one in (old, new))
    here = iam_object("guardrail", name)
    if was_own:
        yield Needed("iam.guardrail.update" if is_own else "iam.guardrail.delete", here)
    elif is_own:
        yield Needed("iam.guardrail.create", iam_service())


def _group(old: Group, new: Group, here: ResourceQuery) -> Iterator[Needed]:
    was, is_ = set(old.members), set(new.members)
    if is_ - was:
        yield Needed("iam.group.add-member", here)
    if was - is_:
        yield Needed("iam.group.remove-member", here)
    if was == is_ or replace(old, members=()) != replace(new, members=()):
        yield Needed("iam.group.update", here)


def _project(old: Project, new: Project) -> Iterator[Needed]:
    if old.disabled != new.disabled:
        yield needed_on_project("disable" if new.disabled else "enable", old.name)
    if replace(old, disabled=new.disabled) != new:
        yield needed_on_project("update", old.name)


def needed_on_project(verb: str, name: str) -> Needed:
    """A deed on a project, by the action of `eps` or by that of `iam`; creating is asked of the services."""
    there, here = eps_project(name), iam_object("project", name)
    if verb == "create":
        there, here = eps_service(), iam_service()
    return Needed(eps_action(verb), there, (Asked(f"iam.project.{verb}", here),))


def _adding(project: str, *more: Asked) -> Needed:
    others = (Asked("iam.project.add-resource", iam_object("project", project)), *more)
    return Needed(ADD_RESOURCES, eps_project(project), others)


def _removing(project: str) -> tuple[Asked, Asked]:
    return (
        Asked(REMOVE_RESOURCES, eps_project(project)),
        Asked("iam.project.remove-resource", iam_object("project", project)),
    )


def _resource(
    services: Mapping[str, Service], old: Resource, new: Resource, before: Account
) -> Iterator[Needed]:
    """What an action of its own service governs needs that action, and nothing else does instead (rule 18.4)."""
    if old.project != new.project:
        yield from _moving(old, new, default_project(before))
    rest: dict[str, Any] = {"project": new.project}
    for attribute, action in _governed_by(services, old.name).items():
        rest[attribute] = getattr(new, attribute)
        if getattr(old, attribute) != rest[attribute]:
            yield Needed(action, ResourceQuery.of(parse_resource_name(old.name)))
    if replace(old, **rest) != new:
        yield Needed("iam.resource.update", object_of("Resource", old.name, old))


def _governed_by(services: Mapping[str, Service], name: str) -> Mapping[str, str]:
    """Which action changes which attribute of this resource? Empty where its type says nothing."""
    parsed = parse_resource_name(name)
    service = services.get(parsed.service)
    type = None if service is None else service.resource_types.get(parsed.type)
    return {} if type is None else type.governed_by


def _moving(old: Resource, new: Resource, default: str | None) -> Iterator[Needed]:
    """Moving is removing at the source and adding at the target (rule 19.5).

    What has no project is where the default project's resources are. Who may remove may put into the default project:
    that is what removing does.
    """
    removing = () if old.project is None else _removing(old.project)
    if removing:
        yield Needed(*removing[0], removing[1:])
    source = old.project if old.project is not None else default
    letting = () if source is None else (Asked(REMOVE_RESOURCES, eps_project(source)),)
    yield Needed("iam.resource.move", object_of("Resource", old.name, old), letting)
    if new.project is not None:
        yield _adding(new.project, *(removing if new.project == default else ()))


def default_project(account: Account) -> str | None:
    """Which project is the account's default? None: it has none."""
    return next((name for name, project in account.projects.items() if project.default), None)


def needed_to_read(name: str) -> Needed:
    """Which actions does seeing a project need?"""
    return Needed(GET, eps_project(name), (Asked("iam.project.read", iam_object("project", name)),))


def needed_to_list(name: str) -> tuple[Needed, Needed]:
    """Which deeds show a project in the list? Any of them: listing it (or all), or seeing it."""
    return Needed(LIST, eps_project(name), (Asked("iam.project.list", iam_service()),)), needed_to_read(name)


def needed_to_list_all() -> Needed:
    """Which actions does seeing the list of projects need, where there is none to be asked about?"""
    # WHY no name: an id that nothing has is asked about, so that only who sees all projects is answered.
    return Needed(LIST, eps_project("*"), (Asked("iam.project.list", iam_service()),))


def needed_to_add_resources(project: str) -> Needed:
    """Which actions does putting a resource into this project need?"""
    return _adding(project)


def needed_to_remove_resources(project: str) -> Needed:
    """Which actions does taking a resource out of this project need?"""
    first, *others = _removing(project)
    return Needed(*first, tuple(others))


def needed_to_read_resource(value: Resource) -> Needed:
    """Which action shows this resource, wherever it is?"""
    return Needed(READ_RESOURCE, object_of("Resource", value.name, value))


def needed_to_see_resource(value: Resource, project: str | None) -> tuple[Needed, ...]:
    """Which deeds show this resource? Any of them: seeing it, listing its project, taking it out of there."""
    here = needed_to_read_resource(value)
    if project is None:
        return here, Needed("iam.resource.list", iam_service())
    return here, needed_to_list_resources(project), needed_to_remove_resources(project)


def needed_to_list_resources(project: str) -> Needed:
    """Which actions does seeing all that is in a project need?"""
    return Needed(LIST_RESOURCES, eps_project(project), (Asked("iam.resource.list", iam_service()),))


def needed_to_see(account: Account, word: str, name: str, value: object) -> Needed:
    """Which action shows this object, and of which resource is it asked? Policies are held over their scope, too."""
    if word in NODE_TYPES:
        return Needed(*asked_at(read_action(word), account, f"{NODE_TYPES[word]}:{name}"))
    if isinstance(value, Guardrail) and value.node is not None:
        return Needed(*asked_at(rule_action(value.node, "retrieve"), account, value.node))
    if word == "Project":
        return needed_to_read(name)
    if word == ACCOUNT:
        return Needed("iam.account.read", object_of(word, name, value))
    if word in (SECURITY, "Service"):
        return Needed("iam.setting.read" if word == SECURITY else "iam.catalog.read", iam_service())
    resource = iam_service() if word == "Policy" else object_of(word, name, value)
    return Needed(f"iam.{KINDS[word].resource_type}.read", resource)


def object_of(word: str, name: str, value: object) -> ResourceQuery:
    """Which resource of `iam` is this stored object? A user without another owner is its own."""
    if word == ACCOUNT:
        return iam_object("account", name)
    if word == "Service":
        return iam_service()
    here = iam_object(KINDS[word].resource_type, name)
    if isinstance(value, Principal):
        owner = value.owner or (value.reference if word == "User" else None)
        return replace(here, owner=owner)
    if isinstance(value, Resource):
        return replace(here, project=value.project)
    return here


def iam_service() -> ResourceQuery:
    """Bailiwick's own service, as a resource."""
    return ResourceQuery(IAM, ((SERVICE_TYPE, IAM),))


def iam_object(kind: str, name: str, owner: str | None = None) -> ResourceQuery:
    """One of Bailiwick's own objects, as a resource."""
    return ResourceQuery(IAM, ((kind, name),), owner=owner)
