"""The engine answers every generated question as the reference does: well over twenty thousand of them.

`python -m tests.differential.fuzz` goes on from here for as long as it is told.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from tests.differential import compare
from tests.differential.compare import Case, find_mismatch
from tests.differential.fuzz import compare_seed, main, report
from tests.differential.show import format_document
from tests.differential.worlds import GeneratedWorld, worlds_with_authority_question, worlds_with_request

from bailiwick.engine import CompiledAccount, decide
from bailiwick.model.requests import AuthorityQuestion, Decision, Reason, Request

BLOCK = 100
SLOW_IS_FINE = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@pytest.mark.parametrize("block", range(8))
def test_engine_equals_reference_on_seeded_worlds(block: int) -> None:
    """Decisions, deciding policies and authority agree, before changes and after each of them."""
    total = 0
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        count, found = compare_seed(seed)
        total += count
        assert found is None, report(found)
    assert total > 6000


@SLOW_IS_FINE
@given(worlds_with_request())
def test_engine_equals_reference_on_drawn_requests(world_and_request: tuple[GeneratedWorld, Request]) -> None:
    """Hypothesis finds no request on which the two differ."""
    assert_equal(*world_and_request)


@SLOW_IS_FINE
@given(worlds_with_authority_question())
def test_engine_equals_reference_on_drawn_authority(
    world_and_question: tuple[GeneratedWorld, AuthorityQuestion],
) -> None:
    """Hypothesis finds no question of authority on which the two differ."""
    assert_equal(*world_and_question)


def assert_equal(world: GeneratedWorld, question: Request | AuthorityQuestion) -> None:
    """Do the two agree on this one question?"""
    case = Case(world.services, world.account, question)
    mismatch = find_mismatch(case)
    assert mismatch is None, f"{mismatch}\n{format_document(case)}"


def test_a_difference_is_found_and_made_small(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Were the engine to allow everything, the comparison would print a small world and fail."""

    def allow(compiled: CompiledAccount, request: Request) -> Decision:
        return replace(decide(compiled, request), allowed=True, reason=Reason.ALLOWED)

    monkeypatch.setattr(compare, "decide", allow)
    assert main(["--minutes", "1", "--seed", "0"]) == 1
    printed = capsys.readouterr().out
    assert "engine:    Decision(allowed=True" in printed
    assert "reference: Decision(allowed=False" in printed
    assert len(printed.splitlines()) < 60


def test_fuzzing_ends_in_time_and_counts(capsys: pytest.CaptureFixture[str]) -> None:
    """The fuzzing program says where it began, how much it compared, and that nothing differed."""
    assert main(["--minutes", "0.01", "--seed", "7"]) == 0
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first == "from seed 7"
    assert last.startswith("no difference in ")
