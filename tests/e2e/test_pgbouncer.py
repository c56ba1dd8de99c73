"""docs/deploy.md, PgBouncer: between nodes and PostgreSQL it works by session, and by transaction it does not."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.e2e.processes import ACCOUNT, running
from tests.faults.cluster import DATABASE, USER, Server, as_user, home, primary
from tests.faults.load import group_body, send
from tests.faults.nodes import Installation, NodeProcess, free_port, prepare

from bailiwick.errors import Unavailable
from bailiwick.store.address import parse_address
from bailiwick.store.opening import open_store
from bailiwick.store.ports import SYSTEM_LOG, Store

SETTINGS = """\
[databases]
{database} = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users.txt
pool_mode = {mode}
default_pool_size = {most}
logfile = {folder}/log
pidfile = {folder}/pid
"""
SECONDS = 20.0
WRITES = 20
PREPARED_AFTER = 20


@contextmanager
def pooled(server: Server, mode: str, most: int = 60) -> Iterator[int]:
    """At which port does PgBouncer pool the server's connections in this mode?"""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("PgBouncer is not installed (scripts/install-pgbouncer.sh)")
    with home() as folder:
        port = free_port()
        settings, users = folder / "pgbouncer.ini", folder / "users.txt"
        users.write_text(f'"{USER}" ""\n', encoding="ascii")
        settings.write_text(
            SETTINGS.format(
                database=DATABASE, server=server.port, port=port, folder=folder, mode=mode, most=most
            ),
            encoding="ascii",
        )
        process = subprocess.Popen(
            [*as_user(), program, "-q", str(settings)], stdin=subprocess.DEVNULL, text=True)  # fmt: skip
        with running(process):
            wait_for(port)
            yield port


def wait_for(port: int) -> None:
    """Wait until something listens there."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, "PgBouncer does not listen"
            time.sleep(0.05)
        else:
            return


def behind(server: Server, port: int, folder: Path) -> Installation:
    """The store behind that port."""
    return Installation(folder, ["--store", server.url(port), "--master-key", str(folder / "master.key")])


def test_pooling_by_session_works(tmp_path: Path) -> None:
    """Two nodes write in turn, each reading what the other wrote; both listen to announcements; the chain verifies."""
    with primary() as server, pooled(server, "session") as port:
        made = behind(server, port, tmp_path)
        made.initialise()
        with NodeProcess(made, "one") as one, NodeProcess(made, "two") as two:
            token = one.token()
            seen = f"account={prepare(one, token)}"
            for number in range(WRITES):
                reply = send((one, two)[number % 2].address, "PUT", f"/v1/accounts/{ACCOUNT}/groups/g0", token=token,
                             body=group_body(0, number), headers={"Bailiwick-At-Least": seen})  # fmt: skip
                assert reply.status == 200, reply.body
                seen = reply.headers["bailiwick-revision"]
            server.wait_for_listeners(2)
        made.verify()


def test_pooling_by_transaction_fails_and_says_so(tmp_path: Path) -> None:
    """What a connection has prepared meets that of another one on the server's side: nothing is answered wrongly."""
    with primary() as server, pooled(server, "transaction", most=1) as port:
        made = behind(server, server.port, tmp_path)
        made.initialise()
        address = parse_address(server.url(port), master_key=tmp_path / "master.key")
        # Opening reads too: whichever statement is the first to meet another connection's fails.
        with (
            pytest.raises(Unavailable, match="pool by session"),
            open_store(address) as one,
            open_store(address) as two,
        ):
            read_often(one, two)
        made.verify()


def read_often(*stores: Store) -> None:
    """Read so often that the driver prepares its statements."""
    for store in stores * PREPARED_AFTER:
        store.heads([SYSTEM_LOG])
