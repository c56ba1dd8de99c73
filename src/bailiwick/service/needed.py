"""Which `iam` actions does an edit need, and on which of Bailiwick's own objects is each asked?

Implements the first half of docs/spec.md section 9 by the actions of the catalog entry `iam`; what an edit hands over
besides is grants.py's. Pure. Policies are not here: they are held over their scope (authorize.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from bailiwick.model.accounts import Account, Group, Principal, Project, Resource
from bailiwick.model.enterprises import path_of, split_node
from bailiwick.model.names import SERVICE_TYPE
from bailiwick.model.requests import ResourceQuery
from bailiwick.model.services import IAM
from bailiwick.model.templates import Template, TemplateAssignment
from bailiwick.service.edits import Difference
from bailiwick.service.kinds import ACCOUNT, KINDS, find_value

_CREATE = {"User": "iam.user.invite", "Resource": "iam.resource.register"}


class Needed(NamedTuple):
    """One action of `iam`, and the resource of which it is asked."""

    action: str
    resource: ResourceQuery


def needed_actions(before: Account, after: Account, difference: Difference) -> Iterator[Needed]:
    """Which actions does this edit need, whatever it hands over?"""
    word, name = difference.kind, difference.name
    if word == ACCOUNT:
        yield Needed("iam.account.update", iam_object("account", name))
        return
    if word == "Service":
        yield Needed("iam.catalog.update", iam_service())
        return
    old, new = find_value(before, word, name), find_value(after, word, name)
    if word == "TemplateAssignment":
        yield from _assignment(after if new is not None else before, old, new)
        return
    if isinstance(new, Template) and new.committed and not (isinstance(old, Template) and old.committed):
        yield Needed("iam.template.commit", iam_object("template", name))
    if difference.op == "created":
        yield Needed(_CREATE.get(word, f"iam.{KINDS[word].resource_type}.create"), iam_service())
        if isinstance(new, Resource) and new.project is not None:
            yield Needed("iam.project.add-resource", iam_object("project", new.project))
        return
    here = object_of(word, name, old)
    if difference.op == "deleted":
        yield Needed(f"iam.{KINDS[word].resource_type}.delete", here)
    elif isinstance(old, Group) and isinstance(new, Group):
        yield from _group(old, new, here)
    elif isinstance(old, Project) and isinstance(new, Project):
        yield from _project(old, new, here)
    elif isinstance(old, Resource) and isinstance(new, Resource):
        yield from _resource(old, new, here)
    else:
        yield Needed(f"iam.{KINDS[word].resource_type}.update", here)


def _assignment(
    tree: Account, old: TemplateAssignment | None, new: TemplateAssignment | None
) -> Iterator[Needed]:
    """Templates are attached to nodes by the actions of the service `enterprise` (rule 21.4)."""
    if old is not None and new is not None and old.node == new.node:
        yield node_action(tree, new.node, "update")
        return
    if old is not None:
        yield node_action(tree, old.node, "detach")
    if new is not None:
        yield node_action(tree, new.node, "attach")


def node_action(tree: Account, node: str, verb: str) -> Needed:
    """Which action attaches, updates or detaches templates at this node?"""
    kind, _ = split_node(node)
    return Needed(f"enterprise.{kind}.{verb}-templates", ResourceQuery("enterprise", path_of(tree, node)))


def _group(old: Group, new: Group, here: ResourceQuery) -> Iterator[Needed]:
    was, is_ = set(old.members), set(new.members)
    if is_ - was:
        yield Needed("iam.group.add-member", here)
    if was - is_:
        yield Needed("iam.group.remove-member", here)
    if was == is_ or replace(old, members=()) != replace(new, members=()):
        yield Needed("iam.group.update", here)


def _project(old: Project, new: Project, here: ResourceQuery) -> Iterator[Needed]:
    if old.disabled != new.disabled:
        yield Needed("iam.project.disable" if new.disabled else "iam.project.enable", here)
    if replace(old, disabled=new.disabled) != new:
        yield Needed("iam.project.update", here)


def _resource(old: Resource, new: Resource, here: ResourceQuery) -> Iterator[Needed]:
    if old.project != new.project:
        yield Needed("iam.resource.move", here)
        if old.project is not None:
            yield Needed("iam.project.remove-resource", iam_object("project", old.project))
        if new.project is not None:
            yield Needed("iam.project.add-resource", iam_object("project", new.project))
    if replace(old, project=new.project) != new:
        yield Needed("iam.resource.update", here)


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
