"""Refusals of strangers: what is written about them is bounded, and none goes unmentioned."""

from __future__ import annotations

from tests.unit.service.accounts import Installation

from bailiwick.service.refusals import MOST_A_SECOND
from bailiwick.store.ports import EventFilter

REFUSED = EventFilter("system", kind="token", outcome="refused")


def details(acme: Installation) -> list[object]:
    """What is written about each refusal that is recorded?"""
    return [dict(found.event.detail) for found in acme.store.activity.events(REFUSED, None, 1000)]


def test_few_refusals_are_recorded_one_by_one(acme: Installation) -> None:
    """Each of them has its own event."""
    for _ in range(MOST_A_SECOND):
        acme.host.refuse_stranger()
    assert details(acme) == [{}] * MOST_A_SECOND


def test_many_refusals_are_counted(acme: Installation) -> None:
    """The next second's first event says how many were not written."""
    for _ in range(MOST_A_SECOND + 500):
        acme.host.refuse_stranger()
    assert details(acme) == [{}] * MOST_A_SECOND
    acme.clock.seconds += 1
    acme.host.refuse_stranger()
    acme.host.refuse_stranger()
    assert details(acme)[MOST_A_SECOND:] == [{"others_since_last": 500}, {}]
