"""An account's snapshot as a function of its policies: seconds and bytes to load it, memory to hold it, one change."""

from __future__ import annotations

import gc
import time
import tracemalloc

from tests.faults.cluster import Server

from bailiwick.engine import decide
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.service.host import Host
from bailiwick.service.loading import account_log, load_snapshot
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot
from bench.scale.meter import Figures, Meter
from bench.scale.world import REGIONS, SERVICE, apply, count_of, make_account, policy

SIZES = (10, 100, 1_000, 10_000)
ROUNDS = {10: 40, 100: 30, 1_000: 12, 10_000: 3}
CHANGES = 20
COPIES = {10: 40, 100: 10, 1_000: 2, 10_000: 1}

_STORED = """
SELECT count(*), sum(octet_length(body) + octet_length(kind) + octet_length(uid) + octet_length(name) + 8)
FROM object WHERE log = '{}'
"""


def name_of(policies: int) -> str:
    """How is the account of so many policies called?"""
    return f"sized-{policies}"


def measure_loads(server: Server, host: Host) -> list[dict[str, object]]:
    """Which figures has an account of each size?"""
    found = []
    for policies in SIZES:
        begun = time.perf_counter()
        session = make_account(host, name_of(policies), policies)
        print(f"  {policies} policies made in {time.perf_counter() - begun:.1f} s", flush=True)
        found.append({"policies": policies, **_measure(server, host, session, policies)})
    return found


def _measure(server: Server, host: Host, session: Session, policies: int) -> dict[str, object]:
    name = name_of(policies)
    [(rows, size)] = server.execute(_STORED.format(account_log(name)))
    meter = Meter(server)
    held, asked = _memory(host, name, policies)
    return {
        "objects": int(str(rows)),
        "bytes_read": int(str(size)),
        "load": meter.each(ROUNDS[policies], lambda _: load(host, name)),
        "held_bytes": held,
        "bytes_a_principal_that_asked": asked,
        "change": meter.each(CHANGES, lambda number: _change(host, session, policies, number)),
    }


def measure_verifying(server: Server, host: Host) -> Figures:
    """What does it take to verify a row of the largest account's log?"""
    log = account_log(name_of(SIZES[-1]))
    rows = host.store.change_count(log)
    return Meter(server).each(1, lambda _: host.store.verify(log), units=rows)


def load(host: Host, name: str) -> Snapshot:
    """The account's snapshot, anew from the database."""
    return load_snapshot(host.store, host.catalog, name, host.system_head())


def _change(host: Host, session: Session, policies: int, number: int) -> None:
    apply(host, session, [policy(number % policies, policies, f"change {number}")])


def _memory(host: Host, name: str, policies: int) -> tuple[float, float]:
    """How many bytes does Python hold for a snapshot, and for each principal that asked a question of it?"""
    load(host, name)
    tracemalloc.start()
    before = _held()
    snapshots = [load(host, name) for _ in range(COPIES[policies])]
    held = (_held() - before) / len(snapshots)
    before = _held()
    users = count_of("user", policies)
    for snapshot in snapshots:
        for number in range(users):
            decide(snapshot.compiled, _question(number))
    asked = (_held() - before) / len(snapshots) / users
    tracemalloc.stop()
    return held, asked


def _question(number: int) -> Request:
    """May this user pull an image?"""
    path = (("namespace", f"ns-{number % 97}"), ("image", "web"))
    where = ResourceQuery(SERVICE, path, REGIONS[number % 3], None, None)
    return Request(f"user:user-{number}", f"{SERVICE}.image.pull", where, now=time.time())


def _held() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]
