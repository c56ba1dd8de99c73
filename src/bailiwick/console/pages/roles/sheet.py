"""The role editor's form: from rights to fields, from fields to rights, and what its template shows.

Fields: `access.<type>` (no, full, custom; "" is the service itself), `act` (an action's id, once for each box that is
checked), `q.<id>` (its qualifiers, joined by `|`; "" is any), `drop` (the places of rights to take away that the form
cannot show). It reads no account and decides nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bailiwick.catalog.access_rights import (
    ANY,
    Qualifiers,
    Row,
    Selection,
    actions_by_type,
    is_plain,
    qualifiers_for,
    select,
    tabulate,
)
from bailiwick.catalog.edit_rights import write_rights
from bailiwick.catalog.right_words import describe_right
from bailiwick.catalog.rights import format_right
from bailiwick.console.forms import Form
from bailiwick.errors import Finding, Invalid
from bailiwick.model.services import Action, Right, Service

ACCESS, CHECKED, QUALIFIER, DROPPED = "access.", "act", "q.", "drop"
WORDS = ("no", "full", "custom")
BETWEEN = "|"
TEXTS = ("title", "description", "held_by")


@dataclass(frozen=True, slots=True)
class Line:
    """One action of the form: checked or not, and which qualifiers can be chosen for it: (value, words)."""

    row: Row
    checked: bool
    chosen: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One resource type of the form. `required`: the actions that most of its actions require, said once."""

    name: str
    title: str
    access: str
    lines: tuple[Line, ...]
    required: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Besides:
    """A right that the form cannot show: it stays as it is, or is taken away as a whole."""

    place: str
    words: str
    document: Mapping[str, object]
    dropped: bool


def rights_fields(rights: Sequence[Right], service: Service) -> dict[str, str | Iterable[str]]:
    """Which fields say what these rights give?"""
    fields: dict[str, str | Iterable[str]] = {}
    checked = []
    for section in tabulate(rights, service):
        fields[ACCESS + section.name] = section.access
        for row in section.rows:
            if row.qualifiers is not None:
                checked.append(row.action.id)
                fields[QUALIFIER + row.action.id] = BETWEEN.join(row.qualifiers)
    return {**fields, CHECKED: checked}


def set_all(form: Form, word: str, service: Service) -> Form:
    """The same form with full access to everything, or none."""
    others = tuple((name, text) for name, text in form.fields if not _says_rights(name))
    said = tuple((ACCESS + name, word) for name in actions_by_type(service))
    checked = tuple((CHECKED, id) for id in service.actions) if word == "full" else ()
    return replace(form, fields=(*others, *said, *checked))


def with_selection(form: Form, selection: Selection, service: Service) -> Form:
    """The same form with these boxes checked instead."""
    others = tuple((name, text) for name, text in form.fields if not _says_rights(name))
    said = []
    for name, actions in actions_by_type(service).items():
        is_custom = any(action.id in selection.held for action in actions)
        said.append((ACCESS + name, "full" if name in selection.full else "custom" if is_custom else "no"))
    for id, under in selection.held.items():
        said += [(CHECKED, id), (QUALIFIER + id, BETWEEN.join(under))]
    return replace(form, fields=(*others, *said))


def _says_rights(name: str) -> bool:
    return name == CHECKED or name.startswith((ACCESS, QUALIFIER))


def read_sheet(form: Form, service: Service) -> Selection:
    """What does the form want to be given? Raises Invalid for what its page could not have sent."""
    types = actions_by_type(service)
    full = [name for name in types if _access(form, name) == "full"]
    held: dict[str, Qualifiers] = {}
    for id in form.all(CHECKED):
        action = service.actions.get(id)
        if action is None:
            raise Invalid.at("", f"`{service.name}` has no action `{id[:80]}`", "open the page again")
        if _access(form, action.resource_type or "") == "custom":
            held[id] = _qualifiers(form, action, service)
    return select(held, full, service)


def _access(form: Form, type: str) -> str:
    word = form.get(ACCESS + type)
    if word not in WORDS:
        # WHY: a type that came meanwhile is no reason to take away what the role gives there.
        raise Invalid.at(
            "", f"the form says nothing of `{type or 'the service itself'}`", "open the page again"
        )
    return word


def _qualifiers(form: Form, action: Action, service: Service) -> Qualifiers:
    said = {word for word in form.get(QUALIFIER + action.id).split(BETWEEN) if word}
    possible = qualifiers_for(action, service)
    if strange := sorted(said - set(possible)):
        message = f"`{action.id}` cannot be limited to `{strange[0][:80]}`"
        raise Invalid([Finding(message, "", f"available: any, {', '.join(possible)}" if possible else None)])
    return tuple(name for name in possible if name in said) if said else ANY


def rights_wanted(form: Form, rights: Sequence[Right], service: Service) -> tuple[Right, ...]:
    """Which rights does the form ask for, starting from these? Raises Invalid."""
    dropped = set(form.all(DROPPED))
    stay = tuple(
        right for place, right in enumerate(rights) if is_plain(right, service) or str(place) not in dropped
    )
    return write_rights(stay, read_sheet(form, service), service)


def sections_of(form: Form, rights: Sequence[Right], service: Service) -> list[Section]:
    """What does the form show, type by type? `rights` are those it started from."""
    checked = set(form.all(CHECKED))
    sections = []
    for section in tabulate(rights, service):
        word = form.get(ACCESS + section.name, "no")
        lines = tuple(_line(form, row, checked, word, service) for row in section.rows)
        required = _required_by_most([row.action for row in section.rows])
        sections.append(Section(section.name, section.title, word, lines, required))
    return sections


def _required_by_most(actions: Sequence[Action]) -> tuple[str, ...]:
    counted = Counter(id for action in actions for id in action.requires)
    return tuple(id for id, times in counted.items() if times > 1 and 2 * times >= len(actions))


def _line(form: Form, row: Row, checked: set[str], word: str, service: Service) -> Line:
    chosen = form.get(QUALIFIER + row.action.id)
    possible = qualifiers_for(row.action, service)
    choices = [(name, name) for name in possible]
    if BETWEEN in chosen:
        choices.append((chosen, " or ".join(chosen.split(BETWEEN))))
    return Line(
        row,
        checked=word == "full" or row.action.id in checked,
        chosen=chosen,
        choices=(("", "any"), *choices) if choices else (),
    )


def besides_of(form: Form, rights: Sequence[Right], service: Service) -> list[Besides]:
    """Which rights does the form not show?"""
    dropped = form.all(DROPPED)
    return [
        Besides(
            str(place),
            describe_right(right, service.name),
            format_right(right, service.name),
            str(place) in dropped,
        )
        for place, right in enumerate(rights)
        if not is_plain(right, service)
    ]
