"""What does it cost a node to hear of what others write: looks, sweeps, taking in, new accounts, a start?

Heads of accounts that nobody asks about are made by the thousand, past the service: a look reads heads alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, median

from tests.faults.cluster import Server

from bailiwick.service import following as service_following
from bailiwick.service.edits import new_uid
from bailiwick.service.host import Host, open_host
from bailiwick.service.kinds import ACCOUNT
from bailiwick.service.loading import account_log
from bailiwick.store.address import parse_address
from bailiwick.store.announcing import CHANNEL
from bailiwick.store.chain import genesis_hash
from bailiwick.store.ports import SYSTEM_LOG, Change
from bench.scale.meter import Figures, Meter
from bench.scale.rows import ACCOUNTS
from bench.scale.world import SETTINGS, Place, apply, make_account, make_empty, owner_of, policy

CHANGED = 20
POLICIES = 100
FAKES = 20_000
MOVED = (1_000, 10_000, FAKES)
LOOKS = 15
ROUNDS = 7
NOTICES = 500
PART = 2_000  # a transaction has to end in time


def measure_feed(place: Place, host: Host) -> dict[str, object]:
    """Which figures has the feed? Of accounts that are there, `held` ones (rows.py) are held by one node."""
    names = [f"followed-{number}" for number in range(CHANGED)]
    for name in names:
        make_account(host, name, POLICIES)
    held = [*names, *(f"empty-{number}" for number in range(ACCOUNTS))]
    with ExitStack() as stack:
        holding, empty = (Follower(stack.enter_context(place.node())) for _ in range(2))
        for name in held:
            holding.host.snapshot(name)
        followers = (holding, empty)
        looks = {0: _look(place.server, holding, 0)}
        taken_in = _take_in(place.server, host, holding, names)
        few = _after_a_new_account(place.server, host, "new-few", followers)
        swept = [Meter(place.server).each(ROUNDS, one.compare) for one in followers]
        started_few = _start(place)
        _make_heads(place.server, host)
        many = _after_a_new_account(place.server, host, "new-many", followers)
        started_many = _start(place)
        looks |= {moved: _look(place.server, holding, moved) for moved in MOVED}
    return {
        "announce": _announce(place.server),
        "look": looks[0],
        "look_a_moved_head": _slope(looks[0], looks[FAKES], FAKES),
        "look_a_moved_head_of_1000": _slope(looks[0], looks[1_000], 1_000),
        "take_in_an_account": _slope(looks[0], taken_in, CHANGED),
        "sweep_a_held_account": _slope(swept[1], swept[0], len(held)),
        "new_account": few[1],
        "new_account_a_held_account": _slope(few[1], few[0], len(held)),
        "new_account_a_known_account": _slope(few[1], many[1], FAKES),
        "start_seconds": started_few["seconds"],
        "start_seconds_a_known_account": (started_many["seconds"] - started_few["seconds"]) / FAKES,
        "start_bytes_a_known_account": (started_many["bytes"] - started_few["bytes"]) / FAKES,
    }


class Follower:
    """The follower of a node, whose steps this process takes itself."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._service = service_following.Follower(host)

    def step(self, _: int = 0) -> None:
        """Look, and take in what moved."""
        self._service.step()

    def compare(self, _: int = 0) -> None:
        """Compare all that is held."""
        self.host.poll()


def _slope(few: Figures, many: Figures, more: int) -> Figures:
    """What does each of so many more add?"""
    return {name: max(0.0, (many[name] - few[name]) / more) for name in few}


def _take_in(server: Server, writer: Host, holding: Follower, names: list[str]) -> Figures:
    """What does a step take that takes in a change of each of these?"""
    rounds = []
    for _ in range(ROUNDS):
        for number, name in enumerate(names):
            apply(writer, owner_of(writer, name), [policy(number, POLICIES, f"followed {time.time_ns()}")])
        rounds.append(Meter(server).each(1, holding.step))
        held = [holding.host.find_held(name) for name in names]
        assert [one and one.vector for one in held] == [writer.snapshot(name).vector for name in names]
    return _middle(rounds)


def _middle(rounds: list[Figures]) -> Figures:
    """Of several measurements: the least by the clock, else the median or mean."""
    found = {name: mean(one[name] for one in rounds) for name in rounds[0]}
    found["least_seconds"] = min(one["seconds"] for one in rounds)
    found["seconds"] = median(one["seconds"] for one in rounds)
    return found


def _after_a_new_account(
    server: Server, writer: Host, name: str, followers: tuple[Follower, Follower]
) -> tuple[Figures, Figures]:
    """What does the step take after there is another account: of a node that holds some, of one that holds none?"""
    rounds: tuple[list[Figures], list[Figures]] = ([], [])
    for number in range(ROUNDS):
        make_empty(writer, f"{name}-{number}")
        for follower, taken in zip(followers, rounds, strict=True):
            taken.append(Meter(server).each(1, follower.step))
            assert follower.host.system_head() == writer.store.head(SYSTEM_LOG)
    return _middle(rounds[0]), _middle(rounds[1])


def _fakes() -> Iterator[str]:
    return (f"unasked-{number:06}" for number in range(FAKES))


def _make_heads(server: Server, host: Host) -> None:
    """Let there be many accounts that nobody asks about: their heads, and their names in the system log."""
    with server.connect() as connection, connection.cursor() as cursor:
        columns = "(log, revision, hash, signature, at, moved_at)"
        with cursor.copy(f"COPY head {columns} FROM STDIN") as copy:
            for name in _fakes():
                log = account_log(name)
                copy.write_row((log, 0, genesis_hash(log), bytes(64), "2026-01-01T00:00:00.000000Z", 0))
    known = [
        Change(ACCOUNT, new_uid(ACCOUNT), name, "create", {"log": account_log(name)}) for name in _fakes()
    ]
    for begin in range(0, FAKES, PART):
        revision = host.store.head(SYSTEM_LOG).revision
        part = known[begin : begin + PART]
        host.store.append(SYSTEM_LOG, revision, part, actor_uid="x", via="bench", at=datetime.now(UTC))
    server.execute("VACUUM ANALYZE")


def _look(server: Server, holding: Follower, moved: int) -> Figures:
    """What does a look take when so many heads, none of them held, have moved within the time that is looked back?"""
    holding.step()
    server.execute("UPDATE head SET moved_at = 0 WHERE moved_at > 0")
    server.execute("UPDATE head SET moved_at = EXTRACT(EPOCH FROM statement_timestamp()) * 1000000 WHERE log IN "
                   f"(SELECT log FROM head WHERE log LIKE 'account:unasked-%' ORDER BY log LIMIT {moved})")  # fmt: skip
    server.execute("VACUUM ANALYZE head")
    mark = holding.host.store.moved_since(1 << 62)[0]
    assert len(holding.host.store.moved_since(mark)[1]) == moved
    begun = time.monotonic()
    found = Meter(server).each(LOOKS, holding.step)
    assert time.monotonic() - begun < 40, "the last looks were told fewer"
    return found


def _announce(server: Server) -> Figures:
    """What does it take to send an announcement?"""
    with server.connect() as connection:
        return Meter(server).each(NOTICES, lambda _: connection.execute(f"NOTIFY {CHANNEL}"))


def _start(place: Place) -> Figures:
    """How long does a node take to open the store, and how much memory has it then, in a process of its own?"""
    words = [sys.executable, "-m", "bench.scale.feed", place.server.url(), str(place.key_file)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    found: Figures = json.loads(done.stdout)
    return found


def start(url: str, key_file: str) -> Figures:
    """How many seconds of the processor does this process take to open the store, and how much memory?"""
    begun = time.process_time()
    host = open_host(parse_address(url, master_key=Path(key_file)), SETTINGS)
    taken = time.process_time() - begun
    host.close()
    status = Path("/proc/self/status").read_text(encoding="ascii")
    [kilobytes] = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return {"seconds": taken, "bytes": int(kilobytes) * 1024}


if __name__ == "__main__":
    print(json.dumps(start(sys.argv[1], sys.argv[2])))
