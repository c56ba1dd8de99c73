"""What is simulated: nodes that are asked in turn or by account, a node that fails or starts empty, the feed."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

from bench.scale.costs import Costs
from bench.scale.following import WINDOW_SECONDS, Followed, Looking, follow
from bench.scale.formulas import Asked, expect, expect_loaded, expect_moved, group
from bench.scale.nodes import (
    KEPT_SHARE,
    Cache,
    Node,
    Run,
    fill_as_it_stands,
    part_of,
    quantile,
    run_cache,
    thinned,
)
from bench.scale.paper import TARGET_SECONDS
from bench.scale.tables import duration, number, percent, size, table
from bench.scale.workload import GB, Population, Ring, Workload, populate

QUESTIONS = 40_000
NODES_TRIED = 2
BOUNDS_IN_TURN = (64 * GB, 512 * GB)
BOUNDS_BY_ACCOUNT = (16 * GB, 32 * GB, 40 * GB, 64 * GB)
STORM_SECONDS = 300.0
STORM_PARTS = ((0, 10), (10, 60), (60, 300))
RATES = (5, 50, 150, 500, 1_500)
FOLLOWED_SECONDS = 60.0


@dataclass(frozen=True)
class World:
    """The accounts with what they cost, and to which node each goes when it is routed by its name."""

    costs: Costs
    workload: Workload
    population: Population
    asked: Asked
    node_of: Sequence[int]

    @classmethod
    def of(cls, costs: Costs, workload: Workload, node_of: Sequence[int] = ()) -> World:
        """Which world is supposed? `node_of`: if it is known already."""
        population = populate(workload)
        held = {one: costs.held.at(one) for one in set(population.sizes)}
        loads = {one: costs.load.at(one) for one in held}
        asked = Asked(
            [share * workload.questions_a_second for share in population.shares],
            [held[one] for one in population.sizes],
            [loads[one] for one in population.sizes],
        )
        ring = Ring(range(workload.nodes))
        return cls(costs, workload, population, asked, node_of or ring.nodes_of(workload.accounts))

    def accounts_of(self, node: int) -> list[int]:
        """Which accounts are routed to this node?"""
        return [account for account, at in enumerate(self.node_of) if at == node]

    def routed(self, node: int) -> Asked:
        """What is this node asked about, where accounts are routed?"""
        return part_of(self.asked, self.accounts_of(node))


@dataclass(frozen=True, slots=True)
class Tried:
    """A way of asking, the nodes that are tried, and the memory of each."""

    name: str
    parts: Sequence[Asked]
    most: float


def ways(world: World) -> list[Tried]:
    """Which ways of asking nodes are tried?"""
    workload, tried = world.workload, range(1, NODES_TRIED + 1)
    largest = World.of(world.costs, replace(workload, largest_first=True), world.node_of)
    in_turn = [thinned(world.asked, workload.nodes)]
    own, first = ([one.routed(node) for node in tried] for one in (world, largest))
    return [
        *(Tried(f"in turn, {size(most)}", in_turn, most) for most in BOUNDS_IN_TURN),
        *(Tried(f"by account, {size(most)}", own, most) for most in BOUNDS_BY_ACCOUNT),
        *(Tried(f"… the largest most popular, {size(most)}", first, most) for most in BOUNDS_BY_ACCOUNT[-2:]),
    ]


def nodes(world: World, tried: Sequence[Tried]) -> str:
    """The table of nodes that are asked in turn or by account."""
    return table(_NODES_HEAD, [_node_row(world, one) for one in tried])


_NODES_HEAD = [
    "asked",
    "of accounts held",
    "loads a second, all nodes",
    "database's processors for them",
    "refused",
    "held: 99 % in",
    "loaded: half in",
    "99 % in",
]


def _node_row(world: World, tried: Tried) -> list[str]:
    runs = []
    for number_of, asked in enumerate(tried.parts):
        chance = random.Random(world.workload.seed + number_of)
        cache = Cache(tried.most, KEPT_SHARE)
        fill_as_it_stands(asked, cache, chance)
        runs.append(Node(asked, cache, world.costs.question).ask(QUESTIONS, chance))
    questions, seconds = sum(run.questions for run in runs), sum(run.seconds for run in runs)
    nodes_of = world.workload.nodes
    database = sum(run.loading_seconds for run in runs) * world.costs.load_share_of_database
    return [
        tried.name,
        percent(sum(run.hits for run in runs) / questions),
        number(sum(run.loads for run in runs) / seconds * nodes_of),
        number(database / seconds * nodes_of),
        percent(sum(run.refused for run in runs) / questions),
        *_taken([one for run in runs for one in run.held_in], 0.99),
        *_taken([one for run in runs for one in run.loaded_in], 0.5, 0.99),
    ]


def _taken(answered: Sequence[tuple[float, float]], *shares: float) -> list[str]:
    return [duration(quantile(answered, share)) if answered else "–" for share in shares]


def agreement(world: World, tried: Sequence[Tried]) -> str:
    """Simulation and formula side by side, of caches for which a load takes no time."""
    rows = []
    for one in tried:
        found, expected = [], []
        for number_of, asked in enumerate(one.parts):
            chance, cache = random.Random(world.workload.seed + number_of), Cache(one.most)
            fill_as_it_stands(asked, cache, chance)
            found.append(run_cache(asked, cache, QUESTIONS, chance))
            expected.append(expect(group(asked), one.most, world.costs.question))
        use = sum(each.use for each in expected) / len(expected)
        hits = sum(each.hit_share for each in expected) / len(expected)
        rows.append([one.name, percent(sum(found) / len(found)), percent(hits), number(use)])
    return table(["", "held, simulated", "held, formula", "seconds of loading a second"], rows)


def failure(world: World) -> str:
    """A node fails, and its accounts go to the others; or it starts empty, and has all of its own again at once."""
    workload = world.workload
    left = Ring(range(1, workload.nodes))
    survivor = 1
    before = world.accounts_of(survivor)
    moved = [account for account in world.accounts_of(0) if left.node_of(account) == survivor]
    asked, own = part_of(world.asked, [*before, *moved]), part_of(world.asked, before)
    chance = random.Random(workload.seed)
    cache = Cache(workload.node_bytes, KEPT_SHARE)
    fill_as_it_stands(own, cache, chance)
    fallen = _storm(world, asked, cache, chance)
    new = part_of(world.asked, moved)
    empty = _storm(world, own, Cache(workload.node_bytes, KEPT_SHARE), chance)
    rows = [
        *_storm_rows(f"another took {len(moved):,} accounts over", fallen, new),
        *_storm_rows(f"one started empty with {len(before):,}", empty, own),
    ]
    needed = table(
        ["to load them all", ""],
        [["what a node takes over", duration(sum(new.loads))], ["a node's own", duration(sum(own.loads))]],
    )
    return f"{table(_STORM_HEAD, rows)}\n\n{needed}"


_STORM_HEAD = [
    "",
    "seconds after",
    "first asked about, formula",
    "loads a second",
    "refused",
    "held: 99 % in",
    "loaded: half in",
    "99 % in",
]


def _storm(world: World, asked: Asked, cache: Cache, chance: random.Random) -> Run:
    questions = int(sum(asked.rates) * STORM_SECONDS)
    return Node(asked, cache, world.costs.question).ask(questions, chance)


def _storm_rows(name: str, run: Run, cold: Asked) -> list[list[str]]:
    groups, rows = group(cold), []
    rate = run.questions / run.seconds
    for begin, end in STORM_PARTS:
        seconds = end - begin
        expected = (expect_loaded(groups, end) - expect_loaded(groups, begin)) / seconds
        refused = sum(begin <= at < end for at in run.refused_at) / (rate * seconds)
        held, loaded = (
            [one for one in answered if begin <= one[0] < end] for answered in (run.held_in, run.loaded_in)
        )
        loads = sum(begin <= at < end for at in run.loaded_at) / seconds
        numbers = [number(expected), number(loads), percent(refused)]
        rows.append([name, f"{begin} to {end}", *numbers, *_taken(held, 0.99), *_taken(loaded, 0.5, 0.99)])
    return rows


def feed(world: World) -> str:
    """What following takes a node, at rising rates of changes."""
    held: Mapping[str, list[bool]] = {
        "by account": [at == 1 for at in world.node_of],
        "in turn": _most_popular(world),
    }
    costs, shares = Looking.of(world.costs), world.population.shares
    rows = []
    for rate in RATES:
        for name, is_held in held.items():
            of_held = sum(share for share, one in zip(shares, is_held, strict=True) if one)
            done = follow(
                shares,
                is_held,
                costs,
                changes_a_second=rate,
                seconds=FOLLOWED_SECONDS,
                seed=world.workload.seed,
            )
            expected = costs.look + costs.told * expect_moved(shares, rate * WINDOW_SECONDS)
            rows.append(
                _feed_row(f"{rate:,} a second, {name}", done, expected, rate * of_held * costs.taken_in >= 1)
            )
    return table(_FEED_HEAD, rows)


_FEED_HEAD = ["changes", "heads told", "a look", "formula", "follower busy", "half taken in in", "99 % in"]


def _feed_row(name: str, done: Followed, expected: float, falls_behind: bool) -> list[str]:
    lags = ["falls behind"] * 2 if falls_behind else [duration(done.quantile(one)) for one in (0.5, 0.99)]
    return [
        name,
        number(done.told),
        duration(done.look_seconds),
        duration(expected),
        percent(done.busy_share),
        *lags,
    ]


def _most_popular(world: World) -> list[bool]:
    """About which accounts does a node hold that is asked about all: the most popular ones that fit."""
    room, found = float(world.workload.node_bytes), []
    for one in world.asked.held:
        room -= one
        found.append(room >= 0)
    return found


def most_changes_by_look(world: World, within: float = TARGET_SECONDS) -> float:
    """From how many changes a second on does a look take longer than this?"""
    costs, shares = Looking.of(world.costs), world.population.shares
    low, high = 0.0, 1.0
    while _look(costs, shares, high) < within and high < 1e9:
        high *= 2
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if _look(costs, shares, middle) < within else (low, middle)
    return low if high < 1e9 else inf


def _look(costs: Looking, shares: Sequence[float], rate: float) -> float:
    return costs.look + costs.told * expect_moved(shares, rate * WINDOW_SECONDS)
