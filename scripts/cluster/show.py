"""What the cluster shows: every line that is printed was measured or asked just then."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx2
from scripts.cluster.company import Company
from scripts.cluster.nodes import Caller, Node, node_at, program, wait_for
from scripts.cluster.processes import SECONDS, require, say

ASKED = 30
STALE_SECONDS = 30
REFUSED = 503


@dataclass(frozen=True, slots=True)
class Show:
    """The cluster, and who asks it."""

    company: Company
    nodes: Sequence[Node]
    caller: Caller

    def run(self) -> None:
        """Show everything, in order."""
        self._let_in()
        self.everybody_answers()
        self.revocation_reaches_all()
        self._let_in()
        self.a_node_dies()
        self.the_database_stops()
        self.the_store_verifies()

    def everybody_answers(self) -> None:
        """Each node answers, through the proxy and by itself."""
        title("1. Every node answers")
        asked = [self.caller.ask() for _ in range(2 * len(self.nodes))]
        names = answered_by(asked)
        require(len(names) == len(self.nodes), f"not every node answers through the proxy: {names}")
        require(all(allows(answer) for answer in asked), "the visitor is not let in")
        say("May cluster-visitor look at an image?")
        say(f"Yes, say {words(names)}, through the proxy.")
        require(
            all(allows(self.caller.ask(node.url)) for node in self.nodes), "a node says otherwise by itself"
        )
        say("Yes, says each of them asked directly.")

    def revocation_reaches_all(self) -> None:
        """What is taken away at one node is refused by the others."""
        title("2. A revocation reaches every node")
        first, *others = self.nodes
        done = self.caller.shut_out(first.url)
        acknowledged = time.perf_counter()
        require(done.status_code == 204, f"the policy is not deleted: {done.status_code} {done.text}")
        say(f"The policy is deleted at {first.name}.")
        waiting, taken = list(others), {}
        while waiting:
            for node in tuple(waiting):
                if not allows(self.caller.ask(node.url)):
                    taken[node.name] = (time.perf_counter() - acknowledged) * 1000
                    waiting.remove(node)
            require(time.perf_counter() - acknowledged < SECONDS, "a node goes on to allow")
        for name, milliseconds in taken.items():
            say(f"{name} refuses, seen {milliseconds:.0f} ms after the acknowledgement.")

    def a_node_dies(self) -> None:
        """One may be killed without a question left unanswered."""
        victim = self.nodes[1]
        title("3. A node dies")
        victim.running.kill()
        asked = [self.caller.ask() for _ in range(ASKED)]
        require(all(allows(answer) for answer in asked), "a question was not answered")
        names = answered_by(asked)
        require(victim.name not in names, f"{victim.name} is dead, and answers")
        say(
            f"{victim.name} is killed (kill -9). {ASKED} questions right after: all answered, by {words(names)}."
        )
        victim.running.start()
        taken = wait_for(
            lambda: answered_by([self.caller.ask()]) == [victim.name], f"{victim.name} does not come back"
        )
        say(f"{victim.name} is started again. It answers through the proxy {taken:.1f} s later.")

    def the_database_stops(self) -> None:
        """Without the database nothing changes, questions are answered for as long as the account lets them."""
        title("4. The database stops")
        stopped = time.monotonic()
        self.company.database.stop()
        asked = [self.caller.ask() for _ in range(ASKED)]
        require(all(allows(answer) for answer in asked), "a question was not answered")
        say(f"PostgreSQL is stopped. {ASKED} questions: all answered, from what the nodes hold.")
        refused = self.caller.shut_out(self.caller.url)
        require(
            refused.status_code == REFUSED, f"a change was not refused: {refused.status_code} {refused.text}"
        )
        say(f"A change is refused: {told(refused)}.")
        wait_for(lambda: not any(node.is_ready() for node in self.nodes), "a node says that it is ready")
        say(f"After {time.monotonic() - stopped:.0f} s no node calls itself ready.")
        require(allows(self.caller.ask()), "a question was not answered")
        say("HAProxy asks them all the same, for they may still answer, and they do.")
        say(f"The account lets a node answer alone for {STALE_SECONDS} s. Waiting for that ...")
        wait_for(lambda: all(self._refuses(node) for node in self.nodes), "a node goes on to answer")
        say(f"After {time.monotonic() - stopped:.0f} s all refuse: {told(self.caller.ask())}.")
        self._database_comes_back()

    def _database_comes_back(self) -> None:
        """All go on by themselves."""
        taken = self.company.database.start()
        say(f"PostgreSQL is started again, and answers after {taken:.1f} s.")
        for node in self.nodes:
            say(f"{node.name} is ready {node.wait():.1f} s later.")
        wait_for(lambda: node_at(self.caller.url) is not None, "the proxy finds no node")
        require(allows(self.caller.ask()), "a question was not answered")
        self._let_in()
        say("Questions and changes are answered as before.")

    def the_store_verifies(self) -> None:
        """Nothing was lost or damaged by all of this."""
        title("5. The store is as it was written")
        done = subprocess.run(
            program("store", "verify", self.company.url, "--master-key", str(self.company.master_key), "-o", "json"),
            capture_output=True, text=True, check=False)  # fmt: skip
        require(done.returncode == 0, f"the store does not verify: {done.stdout}{done.stderr}")
        say(counted(json.loads(done.stdout)))

    def _refuses(self, node: Node) -> bool:
        """Does this node answer no question, neither yes nor no?"""
        return self.caller.ask(node.url).status_code == REFUSED

    def _let_in(self) -> None:
        """Let the visitor in."""
        done = self.caller.let_in()
        require(done.status_code == 200, f"the documents are not applied: {done.status_code} {done.text}")


def allows(answer: httpx2.Response) -> bool:
    """Is the visitor let in?"""
    require(answer.status_code == 200, f"a question is not answered: {answer.status_code} {answer.text}")
    return answer.json()["decision"] is True


def answered_by(answers: Sequence[httpx2.Response]) -> list[str]:
    """Which nodes gave these answers?"""
    return sorted({answer.headers.get("X-Node", "") for answer in answers})


def told(answer: httpx2.Response) -> str:
    """What does this problem say?"""
    found = answer.json()
    return f"{answer.status_code}, {found.get('detail') or found['title']}".replace(", and ", ",\n  and ")


def counted(reports: Sequence[dict[str, Any]]) -> str:
    """What was verified?"""
    changes = [report["rows"] for report in reports if report["rows_are"] == "changes"]
    events = sum(report["rows"] for report in reports if report["rows_are"] != "changes")
    also = f" and {events} events" if events else ""
    return f"{len(changes)} logs with {sum(changes)} changes{also}: all verified, nothing is missing."


def title(text: str) -> None:
    """Begin a part."""
    say()
    say(text)


def words(names: Sequence[str]) -> str:
    """These, as in a sentence."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
