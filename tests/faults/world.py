"""One test's world: a store, nodes over it, a recorded load, and the judgement of what was recorded.

Every test says its seed. After a failure the history lies beside the nodes' logs, and its place is said.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.faults.checks import check_history, read_log
from tests.faults.history import Operation
from tests.faults.load import GROUPS, Load, Newest
from tests.faults.nodes import Installation, NodeProcess, prepare, started

from bailiwick.store.ports import Store

SEED = int(os.environ.get("BAILIWICK_FAULTS_SEED", "20261129"))
BOUND_SECONDS = 10.0
RECOVERY_SECONDS = 30.0
MOST_TOLD = 5


@dataclass
class World:
    """What a test breaks: nodes, and the load that notices. `open_store` reads the store past every node."""

    installation: Installation
    nodes: list[NodeProcess]
    load: Load
    random: Random
    open_store: Callable[[], Store]
    begun: int
    bound: float = BOUND_SECONDS
    _forgotten: set[int] = field(default_factory=set)

    def node(self) -> NodeProcess:
        """Any node, as the seed says."""
        return self.random.choice(self.nodes)

    def recover(self, seconds: float = RECOVERY_SECONDS) -> float:
        """Wait until all nodes are ready by themselves: how long did the last one take?"""
        begun = time.monotonic()
        for node in self.nodes:
            node.wait_until_ready(seconds)
        return time.monotonic() - begun

    def wait_for_answers(self, name: str, count: int = 10, seconds: float = 60) -> None:
        """Wait until this node has answered so many requests, a write among them."""
        begun, deadline = self.load.clock(), time.monotonic() + seconds
        while True:
            since = [one for one in self.load.history.operations if one.start > begun and one.node == name]
            answered = [one for one in since if one.outcome == "ok"]
            if len(answered) >= count and any(one.changes for one in answered):
                return
            assert time.monotonic() < deadline, {one.detail for one in since}
            time.sleep(0.05)

    def wait_for_refusals(self, seconds: float = 60) -> None:
        """Wait until several writes were refused for the store, and as many questions answered meanwhile."""
        begun, deadline = self.load.clock(), time.monotonic() + seconds
        while True:
            since = [one for one in self.load.history.operations if one.start > begun]
            refused = sum(one.changes and one.status in (500, 503) for one in since)
            answered = sum(one.kind == "ask" and one.outcome == "ok" for one in since)
            if refused >= 5 and answered >= 5:
                return
            assert time.monotonic() < deadline, f"writes refused: {refused}, questions answered: {answered}"
            time.sleep(0.05)

    def forget_answers(self, operations: Iterable[Operation]) -> None:
        """Do not judge what these have read: it is known to be old."""
        self._forgotten = {one.number for one in operations if not one.changes}

    def judge(self) -> None:
        """Is everything true of what was recorded, and does the chain verify?"""
        self.installation.verify()
        with self.open_store() as store:
            log = read_log(store)
        operations = [one for one in self.load.history.operations if one.number not in self._forgotten]
        check_history(operations, log, log.states[self.begun], self.bound)
        assert self.load.acknowledged() > 0, "nothing was written: nothing was tested"


@contextmanager
def world(
    installation: Installation,
    open_store: Callable[[], Store],
    nodes: Sequence[NodeProcess],
    *,
    seed: int = SEED,
    clients: int = 6,
    bound: float = BOUND_SECONDS,
    request_seconds: float = 12.0,
    groups: Sequence[int] = range(GROUPS),
) -> Iterator[World]:
    """Nodes started on an installation, and clients at work; all that was recorded is judged after the block."""
    print(f"seed {seed}")
    with ExitStack() as stack:
        stack.enter_context(started(nodes))
        token = nodes[0].token()
        vector = prepare(nodes[0], token)
        newest = Newest(vector)
        load = Load(nodes, token, seed, newest, clients=clients, seconds=request_seconds, groups=groups)
        made = World(installation, list(nodes), load, Random(seed), open_store,
                     int(vector.partition("-")[0]), bound)  # fmt: skip
        load.start()
        try:
            try:
                yield made
            finally:
                load.stop()
            made.judge()
        except BaseException:
            kept = write_history(made)
            print(f"history: {kept}", *told_errors(nodes), sep="\n")
            raise
        print(summary(made))


def told_errors(nodes: Iterable[NodeProcess]) -> list[str]:
    """What of the nodes' logs says why something broke? Some lines of each."""
    return [f"{node.name}: {line}" for node in nodes for line in node.errors()[:MOST_TOLD]]


def write_history(made: World) -> Path:
    """Where does the history lie for looking at?"""
    file = made.installation.folder / "history.jsonl"
    made.load.history.write_lines(file)
    return file


def summary(made: World) -> str:
    """How much was done, and how did it end?"""
    counted: dict[str, int] = {}
    for one in made.load.history.operations:
        name = f"{one.kind} {one.outcome}"
        counted[name] = counted.get(name, 0) + 1
    return ", ".join(f"{name} {count}" for name, count in sorted(counted.items()))
