"""The checks of histories find what they are for, and nothing in a good history."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.faults.checks import Log, find_broken, find_lost, find_stale, find_untrue
from tests.faults.history import AccountState, Operation, step, strong_calls
from tests.faults.linearizable import UNKNOWN, find_order

VECTORS = {revision: f"{revision}-{revision:012x}" for revision in range(1, 5)}
STATES = {
    1: AccountState(1, ((0, 1),)),
    2: AccountState(2, ((5, 2),)),
    3: AccountState(3, ((8, 3),)),
}
LOG = Log({n: VECTORS[n] for n in STATES}, STATES, {1: (0, 0), 2: (0, 5), 3: (0, 8)})


def write(number: int, value: int, revision: int, start: float, end: float) -> Operation:
    """An acknowledged write of the only group."""
    return Operation(number, 0, "n", "write", 0, start, end, "ok", 200, value=value, vector=VECTORS[revision])


def ask(revision: int, seen: int, start: float, demanded: str = "") -> Operation:
    """An answered question about the only group's user."""
    return Operation(9, 1, "n", "ask", 0, start, start + 0.1, "ok", 200, seen=seen,
                     vector=VECTORS[revision], demanded=demanded)  # fmt: skip


REVOKED, GRANTED = write(1, 5, 2, 0.0, 1.0), write(2, 8, 3, 10.0, 11.0)
GOOD = [REVOKED, GRANTED, ask(2, 0, 5.0), ask(3, 1, 12.0), ask(1, 1, 0.5), ask(3, 1, 12.0, VECTORS[3])]


def test_a_good_history_is_not_blamed() -> None:
    """Nothing is found, and there is an order."""
    found = [*find_broken(GOOD), *find_lost(GOOD, LOG), *find_untrue(GOOD, LOG), *find_stale(GOOD, 1.0)]
    assert found == []
    assert find_order(STATES[1], strong_calls(GOOD), step)


def test_a_lost_write_is_found() -> None:
    """One beyond the log's end, one of another hash, one of other content at its revision."""
    for wrong in (
        replace(REVOKED, vector=VECTORS[4]),
        replace(REVOKED, vector="2-ffffffffffff"),
        replace(REVOKED, value=7),
    ):
        assert len(find_lost([wrong], LOG)) == 1


def test_a_refused_write_that_was_carried_out_is_found() -> None:
    """Who was told that nothing was done must not find it done; who was told nothing may."""
    refused = replace(REVOKED, outcome="refused", status=503, vector="")
    assert "refused, and carried out" in find_lost([refused], LOG)[0]
    assert find_lost([replace(refused, outcome="unknown", end=UNKNOWN)], LOG) == []


def test_a_write_that_was_carried_out_twice_is_found() -> None:
    """A number is in the log once."""
    twice = replace(LOG, writers={**LOG.writers, 4: (0, 5)})
    assert find_lost([], twice) == ["written twice: 5"]


def test_an_untrue_answer_is_found() -> None:
    """It allows what its own revision does not, or rests on a revision that is not in the log."""
    assert len(find_untrue([ask(2, 1, 5.0)], LOG)) == 1
    assert len(find_untrue([ask(4, 1, 5.0)], LOG)) == 1


def test_an_old_answer_is_found() -> None:
    """Within the bound it may be old; past it only if it says so; where a revision was demanded never."""
    assert find_stale([REVOKED, ask(1, 1, 1.5)], 1.0) == []
    assert len(find_stale([REVOKED, ask(1, 1, 2.5)], 1.0)) == 1
    assert find_stale([REVOKED, replace(ask(1, 1, 2.5), stale=True)], 1.0) == []
    assert len(find_stale([REVOKED, ask(1, 1, 0.5, VECTORS[2])], 1.0)) == 1


def test_an_internal_error_is_found() -> None:
    """A fault is no excuse for a bug."""
    assert len(find_broken([replace(REVOKED, status=500, outcome="unknown")])) == 1


@pytest.mark.parametrize("revision", [1, 3])
def test_a_write_comes_right_after_the_revision_before_it(revision: int) -> None:
    """The model of an account counts: no revision is left out or given twice."""
    assert step(STATES[1], replace(REVOKED, vector=VECTORS[revision])) is None


def test_a_swap_that_was_refused_had_a_reason() -> None:
    """412 is right only while the group is at another revision than the one insisted on."""
    refused = Operation(3, 0, "n", "swap", 0, 0.0, 1.0, "refused", 412, expected=1, demanded=VECTORS[1])
    assert step(STATES[1], refused) is None
    assert step(STATES[2], refused) == STATES[2]
