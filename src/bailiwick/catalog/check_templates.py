"""Templates and their assignments against everything that they name.

Implements docs/spec.md 21.2 to 21.4 for what can be known in the management account: a template stands by itself, so
it is checked as an account that holds nothing else.
"""

from __future__ import annotations

from dataclasses import replace

from bailiwick.catalog.check_enterprises import check_node_exists
from bailiwick.catalog.check_policies import check_policy
from bailiwick.catalog.check_roles import check_role
from bailiwick.catalog.check_world import ObjectNotes, World
from bailiwick.catalog.places import Path
from bailiwick.model.accounts import Account, Principal, Project
from bailiwick.model.names import BUILT_IN_GROUPS
from bailiwick.model.patterns import is_pattern
from bailiwick.model.policies import Policy
from bailiwick.model.services import Role
from bailiwick.model.templates import Template, TemplateAcceptance, TemplateAssignment


def check_template(template: Template, notes: ObjectNotes, world: World) -> None:
    """Does everything that the template names exist in the catalog or in the template itself?"""
    alone = World(world.catalog, _alone(template))
    for index, group in enumerate(template.groups):
        if group.name in BUILT_IN_GROUPS:
            notes.add(("groups", index, "name"), f"group `{group.name}` is built in", "choose another name")
    for index, role in enumerate(template.roles):
        _check_part(role, ("roles", index), notes, alone)
    for index, policy in enumerate(template.policies):
        _check_part(policy, ("policies", index), notes, alone)


def check_assignment(assignment: TemplateAssignment, notes: ObjectNotes, world: World) -> None:
    """Is there such a version, is it committed, and is there such a node?"""
    check_node_exists(assignment.node, ("node",), notes, world)
    template = world.account.templates.get(assignment.template)
    if template is None:
        notes.add(
            ("template",),
            f"unknown template `{assignment.template}`",
            world.nearest(assignment.template, world.account.templates),
        )
    elif not template.committed:
        notes.add(
            ("template",), f"template `{assignment.template}` is a draft", "commit it before it is assigned"
        )


def check_acceptance(acceptance: TemplateAcceptance, notes: ObjectNotes, world: World) -> None:
    """Nothing that it names is in this account: service/templates/offers.py looks at the enterprise."""


def _check_part(part: Role | Policy, path: Path, notes: ObjectNotes, alone: World) -> None:
    """What is wrong with this part, each finding at its place in the template?"""
    own = ObjectNotes("Template", notes.name, lambda _kind, _name, inner: notes.locate((*path, *inner)))
    for index, subject in enumerate(part.subjects if isinstance(part, Policy) else ()):
        if not subject.startswith("group:"):
            notes.add(
                (*path, "subjects", index),
                f"`{subject}` cannot stand in a template",
                "name a group of the template",
            )
    if isinstance(part, Role):
        check_role(part, own, alone)
    else:
        check_policy(part, own, alone)
    notes.findings.extend(replace(one, place=_placed(one.place, notes, path)) for one in own.findings)


def _placed(place: str, notes: ObjectNotes, path: Path) -> str:
    head = f"Template {notes.name}"
    inner = place.removeprefix(head).removeprefix(": ")
    where = f"{path[0]}[{path[1]}]"
    return f"{head}: {where}.{inner}" if inner else f"{head}: {where}"


def _alone(template: Template) -> Account:
    """Which account holds just what the template defines, the projects that it names, and whom it should not name?"""
    named = (p for policy in template.policies for p in policy.scope.project or () if not is_pattern(p))
    strangers = (s for policy in template.policies for s in policy.subjects if not s.startswith("group:"))
    return Account(
        name="template",
        owner="",
        groups={group.name: group for group in template.groups},
        roles={role.name: role for role in template.roles},
        policies={policy.name: policy for policy in template.policies},
        projects={name: Project(name) for name in named},
        principals={subject: Principal(subject) for subject in strangers},
    )
