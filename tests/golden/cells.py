"""What a golden table asks: the documents of its world, and its cells with their questions and answers.

The same for every `Asker`. Operations become questions by the engine's `operation_requests`, since that is
the product's rule; the answers are the table's alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, combinations
from typing import Any

from tests.golden.asker import Asker
from tests.golden.examples import AUTO, example_path, outermost, type_of_action, type_of_operation
from tests.golden.tables import (
    Cases,
    DecisionTable,
    Described,
    Document,
    Matrix,
    OperationMatrix,
    OperationRow,
    RoleMatrix,
    RowMatrix,
)
from tests.golden.worlds import ACCOUNT

from bailiwick.engine.operations import DISCONTINUED, operation_requests
from bailiwick.model.names import ResourceName, format_resource_name, parse_path
from bailiwick.model.requests import ResourceQuery
from bailiwick.model.services import Service

ALLOWED = "allowed"
REFUSED = "no_matching_policy"
EVERY_ACTION = "*"
OTHER = "user:another"


@dataclass(frozen=True, slots=True)
class Question:
    """May the principal do this to that?"""

    principal: str
    action: str
    resource: ResourceQuery
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cell:
    """What does one cell of a table say?

    `expect` is `allowed`: every question is; else the reason: at least one question is refused, and for
    that reason. `barred` is a reason that holds before anything is asked.
    """

    words: str
    questions: tuple[Question, ...]
    expect: str
    barred: str = ""
    deciding: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """What does a table come to: which documents make its world, and what is asked there?"""

    documents: tuple[Document, ...]
    cells: tuple[Cell, ...]


def sheet_of(table: DecisionTable, services: Mapping[str, Service]) -> Sheet:
    """Which world and which cells has this table?"""
    match table:
        case RoleMatrix():
            return _role_matrix(table, services[table.service])
        case RowMatrix():
            return _row_matrix(table, services[table.service])
        case OperationMatrix():
            return _operation_matrix(table, services[table.service])
        case Cases():
            return Sheet(table.documents, tuple(_cases(table, services)))


def faults_of(sheet: Sheet, asker: Asker) -> list[str]:
    """Which cells does this asker answer otherwise than the table, and how?"""
    faults = []
    for cell in sheet.cells:
        expected, got = cell.expect, _verdict(cell, asker)
        if got == expected and cell.deciding is not None:
            expected, got = f"{expected} by {_names(cell.deciding)}", f"{got} by {_deciding(cell, asker)}"
        if got != expected:
            faults.append(f"{cell.words}: expected {expected}, got {got}")
    return faults


def _deciding(cell: Cell, asker: Asker) -> str:
    """Which policies decide the cell's questions? Those that the table says, else the first others."""
    for question in cell.questions:
        found = asker.explain(question.principal, question.action, question.resource, question.context)
        if found != cell.deciding:
            return _names(found)
    return _names(cell.deciding or ())


def _names(policies: Iterable[str]) -> str:
    return ", ".join(policies) or "no policy"


def _verdict(cell: Cell, asker: Asker) -> str:
    """Which one answer do the answers to the cell's questions come to?"""
    if cell.barred:
        return REFUSED
    reasons: dict[str, str] = {}
    for question in cell.questions:
        allowed, reason = asker.ask(question.principal, question.action, question.resource, question.context)
        if allowed != (reason == ALLOWED):
            return f"{reason} with the verdict {allowed}"
        if not allowed:
            reasons.setdefault(reason, question.action)
    if not reasons:
        return ALLOWED
    unexpected = [reason for reason in reasons if reason != cell.expect]
    if unexpected:
        return f"{unexpected[0]} ({reasons[unexpected[0]]})"
    return cell.expect


def _role_matrix(table: RoleMatrix, service: Service) -> Sheet:
    cells = []
    for row in table.rows:
        kind = type_of_action(service, row.action) if row.on == AUTO else row.on
        for column in table.columns:
            question = Question(_user(column), row.action, _asked_of(table, service, kind, _user(column)))
            expect = ALLOWED if column in row.allowed else REFUSED
            cells.append(
                Cell(f"{row.action} by {column}", (question,), expect, deciding=_holding(column, expect))
            )
    return Sheet(_documents(table, service, _holders(table)), tuple(cells))


def _row_matrix(table: RowMatrix, service: Service) -> Sheet:
    cells = []
    for row in table.rows:
        for column in table.columns:
            questions = tuple(
                Question(
                    _user(column),
                    action,
                    _asked_of(table, service, type_of_action(service, action), _user(column)),
                )
                for action in row.actions
            )
            expect = ALLOWED if column in row.allowed else REFUSED
            deciding = _holding(column, expect) if expect == ALLOWED else None
            cells.append(Cell(f"`{row.title}` by {column}", questions, expect, deciding=deciding))
    return Sheet(_documents(table, service, _holders(table)), tuple(cells))


def _operation_matrix(table: OperationMatrix, service: Service) -> Sheet:
    subsets = [tuple(chosen) for chosen in _subsets(table.columns)]
    cells = []
    for row in table.rows:
        operation = service.operations[row.operation]
        asked = operation_requests(service, operation, named_resources(table, row, service))
        for subset in subsets:
            holder = _user(" and ".join(subset))
            cells.append(
                Cell(
                    f"`{row.operation}` by {' and '.join(subset) or 'nobody in particular'}",
                    tuple(Question(holder, action, resource) for action, resource in asked),
                    ALLOWED if is_enough(subset, row) else REFUSED,
                    DISCONTINUED if operation.discontinued else "",
                    _holding(" and ".join(subset), ALLOWED) if is_enough(subset, row) else None,
                )
            )
    return Sheet(_documents(table, service, subsets), tuple(cells))


def named_resources(table: OperationMatrix, row: OperationRow, service: Service) -> dict[str, ResourceQuery]:
    """Which resources does the row name, by side?"""
    operation = service.operations[row.operation]
    target = row.target
    if target == AUTO:
        target = example_path(service, type_of_operation(service, operation), table.resources, table.instance)
    paths = {"target": target} if row.source is None else {"target": target, "source": row.source}
    return {
        side: ResourceQuery(table.service, parse_path(path), table.region, table.instance)
        for side, path in paths.items()
    }


def is_enough(subset: Iterable[str], row: OperationRow) -> bool:
    """Does the row say that these columns suffice?"""
    return any(set(one) <= set(subset) for one in row.enough)


def _cases(table: Cases, services: Mapping[str, Service]) -> Iterator[Cell]:
    for check in table.checks:
        service = services[check.resource.service]
        actions = list(service.actions) if check.action == EVERY_ACTION else [check.action]
        for action in actions:
            question = Question(
                check.principal, action, _described(check.resource, action, service), check.context
            )
            yield Cell(_words(question), (question,), check.expect, deciding=check.deciding)
    if table.grid is not None:
        for principal in table.grid.principals:
            for name, said in table.grid.resources.items():
                query = _described(said, table.grid.action, services[said.service])
                question = Question(principal, table.grid.action, query)
                allowed = name in table.grid.allowed.get(principal, ())
                deciding = None if table.grid.deciding is None else table.grid.deciding if allowed else ()
                yield Cell(_words(question), (question,), ALLOWED if allowed else REFUSED, deciding=deciding)


def _words(question: Question) -> str:
    query = question.resource
    path = "/".join(f"{kind}/{ident}" for kind, ident in query.path)
    place = ":".join((query.service, query.region or "", query.instance or "", path))
    return f"{question.action} by {question.principal} on {place}"


def _described(said: Described, action: str, service: Service) -> ResourceQuery:
    """Which question's resource do a case's words describe?"""
    path = said.path
    if path == AUTO:
        path = example_path(service, type_of_action(service, action), {}, said.instance)
    return ResourceQuery(
        service=said.service,
        path=parse_path(path),
        region=said.region,
        instance=said.instance,
        project=said.project,
        owner=said.owner,
        groups=said.groups,
        budget=said.budget,
        tags=said.tags,
        properties=said.properties,
    )


def _asked_of(table: RoleMatrix | RowMatrix, service: Service, kind: str | None, asker: str) -> ResourceQuery:
    """Of which resource does a matrix ask, for this type and this user?"""
    path = parse_path(example_path(service, kind, table.resources, table.instance))
    query = ResourceQuery(table.service, path, table.region, table.instance, project=table.project)
    return replace(query, owner={"self": asker, "other": OTHER}.get(table.owner))


def _holders(table: Matrix) -> list[tuple[str, ...]]:
    return [(column,) for column in table.columns]


def _holding(column: str, expect: str) -> tuple[str, ...]:
    """Which policies decide a cell of a matrix? The one by which its user holds the column's roles, or none."""
    return (_user(column).partition(":")[2],) if expect == ALLOWED else ()


def _user(holding: str) -> str:
    return f"user:{holding or 'no role'}"


def _subsets(columns: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(columns, size) for size in range(len(columns) + 1))


def _documents(table: Matrix, service: Service, holders: Iterable[tuple[str, ...]]) -> tuple[Document, ...]:
    """Which documents make a matrix' world: its own, projects, resources, a user for each set of columns?"""
    documents: list[Document] = [{"kind": "User", "name": OTHER.partition(":")[2]}, *table.documents]
    projects = {name for name in (table.project, (table.scope or {}).get("project")) if name is not None}
    documents += [{"kind": "Project", "name": name} for name in sorted(projects)]
    documents += _registered(table, service)
    for columns in holders:
        documents += _holder(table, columns)
    return tuple(documents)


def _registered(table: Matrix, service: Service) -> list[Document]:
    """Which resources are registered? The outermost of every example path, with the table's project."""
    if table.project is None:
        return []
    found: dict[str, Document] = {}
    for path in table.resources.values():
        name = format_resource_name(
            ResourceName(ACCOUNT, service.name, table.region or "", table.instance or "", outermost(path))
        )
        found[name] = {"kind": "Resource", "name": name, "project": table.project}
    return list(found.values())


def _holder(table: Matrix, columns: tuple[str, ...]) -> list[Document]:
    """Which user holds these columns' roles, by which one policy?"""
    user = _user(" and ".join(columns))
    name = user.partition(":")[2]
    roles = list(dict.fromkeys(role for column in columns for role in table.roles.get(column, (column,))))
    documents: list[Document] = [{"kind": "User", "name": name}]
    if roles:
        scope = table.scope
        if scope is None:
            scope = {"service": table.service}
            scope |= {} if table.region is None else {"region": table.region}
        documents.append({"kind": "Policy", "name": name, "subjects": [user], "roles": roles, "scope": scope})
    return documents
