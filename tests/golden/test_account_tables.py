"""Every cell of every table of several accounts, asked of the engine and of the reference evaluator in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.golden.account_tables import (
    AccountCases,
    account_table_names,
    build_accounts,
    cells_of_accounts,
    load_account_table,
)
from tests.golden.asker import Asker, EngineAsker, ReferenceAsker
from tests.golden.cells import Cell, Sheet, faults_of

from bailiwick.catalog.catalog import Catalog
from bailiwick.engine import compile_account
from bailiwick.model.accounts import Account
from bailiwick.service.catalog_files import load_system_catalog

Make = Callable[[Catalog, Account], Asker]


def engine(catalog: Catalog, account: Account) -> Asker:
    """Who answers with the compiled engine?"""
    return EngineAsker(compile_account(catalog, account))


def reference(catalog: Catalog, account: Account) -> Asker:
    """Who answers with the reference evaluator?"""
    return ReferenceAsker(catalog, account)


def all_faults(
    table: AccountCases, make: Make, change: Callable[[Cell], Cell] = lambda cell: cell
) -> list[str]:
    """Which cells are answered otherwise than the table says?"""
    catalog = load_system_catalog()
    askers = {name: make(catalog, account) for name, account in build_accounts(catalog, table).items()}
    return [
        fault
        for account, cell in cells_of_accounts(table)
        for fault in faults_of(Sheet((), (change(cell),)), askers[account])
    ]


@pytest.mark.parametrize("make", [engine, reference])
@pytest.mark.parametrize("name", account_table_names())
def test_every_cell_of_several_accounts_is_answered_as_the_table_says(name: str, make: Make) -> None:
    """Each account in its place: with the guardrails of the nodes above it, and nobody of another."""
    assert all_faults(load_account_table(name), make) == []


@pytest.mark.parametrize("name", account_table_names())
def test_every_cell_that_is_turned_round_is_a_fault(name: str) -> None:
    """The comparison can fail in each cell."""
    table = load_account_table(name)

    def turned(cell: Cell) -> Cell:
        return replace(cell, expect="no_matching_policy" if cell.expect == "allowed" else "allowed")

    assert len(all_faults(table, engine, turned)) == len(list(cells_of_accounts(table))) > 10
