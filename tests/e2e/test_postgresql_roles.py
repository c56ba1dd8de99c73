"""docs/deploy.md, roles: one makes and migrates the tables, one serves and can do no more than grants.sql says."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from tests.contract.stores import AT, LOG, create, delete, write
from tests.contract.test_activity import batches
from tests.contract.test_notes import add
from tests.e2e.processes import ACCOUNT
from tests.faults.cluster import SUPERUSER, Server, home, programs
from tests.faults.load import group_body, send
from tests.faults.nodes import Installation, NodeProcess, prepare
from tests.faults.separate_roles import OWNER, SCRIPTS, SERVING, grant, server_with_roles, url_as

from bailiwick.service.locating import locate
from bailiwick.store.address import parse_address
from bailiwick.store.opening import open_store
from bailiwick.store.ports import Idempotency, SecretWrite

LATER = AT + timedelta(days=1)


@dataclass
class World:
    """A database with the two roles, and a store in it that the owner made."""

    server: Server
    folder: Path

    def installation(self, role: str) -> Installation:
        """The store, as this role reaches it."""
        key = ["--master-key", str(self.folder / "master.key")]
        return Installation(self.folder, ["--store", url_as(self.server, role), *key])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Made by the owner, granted to who serves."""
    with server_with_roles() as server:
        made = World(server, tmp_path_factory.mktemp("roles"))
        made.installation(OWNER).initialise()
        grant(server)
        yield made


def test_a_node_serves_with_the_least_rights(world: World) -> None:
    """It answers, changes and announces; every command on the store works; the chain verifies."""
    serving = world.installation(SERVING)
    with NodeProcess(serving, "one") as one, NodeProcess(serving, "two") as two:
        token = one.token()
        seen = f"account={prepare(one, token)}"
        for number, node in enumerate((one, two, one)):
            reply = send(node.address, "PUT", f"/v1/accounts/{ACCOUNT}/groups/g0", token=token,
                         body=group_body(0, number), headers={"Idempotency-Key": f"k{number}",
                                                              "Bailiwick-At-Least": seen})  # fmt: skip
            assert reply.status == 200, reply.body
            seen = reply.headers["bailiwick-revision"]
    for words in (["signing-key", "list"], ["signing-key", "rotate", "--leaked"], ["signing-key", "rotate-identity"],
                  ["recover", "owner"], ["log", "verify"]):  # fmt: skip
        done = serving.call(*words)
        assert (done.code, done.err) == (0, ""), words


def test_a_store_does_everything_with_the_least_rights(world: World, tmp_path: Path) -> None:
    """Writing, erasing, secrets, kept answers, activity, notes, pruning, turning keys: none of it lacks a right."""
    address = parse_address(url_as(world.server, SERVING), master_key=world.folder / "master.key")
    with open_store(address, locate=locate) as store:
        store.create_log(LOG + "-rights", at=AT)
        log = LOG + "-rights"
        store.append(log, 0, [create("u1", "alice"), create("u2", "bob")], actor_uid="u2", via="test", at=AT,
                     secrets=[SecretWrite("s", "password", b"kept")],
                     idempotency=Idempotency("u2", "k", "d", lambda _: (200, b"{}")))  # fmt: skip
        write(store, delete("u1", "alice"), log=log)
        store.erase_body(
            log, store.head(log).revision, kind="User", uid="u1", actor_uid="u2", via="test", at=AT
        )
        store.rotate_master_key()
        store.rotate_signing_key(actor_uid="u2", via="test", at=AT)
        secret = store.find_secret(log, "s")
        assert secret is not None
        assert secret.value == b"kept"
        assert store.prune_answers(LATER) == 1
        batches(store, [1], [2])
        for minute in range(2):
            store.activity.touch_credential(LOG, "c", AT + timedelta(minutes=minute))
            store.activity.flush()
            store.activity.amend(LOG, "n", AT, add)
        store.activity.amend(LOG, "n", AT, lambda held: None)
        assert store.activity.prune(LOG, datetime.now(UTC) + timedelta(days=1), at=LATER) >= 2
        assert store.verify(log).ok
        assert all(store.activity.verify(one).ok for one in store.activity.list_logs())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE change SET op = 'create'",
        "DELETE FROM change",
        "TRUNCATE change",
        "UPDATE body SET document = '{}'",
        "UPDATE event SET kind = 'x'",
        "DELETE FROM head",
        "UPDATE logs_revision SET version_num = '9'",
        "DROP TABLE change",
        "ALTER TABLE change DISABLE TRIGGER ALL",
        "CREATE TABLE mine (n integer)",
        "CREATE TEMPORARY TABLE mine (n integer)",
        "CREATE SCHEMA mine",
    ],
)
def test_who_serves_cannot_rewrite_history(world: World, statement: str) -> None:
    """What is written stays, whatever somebody does who has taken a node over; the owner could."""
    with (
        psycopg.connect(url_as(world.server, SERVING), autocommit=True) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


def test_the_owner_migrates_and_who_serves_may_not(world: World) -> None:
    """Migrating is the owner's; a program whose schema is there already finds nothing to do as either."""
    key = str(world.folder / "master.key")
    for role, code in ((SERVING, 2), (OWNER, 0)):
        done = world.installation(role)
        words = ["store", "migrate", url_as(world.server, role), "--master-key", key, "--to", "0001"]
        answer = Installation(done.folder, []).call(*words)
        assert answer.code == code, answer.err
    assert (
        Installation(world.folder, [])
        .call("store", "migrate", url_as(world.server, OWNER), "--master-key", key)
        .code
        == 0
    )
    grant(world.server)
    world.installation(SERVING).verify()


def test_who_serves_may_dump(world: World, tmp_path: Path) -> None:
    """As the nightly backup of deploy/systemd does it: the dump can be read through, and holds the changes."""
    dump = str(tmp_path / "dump")
    words = ([str(programs() / "pg_dump"), "--format=custom", f"--file={dump}", url_as(world.server, SERVING)],
             [str(programs() / "pg_restore"), "--file=-", dump])  # fmt: skip
    for one in words:
        done = subprocess.run(one, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
    assert "COPY public.change (" in done.stdout


def test_every_table_is_granted(world: World) -> None:
    """A table that comes with a migration is named in grants.sql: else nodes fail on it."""
    rows = world.server.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
        f"AND NOT has_table_privilege('{SERVING}', oid, 'SELECT')"
    )
    assert rows == []


def test_the_containers_script_makes_the_roles(tmp_path: Path) -> None:
    """What Compose's database runs once gives both roles the passwords of the files, and nobody else a way in."""
    script = (SCRIPTS.parent / "compose" / "roles.sh").read_text(encoding="utf-8")
    for role, word in (("owner", "owner's word"), ("serving", "another word")):
        (tmp_path / f"{role}.password").write_text(word, encoding="ascii")
    with home() as folder:
        server = Server(folder)
        server.initialise()
        server.start()
        try:
            place = {
                "PGHOST": "127.0.0.1",
                "PGPORT": str(server.port),
                "PATH": f"{programs()}:{os.environ['PATH']}",
            }
            here = script.replace("/run/secrets", str(tmp_path)).replace("/sql/", f"{SCRIPTS}/")
            done = subprocess.run(["sh", "-c", here], env=place, capture_output=True, text=True, check=False)
            assert (done.returncode, done.stderr) == (0, "")
            rules = f"host all {SUPERUSER} 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
            (server.data / "pg_hba.conf").write_text(rules, encoding="ascii")
            server.execute("SELECT pg_reload_conf()")
            for role, word in ((OWNER, "owner's word"), (SERVING, "another word")):
                psycopg.connect(url_as(server, role), password=word).close()
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(url_as(server, OWNER), password="another word")
            assert "another word" not in (folder / "server.log").read_text(encoding="utf-8")
        finally:
            server.stop()
