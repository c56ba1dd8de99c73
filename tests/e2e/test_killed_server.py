"""A server that is killed in the middle of writes: what it acknowledged is there, all else is whole or absent.

Writers change documents over HTTP, many in one transaction or one at a time, until the server gets SIGKILL at a random
moment; then the data directory is looked at as it lies, and the server started again on it.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPException
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.e2e.forks import Fork
from tests.e2e.processes import ACCOUNT, OWNER, START_SECONDS, ServerProcess, call, environment, token_of
from tests.e2e.server import Client

from bailiwick.service.locating import locate
from bailiwick.store.opening import open_store
from bailiwick.store.ports import Store, StoredObject, VerifyReport

KILLS = 25
WRITERS = 4
GROUPS = 20
LOG = f"account:{ACCOUNT}"
PUBLIC_URL = "https://iam.acme.example"
REPLAYED = "idempotent-replayed"


@dataclass
class Writer:
    """Writes one turn after the other, and remembers which were acknowledged, and at which revisions.

    An odd turn is one transaction of several documents, an even turn one document. `sent` is the last turn that was
    sent, acknowledged or not.
    """

    number: int
    token: str
    sent: int = 0
    acknowledged: list[int] = field(default_factory=list)
    vectors: dict[int, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """How do the names of its objects begin?"""
        return f"writer-{self.number}"

    def documents(self, turn: int) -> list[dict[str, Any]]:
        """Which documents does this turn write? All hold the turn."""
        if turn % 2 == 0:
            return [{"kind": "ServiceId", "name": self.name, "description": str(turn)}]
        groups = [
            {"kind": "Group", "name": f"{self.name}-{number}", "description": str(turn)}
            for number in range(GROUPS)
        ]
        return [
            *groups,
            {"kind": "User", "name": f"{self.name}-{turn}", "email": f"w{self.number}-{turn}@acme.example"},
        ]

    def send(self, client: Client, turn: int) -> bool:
        """Write this turn, or write it again: was it there already? Raises OSError, HTTPException unless it is said."""
        reply = client.post(
            "apply",
            body={"documents": [{"account": ACCOUNT, **one} for one in self.documents(turn)]},
            headers={"Idempotency-Key": f"{self.name}-{turn}"},
        )
        assert reply.status == 200, reply.text
        self.acknowledged.append(turn)
        self.vectors[turn] = reply.json["revision"]["account"]
        return REPLAYED in reply.headers

    def write_until_killed(self, address: str, begun: threading.Event) -> None:
        """Write turn after turn, until the server does not answer any more."""
        client = Client(address, self.token)
        try:
            while True:
                self.sent += 1
                self.send(client, self.sent)
                begun.set()
        except (OSError, HTTPException):
            return
        finally:
            client.close()

    @property
    def unanswered(self) -> int | None:
        """Which turn was sent and not acknowledged?"""
        return self.sent if self.sent not in self.acknowledged[-1:] and self.sent else None


@contextmanager
def forked_server(data: Path, folder: Path) -> Iterator[tuple[Fork, str]]:
    """A server on this data directory, in a process of its own, and its address. It is killed with the block.

    The first and the last start of the test are those of the command itself.
    """
    ready = folder / "ready"
    ready.unlink(missing_ok=True)
    words = ["serve", "--data", str(data), "--listen", "127.0.0.1:0", "--ready-file", str(ready),
             "--public-url", PUBLIC_URL]  # fmt: skip
    process = Fork(words, environment(), folder / "server.log")
    try:
        deadline = time.monotonic() + START_SECONDS
        while not ready.exists():
            assert process.poll() is None, f"the server has ended with {process.poll()}"
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.002)
        yield process, ready.read_text(encoding="utf-8").strip()
    finally:
        process.kill()
        process.wait()


def kill_while_writing(process: Fork, address: str, writers: list[Writer], wait: Callable[[], None]) -> None:
    """Let all write, and kill the server once something was acknowledged and the wait is over."""
    begun = threading.Event()
    threads = [threading.Thread(target=one.write_until_killed, args=(address, begun)) for one in writers]
    for thread in threads:
        thread.start()
    assert begun.wait(START_SECONDS)
    wait()
    process.kill()
    for thread in threads:
        thread.join()
    assert process.wait() == -signal.SIGKILL


def until_written(file: Path, seconds: float) -> None:
    """Wait that long, and then until something is written to the file: the middle of a commit."""
    time.sleep(seconds)
    before = file.stat().st_mtime_ns
    deadline = time.monotonic() + START_SECONDS
    while file.stat().st_mtime_ns == before:
        assert time.monotonic() < deadline, "nothing is written any more"


def check_kept(store: Store, writers: list[Writer]) -> int:
    """Is every acknowledged turn there, at its revision, and every other whole or absent? How many are whole?"""
    _, objects = store.load(LOG)
    found = {(one.kind, one.name): one for one in objects}
    return sum(check_writer(store, one, found) for one in writers)


def verify(store: Store) -> Iterator[VerifyReport]:
    """What does verification say of every log, and of the activity of each?"""
    for log in store.list_logs():
        yield store.verify(log)
    for log in {*store.list_logs(), *store.activity.list_logs()}:
        yield store.activity.verify(log)


def check_writer(store: Store, writer: Writer, found: Mapping[tuple[str, str], StoredObject]) -> bool:
    """Are this writer's turns there as they must be? Was the unanswered one carried out?"""
    for vector in writer.vectors.values():
        assert store.head_at(LOG, revision_of(vector)).vector == vector
    groups = {state_of(found.get(("Group", f"{writer.name}-{number}"))) for number in range(GROUPS)}
    assert len(groups) == 1, f"{writer.name} has half of a transaction: {groups}"
    single = state_of(found.get(("ServiceId", writer.name)))
    unanswered = writer.unanswered
    whole = False
    for odd, (turn, revision) in ((1, groups.pop()), (0, single)):
        last = max((one for one in writer.acknowledged if one % 2 == odd), default=0)
        assert turn in (last, unanswered), f"{writer.name}: at {turn}, acknowledged {last}, sent {unanswered}"
        assert turn != last or last == 0 or revision == revision_of(writer.vectors[last])
        whole = whole or turn == unanswered
    for turn in range(1, writer.sent + 1, 2):
        expected = turn != unanswered or whole
        assert (("User", f"{writer.name}-{turn}") in found) == expected, f"{writer.name}, turn {turn}"
    return whole


def state_of(found: StoredObject | None) -> tuple[int, int]:
    """Which turn has written this object last, at which revision? (0, 0): it is not there."""
    return (0, 0) if found is None else (int(found.document["description"]), found.revision)


def revision_of(vector: str) -> int:
    """Which revision does `812-9f3c0a1b2c3d` name?"""
    return int(vector.partition("-")[0])


def repeat_unanswered(address: str, writers: list[Writer], data: Path) -> None:
    """Send again what was not answered: it is carried out now unless it was, and the answer says which."""
    with open_store(data, locate=locate) as store:
        whole = {one.number: bool(check_kept(store, [one])) for one in writers}
    for writer in writers:
        turn = writer.unanswered
        if turn is not None:
            client = Client(address, writer.token)
            assert writer.send(client, turn) is whole[writer.number]
            client.close()


@pytest.fixture
def installation(tmp_path: Path) -> tuple[ServerProcess, list[Writer]]:
    """An installation that was started once by the command, and writers for it."""
    with ServerProcess(tmp_path, public_url=PUBLIC_URL) as server:
        token = token_of(server.address, server.key)
    return server, [Writer(number, token) for number in range(WRITERS)]


@pytest.mark.timeout(600)
def test_nothing_acknowledged_is_lost_when_the_server_is_killed(
    installation: tuple[ServerProcess, list[Writer]],
) -> None:
    """After each of many kills every acknowledged write is there, no other by half, and the log verifies."""
    server, writers = installation
    random = Random(20261120)
    unanswered = 0
    journal = server.data / "bailiwick.db-wal"
    for kill in range(KILLS):
        seconds = random.uniform(0.0, 0.2)
        wait = partial(until_written, journal, seconds) if kill % 2 else partial(time.sleep, seconds)
        with forked_server(server.data, server.folder) as (process, address):
            repeat_unanswered(address, writers, server.data)
            kill_while_writing(process, address, writers, wait)
        with open_store(server.data, locate=locate) as store:
            check_kept(store, writers)
            assert [report for report in verify(store) if not report.ok] == []
        unanswered += sum(one.unanswered is not None for one in writers)
    assert unanswered > KILLS, "the server was killed when nobody wrote"
    with server:
        client = server.owner()
        assert client.whoami == OWNER
        for writer in writers:
            client.token = writer.token
            assert client.get("groups", prefix=writer.name).status == 200
        repeat_unanswered(server.address, writers, server.data)
        assert call("log", "verify", variables=server.variables).code == 0
    with open_store(server.data, locate=locate) as store:
        check_kept(store, writers)
        assert all(one.unanswered is None for one in writers)
