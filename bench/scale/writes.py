"""What does a write cost: latency, writes a second of one account and of many, WAL bytes, statements?

Each writer is a process of its own with a host of its own, as a node is; `python -m bench.scale.writes …` is one.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from sqlalchemy import Engine, event
from tests.faults.cluster import Server

from bailiwick.errors import Conflict
from bailiwick.service.host import Host, open_host
from bailiwick.service.loading import account_log
from bailiwick.store.address import parse_address
from bailiwick.store.ports import Change
from bench.scale.meter import Figures, Meter
from bench.scale.world import SETTINGS, Document, Place, apply, make_account, owner_of, policy

POLICIES = 100
SECONDS = 4.0
SINGLE = 200
COLD = 20
WRITERS = (1, 2, 4)


def measure_writes(place: Place, host: Host) -> dict[str, object]:
    """Latency and WAL of one writer, then several at once: on accounts of their own, and all on one."""
    names = [f"written-{number}" for number in range(max(WRITERS))]
    for name in names:
        make_account(host, name, POLICIES)
    found: dict[str, object] = {"one": _one_writer(place.server, host, names[0])}
    for writers in WRITERS:
        found[f"{writers} on their own"] = _several(place, names[:writers])
    found[f"{max(WRITERS)} on one"] = _several(place, [names[0]] * max(WRITERS))
    return found


def _one_writer(server: Server, host: Host, name: str) -> dict[str, object]:
    session = owner_of(host, name)
    host.poll()
    meter = Meter(server)
    whole = meter.each(SINGLE, lambda n: apply(host, session, [_changed(n)]))
    store_only = _Appending(host, name)
    server.execute("CHECKPOINT")
    store_only.append(0)
    before = _wal(server)
    appended = meter.each(SINGLE, store_only.append)
    wal = (_wal(server) - before) / SINGLE
    with _statements() as counted:
        store_only.append(0)
    cold = median(_cold(server, store_only, number) for number in range(COLD))
    return {
        "change": whole,
        "append": appended,
        "wal_bytes": wal,
        "wal_bytes_after_a_checkpoint": cold,
        "statements": counted[0],
    }


def _cold(server: Server, appending: _Appending, number: int) -> float:
    """How many bytes of WAL has a write whose pages are all written for the first time since a checkpoint?"""
    server.execute("CHECKPOINT")
    before = _wal(server)
    appending.append(number)
    return _wal(server) - before


class _Appending:
    """Replaces one policy of the account, past the service."""

    def __init__(self, host: Host, name: str) -> None:
        self._store, self._log = host.store, account_log(name)
        found = host.store.find_named(self._log, "Policy", "policy-7")
        assert found is not None
        self._found = found
        self._revision = host.store.head(self._log).revision

    def append(self, number: int) -> None:
        """One append of one change."""
        document = {**self._found.document, "description": f"appended {number}"}
        change = Change("Policy", self._found.uid, "policy-7", "replace", document)
        now = datetime.now(UTC)
        head = self._store.append(self._log, self._revision, [change], actor_uid="x", via="bench", at=now)
        self._revision = head.revision


@contextmanager
def _statements() -> Iterator[list[int]]:
    """How many statements are sent meanwhile, with BEGIN, the liveness question and COMMIT?"""
    counted = [3]

    def count(*_: object) -> None:
        counted[0] += 1

    event.listen(Engine, "before_cursor_execute", count)
    try:
        yield counted
    finally:
        event.remove(Engine, "before_cursor_execute", count)


def _changed(number: int) -> Document:
    return policy(number % POLICIES, POLICIES, f"change {number} of {time.time_ns()}")


def _wal(server: Server) -> float:
    [(place,)] = server.execute("SELECT pg_current_wal_insert_lsn() - '0/0'")
    return float(str(place))


def _several(place: Place, names: Sequence[str]) -> Figures:
    """How many changes a second do these writers carry out, each on the account of its name, at the same time?"""
    words = [sys.executable, "-m", "bench.scale.writes", place.server.url(), str(place.key_file)]
    running = [
        subprocess.Popen([*words, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for name in names
    ]
    for one in running:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in running:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    told = [json.loads(one.communicate(timeout=120)[0]) for one in running]
    written = [taken for each in told for taken in each["taken"]]
    return {
        "changes_a_second": len(written) / SECONDS,
        "seconds": median(written) if written else 0.0,
        "given_up_a_second": sum(each["given_up"] for each in told) / SECONDS,
    }


def write_for_a_while(url: str, key_file: str, name: str) -> None:
    """Be a writer: say that it is ready, wait for the word, write, and tell what it took."""
    host = open_host(parse_address(url, master_key=Path(key_file)), SETTINGS)
    session = owner_of(host, name)
    apply(host, session, [_changed(0)])
    print("ready", flush=True)
    sys.stdin.readline()
    taken, given_up, number = [], 0, 0
    end = time.perf_counter() + SECONDS
    while (begun := time.perf_counter()) < end:
        number += 1
        try:
            apply(host, session, [_changed(number)])
            taken.append(time.perf_counter() - begun)
        except Conflict:
            given_up += 1
    print(json.dumps({"taken": taken, "given_up": given_up}))
    host.close()


if __name__ == "__main__":
    write_for_a_while(*sys.argv[1:4])
