"""How many belong to subjects, and how many resources are in a scope: counted by sets, else compared one by one."""

from __future__ import annotations

import pytest
from tests.unit.engine.searched_world import NOW, compiled

from bailiwick.engine import columns
from bailiwick.engine.reach import Count, count_belonging, count_in_scope, groups_within
from bailiwick.model.policies import Scope
from bailiwick.model.services import IAM


@pytest.mark.parametrize(
    ("subjects", "number"),
    [
        (("user:ann",), 1),
        (("user:cat",), 0),
        (("group:crew",), 2),
        (("group:all-crews", "group:crew"), 3),
        (("group:members",), 4),
        (("group:everyone",), 5),
        (("user:ann", "user:ann", "service:files"), 2),
        (("group:none",), 0),
    ],
)
def test_who_belongs_is_counted_once(subjects: tuple[str, ...], number: int) -> None:
    """Whoever belongs to several counts once; who is disabled does not count; services count by name."""
    assert count_belonging(compiled(), subjects, NOW) == Count(number)


def test_a_membership_that_has_ended_does_not_count() -> None:
    """Ann is in the crew for ten seconds."""
    assert count_belonging(compiled(), ("group:crew",), NOW + 11) == Count(1)


def test_groups_inside_are_found() -> None:
    """The groups themselves and those inside them; what is no group is passed over."""
    assert sorted(groups_within(compiled(), ("group:all-crews", "user:ann", "group:none"))) == [
        "all-crews",
        "crew",
    ]


@pytest.mark.parametrize(
    ("scope", "number"),
    [
        (Scope(), 6),
        (Scope(service=("files",)), 6),
        (Scope(service=("files",), region=("us",)), 1),
        (Scope(service=("files",), project=("dev",)), 4),
        (Scope(service=("files",), type=("file",), id=("f1",)), 1),
        (Scope(service=("files",), type=("file",), id=("f?",)), 5),
        (Scope(service=(IAM,)), 0),
        (Scope(service=("projects",)), 0),
    ],
)
def test_resources_in_a_scope_are_counted(scope: Scope, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By region, project, type and id; where there are too many values to try, one by one. Projects do not count."""
    assert count_in_scope(compiled(), scope) == Count(number)
    monkeypatch.setattr(columns, "MOST_TRIED", 0)
    assert count_in_scope(compiled(), scope) == Count(number)


def test_a_count_beyond_its_bound_is_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where too many would have to be compared, the number is what is sure so far."""
    monkeypatch.setattr(columns, "MOST_TRIED", 0)
    found = count_in_scope(compiled(), Scope(service=("files",), region=("e?",)), most=1)
    assert not found.exact
    assert found.number <= 1
