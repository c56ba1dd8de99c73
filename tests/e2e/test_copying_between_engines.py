"""An installation moves from its data directory into a database and back, by the commands, and is served from each."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.contract.on_postgresql import new_database, url_of
from tests.e2e.processes import ACCOUNT, call
from tests.faults.load import group_body, send
from tests.faults.nodes import Installation, NodeProcess, prepare


def change(node: NodeProcess, token: str, group: int) -> str:
    """At which revision of the account is the group that is put here?"""
    path = f"/v1/accounts/{ACCOUNT}/groups/g{group}"
    headers = {"Idempotency-Key": f"{node.name}-{group}"}
    reply = send(node.address, "PUT", path, token=token, body=group_body(group, 1), headers=headers)
    assert reply.status == 200, reply.body
    return str(reply.headers["bailiwick-revision"])


def test_an_installation_moves_into_a_database_and_back(tmp_path: Path) -> None:
    """While the directory is served, it is copied; the database answers for the same key, changes, and is backed up."""
    data, folder, key = tmp_path / "data", tmp_path / "installation", tmp_path / "database.key"
    in_directory = Installation(folder, ["--data", str(data)])
    in_directory.initialise()
    url = url_of(new_database())
    with NodeProcess(in_directory, "before") as node:
        prepare(node, node.token())
        done = call("store", "copy", str(data), url, "--to-master-key", str(key))
    assert (done.code, done.err) == (0, "")
    assert f"next: bailiwick serve --store {url} --master-key {key}" in done.out
    named = ["--master-key", str(key)]
    in_database = Installation(folder, ["--store", url, *named])
    with NodeProcess(in_database, "moved") as node:
        seen = change(node, node.token(), 0)
        again = call("store", "copy", str(data), url, *named)
        assert (again.code, again.err.splitlines()[0]) == (2, f"error: `{url}` is not empty")
        backup = call("store", "backup", url, str(tmp_path / "backup"), *named)
        assert (backup.code, backup.err) == (0, "")
        assert f"keep {key} elsewhere" in backup.out
    assert call("store", "verify", str(tmp_path / "backup"), *named).code == 0
    restored = tmp_path / "restored"
    assert call("store", "restore", str(tmp_path / "backup"), str(restored), *named).code == 0
    back = Installation(folder, ["--data", str(restored)])
    with NodeProcess(back, "back") as node:
        token = node.token()
        reply = send(node.address, "GET", f"/v1/accounts/{ACCOUNT}/groups/g0", token=token,
                     headers={"Bailiwick-At-Least": seen})  # fmt: skip
        assert reply.status == 200, reply.body
        change(node, token, 1)
    back.verify()


def test_the_keys_of_a_database_have_to_be_named(tmp_path: Path) -> None:
    """Where they lie is asked for, of either end, before anything is done."""
    data, url = tmp_path / "data", url_of(new_database())
    Installation(tmp_path, ["--data", str(data)]).initialise()
    done = call("store", "copy", str(data), url)
    assert done.code == 2
    assert "a store in a database needs a file of its master keys" in done.err
    done = call("store", "backup", url, str(tmp_path / "backup"))
    assert done.code == 2
    assert "a store in a database needs the file of its master keys" in done.err
    shutil.copy2(data / "master.key", tmp_path / "k")
    done = call("store", "backup", url, str(tmp_path / "backup"), "--master-key", str(tmp_path / "k"))
    assert done.code == 2
    assert "holds no store" in done.err
