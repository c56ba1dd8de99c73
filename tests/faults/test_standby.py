"""Nodes over a PostgreSQL server whose synchronous standby takes over, under load.

What was recorded is judged after each test.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.faults.cluster import primary, standby
from tests.faults.nodes import NodeProcess
from tests.faults.postgresql import installed, nodes_of, opening, store_options
from tests.faults.proxy import Proxy
from tests.faults.world import world

pytestmark = pytest.mark.timeout(280)


def test_the_standby_takes_over(tmp_path: Path) -> None:
    """The primary loses power under load: what it acknowledged is on the standby, to which the nodes go over."""
    with ExitStack() as stack:
        first = stack.enter_context(primary())
        second = stack.enter_context(standby(first))
        way = stack.enter_context(Proxy(first.address))
        installation = installed(tmp_path, first, way.port)
        nodes = nodes_of(installation)
        with world(installation, opening(tmp_path, second), nodes) as it:
            it.load.wait_for_writes(5)
            first.kill()
            second.promote()
            way.switch(second.address)
            it.recover()
            it.load.wait_for_writes(5)


def test_a_primary_that_was_deposed_acknowledges_nothing(tmp_path: Path) -> None:
    """It lives, cut from the standby that took over: a node that is left at it is not told that anything was written.

    What such a node answers is old without its knowing: whoever promotes a standby must first fence the old primary.
    """
    with ExitStack() as stack:
        first = stack.enter_context(primary())
        link = stack.enter_context(Proxy(first.address))
        second = stack.enter_context(standby(first, port=link.port))
        way = stack.enter_context(Proxy(first.address))
        installation = installed(tmp_path, first, way.port)
        nodes = [NodeProcess(installation, "moved"),
                 NodeProcess(installation, "left", options=store_options(tmp_path, first))]  # fmt: skip
        with world(installation, opening(tmp_path, second), nodes, request_seconds=3.0) as it:
            it.load.wait_for_writes(5)
            link.cut()
            cut_at = it.load.clock()
            second.promote()
            way.switch(second.address)
            nodes[0].wait_until_ready()
            it.load.wait_for_writes(5)
            it.load.wait_for(lambda one: one.node == "left" and one.start > cut_at and one.changes)
            nodes[1].kill()
            it.load.stop()
            left = [one for one in it.load.history.operations if one.node == "left" and one.start > cut_at]
            assert any(one.changes for one in left)
            assert not [one for one in left if one.changes and one.outcome == "ok"]
            it.forget_answers(left)
