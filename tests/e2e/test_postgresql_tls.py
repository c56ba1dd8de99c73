"""docs/deploy.md, TLS: a node believes only the server whose certificate it was told to, and shows its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.faults.cluster import SYSTEM_USER, Server
from tests.faults.nodes import Installation, NodeProcess, prepare
from tests.faults.separate_roles import OWNER, PASSWORDS, SERVING, grant, server_with_roles, url_as
from tests.faults.tls import Authority

RULES = f"""\
hostssl all postgres 127.0.0.1/32 trust
hostssl all {OWNER} 127.0.0.1/32 cert
hostssl all {SERVING} 127.0.0.1/32 scram-sha-256
"""


@dataclass
class World:
    """A server that speaks TLS alone, and who signed its certificate."""

    server: Server
    folder: Path
    authority: Authority

    def installation(
        self, role: str, options: str, *, host: str = "127.0.0.1", password: str = ""
    ) -> Installation:
        """The store, as this role reaches it with these options, with a password in a file if there is one."""
        passwords = self.folder / f"{role}.pgpass"
        passwords.touch(0o600)
        passwords.write_text(f"*:*:*:{role}:{password}\n", encoding="ascii")
        store = ["--store", url_as(self.server, role, host=host, options=options)]
        key = ["--master-key", str(self.folder / "master.key")]
        return Installation(self.folder, [*store, *key], {"PGPASSFILE": str(passwords)})

    def serving(self, mode: str, authority: Path | None = None, host: str = "127.0.0.1") -> Installation:
        """The store, as who serves reaches it."""
        options = f"?sslmode={mode}&sslrootcert={authority or self.authority.file}"
        return self.installation(SERVING, options, host=host, password=PASSWORDS[SERVING])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A store that its owner made, shown by a client's certificate."""
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority(folder, "authority")
    with server_with_roles() as server:
        files = authority.issue(server.folder, "server", "127.0.0.1")
        shutil.copy(authority.file, server.folder / "authority.crt")
        for file in (*files, server.folder / "authority.crt"):
            if os.geteuid() == 0:
                shutil.chown(file, SYSTEM_USER)
        (server.data / "pg_hba.conf").write_text(RULES, encoding="ascii")
        server.alter(
            ssl_cert_file=str(files[0]),
            ssl_key_file=str(files[1]),
            ssl_ca_file=str(server.folder / "authority.crt"),
            ssl="on",
        )
        server.stop()
        server.start()
        certificate, key = authority.issue(folder, OWNER)
        made = World(server, folder, authority)
        options = f"?sslmode=verify-full&sslrootcert={authority.file}&sslcert={certificate}&sslkey={key}"
        made.installation(OWNER, options).initialise()
        grant_by(server, options)
        yield made


def grant_by(server: Server, options: str) -> None:
    """Grant what the serving role may do, past the rules for the owner."""
    rules = server.data / "pg_hba.conf"
    rules.write_text(f"host all {OWNER} 127.0.0.1/32 trust\n{RULES}", encoding="ascii")
    server.execute("SELECT pg_reload_conf()")
    grant(server)
    rules.write_text(RULES, encoding="ascii")
    server.execute("SELECT pg_reload_conf()")


def test_a_node_reaches_its_server_by_tls_alone(world: World) -> None:
    """All of its connections are encrypted, those for announcements too; it reads and writes."""
    with NodeProcess(world.serving("verify-full"), "one") as one:
        prepare(one, one.token())
        rows = world.server.execute(
            "SELECT DISTINCT s.ssl, a.query LIKE 'LISTEN%' FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid) "
            f"WHERE a.usename = '{SERVING}' ORDER BY 2"
        )
    assert rows == [(True, False), (True, True)]
    world.serving("verify-full").verify()


def test_another_authority_is_not_believed(world: World, tmp_path: Path) -> None:
    """Who stands between with a certificate of its own gets nothing."""
    other = Authority(tmp_path, "other")
    done = world.serving("verify-full", other.file).call("log", "verify")
    assert (done.code, done.out) == (2, "")
    assert "the store cannot be read or written now" in done.err


def test_the_name_in_the_certificate_counts(world: World) -> None:
    """`verify-full` refuses a host that the certificate does not name, where `verify-ca` takes it."""
    codes = {
        mode: world.serving(mode, host="localhost").call("log", "verify").code
        for mode in ("verify-ca", "verify-full")
    }
    assert codes == {"verify-ca": 0, "verify-full": 2}


def test_without_tls_nobody_is_let_in(world: World) -> None:
    """The server's rules know encrypted connections only, and a password that is right."""
    assert world.serving("disable").call("log", "verify").code == 2
    options = f"?sslmode=verify-full&sslrootcert={world.authority.file}"
    done = world.installation(SERVING, options, password="wrong").call("log", "verify")
    assert (done.code, done.out) == (2, "")
