"""Nodes over PostgreSQL, broken in every way that this machine allows; what was recorded is judged after each.

Each test has a server of its own, and starts it anew.
"""

from __future__ import annotations

import signal
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import cast

import psycopg
import pytest
from tests.faults.breaking import MovableClock, fill, make_room, small_disk
from tests.faults.cluster import Server, home, primary, standby
from tests.faults.nodes import Installation, NodeProcess
from tests.faults.proxy import Proxy
from tests.faults.racing import OTHERS, change_at_once
from tests.faults.world import BOUND_SECONDS, World, world

from bailiwick.cli.servers import serve
from bailiwick.store.opening import open_store
from bailiwick.store.ports import Store

if "store" not in signature(serve).parameters:
    pytest.skip("`bailiwick serve` has no `--store` yet: nothing runs on PostgreSQL", allow_module_level=True)

pytestmark = pytest.mark.timeout(120)

HOUR = 3600


def installed(folder: Path, server: Server, port: int | None = None) -> Installation:
    """An account in the server's database."""
    made = Installation(folder, store_options(folder, server, port))
    made.initialise()
    return made


def store_options(folder: Path, server: Server, port: int | None = None) -> list[str]:
    """Which options name the store, here or behind a proxy's port?"""
    return ["--store", server.url(port), "--master-key", str(folder / "master.key")]


def opening(folder: Path, server: Server) -> Callable[[], Store]:
    """How is the store read past the nodes?"""
    # WHY by name: the module comes with `--store`.
    address = import_module("bailiwick.store.address")
    made = address.parse_address(server.url(), master_key=folder / "master.key")
    return lambda: cast(Store, open_store(made))


@contextmanager
def nodes_over(folder: Path, server: Server, count: int = 2) -> Iterator[World]:
    """So many nodes on the server, under load."""
    installation = installed(folder, server)
    nodes = [NodeProcess(installation, f"node-{number}") for number in range(count)]
    with world(installation, opening(folder, server), nodes) as it:
        yield it


def test_nodes_killed_in_a_write(tmp_path: Path) -> None:
    """Nodes that get SIGKILL at random moments lose nothing, and the others go on."""
    with primary() as server, nodes_over(tmp_path, server, count=3) as it:
        for _ in range(4):
            it.load.wait_for_writes(5)
            time.sleep(it.random.random() * 0.3)
            it.node().restart()
        it.recover()
        it.load.wait_for_writes(5)


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


def test_the_standby_takes_over(tmp_path: Path) -> None:
    """The primary loses power under load: what it acknowledged is on the standby, to which the nodes go over."""
    with ExitStack() as stack:
        first = stack.enter_context(primary())
        second = stack.enter_context(standby(first))
        way = stack.enter_context(Proxy(first.address))
        installation = installed(tmp_path, first, way.port)
        nodes = [NodeProcess(installation, f"node-{number}") for number in range(2)]
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
            nodes[1].kill()
            it.load.stop()
            left = [one for one in it.load.history.operations if one.node == "left" and one.start > cut_at]
            assert any(one.changes for one in left)
            assert not [one for one in left if one.changes and one.outcome == "ok"]
            it.forget_answers(left)


@pytest.mark.parametrize("how", ["cut", "silence"])
def test_a_node_is_cut_from_the_database(tmp_path: Path, how: str) -> None:
    """It answers within the bound and then no more, says so, and goes on by itself when the way is back."""
    with primary() as server, Proxy(server.address) as way:
        installation = installed(tmp_path, server)
        nodes = [NodeProcess(installation, "cut", options=store_options(tmp_path, server, way.port)),
                 NodeProcess(installation, "free")]  # fmt: skip
        with world(installation, opening(tmp_path, server), nodes, request_seconds=5.0) as it:
            it.load.wait_for_writes(5)
            getattr(way, how)()
            time.sleep(BOUND_SECONDS + 3)
            assert not nodes[0].is_ready
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
            time.sleep(5)
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


def test_a_slow_database(tmp_path: Path) -> None:
    """Decisions are as fast as ever; a write takes its time, or its outcome is honestly unknown."""
    with primary() as server, Proxy(server.address) as way:
        installation = installed(tmp_path, server, way.port)
        nodes = [NodeProcess(installation, f"node-{number}") for number in range(2)]
        with world(installation, opening(tmp_path, server), nodes, request_seconds=6.0) as it:
            it.load.wait_for_writes(5)
            way.slow(0.03)
            begun = it.load.clock()
            asked: list[float] = []
            deadline = time.monotonic() + 30
            while len(asked) < 5:
                assert time.monotonic() < deadline, f"{len(asked)} questions were answered"
                time.sleep(0.5)
                since = [one for one in it.load.history.operations if one.start > begun and not one.demanded]
                asked = [one.end - one.start for one in since if one.kind == "ask" and one.outcome == "ok"]
            way.heal()
            assert statistics.median(asked) < 0.5
            it.recover()
            it.load.wait_for_writes(5)


def test_two_nodes_change_one_group(tmp_path: Path) -> None:
    """Of two swaps of one state at once exactly one is made, whichever node is asked first; plain writes all are."""
    with primary() as server:
        installation = installed(tmp_path, server)
        nodes = [NodeProcess(installation, f"node-{number}") for number in range(2)]
        with world(installation, opening(tmp_path, server), nodes, clients=2, groups=OTHERS) as it:
            change_at_once(it, rounds=25)


def test_a_node_that_slept_says_nothing_old_when_it_wakes(tmp_path: Path) -> None:
    """Its monotonic clock went on: it knows that it was away for longer than the bound."""
    with primary() as server:
        installation = installed(tmp_path, server)
        nodes = [NodeProcess(installation, f"node-{number}") for number in range(2)]
        with world(installation, opening(tmp_path, server), nodes, request_seconds=3.0) as it:
            it.load.wait_for_writes(5)
            nodes[0].suspend()
            time.sleep(BOUND_SECONDS + 2)
            nodes[0].resume()
            it.recover()
            it.load.wait_for_writes(5)


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forwards", "backwards"])
def test_a_clock_that_jumps(tmp_path: Path, jump: int) -> None:
    """The feed follows the database's clock, and staleness a monotonic one: both go on as if nothing was."""
    clock = MovableClock(tmp_path / "clock")
    with primary() as server:
        installation = installed(tmp_path, server)
        right = NodeProcess(installation, "right")
        jumping = NodeProcess(installation, "jumping", variables=clock.variables)
        with world(installation, opening(tmp_path, server), [right, jumping]) as it:
            it.load.wait_for_writes(5)
            clock.move(jump)
            it.load.tokens[jumping.name] = jumping.token()
            it.wait_for_answers(jumping.name)
            clock.move(0)
            it.load.tokens.clear()
            it.wait_for_answers(jumping.name)


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
