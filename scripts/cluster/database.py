"""A PostgreSQL server of the cluster's own: made once, kept in its folder, on loopback and a free port.

PostgreSQL does not run as root; where the cluster does, its server runs as the user `postgres`.
SECURITY: on loopback every user of the machine reaches it, so it wants passwords, which lie in files.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from secrets import token_urlsafe

import psycopg
from psycopg import sql
from scripts.cluster.processes import Running, free_port, require, say

HOMES = ("/usr/lib/postgresql", "/usr/pgsql")
SYSTEM_USER = "postgres"
SUPERUSER, MAINTENANCE = "postgres", "postgres"
USER = "bailiwick"
SETTINGS = {"listen_addresses": "127.0.0.1", "max_connections": "120", "shared_buffers": "64MB"}


class Database:
    """The server, with its data below the folder, and its passwords in a file there."""

    def __init__(self, folder: Path, logs: Path) -> None:
        self._programs = find_programs()
        self._data = place_of_data(folder.resolve() / "postgresql")
        self.passwords = folder.resolve() / "pgpass"
        self.port = free_port()
        server = [*as_user(), str(self._programs / "postgres"), "-D", str(self._data), "-p", str(self.port),
                  "-c", f"unix_socket_directories={self._data}"]  # fmt: skip
        settings = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        self._running = Running("PostgreSQL", [*server, *settings], logs / "postgresql.log")

    @property
    def pid(self) -> int:
        """Which process is the server?"""
        return self._running.pid

    def url(self, database: str) -> str:
        """Where is this database? Without a password."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def start(self) -> float:
        """Start it, made first where it is not there: how long until it answers?"""
        if not (self._data / "PG_VERSION").exists():
            self._make()
        self._running.start()
        taken = self._running.wait_until(self._answers)
        if not self.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", USER):
            role = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
            self.execute(role.format(sql.Identifier(USER), self._password_of(USER)))
        return taken

    def stop(self) -> None:
        """Stop it: what runs is broken off, nothing is lost (PostgreSQL's fast shutdown)."""
        self._running.stop(signal.SIGINT)

    def version(self) -> str:
        """Which version is it?"""
        return str(self.execute("SHOW server_version")[0][0]).split(" ", maxsplit=1)[0]

    def execute(self, statement: str | sql.Composed, *values: object) -> list[tuple[object, ...]]:
        """What does this statement give, to who administers the server?"""
        with self._connect() as connection:
            text = statement.encode() if isinstance(statement, str) else statement
            cursor = connection.execute(text, values or None)
            return cursor.fetchall() if cursor.description else []

    def has(self, database: str) -> bool:
        """Is there such a database?"""
        return bool(self.execute("SELECT 1 FROM pg_database WHERE datname = %s", database))

    def create(self, database: str) -> None:
        """Make it, empty, in place of one of this name."""
        name = sql.Identifier(database)
        self.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(name))
        self.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, sql.Identifier(USER)))

    def rename(self, database: str, to: str) -> None:
        """Give it another name."""
        statement = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        self.execute(statement.format(sql.Identifier(database), sql.Identifier(to)))

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=SUPERUSER, dbname=MAINTENANCE, autocommit=True,
            passfile=str(self.passwords), connect_timeout=5)  # fmt: skip

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _password_of(self, user: str) -> sql.Literal:
        lines = [line.split(":") for line in self.passwords.read_text(encoding="ascii").splitlines()]
        return sql.Literal(next(fields[4] for fields in lines if fields[3] == user))

    def _make(self) -> None:
        """Make the server's data, with passwords that nobody has seen."""
        words = {user: token_urlsafe(32) for user in (SUPERUSER, USER)}
        write_private(
            self.passwords, "".join(f"127.0.0.1:*:*:{user}:{word}\n" for user, word in words.items())
        )
        shutil.rmtree(self._data, ignore_errors=True)
        own(self._data)
        given = self._data.parent / f".{self._data.name}.first"
        write_private(given, words[SUPERUSER])
        hand_over(given)
        try:
            done = subprocess.run(
                [*as_user(), str(self._programs / "initdb"), "-D", str(self._data), "-U", SUPERUSER,
                 "--auth=scram-sha-256", "--pwfile", str(given), "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions"],
                capture_output=True, text=True, check=False, cwd=self._data)  # fmt: skip
        finally:
            given.unlink()
        require(done.returncode == 0, f"PostgreSQL cannot be made in {self._data}: {done.stderr}")


def find_programs() -> Path:
    """Where are the programs of the newest PostgreSQL?"""
    found = [
        folder for home in HOMES for folder in Path(home).parent.glob(f"{Path(home).name}*/**/bin/initdb")
    ]
    require(bool(found), "PostgreSQL is not installed; run scripts/install-postgresql.sh")
    return max(found, key=lambda program: [int(part) for part in program.parts if part.isdecimal()]).parent


def as_user() -> Sequence[str]:
    """Which words before a command make it run as a user that is not root?"""
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={SYSTEM_USER}", f"--regid={SYSTEM_USER}", "--init-groups"]


def place_of_data(wanted: Path) -> Path:
    """Where do its data lie: there, or where its user can reach them?"""
    if os.geteuid() != 0:
        return wanted
    reached = subprocess.run([*as_user(), "test", "-x", str(wanted.parent)], check=False).returncode == 0
    if reached:
        return wanted
    known = hashlib.sha256(str(wanted).encode()).hexdigest()[:12]
    other = Path(tempfile.gettempdir()) / f"bailiwick-cluster-{known}"
    say(f"PostgreSQL's user cannot reach {wanted.parent}; its data are in {other}.")
    return other / "postgresql"


def own(folder: Path) -> None:
    """Make this folder, which the server's user alone may use. Ends where somebody else has it."""
    for made in (folder.parent, folder):
        # SECURITY: in a folder that all may write to, somebody may have made it before.
        made.mkdir(mode=0o700, exist_ok=True)
        require(made.stat().st_uid in users(), f"{made} belongs to somebody else; remove it")
    hand_over(folder)
    if folder.parent.name.startswith("bailiwick-cluster-"):
        hand_over(folder.parent)


def users() -> set[int]:
    """Whose may the server's files be?"""
    return {os.geteuid()} | ({pwd.getpwnam(SYSTEM_USER).pw_uid} if os.geteuid() == 0 else set())


def hand_over(path: Path) -> None:
    """Give it to the server's user, where that is another."""
    if os.geteuid() == 0:
        entry = pwd.getpwnam(SYSTEM_USER)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its user can read."""
    with suppress(FileNotFoundError):
        path.unlink()
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text)
