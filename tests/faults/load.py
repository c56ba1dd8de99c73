"""A load of recorded operations: several clients over several nodes, HTTP only, planned by a seed.

Each client does what its own random numbers say, whatever is answered; nothing here judges the answers.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Protocol
from urllib.parse import urlsplit

from tests.faults.history import History, Operation, allows, ended, revision_of

GROUPS = 4
ACCOUNT = "acme"
STALE_SECONDS = 5
REQUEST_SECONDS = 12.0
PAUSE_SECONDS = 0.02
ASKING = "/access/v1/evaluation"
AT_LEAST = "Bailiwick-At-Least"
NOT_CARRIED_OUT = (400, 401, 403, 404, 409, 412, 413, 415, 429)


class Node(Protocol):
    """Where requests can be sent; the address may change when the node is started again."""

    name: str
    address: str


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Which JSON value is it? {} for none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return {}


class NotSent(Exception):
    """Nobody listens there: certainly nothing was done."""


def send(
    address: str,
    method: str,
    path: str,
    *,
    token: str = "",
    body: object = None,
    headers: Mapping[str, str] | None = None,
    seconds: float = REQUEST_SECONDS,
) -> Reply:
    """What is answered on a connection of its own? Raises NotSent, OSError, HTTPException."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=seconds)
    said = {"Content-Type": "application/json", "Connection": "close", **(headers or {})}
    if token:
        said["Authorization"] = f"Bearer {token}"
    try:
        try:
            connection.connect()
        except ConnectionRefusedError as error:
            raise NotSent(address) from error
        connection.request(method, path, None if body is None else json.dumps(body), said)
        answer = connection.getresponse()
        return Reply(answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def documents() -> list[dict[str, Any]]:
    """Which documents make the world of the load: for each group one user and one policy."""
    # WHY shorter than what the checks allow: a node answers on from what it heard last, and has to be told of it.
    made: list[dict[str, Any]] = [
        {"kind": "SecuritySettings", "name": "security", "staleness": {"longest_seconds": STALE_SECONDS}}
    ]
    for number in range(GROUPS):
        made += [
            {"kind": "User", "name": f"u{number}", "email": f"u{number}@acme.example"},
            {"kind": "Group", "name": f"g{number}", **group_body(number, 0)},
            {"kind": "Policy", "name": f"p{number}", "subjects": [f"group:g{number}"],
             "roles": ["IMS ReadOnlyAccess"], "scope": {"service": "ims", "region": "eu-de"}},
        ]  # fmt: skip
    return [{"account": ACCOUNT, **one} for one in made]


def group_body(group: int, value: int) -> dict[str, Any]:
    """How is this number written into the group?"""
    return {"description": str(value), "members": [f"user:u{group}"] if allows(value) else []}


def question(group: int) -> dict[str, Any]:
    """May the group's user look at an image?"""
    return {
        "subject": {"type": "user", "id": f"u{group}"},
        "action": {"name": "ims:images:get"},
        "resource": {"type": "ims/image", "id": "brn:acme:ims:eu-de::image/web-1"},
    }


class Newest:
    """The highest vector that any client was given: what a strong read has to rest on."""

    def __init__(self, vector: str) -> None:
        self._lock = threading.Lock()
        self._vector = vector

    def read(self) -> str:
        """Which is it now?"""
        with self._lock:
            return self._vector

    def see(self, vector: str) -> None:
        """An answer rests on this one."""
        with self._lock:
            if revision_of(vector) > revision_of(self._vector):
                self._vector = vector


@dataclass
class Load:
    """Clients at work from `start` to `stop`. `clock` is monotonic; `pause` is between two operations of a client.

    `tokens`: by name, of nodes that want another than `token`. `groups`: those that they write and ask about.
    """

    nodes: Sequence[Node]
    token: str
    seed: int
    newest: Newest
    clients: int = 6
    pause: float = PAUSE_SECONDS
    seconds: float = REQUEST_SECONDS
    history: History = field(default_factory=History)
    clock: Callable[[], float] = time.monotonic
    tokens: dict[str, str] = field(default_factory=dict)
    groups: Sequence[int] = range(GROUPS)

    def start(self) -> None:
        """Let the clients work."""
        self._ending = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(number,), name=f"client-{number}")
            for number in range(self.clients)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each client end what it is at."""
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def run(self, seconds: float) -> None:
        """Let the clients work for so long."""
        self.start()
        time.sleep(seconds)
        self.stop()

    def acknowledged(self) -> int:
        """How many writes were acknowledged so far?"""
        return sum(one.changes and one.outcome == "ok" for one in self.history.operations)

    def wait_for_writes(self, count: int, seconds: float = 60) -> None:
        """Wait until so many more writes were acknowledged."""
        wanted, deadline = self.acknowledged() + count, time.monotonic() + seconds
        while self.acknowledged() < wanted:
            assert time.monotonic() < deadline, f"{count} more writes were not acknowledged in {seconds:g} s"
            time.sleep(0.02)

    def wait_for(self, fits: Callable[[Operation], bool], seconds: float = 60) -> None:
        """Wait until an operation has ended that fits."""
        deadline = time.monotonic() + seconds
        while not any(fits(one) for one in self.history.operations):
            assert time.monotonic() < deadline, f"no such operation in {seconds:g} s"
            time.sleep(0.02)

    def _work(self, client: int) -> None:
        random = Random(f"{self.seed}-{client}")
        while not self._ending.is_set():
            _Client(self, client, random).do_one()
            time.sleep(self.pause * 2 * random.random())


@dataclass
class _Client:
    load: Load
    client: int
    random: Random

    def do_one(self) -> None:
        """Do what the random numbers say."""
        chance = self.random.random()
        if chance < 0.35:
            self.write(keyed=self.random.random() < 0.5)
        elif chance < 0.45:
            self.swap()
        else:
            self.look(asking=chance < 0.85, strong=self.random.random() < 0.5)

    def write(self, *, keyed: bool) -> None:
        """Write a number that nobody else writes; under a key, repeat it elsewhere until it is answered."""
        begun = self.begin("write")
        begun = replace(begun, key=f"key-{begun.number}" if keyed else "")
        headers = {"Idempotency-Key": begun.key} if keyed else {}
        done = self.put(begun, headers, self.pick())
        for _ in range(2 if keyed else 0):
            if done.outcome != "unknown" or self.load._ending.is_set():
                break
            done = self.again(begun, done, headers)
        self.load.history.add(done)

    def again(self, begun: Operation, before: Operation, headers: Mapping[str, str]) -> Operation:
        """The same request again, at any node. Only its being carried out settles what the first one was."""
        time.sleep(0.2)
        done = self.put(begun, headers, self.pick())
        return done if done.outcome == "ok" else before

    def swap(self) -> None:
        """Read a group, then write it if it has not changed, at another node that has to know what was read."""
        read = self.look(asking=False, strong=False)
        if read.outcome != "ok":
            return
        begun = replace(self.begin("swap"), group=read.group, expected=read.tag)
        uid = read.detail
        headers = {"If-Match": f'"{read.tag}-{uid}"'}
        if self.random.random() < 0.5:
            demanded = self.load.newest.read()
            begun, headers = replace(begun, demanded=demanded), {**headers, AT_LEAST: f"account={demanded}"}
        self.load.history.add(self.put(begun, headers, self.pick()))

    def look(self, *, asking: bool, strong: bool) -> Operation:
        """Read a group, or ask whether its user is let in."""
        node = self.pick()
        begun = replace(self.begin("ask" if asking else "read"), node=node.name)
        headers = {}
        if strong:
            begun = replace(begun, demanded=self.load.newest.read())
            headers = {AT_LEAST: f"account={begun.demanded}"}
        path = ASKING if asking else f"/v1/accounts/{ACCOUNT}/groups/g{begun.group}"
        body = question(begun.group) if asking else None
        done = self.carry_out(begun, "POST" if asking else "GET", path, body, headers, node)
        self.load.history.add(done)
        return done

    def put(self, begun: Operation, headers: Mapping[str, str], node: Node) -> Operation:
        """Write the operation's number into its group."""
        path = f"/v1/accounts/{ACCOUNT}/groups/g{begun.group}"
        body = group_body(begun.group, begun.value)
        return self.carry_out(replace(begun, node=node.name), "PUT", path, body, headers, node)

    def begin(self, kind: Any) -> Operation:
        """An operation that begins now."""
        number = self.load.history.next_number()
        # WHY: numbers are of one operation only, and half of them let the user in.
        value = number * 2 + (self.random.random() < 0.5)
        return Operation(
            number=number, client=self.client, node="", kind=kind, group=self.random.choice(self.load.groups),
            start=self.load.clock(), value=value if kind in ("write", "swap") else 0)  # fmt: skip

    def pick(self) -> Node:
        """Any node."""
        return self.random.choice(self.load.nodes)

    def carry_out(
        self, begun: Operation, method: str, path: str, body: object, headers: Mapping[str, str], node: Node
    ) -> Operation:
        """Send it, and record what came of it."""
        load = self.load
        try:
            token = load.tokens.get(node.name, load.token)
            reply = send(
                node.address, method, path, token=token, body=body, headers=headers, seconds=load.seconds
            )
        except NotSent:
            return ended(begun, load.clock(), "refused", 0, "nobody listens")
        except (OSError, http.client.HTTPException) as error:
            return ended(begun, load.clock(), "unknown", 0, f"{type(error).__name__}: {error}")
        done = read_reply(begun, reply, load.clock())
        if done.outcome == "ok" and done.vector:
            load.newest.see(done.vector)
        return done


def read_reply(begun: Operation, reply: Reply, end: float) -> Operation:
    """What does this answer say of the operation?"""
    said = reply.json
    if reply.status not in (200, 201):
        detail = "; ".join(str(said[name]) for name in ("detail", "help") if name in said)
        sure = reply.status in NOT_CARRIED_OUT or (reply.status == 503 and "unknown" not in detail)
        return ended(begun, end, "refused" if sure else "unknown", reply.status, detail)
    if begun.kind == "ask":
        context = said["context"]
        done = replace(begun, seen=int(said["decision"]), vector=context["revision"]["account"],
                       stale="stale_since" in context)  # fmt: skip
        return ended(done, end, "ok", 200, str(context["reason"]))
    vectors = dict(part.strip().split("=") for part in reply.headers["bailiwick-revision"].split(","))
    tag, _, uid = reply.headers["etag"].strip('"').partition("-")
    done = replace(begun, seen=int(said["description"]), tag=int(tag), vector=vectors["account"])
    return ended(done, end, "ok", reply.status, uid)
