"""Many accounts on one node: what loading, holding, following and letting go of them costs.

A store in a data directory with ACCOUNTS accounts, each with an owner and a few users, groups and policies; one host
that is asked about all of them, in process. Run it as `python -m bench.accounts_bench [ACCOUNTS]`.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bailiwick.engine import decide
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.service.applying import Source, apply_wanted, parse_wanted
from bailiwick.service.host import Host
from bailiwick.service.initial import create_account
from bailiwick.service.keyring import create_key_sets
from bailiwick.service.locating import locate
from bailiwick.service.settings import Settings
from bailiwick.store.opening import create_store, open_store

SETTINGS = Settings("http://127.0.0.1:8470")
RICH_EVERY = 10
WRITES = 50
QUESTIONS = 20_000
SKEW = 1.1
DOCUMENTS = "---\n".join(
    [
        *(f"kind: User\nname: u{one}\n" for one in range(20)),
        "kind: Group\nname: team\nmembers: [user:u1, user:u2, user:u3]\n",
        *(
            f"kind: Policy\nname: p{one}\nsubjects: [user:u{one}]\nroles: [Viewer]\nscope: {{service: iam}}\n"
            for one in range(20)
        ),
    ]
)


def fill(data: Path, accounts: int) -> dict[str, str]:
    """Make a store with so many accounts; one in ten has users and policies. Which owner's key has each?"""
    at = datetime.now(UTC)
    keys = {}
    with create_store(data, at=at) as store:
        create_key_sets(store, at)
    with open_store(data, locate=locate) as store:
        for name in names_of(accounts):
            keys[name] = create_account(store, name, "owner", f"owner@{name}.example", at)
        host = Host(store, SETTINGS)
        for name in names_of(accounts)[::RICH_EVERY]:
            enrich(host, name, keys[name], DOCUMENTS)
    return keys


def enrich(host: Host, account: str, key: str, documents: str) -> None:
    """Let the account hold these documents."""
    session = host.authenticator.session_of_key(key)[0]
    apply_wanted(host, session, parse_wanted(account, [Source("world.yaml", documents)]))


def names_of(accounts: int) -> list[str]:
    """How are they called?"""
    return [f"account-{number}" for number in range(accounts)]


def ask(host: Host, account: str) -> bool:
    """May the owner read a user?"""
    request = Request("user:owner", "iam.user.read", ResourceQuery("iam", (("user", "owner"),)), host.now())
    return decide(host.snapshot(account).compiled, request).allowed


def timed(work: Callable[[], object]) -> float:
    """How many seconds does this take?"""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def resident() -> int:
    """How many bytes of memory has this process?"""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def line(name: str, value: str) -> None:
    """Print a line of the table."""
    print(f"| {name} | {value} |", flush=True)


def share(taken: Sequence[float], part: float) -> float:
    """Below which value lies this part of them, in milliseconds?"""
    ordered = sorted(taken)
    return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def following(host: Host, other: Host, account: str, key: str) -> float:
    """How many milliseconds takes it (median) until a write of another process is taken in?"""
    taken = []
    for number in range(WRITES):
        enrich(other, account, key, f"kind: User\nname: w{number}\n")
        taken.append(timed(host.held.follow))
    return 1000 * statistics.median(taken)


def main(accounts: int) -> None:
    """Fill a store, and measure one host on it."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        print(f"making {accounts} accounts …", flush=True)
        keys = fill(data, accounts)
        names = names_of(accounts)
        with open_store(data, locate=locate) as store, open_store(data, locate=locate) as others:
            print("| | |\n|---|---:|")
            before = resident()
            host, other = Host(store, SETTINGS), Host(others, SETTINGS)
            ask(host, names[0])
            few = following(host, other, names[0], keys[names[0]])
            warm = statistics.median(timed(lambda: ask(host, names[0])) for _ in range(2000))
            loads = [timed(lambda name=name: ask(host, name)) for name in names[1:]]  # type: ignore[misc]
            line(
                "first question of an account, p50, p99",
                f"{share(loads, 0.5):.1f} ms, {share(loads, 0.99):.1f} ms",
            )
            held = host.held.sizes()
            grown = resident() - before
            line(
                "memory of the process, grown by",
                f"{grown / (1 << 20):.0f} MB, {grown // accounts} bytes an account",
            )
            line("estimated", f"{held.bytes / (1 << 20):.0f} MB")
            now = statistics.median(timed(lambda: ask(host, names[0])) for _ in range(2000))
            line("a question among all of them, against among one", f"{now / warm:.2f}")
            many = following(host, other, names[1], keys[names[1]])
            line("a write elsewhere is taken in, among one and among all", f"{few:.1f} ms, {many:.1f} ms")
            line("all heads are compared", f"{1000 * timed(host.held.poll):.0f} ms")
            create_account(others, "one-more", "owner", "owner@one.example", datetime.now(UTC))
            line("the system's log has moved", f"{1000 * timed(host.held.follow):.0f} ms")
            letting_go(store, names, held.bytes // 2)


def letting_go(store: object, names: Sequence[str], bound: int) -> None:
    """How often is what is asked for held, where there is room for half of the accounts?"""
    host = Host(store, replace(SETTINGS, most_held_bytes=bound))  # type: ignore[arg-type]
    chance = random.Random(1)
    weights = [1 / (rank + 1) ** SKEW for rank in range(len(names))]
    most = 0
    for name in chance.choices(names, weights, k=QUESTIONS):
        ask(host, name)
        most = max(most, host.held.sizes().bytes)
    found = 1 - host.held.loads.count / QUESTIONS
    line("with room for half, asked by Zipf's law: held when asked for", f"{found:.1%}")
    line(
        "let go of, and the most that was held of the bound",
        f"{host.held.sizes().evictions}, {most / bound:.0%}",
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("accounts", type=int, nargs="?", default=10_000)
    main(parser.parse_args().accounts)
