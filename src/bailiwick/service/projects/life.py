"""Enabling and disabling a project, and how many there may be. Implements docs/spec.md 19.4, 19.7."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bailiwick.catalog.eps_codes import NO_SUCH_PROJECT
from bailiwick.errors import NotFound
from bailiwick.service.edits import Edit
from bailiwick.service.needed import needed_on_project, needed_to_list_all
from bailiwick.service.reading import Reader


def disabling(reader: Reader, name: str, *, disabled: bool) -> Sequence[Edit]:
    """Which edit disables or enables this project? Raises Denied, NotFound."""
    # WHY first: who may not do it is not told whether there is such a project.
    reader.judge.require_any(needed_on_project("disable" if disabled else "enable", name))
    project = reader.snapshot.account.projects.get(name)
    if project is None:
        raise NotFound(f"there is no project `{name}`", code=NO_SUCH_PROJECT)
    return [Edit("Project", name, replace(project, disabled=disabled))]


@dataclass(frozen=True, slots=True)
class Quota:
    """How many projects may there be besides the default one, and how many are there?"""

    quota: int
    used: int


def find_quota(reader: Reader) -> Quota:
    """Raises Denied to who may not list all projects."""
    reader.judge.require_any(needed_to_list_all())
    account = reader.snapshot.account
    return Quota(account.project_quota, sum(not project.default for project in account.projects.values()))
