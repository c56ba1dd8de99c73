"""Roles side by side: the matrix of a service as the documents print it, and two roles compared.

Pure. It shows what rights say, role by role; what a principal may do is decided from all policies together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bailiwick.catalog.access_rights import Qualifiers, Row, TypeRows, is_plain, tabulate
from bailiwick.model.services import Action, Operation, Right, Role, Service

Whole = Literal["all", "some", "none"]


@dataclass(frozen=True, slots=True)
class Cell:
    """What a role says of an action, or, of an operation, how many of its actions the role gives in some way."""

    qualifiers: Qualifiers | None
    others: tuple[Right, ...] = ()

    @property
    def gives(self) -> bool:
        """Does the role give it in some way?"""
        return self.qualifiers is not None or any(right.effect == "allow" for right in self.others)


@dataclass(frozen=True, slots=True)
class ActionLine:
    """One action, and what each role says of it, by the role's place."""

    action: Action
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class OperationLine:
    """One operation, and how much of what it needs each role gives by itself."""

    operation: Operation
    given: tuple[Whole, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """The actions of one resource type."""

    title: str
    lines: tuple[ActionLine, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """A service's actions and operations against roles."""

    roles: tuple[Role, ...]
    sections: tuple[Section, ...]
    operations: tuple[OperationLine, ...]


def make_matrix(service: Service, roles: Sequence[Role]) -> Matrix:
    """What does each of these roles of the service give?"""
    tables = [tabulate(role.rights, service) for role in roles]
    sections = tuple(_section(parts) for parts in zip(*tables, strict=True))
    cells = [_cells(table) for table in tables]
    operations = tuple(
        OperationLine(one, tuple(_given(one, of_role) for of_role in cells))
        for one in service.operations.values()
    )
    return Matrix(tuple(roles), sections, operations)


def find_lines(matrix: Matrix, word: str) -> Matrix:
    """Which actions and operations mention this word? "": all."""
    folded = word.casefold()

    def mentions(one: Action | Operation) -> bool:
        return folded in f"{one.id} {one.title}".casefold()

    sections = (
        Section(section.title, tuple(line for line in section.lines if mentions(line.action)))
        for section in matrix.sections
    )
    operations = tuple(line for line in matrix.operations if mentions(line.operation))
    return Matrix(matrix.roles, tuple(section for section in sections if section.lines), operations)


def _section(parts: Sequence[TypeRows]) -> Section:
    lines = zip(*(part.rows for part in parts), strict=True)
    return Section(
        parts[0].title,
        tuple(ActionLine(rows[0].action, tuple(_cell(row) for row in rows)) for rows in lines),
    )


def _cell(row: Row) -> Cell:
    return Cell(row.qualifiers, row.others)


def _cells(table: Iterable[TypeRows]) -> dict[str, Cell]:
    return {row.action.id: _cell(row) for part in table for row in part.rows}


def _given(operation: Operation, cells: Mapping[str, Cell]) -> Whole:
    if operation.discontinued:
        return "none"
    given = [cells[action].gives for action, _ in operation.actions]
    if all(given):
        return "all"
    return "some" if any(given) else "none"


@dataclass(frozen=True, slots=True)
class Compared:
    """One action in two roles. `where`: "first", "second", "both" (alike), "differs"."""

    action: Action
    first: Cell
    second: Cell
    where: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two roles of one service: their actions, and the rights besides that only one of them has."""

    actions: tuple[Compared, ...]
    only_first: tuple[Right, ...]
    only_second: tuple[Right, ...]

    def count(self, where: str) -> int:
        """How many actions are there?"""
        return sum(one.where == where for one in self.actions)


def compare_roles(first: Role, second: Role, service: Service) -> Comparison:
    """In what do these two roles of the service differ? Actions that neither gives are left out."""
    one, other = (_cells(tabulate(role.rights, service)) for role in (first, second))
    compared = (_compared(service.actions[id], one[id], other[id]) for id in one)
    return Comparison(
        tuple(row for row in compared if row.where),
        _besides(first, second, service),
        _besides(second, first, service),
    )


def _compared(action: Action, first: Cell, second: Cell) -> Compared:
    empty = Cell(None)
    if first == second:
        where = "" if first == empty else "both"
    else:
        where = "second" if first == empty else "first" if second == empty else "differs"
    return Compared(action, first, second, where)


def _besides(role: Role, other: Role, service: Service) -> tuple[Right, ...]:
    return tuple(right for right in role.rights if not is_plain(right, service) and right not in other.rights)
