"""A revocation on one node until it is enforced on the others: three nodes over PostgreSQL on this machine.

Somebody is taken out of a group on one node; from the answer to that on, the two others are asked in turn whether they
still let that somebody in. The time is until the answer arrives with which the last of them has said no, so the
asking itself is in it. Once while nothing else happens, once while clients write and ask on all nodes.
Run it as `python -m bench.nodes_bench [COUNT]`.
"""

from __future__ import annotations

import argparse
import http.client
import json
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.faults.cluster import primary
from tests.faults.load import ACCOUNT, ASKING, GROUPS, Load, Newest, group_body, question
from tests.faults.nodes import Installation, NodeProcess, prepare

NODES = 3
WATCHED = 0
TARGET_P99_MS = 50.0
LET_IN, SHUT_OUT = 0, 1
WAIT_SECONDS = 10.0
LOAD_CLIENTS = 2


@dataclass
class Line:
    """One connection to one node, kept open."""

    node: NodeProcess
    token: str

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.node.port, timeout=WAIT_SECONDS)

    def send(self, method: str, path: str, body: object) -> dict[str, object]:
        """What is answered? It has to be carried out."""
        said = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        self._connection.request(method, path, json.dumps(body), said)
        reply = self._connection.getresponse()
        content = reply.read()
        assert reply.status == 200, content
        found: dict[str, object] = json.loads(content)
        return found

    def lets_in(self) -> bool:
        """Is the watched user let in here?"""
        return self.send("POST", ASKING, question(WATCHED))["decision"] is True

    def write(self, value: int) -> None:
        """Let the watched user be a member or not."""
        path = f"/v1/accounts/{ACCOUNT}/groups/g{WATCHED}"
        self.send("PUT", path, group_body(WATCHED, value))


def measure(writer: Line, others: Sequence[Line], count: int) -> list[float]:
    """How many milliseconds did each of so many revocations take?"""
    taken = []
    for number in range(count):
        writer.write(number * 2 + LET_IN)
        wait_for(others, lets_in=True)
        writer.write(number * 2 + SHUT_OUT)
        begun = time.perf_counter()
        wait_for(others, lets_in=False)
        taken.append((time.perf_counter() - begun) * 1000)
    return taken


def wait_for(others: Sequence[Line], *, lets_in: bool) -> None:
    """Wait until all of these say so."""
    deadline = time.monotonic() + WAIT_SECONDS
    waiting = list(others)
    while waiting:
        waiting = [line for line in waiting if line.lets_in() is not lets_in]
        assert time.monotonic() < deadline, "a write did not arrive"


def report(name: str, taken: Sequence[float]) -> None:
    """Print the line of the table."""
    ordered = sorted(taken)
    p50, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.99))
    met = "met" if p99 <= TARGET_P99_MS else "missed"
    print(f"| {name} | {len(ordered)} | {p50:.1f} | {p99:.1f} | {ordered[-1]:.1f} | {met} |", flush=True)


def main(count: int) -> None:
    """Start a server and nodes, and measure idle and under load."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(primary())
        made = Installation(folder, ["--store", server.url(), "--master-key", str(folder / "master.key")])
        made.initialise()
        nodes = [stack.enter_context(NodeProcess(made, f"node-{number}")) for number in range(NODES)]
        token = nodes[0].token()
        newest = Newest(prepare(nodes[0], token))
        writer, *others = [Line(node, token) for node in nodes]
        wait_for([writer, *others], lets_in=True)
        print("| | revocations | p50 ms | p99 ms | most ms | 50 ms at p99 |\n|---|---:|---:|---:|---:|---|")
        report("idle", measure(writer, others, count))
        load = Load(nodes, token, 1, newest, clients=LOAD_CLIENTS, groups=range(1, GROUPS))
        begun = time.monotonic()
        load.start()
        try:
            taken = measure(writer, others, count)
        finally:
            load.stop()
        report("under load", taken)
        done = len(load.history.operations) / (time.monotonic() - begun)
        print(f"load: {done:.0f} operations a second, {load.acknowledged()} writes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=300)
    main(parser.parse_args().count)
