"""What breaks first: each limit of the present design as a number, beside what is supposed, the nearest first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.scale.paper import TARGET_SECONDS
from bench.scale.scenarios import World, most_changes_by_look
from bench.scale.tables import duration, number, size, table
from bench.scale.workload import DAY

LONGEST_LOAD_SECONDS = 1.0
LONGEST_START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Limit:
    """What bears how much, and how much is supposed, in the same unit."""

    what: str
    bears: float
    supposed: float
    told: Callable[[float], str] = number

    @property
    def times(self) -> float:
        """How many times what is supposed does it bear? Less than one: it breaks."""
        return self.bears / self.supposed


def limits(world: World) -> list[Limit]:
    """Which limits are there, the nearest first?"""
    workload, costs, shares = world.workload, world.costs, world.population.shares
    busiest = workload.changes_a_second * workload.peak
    append = costs.write("append", "least_seconds")
    of_nodes = [0.0] * workload.nodes
    for account, node in enumerate(world.node_of):
        of_nodes[node] += shares[account]
    found = [
        Limit("new accounts a day: each node reads the names of all accounts for each",
              DAY / after_a_new_account(world), workload.new_accounts_a_day),
        Limit(f"policies of one account whose load takes {duration(LONGEST_LOAD_SECONDS)}",
              costs.load.reaches(LONGEST_LOAD_SECONDS), max(world.population.sizes)),
        Limit("bytes of accounts held, all nodes together, asked in turn", workload.node_bytes,
              sum(world.asked.held), size),
        Limit("bytes of accounts held, all nodes together, asked by account",
              workload.node_bytes * workload.nodes, sum(world.asked.held), size),
        Limit(f"changes a second until a look takes {duration(TARGET_SECONDS)}", most_changes_by_look(world), busiest),
        Limit("changes a second that the fullest node can take in, by account",
              1 / (costs.feed("take_in_an_account") * max(of_nodes)), busiest),
        Limit("changes a second until the hottest account's head is always locked", 1 / (append * shares[0]), busiest),
        Limit("changes a second that all nodes can store, each one after the other", workload.nodes / append, busiest),
        Limit("changes a second, of eight processors a shard",
              8 * workload.shards / costs.write("append", "database_processor_seconds"), busiest),
        Limit("questions a second until the hottest account fills its node, by account",
              1 / (costs.question * shares[0]), workload.questions_a_second),
        Limit("questions a second that all nodes can answer, with nothing to load",
              workload.nodes / costs.question, workload.questions_a_second),
        Limit(f"accounts until a node takes {duration(LONGEST_START_SECONDS)} to start",
              LONGEST_START_SECONDS / float(costs.raw["feed"]["start_seconds_a_known_account"]), workload.accounts),
    ]  # fmt: skip
    return sorted(found, key=lambda one: one.times)


def after_a_new_account(world: World) -> float:
    """How long is each node's follower busy when there is a new account?"""
    costs, workload = world.costs, world.workload
    held = workload.accounts / workload.nodes
    return (
        costs.feed("new_account")
        + costs.feed("new_account_a_held_account") * held
        + costs.feed("new_account_a_known_account") * workload.accounts
    )


def limits_table(world: World) -> str:
    """The table of limits."""
    rows = [
        [one.what, one.told(one.bears), one.told(one.supposed), number(one.times)] for one in limits(world)
    ]
    return table(["", "borne", "supposed", "borne / supposed"], rows)
