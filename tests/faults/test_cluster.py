"""The servers of these tests replicate as they are believed to: a commit waits for the standby, which takes over."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from tests.faults.cluster import primary, standby, wait_for_sync
from tests.faults.proxy import Proxy

pytestmark = pytest.mark.timeout(60)


def test_what_was_committed_is_there_after_the_standby_takes_over() -> None:
    """The primary loses power; what it acknowledged, the promoted standby has."""
    with primary() as first, standby(first) as second:
        first.execute("CREATE TABLE seen (number INT)")
        first.execute("INSERT INTO seen VALUES (1)")
        second.stop()
        second.start()
        wait_for_sync(first)
        first.execute("INSERT INTO seen VALUES (2)")
        first.kill()
        second.promote()
        assert second.execute("SELECT number FROM seen ORDER BY number") == [(1,), (2,)]
        second.execute("INSERT INTO seen VALUES (3)")


def test_a_cancelled_wait_for_the_standby_looks_like_a_commit() -> None:
    """No timeout of a statement ends the wait, and a cancel ends it with success: who relies on it reads warnings."""
    warnings: list[str] = []
    with primary() as first, standby(first) as second:
        first.execute("CREATE TABLE seen (number INT)")
        second.stop()
        with first.connect() as connection:
            connection.add_notice_handler(
                lambda said: warnings.append(f"{said.sqlstate} {said.message_primary}")
            )
            connection.execute("SET statement_timeout = '200ms'")
            with ThreadPoolExecutor(1) as beside:
                written = beside.submit(connection.execute, "INSERT INTO seen VALUES (1)")
                time.sleep(0.6)
                assert not written.done()
                first.execute(f"SELECT pg_cancel_backend({connection.info.backend_pid})")
                written.result(10)
        assert first.execute("SELECT number FROM seen") == [(1,)]
        assert warnings == ["01000 canceling wait for synchronous replication due to user request"]


def test_a_deposed_primary_commits_for_nobody() -> None:
    """Cut from the standby that took over, it lets every commit wait; but whoever reads there sees nothing of that."""
    with primary() as first, Proxy(first.address) as link, standby(first, port=link.port) as second:
        first.execute("CREATE TABLE seen (number INT)")
        link.cut()
        second.promote()
        with first.connect() as connection, ThreadPoolExecutor(1) as beside:
            written = beside.submit(connection.execute, "INSERT INTO seen VALUES (1)")
            time.sleep(0.5)
            assert not written.done()
            assert first.execute("SELECT number FROM seen") == []
            first.execute(f"SELECT pg_terminate_backend({connection.info.backend_pid})")
            with pytest.raises(psycopg.OperationalError):
                written.result(10)
        # CAUTION: who lost the connection and only reads again takes for committed what the standby never had.
        assert first.execute("SELECT number FROM seen") == [(1,)]
        assert second.execute("SELECT number FROM seen") == []
