"""Is a change one that may be, whoever makes it? Every finding of every rule at once.

The state after is catalog/checks.py's, the step from the one to the other project_rules.py's. Pure.
Serves docs/spec.md rule 9.1 ("validity is judged on the state after") and section 19.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bailiwick.catalog.catalog import Catalog
from bailiwick.catalog.check_world import tell_all
from bailiwick.catalog.checks import check_account
from bailiwick.catalog.places import Path, nowhere
from bailiwick.errors import Invalid
from bailiwick.service.edits import Edit, Plan
from bailiwick.service.projects.rules import check_projects


def check_plan(
    catalog: Catalog, plan: Plan, edits: Sequence[Edit], tells: Callable[[str], bool] = tell_all
) -> None:
    """Does everything fit together afterwards? Raises Invalid with every finding, each where it was written.

    SECURITY: asked after authorization, for findings name what else there is: of the kinds that `tells` allows.
    """
    places = {edit.key: edit for edit in edits}

    def locate(kind: str, name: str, path: Path) -> tuple[str, int]:
        edit = places.get((kind, name))
        return nowhere(path) if edit is None else edit.locate(path)

    only = [(one.kind, one.name) for one in plan.differences]
    findings = [
        *check_account(catalog, plan.account, only=only, locate=locate, tells=tells),
        *check_projects(catalog, plan.before.account, plan.account, plan.differences, locate),
    ]
    if findings:
        raise Invalid(findings)
