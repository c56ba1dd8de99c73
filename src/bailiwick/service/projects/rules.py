"""What a change may not make of projects, whoever makes it: names, descriptions, the quota, the default project, types.

Implements docs/spec.md rules 19.6 to 19.8. These are rules of the change, not of the state: what an account holds
already stays valid. Pure; every finding has the code of the document of `eps`.
Source: Open Telekom Cloud Enterprise Project Management Service, API Reference, Enterprise Project Management, and
Constraints (2026-03-03).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from bailiwick.catalog.catalog import Catalog
from bailiwick.catalog.check_world import LocateObject, ObjectNotes
from bailiwick.catalog.eps_codes import (
    BAD_DESCRIPTION,
    BAD_NAME,
    BAD_REQUEST,
    DEFAULT_IS_FIXED,
    PROJECT_IS_DISABLED,
    QUOTA_REACHED,
    UNSUPPORTED_TYPE,
)
from bailiwick.catalog.project_changes import find_refusal_of_move
from bailiwick.errors import Finding
from bailiwick.model.accounts import Account, Project, Resource
from bailiwick.model.patterns import is_pattern
from bailiwick.model.policies import Policy
from bailiwick.service.compared import is_narrowed
from bailiwick.service.edits import Difference
from bailiwick.service.kinds import find_value
from bailiwick.service.projects.eps import projects_of

MOST_NAME_CHARACTERS = 255
MOST_DESCRIPTION_CHARACTERS = 512
_NAME = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_RESERVED = "default"


def check_projects(
    catalog: Catalog, before: Account, after: Account, differences: Sequence[Difference], locate: LocateObject
) -> list[Finding]:
    """What does this change make of projects that it may not? Every finding at once."""
    check = _Check(catalog, before, after, locate)
    for one in differences:
        old, new = find_value(before, one.kind, one.name), find_value(after, one.kind, one.name)
        if one.kind == "Project":
            check.project(one.name, old, new)
        elif one.kind == "Policy" and isinstance(new, Policy):
            check.policy(old, new)
        elif one.kind == "Resource" and isinstance(old, Resource) and isinstance(new, Resource):
            check.move(old, new)
    check.quota([one.name for one in differences if one.kind == "Project" and one.op == "created"])
    return check.findings


class _Check:
    """The findings about one change."""

    def __init__(self, catalog: Catalog, before: Account, after: Account, locate: LocateObject) -> None:
        self.findings: list[Finding] = []
        self._before = before
        self._after = after
        self._services = catalog.services_for(after)
        self._notes = partial(ObjectNotes, locate=locate)

    def project(self, name: str, old: Project | None, new: Project | None) -> None:
        """Is the project as one may be made, changed or deleted?"""
        notes = self._notes("Project", name)
        if new is None:
            if old is not None and old.default:
                notes.add(
                    (),
                    "the default project cannot be deleted",
                    "make another project the default first",
                    DEFAULT_IS_FIXED,
                )
        elif old is None:
            _check_name(new, notes)
            _check_description(new, notes)
        else:
            if new.description != old.description:
                _check_description(new, notes)
            _check_change(old, new, notes)
        self.findings += notes.findings

    def policy(self, old: Policy | None, new: Policy) -> None:
        """Does a disabled project get a policy, or one that allows more? (a deny takes nothing)"""
        if new.effect != "allow" or not new.enabled or is_narrowed(old, new):
            return
        for project in projects_of(new.scope):
            if not is_pattern(project) and self._stays_disabled(project):
                notes = self._notes("Policy", new.name)
                notes.add(
                    ("scope",),
                    f"project `{project}` is disabled: it takes no policies",
                    "enable it first",
                    PROJECT_IS_DISABLED,
                )
                self.findings += notes.findings

    def _stays_disabled(self, project: str) -> bool:
        was, is_ = self._before.projects.get(project), self._after.projects.get(project)
        return was is not None and was.disabled and is_ is not None and is_.disabled

    def move(self, old: Resource, new: Resource) -> None:
        """May a resource of this type change its project so?"""
        refusal = find_refusal_of_move(self._services, self._after, old, new)
        if refusal is not None:
            notes = self._notes("Resource", new.name)
            notes.add(("project",), refusal, None, UNSUPPORTED_TYPE)
            self.findings += notes.findings

    def quota(self, created: Sequence[str]) -> None:
        """Are there not too many now? Disabled ones count; the default one does not.

        WHY also where a default one is created: the one before stays, and may be replaced again and again.
        """
        most = self._after.project_quota
        if not created or len(self._after.projects) <= most:
            return
        count = sum(not project.default for project in self._after.projects.values())
        if count > most:
            notes = self._notes("Project", created[0])
            notes.add(
                (),
                f"the account would have {count} projects besides the default one, its quota is {most}",
                "delete one that is empty, or raise the account's `project_quota`; disabled ones count",
                QUOTA_REACHED,
            )
            self.findings += notes.findings


def _check_name(project: Project, notes: ObjectNotes) -> None:
    name = project.name
    if len(name) > MOST_NAME_CHARACTERS:
        message = f"the name is {len(name)} characters long, expected at most {MOST_NAME_CHARACTERS}"
        notes.add(("name",), message, None, BAD_NAME)
    elif not _NAME.fullmatch(name):
        notes.add(
            ("name",),
            f"`{name}` is no name of a project",
            "a new project's name has letters, digits, `_` and `-`",
            BAD_NAME,
        )
    elif _RESERVED in name.lower() and not project.default:
        notes.add(
            ("name",),
            f"`{name}` contains `{_RESERVED}`",
            "that is the default project's word, in whatever case",
            BAD_NAME,
        )


def _check_description(project: Project, notes: ObjectNotes) -> None:
    length = len(project.description)
    if length > MOST_DESCRIPTION_CHARACTERS:
        message = (
            f"the description is {length} characters long, expected at most {MOST_DESCRIPTION_CHARACTERS}"
        )
        notes.add(("description",), message, None, BAD_DESCRIPTION)


def _check_change(old: Project, new: Project, notes: ObjectNotes) -> None:
    """Which changes does nobody make? (That only enabling changes a disabled one, the engine says: rule 7.2 e.)"""
    if old.type == "prod" and new.type == "poc":
        notes.add(("type",), "a production project cannot become a test project again", None, BAD_REQUEST)
    if old.default and new.default and replace(old, disabled=new.disabled) != new:
        notes.add(
            (),
            "the default project cannot be changed",
            "make another project the default first",
            DEFAULT_IS_FIXED,
        )
