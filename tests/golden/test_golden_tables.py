"""Every cell of every golden table, asked of the engine and of the reference evaluator in this process."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.golden import catalog_facts
from tests.golden.asker import NOW, Asker, EngineAsker, ReferenceAsker
from tests.golden.cells import Sheet, faults_of, is_enough, named_resources, sheet_of
from tests.golden.tables import (
    ApiTable,
    DecisionTable,
    OperationMatrix,
    RowMatrix,
    Texts,
    load_table,
    table_names,
)
from tests.golden.worlds import build_account

from bailiwick.catalog.catalog import Catalog
from bailiwick.engine import compile_account
from bailiwick.engine.operations import allowed_operation, sufficient_roles
from bailiwick.service.catalog_files import load_system_catalog

DECISIONS = [name for name in table_names() if not isinstance(load_table(name), ApiTable | Texts)]
OPERATIONS = [name for name in DECISIONS if isinstance(load_table(name), OperationMatrix)]
ROWS = [name for name in DECISIONS if isinstance(load_table(name), RowMatrix)]
FACTS = [name for name in table_names() if name not in DECISIONS]

Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The shipped catalog."""
    return load_system_catalog()


def decision_table(name: str) -> DecisionTable:
    """Which table of decisions has this name?"""
    table = load_table(name)
    assert not isinstance(table, ApiTable | Texts)
    return table


def operation_table(name: str) -> OperationMatrix:
    """Which table of operations has this name?"""
    table = load_table(name)
    assert isinstance(table, OperationMatrix)
    return table


def engine(catalog: Catalog, sheet: Sheet) -> Asker:
    """Who answers with the compiled engine?"""
    return EngineAsker(compile_account(catalog, build_account(catalog, sheet.documents)))


def reference(catalog: Catalog, sheet: Sheet) -> Asker:
    """Who answers with the reference evaluator?"""
    return ReferenceAsker(catalog, build_account(catalog, sheet.documents))


def assert_no_faults(name: str, faults: list[str], cells: int) -> None:
    """Does every cell hold? Else all that do not are listed."""
    listed = "\n  ".join(faults)
    assert not faults, f"{len(faults)} of {cells} cells of {name}.yaml do not hold:\n  {listed}"


@pytest.mark.parametrize("asker", [engine, reference])
@pytest.mark.parametrize("name", DECISIONS)
def test_every_cell_is_answered_as_the_document_says(
    name: str, asker: Callable[[Catalog, Sheet], Asker], catalog: Catalog, record_property: Record
) -> None:
    """Verdict and reason of each cell are the table's."""
    sheet = sheet_of(decision_table(name), catalog)
    record_property("cells", len(sheet.cells))
    assert sheet.cells
    assert_no_faults(name, faults_of(sheet, asker(catalog, sheet)), len(sheet.cells))


@pytest.mark.parametrize("name", FACTS)
def test_the_catalog_holds_every_fact_of_the_document(
    name: str, catalog: Catalog, record_property: Record
) -> None:
    """What an API needs, which roles there are, what is discontinued are as the table says."""
    table = load_table(name)
    assert isinstance(table, ApiTable | Texts)
    findings = catalog_facts.findings_of(table, catalog)
    record_property("cells", len(findings))
    assert findings
    assert_no_faults(name, catalog_facts.faults_of(findings), len(findings))


@pytest.mark.parametrize("name", ROWS)
def test_every_row_of_several_actions_is_an_operation_of_the_catalog(name: str, catalog: Catalog) -> None:
    """An operation in the row's words, of the row's table, needs exactly the row's actions."""
    table = load_table(name)
    assert isinstance(table, RowMatrix)
    findings = catalog_facts.findings_of_rows(table, catalog)
    assert len(findings) == sum(not row.of for row in table.rows)
    assert_no_faults(name, catalog_facts.faults_of(findings), len(findings))


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_engine_answers_for_whole_operations(name: str, catalog: Catalog) -> None:
    """`allowed_operation` says of every set of columns what the table says."""
    table = operation_table(name)
    service = catalog[table.service]
    sheet = sheet_of(table, catalog)
    compiled = compile_account(catalog, build_account(catalog, sheet.documents))
    users = [document for document in sheet.documents if document["kind"] == "User"][1:]
    faults = []
    for row in table.rows:
        for user in users:
            columns = [column for column in user["name"].split(" and ") if column in table.columns]
            answer = allowed_operation(
                compiled,
                service,
                service.operations[row.operation],
                named_resources(table, row, service),
                principal=f"user:{user['name']}",
                now=NOW,
            )
            if answer.allowed != is_enough(columns, row):
                faults.append(f"{row.operation} by {columns}: got {answer.reason}")
    assert_no_faults(name, faults, len(table.rows) * len(users))


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_smallest_sets_of_roles_are_computed_as_the_document_lists_them(
    name: str, catalog: Catalog
) -> None:
    """`sufficient_roles` among the columns gives each row's `enough`."""
    table = operation_table(name)
    service = catalog[table.service]
    faults = []
    for row in table.rows:
        operation = service.operations[row.operation]
        computed = sufficient_roles(catalog, table.service, operation, among=table.columns)
        if {frozenset(one) for one in computed} != {frozenset(one) for one in row.enough}:
            faults.append(f"{row.operation}: expected {row.enough}, got {computed}")
    assert_no_faults(name, faults, len(table.rows))
