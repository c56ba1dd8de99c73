"""Nodes over PostgreSQL brought to the next version one by one, under load; and a schema that no older one can bear.

What was recorded is judged after each test.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.faults import next_version
from tests.faults.cluster import primary
from tests.faults.nodes import Installation, NodeProcess
from tests.faults.postgresql import installed, nodes_of, opening
from tests.faults.world import World, world

from bailiwick.store.sql.migrations.running import LOGS_PART, newest

pytestmark = pytest.mark.timeout(280)

OWN, NEXT = newest(LOGS_PART), next_version.REVISION


def migrate(installation: Installation, program: next_version.Program, *more: str) -> str:
    """What does `store migrate` of this version print of the logs?"""
    said = installation.call_by(program, "store", "migrate", *installation.options[1:], *more)
    return next(line for line in said.splitlines() if line.startswith("logs: "))


def replace(it: World, old: NodeProcess, stack: ExitStack) -> None:
    """Start a node of the next version, let it answer, then take one of this version away."""
    new = NodeProcess(it.installation, old.name.replace("node", "next"), program=next_version.expanding)
    stack.enter_context(new)
    it.load.nodes = [*it.load.nodes, new]
    it.wait_for_answers(new.name, seconds=60)
    it.load.nodes = [node for node in it.load.nodes if node is not old]
    old.stop()
    it.nodes = [node for node in it.nodes if node is not old] + [new]
    it.load.wait_for_writes(5)


def test_nodes_are_brought_to_the_next_version_one_by_one(tmp_path: Path) -> None:
    """The schema grows while all serve, an old node even starts again beside it, then each is replaced by a new one."""
    with primary() as server, ExitStack() as stack:
        installation = installed(tmp_path, server)
        old = nodes_of(installation, 3)
        with world(installation, opening(tmp_path, server), old) as it:
            it.load.wait_for_writes(5)
            may = f"servers of revision {OWN} or newer may go on, and be replaced one by one"
            step = f"from revision {OWN} to {NEXT}: {may}"
            assert migrate(installation, next_version.expanding, "--dry-run") == f"logs: would go {step}"
            assert migrate(installation, next_version.expanding) == f"logs: went {step}"
            for node in old:
                it.wait_for_answers(node.name, seconds=60)
            old[0].restart()
            it.wait_for_answers(old[0].name, seconds=60)
            for node in old:
                replace(it, node, stack)
            it.recover()
            assert server.execute("SELECT count(*) FROM change WHERE reason IS NULL") != [(0,)]


def test_nodes_refuse_a_schema_that_they_cannot_bear(tmp_path: Path) -> None:
    """Nothing in the database would stop them: they ask, in the transaction. Back on their schema, they go on."""
    with primary() as server:
        installation = installed(tmp_path, server)
        nodes = nodes_of(installation, 2)
        with world(installation, opening(tmp_path, server), nodes) as it:
            it.load.wait_for_writes(5)
            assert migrate(installation, next_version.contracting, "--dry-run").endswith(
                "stop every server first"
            )
            migrate(installation, next_version.contracting)
            written = server.execute("SELECT count(*) FROM change")
            it.wait_for_refusals()
            assert server.execute("SELECT count(*) FROM change") == written
            assert any(NEXT in one.detail for one in it.load.history.operations if one.status == 503)
            for node in nodes:
                node.wait_until_not_ready()
                assert "AnotherSchema" in node.log.read_text(encoding="utf-8")
            left = NodeProcess(installation, "left")
            left.start(wait=False)
            assert left.process.wait(60) == 2
            assert f"for programs from revision `{NEXT}` on; this one is of `{OWN}`" in left.last_lines()
            migrate(installation, next_version.contracting, "--to", OWN)
            it.recover()
            it.load.wait_for_writes(5)
