"""What is not changed: objects that a template manages, and versions that are committed.

Implements docs/spec.md 21.2 and 21.5. Pure: one plan in, or an error. Every change of every surface is asked here
(changes.py); only the template's own way (offers.py) may change what that template manages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bailiwick.errors import Finding, Invalid
from bailiwick.model.accounts import Group
from bailiwick.model.templates import MANAGED, Template, TemplateAcceptance, manager_of
from bailiwick.service.edits import Plan
from bailiwick.service.kinds import find_value

_RELEASE = "accept another version of the template, or release it"


def check_managed(plan: Plan, template: str | None) -> None:
    """Does the plan leave alone what is managed? `template` names the one whose own change it is.

    Raises Invalid with every finding.
    """
    findings = [
        Finding(message, f"{one.kind} {one.name}", help)
        for one in plan.differences
        for message, help in _findings(plan, one.kind, one.name, template)
    ]
    if findings:
        raise Invalid(findings)


def _findings(plan: Plan, kind: str, name: str, template: str | None) -> Iterator[tuple[str, str]]:
    old, new = find_value(plan.before.account, kind, name), find_value(plan.account, kind, name)
    if isinstance(old, Template) and old.committed and new is not None:
        yield f"`{name}` is committed and does not change", "make another version"
    if isinstance(old or new, TemplateAcceptance):
        if template != name:
            yield f"`{name}` is accepted or given up as a template", "use `bailiwick template`"
        return
    managers = {getattr(value, "managed_by", "") for value in (old, new) if value is not None} - {""}
    strange = sorted(managers - ({manager_of(template)} if template is not None else set()))
    if strange and not _is_only_members(old, new):
        manager = strange[0].removeprefix(MANAGED)
        yield f"`{name}` is managed by template `{manager}` and is not changed here", _RELEASE


def _is_only_members(old: object, new: object) -> bool:
    """Do just the members of a group change? Those are the account's, not the template's."""
    return isinstance(old, Group) and isinstance(new, Group) and replace(old, members=new.members) == new
