"""Every cell of every golden table of several accounts, asked of a real server.

The management account's tree goes in through `apply`, every other account begins below it, over HTTP, and gets its own
documents by its own owner's key; the questions go to each account by its own owner.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.server import Client, RunningServer
from tests.golden.account_tables import (
    AccountCases,
    account_table_names,
    cells_of_accounts,
    documents_of,
    load_account_table,
    members_of,
)
from tests.golden.asker import HttpAsker
from tests.golden.cells import Sheet, faults_of


class ClientAsker(HttpAsker):
    """An account, asked over one connection by its owner."""

    def __init__(self, client: Client) -> None:
        super().__init__("", "", client.account)
        self.client = client

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        reply = self.client.send("POST", path, body)
        assert reply.status == 200, reply.text
        return dict(reply.json)


def make_accounts(server: RunningServer, table: AccountCases) -> dict[str, Client]:
    """Let the server hold the table's accounts; who owns each?"""
    owners = {table.management: server.owner()}
    tree = documents_of(table, table.management)
    # WHY the guardrails last: some name an account as their node.
    before = [one for one in tree if one["kind"] != "Guardrail"]
    assert owners[table.management].apply(*before).status == 200
    for name, parent in members_of(table).items():
        body = {"name": name, "parent": parent, "owner_email": f"owner@{name}.example"}
        made = owners[table.management].post("enterprise", "accounts", body=body)
        assert made.status == 201, made.text
        owners[name] = server.caller(server.token(made.json["apikey"]))
        owners[name].account = name
    for name, owner in owners.items():
        applied = owner.apply(*documents_of(table, name))
        assert applied.status == 200, applied.text
    return owners


@pytest.mark.parametrize("name", account_table_names())
def test_every_cell_of_several_accounts_is_answered_by_a_server_as_the_table_says(
    name: str, tmp_path: Path
) -> None:
    """Verdict and reason of each cell are the table's."""
    table = load_account_table(name)
    with RunningServer(tmp_path / "server") as server:
        askers = {account: ClientAsker(owner) for account, owner in make_accounts(server, table).items()}
        faults = [
            fault
            for account, cell in cells_of_accounts(table)
            for fault in faults_of(Sheet((), (cell,)), askers[account])
        ]
    assert faults == []
