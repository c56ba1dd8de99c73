"""Nodes over a PostgreSQL server that dies, has no room, is slow, or cannot be reached.

Each test has a server of its own, and starts it anew; what was recorded is judged after it.
"""

from __future__ import annotations

import signal
import statistics
import time
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from tests.faults.breaking import fill, make_room, small_disk
from tests.faults.cluster import home, primary
from tests.faults.history import Operation
from tests.faults.load import ASKING, question, read_reply, send
from tests.faults.nodes import NodeProcess
from tests.faults.postgresql import (
    STRICT_SECONDS,
    installed,
    nodes_of,
    nodes_over,
    opening,
    store_options,
)
from tests.faults.proxy import Proxy
from tests.faults.world import World, world

pytestmark = pytest.mark.timeout(280)

ASKER = 80


def test_the_database_is_killed_and_started_again(tmp_path: Path) -> None:
    """It loses power, then is shut down at once; the nodes go on by themselves when it is back."""
    with primary() as server, nodes_over(tmp_path, server) as it:
        for how in (server.kill, server.stop):
            it.load.wait_for_writes(5)
            time.sleep(it.random.random() * 0.3)
            how()
            time.sleep(0.5)
            server.start()
            it.recover()
            it.load.wait_for_writes(5)


@pytest.mark.parametrize("how", ["cut", "silence"])
def test_a_node_is_cut_from_the_database(tmp_path: Path, how: str) -> None:
    """It answers within the bound and then no more, says so, and goes on by itself when the way is back."""
    with primary() as server, Proxy(server.address) as way:
        installation = installed(tmp_path, server)
        nodes = [NodeProcess(installation, "cut", options=store_options(tmp_path, server, way.port)),
                 NodeProcess(installation, "free")]  # fmt: skip
        store = opening(tmp_path, server)
        with world(installation, store, nodes, bound=STRICT_SECONDS, request_seconds=5.0) as it:
            it.load.wait_for_writes(5)
            getattr(way, how)()
            nodes[0].wait_until_not_ready()
            assert nodes[1].is_ready
            way.heal()
            it.recover()
            it.load.wait_for_writes(5)


def test_a_full_disk(tmp_path: Path) -> None:
    """Writes are refused while there is no room; nothing is lost; with room, writes go on."""
    # WHY not below tmp_path: the server's user may not enter it.
    with home() as folder, small_disk(folder / "disk", megabytes=200) as disk:
        disk.chmod(0o755)
        wal = {"min_wal_size": "32MB", "max_wal_size": "64MB"}
        with primary(disk, **wal) as server, nodes_over(tmp_path, server) as it:
            it.load.wait_for_writes(5)
            fill(disk)
            it.wait_for_refusals()
            make_room(disk)
            if server.process is not None and server.process.poll() is not None:
                server.start()
            it.recover()
            it.load.wait_for_writes(5)


def test_connections_taken_by_others(tmp_path: Path) -> None:
    """Without a connection nodes say so, answer what they hold, and recover when there are some."""
    with primary(max_connections="30") as server, nodes_over(tmp_path, server) as it:
        it.load.wait_for_writes(5)
        with ExitStack() as taken:
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'bailiwick'"
            )
            for _ in range(40):
                try:
                    taken.enter_context(server.connect(user="bailiwick"))
                except psycopg.OperationalError:
                    server.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'bailiwick'"
                        " AND application_name <> '' AND state = 'idle'"
                    )
                    break
            time.sleep(3)
        it.recover()
        it.load.wait_for_writes(5)


def ask(it: World, node: NodeProcess) -> Operation:
    """A plain question to this node, which it may answer from what it holds; recorded like all others."""
    load = it.load
    begun = Operation(load.history.next_number(), ASKER, node.name, "ask", 0, load.clock())
    done = read_reply(
        begun, send(node.address, "POST", ASKING, token=load.token, body=question(0)), load.clock()
    )
    load.history.add(done)
    return done


def test_a_slow_database(tmp_path: Path) -> None:
    """Decisions are as fast as ever; a write takes its time, or its outcome is honestly unknown."""
    with primary() as server, Proxy(server.address) as way:
        installation = installed(tmp_path, server, way.port)
        nodes = nodes_of(installation)
        with world(installation, opening(tmp_path, server), nodes, request_seconds=6.0) as it:
            it.load.wait_for_writes(5)
            way.slow(0.03)
            begun, deadline = it.load.clock(), time.monotonic() + 60
            asked: list[Operation] = []
            written: list[Operation] = []
            while len(asked) < 5 * len(nodes) or len(written) < 3:
                assert time.monotonic() < deadline, f"{len(asked)} answered, {len(written)} writes ended"
                asked += [done for done in (ask(it, node) for node in nodes) if done.outcome == "ok"]
                written = [one for one in it.load.history.operations if one.changes and one.start > begun]
                time.sleep(0.1)
            way.heal()
            assert statistics.median(one.end - one.start for one in asked) < 0.5
            it.recover()
            it.load.wait_for_writes(5)


def test_the_database_ends_every_connection(tmp_path: Path) -> None:
    """An administrator ends all sessions, again and again: writes are made, refused, or unknown, and never in vain."""
    with primary() as server, nodes_over(tmp_path, server) as it:
        for _ in range(8):
            it.load.wait_for_writes(3)
            time.sleep(it.random.random() * 0.1)
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'bailiwick'"
            )
        it.recover()
        it.load.wait_for_writes(5)


def test_a_fast_shutdown(tmp_path: Path) -> None:
    """A shutdown as operators do it, and a start: nobody has to touch the nodes."""
    with primary() as server, nodes_over(tmp_path, server) as it:
        it.load.wait_for_writes(5)
        server.stop(signal.SIGINT)
        server.start()
        it.recover()
        it.load.wait_for_writes(5)
