"""What does a question cost a node: the processor's time of a real one, over HTTP on one connection?

Time by the clock would hold the client's own, on the same two cores.
"""

from __future__ import annotations

import http.client
import json
import os
import time
from pathlib import Path

from tests.faults.nodes import Installation, NodeProcess

from bench.scale.world import REGIONS, SERVICE, count_of

WARM_UP, QUESTIONS = 500, 4_000
PATH = "/access/v1/evaluation"


def measure_questions(made: Installation, account: str, policies: int, key: str) -> dict[str, float]:
    """How many seconds of the processor, and of the clock, does a question of this account take?"""
    with NodeProcess(made, "asked") as node:
        token = _token(node, key)
        asking = _Asking(node.port, token, account, count_of("user", policies))
        for number in range(WARM_UP):
            asking.ask(number)
        used, begun = _processor_seconds(node.process.pid), time.perf_counter()
        for number in range(QUESTIONS):
            asking.ask(number)
        taken = time.perf_counter() - begun
        return {
            "processor_seconds": (_processor_seconds(node.process.pid) - used) / QUESTIONS,
            "seconds": taken / QUESTIONS,
        }


def _token(node: NodeProcess, key: str) -> str:
    from tests.e2e.processes import token_of  # noqa: PLC0415 - it brings a web client with it

    return str(token_of(node.address, key))


class _Asking:
    """One kept connection on which the account's owner asks about its users."""

    def __init__(self, port: int, token: str, account: str, users: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self._said = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        self._account, self._users = account, users

    def ask(self, number: int) -> None:
        """May some user pull some image?"""
        region, namespace = REGIONS[number % 3], f"ns-{number % 97}"
        body = {
            "subject": {"type": "user", "id": f"user-{number % self._users}"},
            "action": {"name": f"{SERVICE}.image.pull"},
            "resource": {
                "type": "image",
                "id": f"brn:{self._account}:{SERVICE}:{region}::namespace/{namespace}/image/web",
            },
        }
        self._connection.request("POST", PATH, json.dumps(body), self._said)
        reply = self._connection.getresponse()
        content = reply.read()
        assert reply.status == 200, content


def _processor_seconds(pid: int) -> float:
    """How much of the processor has this process used?"""
    after_name = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    user, system = int(after_name[11]), int(after_name[12])
    return (user + system) / os.sysconf("SC_CLK_TCK")
