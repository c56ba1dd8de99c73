"""docs/nodes.md, "Promoting a standby": nodes that know of both servers go on at the promoted one by themselves."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.processes import ACCOUNT
from tests.faults.cluster import DATABASE, SUPERUSER, USER, Server, home, primary, standby
from tests.faults.load import group_body, send
from tests.faults.nodes import Installation, NodeProcess, prepare

GROUP = f"/v1/accounts/{ACCOUNT}/groups/g0"


def url_of_both(*servers: Server) -> str:
    """Where is the database, wherever it may be written?"""
    hosts, ports = ",".join("127.0.0.1" for _ in servers), ",".join(str(server.port) for server in servers)
    return f"postgresql://{USER}@/{DATABASE}?host={hosts}&port={ports}&target_session_attrs=read-write"


def test_nodes_go_on_at_the_promoted_standby(tmp_path: Path) -> None:
    """Nothing that was acknowledged is lost, nobody starts a node again, announcements come from the new primary."""
    with primary() as first, standby(first) as second:
        key = tmp_path / "master.key"
        made = Installation(tmp_path, ["--store", url_of_both(first, second), "--master-key", str(key)])
        made.initialise()
        with NodeProcess(made, "one") as one, NodeProcess(made, "two") as two:
            token = one.token()
            prepare(one, token)
            written = send(one.address, "PUT", GROUP, token=token, body=group_body(0, 1))
            assert written.status == 200
            first.kill()
            second.alter(synchronous_standby_names="")
            second.promote()
            two.wait_until_ready()
            said = {"Bailiwick-At-Least": written.headers["bailiwick-revision"]}
            again = send(two.address, "PUT", GROUP, token=token, body=group_body(0, 3), headers=said)
            assert again.status == 200, again.body
            seen = {"Bailiwick-At-Least": again.headers["bailiwick-revision"]}
            read = send(one.address, "GET", GROUP, token=token, headers=seen)
            assert read.json["description"] == "3"
            second.wait_for_listeners(2)
        made.verify()


def test_a_base_backup_is_a_store_for_whoever_has_the_key(tmp_path: Path) -> None:
    """PostgreSQL's own copy of a running server verifies; with another key file it opens for nobody."""
    with primary() as server:
        key = tmp_path / "master.key"
        made = Installation(tmp_path, ["--store", server.url(), "--master-key", str(key)])
        made.initialise()
        other = tmp_path / "other.key"
        other.touch(0o600)
        other.write_text("master-0 " + "A" * 43 + "=\n", encoding="ascii")
        with home() as folder:
            copy = Server(folder)
            copy.run("pg_basebackup", "-D", str(copy.data), "-h", "127.0.0.1", "-p", str(server.port),
                     "-U", SUPERUSER, "-X", "stream", "-c", "fast")  # fmt: skip
            server.kill()
            copy.start()
            try:
                restored = Installation(tmp_path, ["--store", copy.url(), "--master-key", str(key)])
                restored.verify()
                refused = Installation(tmp_path, ["--store", copy.url(), "--master-key", str(other)]).call(
                    "log", "verify"
                )
                assert (refused.code, refused.out) == (2, "")
                assert "is not in `other.key`" in refused.err
            finally:
                copy.stop()


def test_what_an_asynchronous_standby_lacks_is_told_as_a_fork(tmp_path: Path) -> None:
    """The node throws away what it held, says so to whoever has seen it, records it, and goes on from what is there."""
    with primary() as first, standby(first) as second:
        first.alter(synchronous_standby_names="")
        key = tmp_path / "master.key"
        made = Installation(tmp_path, ["--store", url_of_both(first, second), "--master-key", str(key)])
        made.initialise()
        with NodeProcess(made, "one") as one:
            token = one.token()
            prepare(one, token)
            wait_until_replayed(first, second)
            second.stop()
            lost = send(one.address, "PUT", GROUP, token=token, body=group_body(0, 1))
            assert lost.status == 200
            first.kill()
            second.start()
            second.promote()
            one.wait_until_ready()
            written = send(one.address, "PUT", GROUP, token=token, body=group_body(0, 3))
            assert written.status == 200, written.body
            said = {"Bailiwick-At-Least": lost.headers["bailiwick-revision"]}
            refused = send(one.address, "GET", GROUP, token=token, headers=said)
            assert (refused.status, refused.json["code"]) == (409, "forked")
            events = send(one.address, "GET", f"/v1/accounts/{ACCOUNT}/activity", token=token)
            assert "fork" in [event["kind"] for event in events.json["items"]]
        made.verify()


def wait_until_replayed(first: Server, second: Server) -> None:
    """Wait until the standby has all that was written up to now."""
    [(written,)] = first.execute("SELECT pg_current_wal_lsn()::text")
    second.wait_until(f"SELECT pg_last_wal_replay_lsn() >= '{written}'", [(True,)])
