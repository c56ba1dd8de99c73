"""Golden tables of several accounts under one enterprise: read, checked, made into accounts, and what they ask.

The same for every `Asker`. Tables lie in `accounts/`; `golden.schema.json` is the exact meaning of every field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec
from msgspec import Struct
from tests.golden.cells import Cell, Question
from tests.golden.tables import FOLDER, Described, Document, Table, validate

from bailiwick.catalog.catalog import Catalog
from bailiwick.catalog.checks import check_account
from bailiwick.catalog.documents import assemble_account, parse_document
from bailiwick.catalog.sources import parse_documents
from bailiwick.errors import Invalid
from bailiwick.model.accounts import Account, Principal
from bailiwick.model.enterprises import guardrails_binding
from bailiwick.model.names import parse_path
from bailiwick.model.requests import ResourceQuery

OWNER = "user:owner"


class AccountGrid(Struct, frozen=True, forbid_unknown_fields=True):
    """Which answer has each principal of one account, for each action on one resource?"""

    account: str
    principals: tuple[str, ...]
    resources: dict[str, Described]
    answers: dict[str, dict[str, str]]
    context: dict[str, Any] = {}


class AccountCases(Table, frozen=True, kw_only=True, tag_field="kind", tag="AccountCases"):
    """Several accounts under the enterprise of one, then questions in each."""

    management: str
    accounts: dict[str, tuple[dict[str, Any], ...]]
    grids: tuple[AccountGrid, ...]


def account_table_names() -> list[str]:
    """Which tables are there, by file name without its ending?"""
    return sorted(path.stem for path in (FOLDER / "accounts").glob("*.yaml"))


def load_account_table(name: str) -> AccountCases:
    """Which table does this file hold? Fails where it is not of the schema's form."""
    path = FOLDER / "accounts" / f"{name}.yaml"
    [document] = parse_documents(path.read_text(encoding="utf-8"), path.name)
    validate(document.data)
    table: AccountCases = msgspec.convert(document.data, AccountCases)
    return table


def build_accounts(catalog: Catalog, table: AccountCases) -> dict[str, Account]:
    """Which accounts does the table make, each in its place? Raises Invalid, where `bailiwick apply` would refuse."""
    own = {name: _build(catalog, table, name) for name in table.accounts}
    tree = own[table.management]
    assert sorted(tree.enterprise_accounts) == sorted(set(table.accounts) - {table.management})
    return {
        name: replace(account, guardrails_above=guardrails_binding(tree, name))
        for name, account in own.items()
    }


def _build(catalog: Catalog, table: AccountCases, name: str) -> Account:
    enterprise = None if name == table.management else table.management
    empty = Account(name, OWNER, principals={OWNER: Principal(OWNER)}, enterprise=enterprise)
    values = [parse_document(document, name)[1] for document in table.accounts[name]]
    account = assemble_account(empty, values)
    findings = check_account(catalog, account)
    if findings:
        raise Invalid(findings)
    return account


def cells_of_accounts(table: AccountCases) -> Iterator[tuple[str, Cell]]:
    """What is asked in each account?"""
    for grid in table.grids:
        for words, described in grid.resources.items():
            for action, answers in grid.answers.items():
                assert set(answers) == set(grid.principals)
                for principal, expect in answers.items():
                    question = Question(principal, action, _query(described), grid.context)
                    yield (
                        grid.account,
                        Cell(f"{grid.account}: {principal} {action} {words}", (question,), expect),
                    )


def _query(said: Described) -> ResourceQuery:
    return ResourceQuery(said.service, parse_path(said.path), said.region, said.instance, said.project)


def documents_of(table: AccountCases, account: str) -> list[Document]:
    """What is applied to the account, its tree aside?"""
    return [one for one in table.accounts[account] if one["kind"] != "EnterpriseAccount"]


def members_of(table: AccountCases) -> Mapping[str, str]:
    """Below which node stands each account?"""
    tree = table.accounts[table.management]
    return {one["name"]: one["parent"] for one in tree if one["kind"] == "EnterpriseAccount"}
