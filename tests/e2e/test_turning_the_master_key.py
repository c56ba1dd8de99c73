"""docs/operations.md, "Master keys": the key is turned over two nodes that are in use, and neither misses a secret."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.e2e.processes import ACCOUNT, Done, call
from tests.faults.cluster import primary
from tests.faults.load import Reply, send
from tests.faults.nodes import Installation, NodeProcess

from bailiwick.cli.client import ServerError

KEYS = f"/v1/accounts/{ACCOUNT}/api-keys"
FEWEST = 3


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[tuple[NodeProcess, NodeProcess]]:
    """Two nodes on one database, each with a key file of its own."""
    with primary() as server:
        folders = [tmp_path / name for name in ("one", "two")]
        url = server.url()
        stores = [
            Installation(folder, ["--store", url, "--master-key", str(folder / "master.key")])
            for folder in folders
        ]
        stores[0].initialise()
        stores[1].folder.mkdir()
        bring(stores[0].folder, stores[1].folder)
        shutil.copy(stores[0].key_file, stores[1].key_file)
        with NodeProcess(stores[0], "one") as one, NodeProcess(stores[1], "two") as two:
            yield one, two


def bring(here: Path, there: Path) -> None:
    """Bring the key file to another machine, in one step, as the document says."""
    shutil.copy(here / "master.key", there / "master.key.new")
    (there / "master.key.new").replace(there / "master.key")


def turn(node: NodeProcess, *words: str) -> Done:
    """What does this command on this machine's key file print? It must succeed."""
    done = node.installation.call("master-key", *words)
    assert (done.code, done.err) == (0, ""), words
    return done


class Using:
    """Somebody who gets tokens and makes keys at a node, so that secrets are read, sealed and answered again."""

    def __init__(self, node: NodeProcess) -> None:
        self.node, self.failed, self.done = node, list[str](), 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on)

    def __enter__(self) -> Using:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._over.is_set():
            for reply in use(self.node, f"{self.node.name}-{self.done}"):
                if reply.status not in (200, 201, 204):
                    self.failed.append(f"{reply.status} {reply.body!r}")
            self.done += 1

    def some_more(self) -> None:
        """Wait until a whole round has begun and ended since now, and another."""
        wanted = self.done + FEWEST
        while self.done < wanted:
            assert self._thread.is_alive()
            assert not self._over.wait(0.05)


def use(node: NodeProcess, name: str) -> Iterator[Reply]:
    """Get a token by a key's secret, make a key with a secret, ask for the kept answer again, and delete the key."""
    token = node.token()
    headers = {"Idempotency-Key": name}
    made = [send(node.address, "POST", KEYS, token=token, body={}, headers=headers) for _ in range(2)]
    yield from made
    assert made[0].json["id"] == made[1].json["id"]
    yield send(node.address, "DELETE", f"{KEYS}/{made[0].json['id']}", token=token)


@contextmanager
def used(nodes: tuple[NodeProcess, NodeProcess]) -> Iterator[tuple[Using, Using]]:
    """Both are used; nothing that they are asked fails."""
    one, two = nodes
    with Using(one) as first, Using(two) as second:
        yield first, second
        for using in (first, second):
            using.some_more()
    assert (first.failed, second.failed) == ([], [])


def test_neither_node_misses_a_secret(nodes: tuple[NodeProcess, NodeProcess]) -> None:
    """Add, bring, use, drop, bring: tokens, keys and kept answers go on at both through all of it."""
    one, two = nodes
    old = json.loads(turn(one, "list", "-o", "json").out)
    with used(nodes) as users:
        added = turn(one, "add").out.splitlines()[0].removeprefix("added master key ")
        users[1].some_more()
        bring(one.installation.folder, two.installation.folder)
        assert turn(one, "use", added).out == f"all secrets are under master key {added}\n"
        users[0].some_more()
        assert turn(one, "drop").out == f"dropped master key {old[0]['key']}\n"
        bring(one.installation.folder, two.installation.folder)
    [now] = json.loads(turn(two, "list", "-o", "json").out)
    assert (now["key"], now["current"], now["in_file"]) == (added, True, True)
    assert now["secrets"] >= old[0]["secrets"]
    one.installation.verify()


def test_a_node_without_the_key_refuses_until_it_has_it(nodes: tuple[NodeProcess, NodeProcess]) -> None:
    """What was forgotten is mended by bringing the file; the node goes on without being started again."""
    one, two = nodes
    added = turn(one, "add").out.splitlines()[0].removeprefix("added master key ")
    turn(one, "use", added)
    with pytest.raises(ServerError):
        two.token()
    refused = two.installation.call("master-key", "list")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith(f"error: master key `{added}` is not in `master.key`\n")
    bring(one.installation.folder, two.installation.folder)
    assert two.token()


def test_a_key_that_is_needed_is_not_dropped(tmp_path: Path) -> None:
    """Only what nothing is under goes; a key that is in no file is not used. It works on a data directory, too."""
    data = ["--data", str(tmp_path / "data")]
    made = call(
        "init", *data, "--account", ACCOUNT, "--owner", "o@acme.example", "--key-file", str(tmp_path / "k")
    )
    assert made.code == 0
    assert call("master-key", "drop", *data).out == "there is no other key than the one in use\n"
    unknown = call("master-key", "use", "master-0", *data)
    assert (unknown.code, unknown.out) == (2, "")
    assert unknown.err.startswith("error: master key `master-0` is not in the file\n")
    [old] = json.loads(call("master-key", "list", *data, "-o", "json").out)
    added = call("master-key", "add", *data).out.splitlines()[0].removeprefix("added master key ")
    assert call("master-key", "drop", *data).out == f"dropped master key {added}\n"
    assert call("log", "verify", *data).code == 0
    again = call("master-key", "add", *data).out.splitlines()[0].removeprefix("added master key ")
    assert call("master-key", "use", again, *data).code == 0
    rows = call("master-key", "list", *data).out.splitlines()
    assert [row.split() for row in rows[1:]] == [
        [old["key"], "yes", "0"],
        [again, "current", "yes", str(old["secrets"])],
    ]
