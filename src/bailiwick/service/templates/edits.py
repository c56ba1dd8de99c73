"""Templates at work in one account: which edits accept, change, remove or release one, and what has drifted.

Implements docs/spec.md 21.5 to 21.8. Pure: accounts and templates in, edits out; authorization and storing are those
of every change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bailiwick.errors import Conflict
from bailiwick.model.accounts import Account, Group
from bailiwick.model.templates import Part, Template, TemplateAcceptance, manager_of
from bailiwick.service.edits import Edit
from bailiwick.service.kinds import find_value, list_values

ACCEPTANCE = "TemplateAcceptance"
MANAGED_KINDS = ("Role", "Group", "Policy")


@dataclass(frozen=True, slots=True)
class Drift:
    """One object that is not as the accepted version says: `missing`, `changed` or `left over`."""

    kind: str
    name: str
    what: str


def accepting_edits(account: Account, template: Template, acceptance: TemplateAcceptance) -> list[Edit]:
    """Which edits make the account hold just this version? Members of its groups stay.

    Raises Conflict where a name is taken by what is not the template's.
    """
    _refuse_taken(account, template)
    wanted = {(word, part.name): _managed(part, template.base, account) for word, part in template.parts()}
    gone = [key for key in held_by_template(account, template.base) if key not in wanted]
    return [
        *(Edit(word, name, part) for (word, name), part in wanted.items()),
        *(Edit(word, name, None) for word, name in gone),
        Edit(ACCEPTANCE, acceptance.name, acceptance),
    ]


def removing_edits(account: Account, base: str) -> list[Edit]:
    """Which edits remove all that the template brought?"""
    held = [Edit(word, name, None) for word, name in held_by_template(account, base)]
    return [*held, Edit(ACCEPTANCE, base, None)]


def releasing_edits(account: Account, base: str) -> list[Edit]:
    """Which edits leave all that the template brought to the account, as its own?"""
    held = [
        Edit(word, name, replace(find_value(account, word, name), managed_by=""))
        for word, name in held_by_template(account, base)
    ]
    return [*held, Edit(ACCEPTANCE, base, None)]


def held_by_template(account: Account, base: str) -> Iterator[tuple[str, str]]:
    """Which objects of the account does the template manage?"""
    manager = manager_of(base)
    for word in MANAGED_KINDS:
        for name, value in list_values(account, word).items():
            if value.managed_by == manager:
                yield word, name


def find_drift(account: Account, template: Template) -> tuple[Drift, ...]:
    """Where does the account differ from the version that it accepted?"""
    wanted = {(word, part.name): part for word, part in template.parts()}
    found = []
    for (word, name), part in wanted.items():
        held = find_value(account, word, name)
        if held is None or held.managed_by != manager_of(template.base):
            found.append(Drift(word, name, "missing"))
        elif held != _managed(part, template.base, account):
            found.append(Drift(word, name, "changed"))
    for word, name in held_by_template(account, template.base):
        if (word, name) not in wanted:
            found.append(Drift(word, name, "left over"))
    return tuple(found)


def _managed(part: Part, base: str, account: Account) -> Part:
    """How does this part stand in the account: managed by the template, a group with the account's own members?"""
    if isinstance(part, Group):
        held = account.groups.get(part.name)
        return replace(part, members=() if held is None else held.members, managed_by=manager_of(base))
    return replace(part, managed_by=manager_of(base))


def _refuse_taken(account: Account, template: Template) -> None:
    for word, part in template.parts():
        held = find_value(account, word, part.name)
        if held is not None and held.managed_by != manager_of(template.base):
            raise Conflict(
                f"the account has a {word.lower()} `{part.name}` of its own, which template `{template.name}` defines",
                f"rename or delete that {word.lower()}, then accept the template",
            )
