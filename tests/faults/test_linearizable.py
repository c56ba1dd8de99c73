"""The checker of histories: known good ones have an order, known bad ones none.

The histories of registers are of the literature on linearizability: Herlihy and Wing (1990) and Lowe (2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from random import Random

import pytest
from tests.faults.linearizable import UNKNOWN, Call, Undecided, find_order


@dataclass(frozen=True)
class Write:
    """The register was set."""

    value: int


@dataclass(frozen=True)
class Read:
    """The register was seen so."""

    value: int


@dataclass(frozen=True)
class Swap:
    """The register was set if it was `expected`; `done` says whether."""

    expected: int
    value: int
    done: bool = True


Done = Write | Read | Swap
History = list[Call[Done]]


def step(value: int, done: Done) -> int | None:
    """Which value has the register after this? None: that was not possible."""
    if isinstance(done, Write):
        return done.value
    if isinstance(done, Read):
        return value if value == done.value else None
    if (value == done.expected) is not done.done:
        return None
    return done.value if done.done else value


def call(start: float, end: float, done: Done) -> Call[Done]:
    """A call of a history that a person reads."""
    return Call(start, end, done)


GOOD: dict[str, History] = {
    "nothing": [],
    "one after the other": [call(0, 1, Write(1)), call(2, 3, Read(1)), call(4, 5, Write(2)), call(6, 7, Read(2))],
    "a read beside a write sees the old": [call(0, 9, Write(1)), call(1, 2, Read(0))],
    "a read beside a write sees the new": [call(0, 9, Write(1)), call(1, 2, Read(1))],
    "reads beside a write see the old, then the new": [
        call(0, 9, Write(1)), call(1, 2, Read(0)), call(3, 4, Read(1)), call(5, 6, Read(1))],
    "writes beside each other end either way": [
        call(0, 9, Write(1)), call(0, 9, Write(2)), call(10, 11, Read(1)), call(12, 13, Read(1))],
    "an unknown write that never happened": [call(0, UNKNOWN, Write(1)), call(1, 2, Read(0)), call(3, 4, Read(0))],
    "an unknown write that surfaces late": [
        call(0, UNKNOWN, Write(1)), call(1, 2, Read(0)), call(3, 4, Read(0)), call(5, 6, Read(1))],
    "an unknown write that surfaces over a later one": [
        call(0, UNKNOWN, Write(1)), call(1, 2, Write(2)), call(3, 4, Read(2)), call(5, 6, Read(1))],
    "of two swaps one is refused": [
        call(0, 9, Swap(0, 1)), call(0, 9, Swap(0, 2, done=False)), call(10, 11, Read(1))],
    "an unknown swap explains a refusal": [
        call(0, UNKNOWN, Swap(0, 1)), call(1, 2, Swap(0, 2, done=False)), call(3, 4, Read(1))],
    "an unknown call before another that needs it": [
        call(0, UNKNOWN, Write(1)), call(0, UNKNOWN, Swap(1, 2)), call(5, 6, Read(2))],
}  # fmt: skip

BAD: dict[str, History] = {
    "a stale read": [call(0, 1, Write(1)), call(2, 3, Read(0))],
    "the new, then the old": [call(0, 9, Write(1)), call(1, 2, Read(1)), call(3, 4, Read(0))],
    "a value from nowhere": [call(0, 1, Write(1)), call(2, 3, Read(5))],
    "an acknowledged write is lost": [
        call(0, 1, Write(1)), call(2, 3, Write(2)), call(4, 5, Read(1))],
    "a lost update: two swaps of one state": [call(0, 9, Swap(0, 1)), call(0, 9, Swap(0, 2))],
    "two readers see two writes in two orders": [
        call(0, 2, Write(1)), call(0, 2, Write(2)),
        call(3, 4, Read(1)), call(5, 6, Read(2)), call(7, 8, Read(1))],
    "an unknown write is undone": [
        call(0, UNKNOWN, Write(1)), call(1, 2, Read(1)), call(3, 4, Read(0))],
    "an unknown write before it was sent": [call(0, 1, Read(1)), call(2, UNKNOWN, Write(1))],
    "an unknown write that happens twice": [
        call(0, UNKNOWN, Write(1)), call(1, 2, Read(1)), call(3, 4, Write(2)), call(5, 6, Read(1))],
    "a refusal without a reason": [call(0, 1, Swap(0, 1, done=False))],
}  # fmt: skip


@pytest.mark.parametrize("history", GOOD.values(), ids=GOOD)
def test_a_good_history_has_an_order(history: History) -> None:
    """The order that was found explains every answer, and lasts from each end to the next start."""
    verdict = find_order(0, history, step)
    assert verdict, verdict.explain()
    assert is_explained(verdict.order)


@pytest.mark.parametrize("history", BAD.values(), ids=BAD)
def test_a_bad_history_has_none(history: History) -> None:
    """It says after which calls nothing fits, and what was left."""
    verdict = find_order(0, history, step)
    assert not verdict
    assert verdict.stuck
    assert "not linearizable" in verdict.explain()


def is_explained(order: tuple[Call[Done], ...]) -> bool:
    """Does each call follow from the state before it, and none come after one that began when it had ended?"""
    value: int | None = 0
    for number, one in enumerate(order):
        if value is not None:
            value = step(value, one.done)
        if value is None or any(later.end < one.start for later in order[number:]):
            return False
    return True


def is_linearizable_slowly(history: History) -> bool:
    """Is one of all orders of all subsets that leave out only unanswered calls an explanation?"""
    answered = [one for one in history if one.end != UNKNOWN]
    unanswered = [one for one in history if one.end == UNKNOWN]
    for kept in range(1 << len(unanswered)):
        chosen = answered + [one for number, one in enumerate(unanswered) if kept >> number & 1]
        if any(is_explained(order) for order in permutations(chosen)):
            return True
    return False


def make_history(random: Random) -> History:
    """A few calls at random, some of them beside each other, some without an answer."""
    made: History = []
    for _ in range(random.randrange(1, 6)):
        start = random.randrange(12)
        end = UNKNOWN if random.random() < 0.25 else start + random.randrange(1, 6)
        value = random.randrange(3)
        kinds: list[Done] = [
            Write(value),
            Read(value),
            Swap(random.randrange(3), value, random.random() < 0.7),
        ]
        done = random.choice(kinds)
        if end != UNKNOWN or not isinstance(done, Read):
            made.append(Call(start + random.random() / 2, end, done))
    return made


def test_it_agrees_with_trying_every_order() -> None:
    """On small histories at random, good and bad, search and brute force say the same."""
    random = Random(20261129)
    good = 0
    for _ in range(600):
        history = make_history(random)
        verdict = find_order(0, history, step)
        assert bool(verdict) is is_linearizable_slowly(history), history
        good += bool(verdict)
    assert 100 < good < 500


def test_a_long_history_is_checked_soon() -> None:
    """Thousands of calls by many clients, dozens of them unanswered, have an order that is found."""
    history: History = []
    value, random = 0, Random(7)
    for number in range(3000):
        at = float(number)
        if random.random() < 0.02:
            history.append(Call(at, UNKNOWN, Write(10_000 + number)))
        elif random.random() < 0.5:
            value = number
            history.append(Call(at, at + random.random() * 0.9, Write(value)))
        else:
            history.append(Call(at - 5 * random.random(), at + 0.9, Read(value)))
    verdict = find_order(0, history, step, most=100_000)
    assert verdict, verdict.explain()


def test_it_gives_up_rather_than_guess() -> None:
    """Beyond so many configurations nothing is said."""
    history: History = [call(0, UNKNOWN, Write(number)) for number in range(1, 12)]
    with pytest.raises(Undecided, match="after 50 configurations"):
        find_order(0, [*history, call(1, 2, Read(99))], step, most=50)
