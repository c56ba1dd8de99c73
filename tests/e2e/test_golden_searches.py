"""Every cell of every golden decision table, asked backwards: searches find whom, and what, the tables' answers say.

For each question of a table the server is also asked who may do it, and what its principal may do there. Verdicts are
those of the single question, which tests/e2e/test_golden_over_http.py compares with the table.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.e2e.processes import ACCOUNT, ServerProcess
from tests.e2e.server import Client
from tests.e2e.test_golden_over_http import TABLES, BatchAsker, decision_table, make_world
from tests.golden.cells import Question, sheet_of

from bailiwick.service.catalog_files import load_system_catalog

MOST = 1000


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The owner of account `acme`, before one server for all tables."""
    with ServerProcess(tmp_path_factory.mktemp("golden-searches")) as server:
        yield server.owner()


class Searcher:
    """Asks each search once, and knows what it found."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._found: dict[str, list[dict[str, str]]] = {}

    def found(self, kind: str, body: dict[str, Any]) -> list[dict[str, str]]:
        """Everything that this search finds; there are fewer than a page holds."""
        text = json.dumps([kind, body])
        if text not in self._found:
            path = f"/accounts/{ACCOUNT}/access/v1/search/{kind}"
            reply = self._client.send("POST", path, {**body, "page": {"limit": MOST}})
            assert reply.status == 200, reply.text
            assert reply.json["page"]["next_token"] == ""
            self._found[text] = reply.json["results"]
        return self._found[text]


@pytest.mark.parametrize("name", TABLES)
def test_every_cell_is_found_backwards(name: str, client: Client) -> None:
    """A principal is found exactly where the question about it is allowed, and so is the action."""
    sheet = sheet_of(decision_table(name), load_system_catalog())
    make_world(client, sheet.documents)
    asker, searcher = BatchAsker(client, sheet), Searcher(client)
    wrong: list[str] = []
    for question in dict.fromkeys(
        json.dumps(_body(asker, one)) for cell in sheet.cells for one in cell.questions
    ):
        body = json.loads(question)
        allowed = _is_allowed(asker, question)
        kind = body["subject"]["type"]
        subjects = searcher.found("subject", {**body, "subject": {"type": kind}})
        action = body.pop("action")
        actions = searcher.found("action", body)
        if (body["subject"] in subjects) != allowed or (action in actions) != allowed:
            wrong.append(question)
    assert wrong == []


def _body(asker: BatchAsker, one: Question) -> dict[str, Any]:
    return asker.question(one.principal, one.action, one.resource, one.context)


def _is_allowed(asker: BatchAsker, question: str) -> bool:
    """What has the server answered to the single question?"""
    return bool(asker.answers[question]["decision"])
