"""Two nodes told at the same moment to change the same group, many times, each first in turn."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from tests.faults.history import Operation
from tests.faults.load import ACCOUNT, AT_LEAST, GROUPS, group_body, read_reply, send
from tests.faults.world import World

CLIENT = 90
GROUP = 0
OTHERS = range(1, GROUPS)


def change_at_once(it: World, rounds: int) -> None:
    """Swaps of one state by two clients at once: one is made, one refused. Then plain writes: both are made."""
    with ThreadPoolExecutor(2) as threads:
        for number in range(rounds):
            tag = read_tag(it, number)
            order = it.nodes[:2] if number % 2 else it.nodes[1::-1]
            for swap in (True, False):
                barrier = Barrier(2)
                work = [
                    threads.submit(change, it, client, node.name, barrier, tag if swap else None, number)
                    for client, node in enumerate(order)
                ]
                done = [one.result() for one in work]
                made = sum(one.outcome == "ok" for one in done)
                assert made == 2 - swap or any(one.outcome == "unknown" for one in done), done
                if made == 2:
                    assert done[0].revision != done[1].revision


def read_tag(it: World, number: int) -> tuple[int, str]:
    """At which revision is the group, and which object is it?"""
    demanded = it.load.newest.read()
    node = it.nodes[number % 2]
    reply = send(node.address, "GET", f"/v1/accounts/{ACCOUNT}/groups/g{GROUP}", token=it.load.token,
                 headers={AT_LEAST: f"account={demanded}"})  # fmt: skip
    assert reply.status == 200, reply.body
    revision, _, uid = reply.headers["etag"].strip('"').partition("-")
    return int(revision), uid


def change(
    it: World, client: int, name: str, barrier: Barrier, tag: tuple[int, str] | None, number: int
) -> Operation:
    """Change the group at this node, at the moment at which the other does; recorded like all others."""
    load = it.load
    node = next(one for one in it.nodes if one.name == name)
    value = load.history.next_number() * 2 + number % 2
    demanded = load.newest.read()
    headers = {AT_LEAST: f"account={demanded}"}
    if tag is not None:
        headers["If-Match"] = f'"{tag[0]}-{tag[1]}"'
    barrier.wait(10)
    begun = Operation(value // 2, CLIENT + client, name, "swap" if tag else "write", GROUP, load.clock(),
                      value=value, expected=tag[0] if tag else 0, demanded=demanded)  # fmt: skip
    reply = send(node.address, "PUT", f"/v1/accounts/{ACCOUNT}/groups/g{GROUP}", token=load.token,
                 body=group_body(GROUP, value), headers=headers)  # fmt: skip
    done = read_reply(begun, reply, load.clock())
    if done.outcome == "ok":
        load.newest.see(done.vector)
    load.history.add(done)
    return done
