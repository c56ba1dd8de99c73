"""The simulated nodes keep their laws, and the formulas agree with them; nothing here measures time."""

from __future__ import annotations

import random
import sys

import pytest
from bench.scale import nodes
from bench.scale.formulas import Asked, characteristic_seconds, expect, expect_loaded, group
from bench.scale.nodes import Cache, Node, Run, fill_as_it_stands, part_of, run_cache, thinned
from bench.scale.workload import Ring, Workload, draw_sizes, populate
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.service.holding import held, loads

SMALL = Workload(accounts=5_000, policies=500_000, spread=0.8, zipf=0.9, nodes=4)
QUESTION = 0.0002


def world(rate: float, load: float = 0.0001) -> Asked:
    """Accounts of a small workload: a policy takes a thousand bytes and so many seconds to load."""
    population = populate(SMALL)
    return Asked(
        [share * rate for share in population.shares],
        [1_000.0 * size for size in population.sizes],
        [load * size for size in population.sizes],
    )


def filled(asked: Asked, most: float, seed: int = 1) -> tuple[Cache, random.Random]:
    """A cache that stands as after a long time, and where chance goes on."""
    chance, cache = random.Random(seed), Cache(most)
    fill_as_it_stands(asked, cache, chance)
    return cache, chance


def run(asked: Asked, most: float, questions: int, *, warm: bool = True, seed: int = 1) -> Run:
    """What comes of so many questions to a node with so much memory?"""
    cache, chance = filled(asked, most, seed) if warm else (Cache(most), random.Random(seed))
    return Node(asked, cache, QUESTION).ask(questions, chance)


ASKED = st.lists(
    st.tuples(st.floats(0.01, 50), st.integers(1, 100), st.floats(0, 2)), min_size=1, max_size=40
).map(lambda rows: Asked(*([row[part] for row in rows] for part in range(3))))


def test_its_bounds_are_those_of_the_service() -> None:
    """As many loads at once and waiting, and as much let go of at once, as in the nodes that it stands for."""
    assert (nodes.LOADS_AT_ONCE, nodes.MOST_LOADS) == (loads.LOADS_AT_ONCE, loads.MOST_WAITING)
    assert nodes.KEPT_SHARE == held.KEPT_SHARE
    assert sys.getswitchinterval() == nodes.SWITCH_SECONDS


@given(ASKED, st.integers(1, 300), st.integers(1, 200), st.booleans(), st.integers(0, 10))
def test_every_question_is_answered_once_or_refused_within_the_bound(
    asked: Asked, most: int, questions: int, warm: bool, seed: int
) -> None:
    """What was held, loaded, joined and refused are all questions; no more than the bound is held, or one account."""
    done = run(asked, most, questions, warm=warm, seed=seed)
    assert done.hits + done.loads + done.joined + done.refused == done.questions == questions
    assert (len(done.held_in), len(done.refused_at)) == (done.hits, done.refused)
    assert (len(done.loaded_in), len(done.loaded_at)) == (done.loads + done.joined, done.loads)
    assert done.most_held <= most or done.most_held in asked.held
    assert all(taken >= QUESTION * 0.999 for _, taken in [*done.held_in, *done.loaded_in])


@given(ASKED, st.integers(1, 300), st.integers(0, 10))
def test_an_account_is_loaded_once_where_all_fit(asked: Asked, questions: int, seed: int) -> None:
    """With room for all, a node that starts empty loads each account once, whatever waits for it, and none later."""
    cache = Cache(float("inf"))
    done = Node(asked, cache, QUESTION).ask(questions, random.Random(seed))
    assert done.loads == len(cache)
    assert (cache.evicted, run(asked, float("inf"), questions, seed=seed).loads) == (0, 0)


def test_the_least_recently_asked_about_makes_room() -> None:
    """What was asked about again stays; what has to go goes down to the share that is kept."""
    cache = Cache(3)
    for account in (1, 2, 3):
        cache.keep(account, 1)
    cache.touch(1)
    cache.keep(4, 1)
    assert [account in cache for account in (1, 2, 3, 4)] == [True, False, True, True]
    assert (cache.held, cache.evicted) == (3, 1)
    shared = Cache(10, kept_share=0.5)
    for account in range(11):
        shared.keep(account, 1)
    assert (shared.held, shared.evicted) == (5, 6)


def test_an_account_that_is_too_large_drives_all_others_out() -> None:
    """As in the service, what was loaded last stays, were it alone more than the bound."""
    cache = Cache(3)
    cache.keep(1, 1)
    cache.keep(9, 4)
    assert (1 in cache, 9 in cache, cache.held) == (False, True, 4)
    cache.keep(2, 1)
    assert (9 in cache, 2 in cache, cache.held) == (False, True, 1)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.6])
def test_formula_and_simulation_agree_on_what_is_held(share: float) -> None:
    """By Che's formula as many questions are of accounts that are held as in the simulation, to half a percent."""
    asked = world(rate=100)
    most = share * sum(asked.held)
    assert run_cache(asked, *_one_more(filled(asked, most), 60_000)) == pytest.approx(
        expect(group(asked), most, QUESTION).hit_share, abs=0.005
    )


def _one_more(made: tuple[Cache, random.Random], questions: int) -> tuple[Cache, int, random.Random]:
    return made[0], questions, made[1]


def test_a_cache_that_was_filled_is_as_one_that_has_run_for_long() -> None:
    """A run from the standing state finds what a run finds after its beginning."""
    asked = world(rate=100)
    most = 0.2 * sum(asked.held)
    cache, chance = Cache(most), random.Random(5)
    run_cache(asked, cache, 100_000, chance)
    later = run_cache(asked, cache, 40_000, chance)
    assert run_cache(asked, *_one_more(filled(asked, most), 40_000)) == pytest.approx(later, abs=0.01)


@pytest.mark.parametrize("at_once", [1, 10_000])
def test_formula_and_simulation_agree_on_what_loads_take(at_once: int) -> None:
    """One after the other as Pollaczek and Khinchine say, all at once as processor sharing does, to a tenth."""
    asked = world(rate=100)
    most = 0.3 * sum(asked.held)
    cache, chance = filled(asked, most)
    done = Node(asked, cache, QUESTION, at_once=at_once, most_loads=float("inf")).ask(200_000, chance)
    expected = expect(group(asked), most, QUESTION)
    assert 0.2 < expected.use < 0.8
    taken = sum(one for _, one in done.loaded_in) / len(done.loaded_in)
    wanted = expected.one_after_the_other if at_once == 1 else expected.all_at_once
    assert taken == pytest.approx(wanted, rel=0.1)


def test_loads_share_the_processor_and_wait_for_their_turns() -> None:
    """Two at once take twice as long each, at half the speed four times; the third begins when the first has ended."""
    under_way = nodes.Loads(2, 0.5)
    for account in (1, 2, 3):
        under_way.begin(account, 1.0)
    assert (under_way.active, len(under_way)) == (2, 3)
    assert [*under_way.ended(3.9)] == []
    assert [*under_way.ended(4.0)] == [(4.0, 1), (4.0, 2)]
    assert [*under_way.ended(float("inf"))] == [(6.0, 3)]


def test_what_is_held_is_answered_while_others_load_and_too_many_loads_are_refused() -> None:
    """A node with more to load than it can answers for what it holds, and refuses beyond its bound."""
    asked = world(rate=1_000, load=0.01)
    done = run(asked, 0.2 * sum(asked.held), 5_000)
    assert done.refused > 100
    slowest = max(taken for _, taken in done.held_in)
    assert slowest <= QUESTION + nodes.LOADS_AT_ONCE * nodes.SWITCH_SECONDS
    assert nodes.quantile(done.loaded_in, 0.5) > 1


def test_formula_and_simulation_agree_on_the_storm_after_an_empty_start() -> None:
    """As many accounts are loaded within a time after an empty start as are asked about for the first time in it."""
    asked = world(rate=100, load=0)
    done = run(asked, float("inf"), 3_000, warm=False)
    assert done.loads == pytest.approx(expect_loaded(group(asked), done.seconds), rel=0.04)


def test_everything_fits_for_ever_where_there_is_room() -> None:
    """A cache with room for all lets nothing go; one without lets go the sooner the smaller it is."""
    groups = group(world(rate=100))
    whole = sum(one.held for one in groups)
    seconds = [characteristic_seconds(groups, share * whole) for share in (0.1, 0.5, 1.0)]
    assert seconds[0] < seconds[1] < seconds[2] == float("inf")
    assert expect(groups, whole, QUESTION).loads_a_second == 0


def test_routing_by_account_asks_each_node_about_its_own_and_moves_few() -> None:
    """Every account has one node, about as many each; without one node only its own accounts go elsewhere."""
    before = Ring(range(4)).nodes_of(SMALL.accounts)
    after = Ring(range(1, 4)).nodes_of(SMALL.accounts)
    assert all(now == then for then, now in zip(before, after, strict=True) if then != 0)
    moved = [now for then, now in zip(before, after, strict=True) if then == 0]
    assert set(moved) == {1, 2, 3}
    assert all(0.8 < before.count(node) * 4 / SMALL.accounts < 1.2 for node in range(4))


def test_routing_by_account_hits_more_than_asking_in_turn() -> None:
    """With the same memory in each of four nodes, a node that has accounts of its own loads less."""
    asked = world(rate=100)
    most = 0.1 * sum(asked.held)
    node_of = Ring(range(4)).nodes_of(SMALL.accounts)
    own = part_of(asked, (account for account, node in enumerate(node_of) if node == 1))
    routed, in_turn = (
        run_cache(part, *_one_more(filled(part, most), 20_000)) for part in (own, thinned(asked, 4))
    )
    assert routed > in_turn + 0.05


def test_sizes_sum_to_the_policies_and_have_a_heavy_tail() -> None:
    """Every account has a policy, all together exactly as many as are supposed, and a few have most of them."""
    sizes = draw_sizes(Workload(accounts=10_000, policies=10_000_000))
    assert (sum(sizes), min(sizes) >= 1, sizes) == (10_000_000, True, sorted(sizes))
    assert sum(sizes[-100:]) > 0.2 * sum(sizes)
