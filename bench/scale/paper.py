"""What follows by multiplication: rows and bytes of a million accounts, growth, what a shard and a database bear."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from bench.scale.costs import Costs, work
from bench.scale.tables import duration, number, percent, size, table
from bench.scale.workload import DAY, YEAR, Population, Workload
from bench.scale.world import OBJECTS
from bench.worlds import mix

LOG_TABLES = ("change", "body")
TARGET_SECONDS = 0.05


def counts(workload: Workload) -> dict[str, float]:
    """How many of each kind are there?"""
    return {
        "account": workload.accounts,
        **{kind: workload.policies * each for kind, each in OBJECTS.items()},
    }


def costs_of_kinds(costs: Costs) -> str:
    """What one of each kind takes."""
    rows = []
    for kind, tables in costs.kinds.items():
        columns = [
            sum(one[part] for one in tables.values()) for part in ("rows", "table_bytes", "index_bytes")
        ]
        rows.append([kind, *map(number, columns), number(columns[1] + columns[2])])
    return table(["one", "rows", "bytes in tables", "bytes in indexes", "bytes"], rows)


def costs_of_sizes(costs: Costs) -> str:
    """What an account of each size takes."""
    rows = []
    for one in costs.raw["loads"]:
        load, change = one["load"], one["change"]
        rows.append(
            [
                f"{one['policies']:,}",
                f"{one['objects']:,}",
                size(one["bytes_read"]),
                duration(work(load)),
                duration(load["database_processor_seconds"]),
                duration(load["least_seconds"]),
                size(one["held_bytes"]),
                duration(work(change)),
            ]
        )
    head = ["policies", "objects", "read", "load", "of it database", "by the clock", "held", "one change"]
    asked = f"A question over HTTP about what is held takes {duration(costs.question)} of a node's processor."
    return f"{table(head, rows)}\n\n{asked}"


def costs_of_writes(costs: Costs) -> str:
    """What changes take."""
    one = costs.raw["writes"]["one"]
    rows = [
        [f"one change {name}", *(duration(one[part][key]) for key in _WAYS)]
        for name, part in (("whole, in a node", "change"), ("stored, its head locked", "append"))
    ]
    found = table(_HEAD, rows)
    several = [
        [f"{name.replace(' on ', ' writers on ').replace('1 writers', '1 writer')}",
         number(each["changes_a_second"]), duration(each["seconds"]), number(each["given_up_a_second"])]
        for name, each in costs.raw["writes"].items() if name != "one"
    ]  # fmt: skip
    together = table(["", "changes a second", "each took", "given up a second"], several)
    least, most = size(one["wal_bytes"]), size(one["wal_bytes_after_a_checkpoint"])
    wal = (
        f"A change sends {one['statements']} statements one after the other, and writes {least} of WAL; "
        f"{most} where all its pages are written for the first time since a checkpoint."
    )
    return f"{found}\n\n{together}\n\n{wal}"


_WAYS = ("node_processor_seconds", "database_processor_seconds", "least_seconds", "seconds")
_HEAD = ["", "node's processor", "database's processor", "clock, at best", "clock, usually"]
_FEED = {
    "announce": "an announcement",
    "look": "a look at which heads moved",
    "look_a_moved_head": "… more for each head that moved within 40 s",
    "take_in_an_account": "taking in a change of an account that is held",
    "sweep_a_held_account": "comparing all held heads, for each",
    "new_account": "following that there is a new account",
    "new_account_a_held_account": "… more for each account that is held",
    "new_account_a_known_account": "… more for each account that there is",
}


def costs_of_feed(costs: Costs) -> str:
    """What hearing of others takes a node."""
    feed = costs.raw["feed"]
    rows = [[name, *(duration(feed[part][key]) for key in _WAYS)] for part, name in _FEED.items()]
    found = table(_HEAD, rows)
    return (
        f"{found}\n\nA start takes {duration(feed['start_seconds'])}, and for each account that there is "
        f"{duration(feed['start_seconds_a_known_account'])} and {size(feed['start_bytes_a_known_account'])} more."
    )


@dataclass(frozen=True, slots=True)
class Stored:
    """Rows and bytes of a table."""

    rows: float
    bytes: float


def stored(costs: Costs, workload: Workload) -> Mapping[str, Stored]:
    """How large is each table when everything was made once?"""
    rows: dict[str, float] = defaultdict(float)
    sizes: dict[str, float] = defaultdict(float)
    for kind, count in counts(workload).items():
        for name, one in costs.kinds[kind].items():
            rows[name] += one["rows"] * count
            sizes[name] += (one["table_bytes"] + one["index_bytes"]) * count
    return {name: Stored(rows[name], sizes[name]) for name in sorted(rows)}


def rows_and_bytes(costs: Costs, workload: Workload) -> str:
    """The tables of the whole database, and of one shard."""
    found = stored(costs, workload)
    whole = Stored(sum(one.rows for one in found.values()), sum(one.bytes for one in found.values()))
    rows = [
        [name, number(one.rows), size(one.bytes), size(one.bytes / workload.shards)]
        for name, one in [*found.items(), ("all", whole)]
    ]
    verified = duration(work(costs.raw["verify_a_row"]) * found["change"].rows)
    return (
        f"{table(['table', 'rows', 'bytes', 'bytes a shard'], rows)}\n\n"
        f"Verifying every row of every log takes {verified} of one processor."
    )


def growth(costs: Costs, workload: Workload) -> str:
    """What comes every day and every year."""
    one = costs.raw["writes"]["one"]
    changed = costs.bytes_of("policy changed", LOG_TABLES)
    happened = costs.bytes_of("event")
    changes, events = workload.changes_a_second, workload.events_a_second
    rows = [
        ["changes, kept for ever", number(changes * DAY), size(changes * DAY * changed),
         size(changes * YEAR * changed)],
        ["events, until they are pruned", number(events * DAY), size(events * DAY * happened),
         size(events * YEAR * happened)],
        ["WAL of changes, at least", "", size(changes * DAY * one["wal_bytes"]), ""],
        ["WAL of changes, at most", "", size(changes * DAY * one["wal_bytes_after_a_checkpoint"]), ""],
    ]  # fmt: skip
    return table(["", "a day", "bytes a day", "bytes a year"], rows)


@dataclass(frozen=True, slots=True)
class Fullest:
    """The shares of the shard that has the most: of all policies, of all changes."""

    policies: float
    changes: float


def fullest_shard(workload: Workload, population: Population) -> Fullest:
    """How uneven are the shards?"""
    policies, changes = [0.0] * workload.shards, [0.0] * workload.shards
    for account, (has, share) in enumerate(zip(population.sizes, population.shares, strict=True)):
        shard = mix(account, 9) % workload.shards
        policies[shard] += has / workload.policies
        changes[shard] += share
    return Fullest(max(policies), max(changes))


def writes(costs: Costs, workload: Workload, population: Population) -> str:
    """What shards and the hottest account have to write, and what they could."""
    fullest = fullest_shard(workload, population)
    busiest = workload.changes_a_second * workload.peak
    on_database = costs.write("append", "database_processor_seconds")
    hottest = busiest * population.shares[0]
    limit = 1 / costs.write("append", "least_seconds")
    usual = 1 / costs.write("append", "seconds")
    rows = [
        ["all changes at the peak", number(busiest), ""],
        ["a shard's, evenly", number(busiest / workload.shards), ""],
        ["the fullest shard's", number(busiest * fullest.changes), f"{number(1 / on_database)} a processor"],
        ["the hottest account's", number(hottest), f"{number(limit)} at best, {number(usual)} usually"],
        ["a node's, evenly", number(busiest / workload.nodes), f"{number(limit)}, one after the other"],
    ]  # fmt: skip
    return table(["changes a second", "supposed", "could be"], rows)


def supposed(workload: Workload, population: Population) -> str:
    """What is supposed."""
    ordered = sorted(population.sizes)
    of = [ordered[int(len(ordered) * share)] for share in (0.5, 0.9, 0.99, 0.999)]
    rows = [
        ["accounts", f"{workload.accounts:,}"],
        ["policies", f"{workload.policies:,}"],
        ["users, groups, roles, API keys", ", ".join(number(workload.policies * OBJECTS[kind])
                                                   for kind in ("user", "group", "role", "credential"))],
        ["policies of an account",
         f"lognormal, σ = {workload.spread:g}, mean {workload.policies / workload.accounts:,.0f}"],
        ["… at 50, 90, 99, 99.9 %, the most", ", ".join(f"{one:,}" for one in [*of, ordered[-1]])],
        ["popularity, of questions and changes", f"Zipf, exponent {workload.zipf:g}: the first has "
         f"{percent(population.shares[0])}, the first thousand {percent(sum(population.shares[:1000]))}"],
        ["questions a second", f"{workload.questions_a_second:,.0f}"],
        ["changes a second",
         f"{workload.changes_a_second:g}, at the peak {workload.changes_a_second * workload.peak:g}"],
        ["events of the activity a second", f"{workload.events_a_second:g}"],
        ["new accounts a day", f"{workload.new_accounts_a_day:,.0f}"],
        ["nodes (processes), memory for accounts in each", f"{workload.nodes}, {size(workload.node_bytes)}"],
        ["shards of the database", f"{workload.shards}"],
    ]  # fmt: skip
    return table(["what is supposed", ""], rows)
