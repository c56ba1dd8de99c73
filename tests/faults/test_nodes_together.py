"""Three nodes over one PostgreSQL database: what was written through one is seen through another that is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from tests.faults.cluster import primary
from tests.faults.load import ACCOUNT, ASKING, AT_LEAST, Reply, group_body, question, send
from tests.faults.nodes import Installation, NodeProcess, prepare, started

pytestmark = pytest.mark.timeout(280)

ROUNDS = 12
IN, OUT = 0, 1


class Nodes:
    """Three nodes, and one token that is good at each."""

    def __init__(self, nodes: list[NodeProcess], token: str) -> None:
        self.nodes, self.token = nodes, token

    def send(self, at: int, method: str, path: str, body: object = None, *, seen: str | None = None) -> Reply:
        """What is answered by this node, resting on what was seen?"""
        headers = {AT_LEAST: seen} if seen else {}
        node = self.nodes[at % len(self.nodes)]
        return send(node.address, method, path, token=self.token, body=body, headers=headers)

    def write(self, at: int, value: int, seen: str | None = None) -> str:
        """Let the group's user be a member or not: at which revisions?"""
        reply = self.send(at, "PUT", f"/v1/accounts/{ACCOUNT}/groups/g0", group_body(0, value), seen=seen)
        assert reply.status == 200, reply.body
        return reply.headers["bailiwick-revision"]

    def ask(self, at: int, resource: dict[str, Any] | None = None, seen: str | None = None) -> dict[str, Any]:
        """What is decided there?"""
        asked = question(0) if resource is None else {**question(0), "resource": resource}
        reply = self.send(at, "POST", ASKING, asked, seen=seen)
        assert reply.status == 200, reply.body
        answer: dict[str, Any] = reply.json
        return answer


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """Three nodes that have all been asked."""
    folder = tmp_path_factory.mktemp("together")
    with ExitStack() as stack:
        server = stack.enter_context(primary())
        made = Installation(folder, ["--store", server.url(), "--master-key", str(folder / "master.key")])
        made.initialise()
        nodes = [NodeProcess(made, f"node-{number}") for number in range(3)]
        stack.enter_context(started(nodes))
        token = nodes[0].token()
        prepare(nodes[0], token)
        yield Nodes(nodes, token)


def test_what_was_written_through_one_node_is_read_through_another(nodes: Nodes) -> None:
    """With the revisions of the write passed along, whichever nodes they are, at once."""
    for number in range(ROUNDS):
        value = number * 2 + (IN if number % 2 else OUT)
        seen = nodes.write(number, value)
        read = nodes.send(number + 1, "GET", f"/v1/accounts/{ACCOUNT}/groups/g0", seen=seen)
        assert (read.status, read.json["description"]) == (200, str(value))
        assert nodes.ask(number + 2, seen=seen)["decision"] is (value % 2 == IN)


def test_a_member_who_was_removed_never_sees_what_came_after(nodes: Nodes) -> None:
    """The new enemy: removed through one node, then a secret is registered through another; a third decides."""
    for number in range(ROUNDS):
        secret = {"type": "ims/image", "id": f"brn:acme:ims:eu-de::image/secret-{number}"}
        member = nodes.write(number, 1000 + number * 2 + IN)
        assert nodes.ask(number + 2, secret, member)["decision"] is True
        removed = nodes.write(number, 1000 + number * 2 + OUT)
        body = {"name": secret["id"]}
        made = nodes.send(number + 1, "POST", f"/v1/accounts/{ACCOUNT}/resources", body, seen=removed)
        assert made.status == 201, made.body
        answer = nodes.ask(number + 2, secret, made.headers["bailiwick-revision"])
        assert (answer["decision"], answer["context"]["reason"]) == (False, "no_matching_policy")
