"""Real PostgreSQL servers with streaming replication on loopback: a primary, and a standby that commits wait for.

Each lives in a directory of its own, runs as a user that is not root, and is stopped by its process id. The machine's
own servers are neither needed nor touched.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from tests.faults.nodes import free_port, is_root

HOMES = ("/usr/lib/postgresql", "/usr/pgsql")
SYSTEM_USER = "postgres"
SUPERUSER, MAINTENANCE = "postgres", "postgres"
USER, DATABASE = "bailiwick", "bailiwick"
START_SECONDS = 60.0
BASE = {
    "listen_addresses": "127.0.0.1",
    "wal_level": "replica",
    "max_wal_senders": "5",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "wal_receiver_timeout": "5s",
    "wal_sender_timeout": "5s",
    "wal_retrieve_retry_interval": "200ms",
    "hot_standby": "on",
    "fsync": "on",
}


def programs() -> Path:
    """Where are PostgreSQL's programs? Skips where it is not installed."""
    for home in HOMES:
        for folder in sorted(Path(home).glob("*/bin"), reverse=True):
            if (folder / "pg_basebackup").exists():
                return folder
    pytest.skip("PostgreSQL's server is not installed (scripts/install-postgresql.sh)")


class Server:
    """One PostgreSQL server: made by initdb, or as a copy of another. Must be stopped."""

    def __init__(self, folder: Path, *, settings: Mapping[str, str] | None = None) -> None:
        self.folder, self.data = folder, folder / "data"
        self.port = free_port()
        self.settings = {**BASE, **(settings or {})}
        self.process: subprocess.Popen[bytes] | None = None
        self._programs = programs()

    @property
    def address(self) -> tuple[str, int]:
        """Where does it listen?"""
        return "127.0.0.1", self.port

    def url(self, port: int | None = None) -> str:
        """Where is the database, here or behind a proxy's port?"""
        return f"postgresql://{USER}@127.0.0.1:{port or self.port}/{DATABASE}"

    def initialise(self) -> None:
        """Make an empty cluster."""
        self.run("initdb", "-D", str(self.data), "-U", SUPERUSER, "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8",
                 "--no-instructions", "--no-sync")  # fmt: skip
        with (self.data / "pg_hba.conf").open("a", encoding="utf-8") as rules:
            rules.write("host replication all 127.0.0.1/32 trust\n")

    def copy_of(self, port: int, name: str) -> None:
        """Make it a standby of that name, of the primary behind this port."""
        source = f"host=127.0.0.1 port={port} user={SUPERUSER} application_name={name}"
        self.run("pg_basebackup", "-D", str(self.data), "-d", source, "-R", "-X", "stream", "-c", "fast")

    def run(self, program: str, *words: str) -> None:
        """Run one of PostgreSQL's programs, as the server's user."""
        done = subprocess.run(
            [*as_user(), str(self._programs / program), *words],
            capture_output=True, text=True, check=False, env=plain_environment(), cwd=self.folder)  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self, *, wait: bool = True) -> None:
        """Start it on its port, and wait until it answers."""
        settings = [f"-c{name}={value}" for name, value in self.settings.items()]
        words = [*as_user(), str(self._programs / MAINTENANCE), "-D", str(self.data), "-p", str(self.port),
                 f"-cunix_socket_directories={self.folder}", *settings]  # fmt: skip
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=plain_environment(),
                cwd=self.folder, start_new_session=True)  # fmt: skip
        if wait:
            self.wait()

    def wait(self) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with self.connect(MAINTENANCE):
                    return
            except psycopg.OperationalError:
                assert self.process is not None
                assert self.process.poll() is None, self.last_lines()
                assert time.monotonic() < deadline, self.last_lines()
                time.sleep(0.05)

    def connect(
        self, database: str = DATABASE, user: str = SUPERUSER
    ) -> psycopg.Connection[tuple[object, ...]]:
        """A connection past every proxy, on which each statement is its own transaction."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=user, dbname=database, autocommit=True, connect_timeout=5
        )

    def execute(self, statement: str, database: str = DATABASE) -> list[tuple[object, ...]]:
        """What does this statement give?"""
        with self.connect(database) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def wait_until(self, statement: str, gives: list[tuple[object, ...]], database: str = DATABASE) -> None:
        """Wait until this statement gives these rows."""
        deadline = time.monotonic() + START_SECONDS
        while (found := self.execute(statement, database)) != gives:
            assert time.monotonic() < deadline, (found, self.last_lines())
            time.sleep(0.05)

    def wait_for_listeners(self, count: int) -> None:
        """Wait until so many nodes listen to what is announced here."""
        self.wait_until("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'", [(count,)])

    def kill(self) -> None:
        """SIGKILL to the server and all its processes at once, as a machine that loses power."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            wait_until_gone(self.process.pid)

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """End it: SIGQUIT is PostgreSQL's immediate shutdown, SIGINT its fast one."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def promote(self) -> None:
        """Make a standby the primary, and wait until it writes."""
        self.execute("SELECT pg_promote(true, 30)", MAINTENANCE)
        assert self.execute("SELECT pg_is_in_recovery()", MAINTENANCE) == [(False,)]

    def alter(self, **settings: str) -> None:
        """Change settings while it runs."""
        for name, value in settings.items():
            self.execute(f"ALTER SYSTEM SET {name} = '{value}'", MAINTENANCE)
        self.execute("SELECT pg_reload_conf()", MAINTENANCE)

    def last_lines(self) -> str:
        """What did it say last?"""
        text = (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-15:])


@contextmanager
def primary(disk: Path | None = None, **settings: str) -> Iterator[Server]:
    """A server with an empty database; it and its data are gone after the block. `disk`: its data lie there."""
    with home(disk) as folder:
        made = Server(folder, settings=settings)
        made.initialise()
        try:
            made.start()
            made.execute(f"CREATE ROLE {USER} LOGIN", MAINTENANCE)
            made.execute(f"CREATE DATABASE {DATABASE} OWNER {USER}", MAINTENANCE)
            yield made
        finally:
            made.stop()


@contextmanager
def standby(of: Server, *, port: int | None = None, name: str = "second") -> Iterator[Server]:
    """A standby for which the primary's commits wait from now on. `port`: it reaches the primary there."""
    with home() as folder:
        made = Server(folder)
        made.copy_of(port or of.port, name)
        try:
            made.start()
            of.alter(synchronous_standby_names=name)
            wait_for_sync(of)
            yield made
        finally:
            made.stop()


def wait_for_sync(server: Server) -> None:
    """Wait until the server's standby is one that commits wait for."""
    server.wait_until("SELECT sync_state FROM pg_stat_replication", [("sync",)], MAINTENANCE)


@contextmanager
def home(below: Path | None = None) -> Iterator[Path]:
    """A directory that the server's user may use."""
    folder = Path(tempfile.mkdtemp(prefix="bailiwick-faults-", dir=below))
    if is_root():
        entry = pwd.getpwnam(SYSTEM_USER)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def as_user() -> Sequence[str]:
    """Which words before a command make it run as a user that is not root? PostgreSQL insists."""
    if not is_root():
        return []
    return ["setpriv", f"--reuid={SYSTEM_USER}", f"--regid={SYSTEM_USER}", "--init-groups"]


def plain_environment() -> dict[str, str]:
    """Which environment do the programs see?"""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8"}


def wait_until_gone(group: int) -> None:
    """Wait until no process of this group is left."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)
