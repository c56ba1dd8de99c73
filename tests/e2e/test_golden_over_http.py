"""Every cell of every golden decision table, asked of a real server.

The documents go in through `apply` with prune, the questions through AuthZEN's evaluations, many at a time; verdict,
reason and, where a table says them, the policies that decide must be the table's, as in this process (tests/golden).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET
from tests.e2e.processes import ACCOUNT, ServerProcess
from tests.e2e.server import Client
from tests.golden.asker import UNSAID_ID, Answer, Context, HttpAsker
from tests.golden.cells import Question, Sheet, faults_of, named_resources, sheet_of
from tests.golden.tables import (
    ApiTable,
    DecisionTable,
    Document,
    OperationMatrix,
    Texts,
    load_table,
    table_names,
)

from bailiwick.api.authzen import MAX_EXPLAINED_EVALUATIONS
from bailiwick.engine.operations import DISCONTINUED
from bailiwick.model.names import ResourceName, format_resource_name
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


OPERATIONS = [name for name in TABLES if isinstance(load_table(name), OperationMatrix)]
FACTS = [name for name in table_names() if name not in TABLES]


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_server_says_which_roles_are_enough_as_the_document_lists_them(name: str, client: Client) -> None:
    """Of the smallest sets of roles that are enough for each command, those of the columns are the table's."""
    table = decision_table(name)
    assert isinstance(table, OperationMatrix)
    make_world(client, [])
    service = load_system_catalog()[table.service]
    faults = []
    for row in table.rows:
        named = named_resources(table, row, service).items()
        resources = {side: client_name(query) for side, query in named}
        asked = {"service": table.service, "operation": row.operation, "resources": resources}
        reply = client.post("operations", "check", body=asked)
        assert reply.status == 200, reply.text
        found = {frozenset(one) for one in reply.json["sufficient_roles"] if set(one) <= set(table.columns)}
        if found != {frozenset(one) for one in row.enough}:
            faults.append(f"{row.operation}: expected {row.enough}, got {sorted(map(sorted, found))}")
        if reply.json["decision"] != bool(row.enough):
            faults.append(f"{row.operation} by the account's owner: got {reply.json['reason']}")
    assert not faults, "\n  ".join(faults)


def client_name(query: ResourceQuery) -> str:
    """By which full name is this resource named to a server?"""
    path = tuple((kind, ident or UNSAID_ID) for kind, ident in query.path)
    return format_resource_name(
        ResourceName(ACCOUNT, query.service, query.region or "", query.instance or "", path)
    )


@pytest.mark.parametrize("name", FACTS)
def test_a_server_shows_every_fact_that_it_tells_of_a_service(name: str, client: Client) -> None:
    """The actions that an API needs, the actions of a type, and which roles a policy may have, are the table's."""
    table = load_table(name)
    assert isinstance(table, ApiTable | Texts)
    shown = client.send("GET", f"/v1/services/{table.service}").json
    facts = api_facts(table, shown) if isinstance(table, ApiTable) else text_facts(table, shown, client)
    faults = [f"{words}: expected {said}, got {got}" for words, said, got in facts if said != got]
    assert not faults, "\n  ".join(faults)


def api_facts(table: ApiTable, shown: Mapping[str, Any]) -> Iterator[tuple[str, object, object]]:
    """Which operations of this API does the server show, with exactly these actions?"""
    for row in table.rows:
        needed = sorted(one.action for one in row.actions)
        forms = [
            sorted(action["action"] for action in one["actions"])
            for one in shown["operations"]
            if without_names(one["id"].split(" (", 1)[0]) == without_names(row.operation)
        ]
        yield f"{row.operation} {row.form}", True, needed in forms


def without_names(path: str) -> str:
    """Names of path parameters do not matter."""
    return re.sub(r"\{[^{}]*\}", "{}", path)


def text_facts(
    table: Texts, shown: Mapping[str, Any], client: Client
) -> Iterator[tuple[str, object, object]]:
    """What does the server say of the facts that can be asked of it?"""
    for fact in table.rows:
        if fact.actions is not UNSET:
            actions = [one["id"] for one in shown["actions"] if one["resource_type"] == fact.resource_type]
            yield f"actions of {fact.resource_type}", sorted(fact.actions), sorted(actions)
        if fact.supported is not UNSET:
            policy = {
                "kind": "Policy", "name": "p", "subjects": ["user:owner"], "roles": [fact.role],
                "scope": {"service": table.service},
            }  # fmt: skip
            status = client.apply(policy, dry_run=True).status
            yield f"{fact.role} is supported", 200 if fact.supported else 400, status
        if fact.discontinued is not UNSET:
            body = {"service": table.service, "operation": fact.operation, "resources": {}}
            answer = client.post("operations", "check", body=body).json
            yield f"{fact.operation} is discontinued", DISCONTINUED, answer.get("reason")
