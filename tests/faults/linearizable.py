"""Is a recorded history linearizable? A search for one order of its calls that explains every answer.

A call took effect at one instant between its start and its end; one whose end is unknown at any later instant, or
never. Which states and answers there are is the model's affair: `step` says which state follows, or that none does.

Source: Wing and Gong, Testing and Verifying Concurrent Objects (1993); Lowe, Testing for Linearizability (2017), for
remembering configurations. Decision 0040 says which checkers were looked at.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

UNKNOWN = math.inf
MOST_CONFIGURATIONS = 2_000_000

State = TypeVar("State", bound=Hashable)
Done = TypeVar("Done")
Step = Callable[[State, Done], State | None]


class Undecided(Exception):
    """The search was given up: too many configurations."""


@dataclass(frozen=True)
class Call(Generic[Done]):
    """What was done from `start` to `end` with its answer; `end` is UNKNOWN where none came."""

    start: float
    end: float
    done: Done


@dataclass(frozen=True)
class Verdict(Generic[State, Done]):
    """`order`: the longest that was found; of all answered calls where the history is linearizable.

    Else `state` is the one after it, and `stuck` the calls of which one had to come next, and none could.
    """

    linearizable: bool
    order: tuple[Call[Done], ...]
    state: State
    stuck: tuple[Call[Done], ...] = ()

    def __bool__(self) -> bool:
        return self.linearizable

    def explain(self) -> str:
        """How do people read it?"""
        if self.linearizable:
            return f"linearizable: {len(self.order)} calls"
        lines = [f"not linearizable: {len(self.order)} calls have an order, which ends in {self.state}"]
        lines += [f"  done:  {call}" for call in self.order[-8:]]
        lines += [f"  stuck: {call}" for call in self.stuck]
        return "\n".join(lines)


def find_order(
    initial: State,
    calls: Iterable[Call[Done]],
    step: Step[State, Done],
    *,
    most: int = MOST_CONFIGURATIONS,
) -> Verdict[State, Done]:
    """Is there an order of the calls that explains every answer? Raises Undecided after `most` configurations."""
    return _Search(initial, calls, step, most).run()


@dataclass(slots=True)
class _Place(Generic[State]):
    """One configuration on the path: the state, which calls are done, and what may still be tried from here."""

    state: State
    done: int
    waiting: Iterator[tuple[int, State]]


class _Search(Generic[State, Done]):
    """A depth-first search over configurations (which calls are done, and the state), each of them seen once."""

    def __init__(
        self, initial: State, calls: Iterable[Call[Done]], step: Step[State, Done], most: int
    ) -> None:
        known = list(calls)
        self._calls = sorted((one for one in known if one.end != UNKNOWN), key=lambda one: one.start)
        self._answered = len(self._calls)
        self._calls += sorted((one for one in known if one.end == UNKNOWN), key=lambda one: one.start)
        self._all_answered = (1 << self._answered) - 1
        self._step, self._most = step, most
        self._initial = initial
        self._seen: set[tuple[int, State]] = set()
        self._chosen: list[int] = []
        self._best: tuple[int, ...] = ()
        self._best_at: tuple[int, State] = (0, initial)

    def run(self) -> Verdict[State, Done]:
        """Go as deep as it goes, and back where nothing can come next."""
        path = [_Place(self._initial, 0, self._next_of(0, self._initial))]
        while path:
            place = path[-1]
            if place.done & self._all_answered == self._all_answered:
                return Verdict(True, self._ordered(self._chosen), place.state)
            self._remember(place)
            for number, state in place.waiting:
                done = place.done | (1 << number)
                if self._is_new(done, state):
                    self._chosen.append(number)
                    path.append(_Place(state, done, self._next_of(done, state)))
                    break
            else:
                path.pop()
                if path:
                    self._chosen.pop()
        done, state = self._best_at
        stuck = [self._calls[number] for number in self._minimal(done)]
        return Verdict(False, self._ordered(self._best), state, tuple(stuck))

    def _ordered(self, numbers: Sequence[int]) -> tuple[Call[Done], ...]:
        return tuple(self._calls[number] for number in numbers)

    def _remember(self, place: _Place[State]) -> None:
        if len(self._chosen) > len(self._best):
            self._best, self._best_at = tuple(self._chosen), (place.done, place.state)

    def _is_new(self, done: int, state: State) -> bool:
        if (done, state) in self._seen:
            return False
        if len(self._seen) >= self._most:
            raise Undecided(f"no order among {len(self._calls)} calls after {self._most} configurations")
        self._seen.add((done, state))
        return True

    def _next_of(self, done: int, state: State) -> Iterator[tuple[int, State]]:
        """Which calls can come next, and which state follows?"""
        changing = []
        for number in self._minimal(done):
            after = self._step(state, self._calls[number].done)
            if after is None:
                continue
            if after != state:
                changing.append((number, after))
            elif number < self._answered:
                # WHY: what can come next and changes nothing may as well come now; no other choice need be tried.
                yield number, after
                return
        yield from changing

    def _minimal(self, done: int) -> Iterator[int]:
        """Before which calls must no other come that is not done? Unanswered ones last: most of them never happened."""
        first = (~done & (done + 1)).bit_length() - 1
        earliest_end = UNKNOWN
        for number in range(min(first, self._answered), self._answered):
            call = self._calls[number]
            if call.start > earliest_end:
                break
            if not done >> number & 1:
                earliest_end = min(earliest_end, call.end)
        for number in range(min(first, self._answered), len(self._calls)):
            call = self._calls[number]
            if call.start > earliest_end:
                if number >= self._answered:
                    return
                continue
            if not done >> number & 1:
                yield number
