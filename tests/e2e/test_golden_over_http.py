"""Every cell of every golden decision table, asked of a real server.

The documents go in through `apply` with prune, the questions through AuthZEN's evaluations, many at a time; verdict,
reason and, where a table says them, the policies that decide must be the table's, as in this process (tests/golden).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.processes import ACCOUNT, ServerProcess
from tests.e2e.server import Client
from tests.golden.asker import Answer, Context, HttpAsker
from tests.golden.cells import Question, Sheet, faults_of, sheet_of
from tests.golden.tables import ApiTable, DecisionTable, Document, Texts, load_table, table_names

from bailiwick.api.authzen import MAX_EXPLAINED_EVALUATIONS
from bailiwick.model.requests import ResourceQuery
from bailiwick.service.catalog_files import load_system_catalog

MOST_QUESTIONS = 1000
TABLES = [name for name in table_names() if not isinstance(load_table(name), ApiTable | Texts)]


class BatchAsker(HttpAsker):
    """A server that is asked all questions of a sheet at once, then answers one at a time from what it said.

    Where the table says which policies decide, it is asked for its explanation as well.
    """

    def __init__(self, client: Client, sheet: Sheet) -> None:
        super().__init__("", "", ACCOUNT)
        self._client = client
        plain = [self._asked(one) for cell in sheet.cells for one in cell.questions]
        told = [
            self._asked(one) for cell in sheet.cells if cell.deciding is not None for one in cell.questions
        ]
        self.asked, self.explained = len(plain), len(told)
        self.answers = self._ask_all(plain, MOST_QUESTIONS)
        self._explanations = self._ask_all(told, MAX_EXPLAINED_EVALUATIONS, "?explain=true")

    def _asked(self, one: Question) -> dict[str, Any]:
        return self.question(one.principal, one.action, one.resource, one.context)

    def _ask_all(
        self, questions: list[dict[str, Any]], at_once: int, query: str = ""
    ) -> dict[str, Mapping[str, Any]]:
        """What is answered to each question, by its text?"""
        found: dict[str, Mapping[str, Any]] = {}
        for start in range(0, len(questions), at_once):
            batch = questions[start : start + at_once]
            path = f"/accounts/{ACCOUNT}/access/v1/evaluations{query}"
            reply = self._client.send("POST", path, {"evaluations": batch})
            assert reply.status == 200, reply.text
            answers = reply.json["evaluations"]
            found.update({json.dumps(one): said for one, said in zip(batch, answers, strict=True)})
        return found

    def ask(self, principal: str, action: str, resource: ResourceQuery, context: Context) -> Answer:
        """What has the server answered to this question?"""
        answer = self.answers[json.dumps(self.question(principal, action, resource, context))]
        return answer["decision"], answer["context"]["reason"]

    def explain(
        self, principal: str, action: str, resource: ResourceQuery, context: Context
    ) -> tuple[str, ...]:
        """Which policies did the server's explanation name? It comes with the same verdict."""
        text = json.dumps(self.question(principal, action, resource, context))
        answer = self._explanations[text]
        assert answer["decision"] == self.answers[text]["decision"]
        assert answer["context"]["reason"] == self.answers[text]["context"]["reason"]
        return tuple(answer["context"]["explanation"]["deciding"])


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The owner of account `acme`, before one server for all tables."""
    with ServerProcess(tmp_path_factory.mktemp("golden")) as server:
        yield server.owner()


def make_world(client: Client, documents: Iterable[Document]) -> None:
    """Let the account hold exactly these documents, besides what is always there."""
    for project in client.get("projects", disabled=True).json["items"]:
        # WHY: a disabled project can only be looked at and enabled, so prune would not take it.
        assert client.patch("projects", project["name"], body={"disabled": False}).status == 200
    applied = client.apply(*({"account": ACCOUNT, **document} for document in documents), prune=True)
    assert applied.status == 200, applied.text


def decision_table(name: str) -> DecisionTable:
    """Which table of decisions has this name?"""
    table = load_table(name)
    assert not isinstance(table, ApiTable | Texts)
    return table


@pytest.mark.parametrize("name", TABLES)
def test_every_cell_is_answered_by_a_server_as_the_document_says(name: str, client: Client) -> None:
    """After applying the table's documents alone, verdict and reason of each cell are the table's."""
    sheet = sheet_of(decision_table(name), load_system_catalog())
    make_world(client, sheet.documents)
    asker = BatchAsker(client, sheet)
    faults = faults_of(sheet, asker)
    listed = "\n  ".join(faults)
    assert not faults, f"{len(faults)} of {len(sheet.cells)} cells of {name}.yaml do not hold:\n  {listed}"
    assert asker.asked >= len(sheet.cells) - sum(bool(cell.barred) for cell in sheet.cells)
    assert asker.explained >= sum(cell.deciding is not None and not cell.barred for cell in sheet.cells)


def test_a_cell_that_is_turned_round_is_a_fault(client: Client) -> None:
    """The comparison can fail: with the opposite of a table's documents (none), allowed cells are found wrong."""
    sheet = sheet_of(decision_table("ims-table-3-actions"), load_system_catalog())
    make_world(client, [document for document in sheet.documents if document["kind"] != "Policy"])
    expected = sum(cell.expect == "allowed" for cell in sheet.cells)
    assert len(faults_of(sheet, BatchAsker(client, sheet))) == expected > 0


def test_the_tables_are_all_there() -> None:
    """No table is lost by the way: six kinds come to more than five thousand cells."""
    sheets = [sheet_of(decision_table(name), load_system_catalog()) for name in TABLES]
    assert len(TABLES) == len(list(Path(__file__).parents[1].glob("golden/*.yaml"))) - facts()
    assert sum(len(sheet.cells) for sheet in sheets) > 5000
    assert sum(cell.deciding is not None for sheet in sheets for cell in sheet.cells) > 4000


def facts() -> int:
    """How many tables hold facts of the catalog, which nobody is asked?"""
    return sum(isinstance(load_table(name), ApiTable | Texts) for name in table_names())
