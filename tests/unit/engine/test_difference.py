"""Two states of one account: what sets cannot say is decided in both, and nothing beyond the budget is asked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.engine.searched_world import F1, F2, F4, FILES, NOW, RESOURCES, compiled, policy

from bailiwick.engine import CompiledAccount, difference
from bailiwick.engine.difference import Budget, TwoStates, differ_at, differ_on, share_indexes
from bailiwick.model.accounts import Account, Principal, Project
from bailiwick.model.conditions import Comparison
from bailiwick.model.policies import Policy

SORT = ("files", "file")
SIZE = Comparison("resource.properties.size", "number-equals", 5)
BIG = policy("user:ann", "Reader", when=SIZE)
ALL = policy("user:ann", "Reader")


def changed(before: CompiledAccount, *policies: Policy, **more: object) -> TwoStates:
    """The account as it is, and with these policies instead."""
    share_indexes(before)
    account: Account = replace(before.account, policies={one.name: one for one in policies}, **more)  # type: ignore[arg-type]  # fields of it
    names = {("Policy", name) for name in {*before.account.policies, *account.policies}}
    return TwoStates(before, before.apply(account, names), NOW)


def on(states: TwoStates, budget: Budget, action: str = "files.read") -> tuple[list[str], list[str]]:
    """On which files does ann gain and lose it?"""
    shift = differ_on(
        states,
        "user:ann",
        action,
        SORT,
        among=lambda _: None,
        may_ask=lambda _: True,
        skip=(),
        budget=budget,
    )
    return list(shift.gained), list(shift.lost)


def test_what_is_only_possible_is_decided_in_both_states() -> None:
    """A condition that no index answers: the one file of that size is gained, and lost again."""
    nothing = compiled()
    assert on(changed(nothing, BIG), Budget(100)) == ([F4], [])
    assert on(changed(compiled(BIG)), Budget(100)) == ([], [F4])
    assert on(changed(compiled(BIG), replace(BIG, name="other")), Budget(100)) == ([], [])


def test_what_is_sure_in_one_state_and_possible_in_the_other() -> None:
    """From all files to those of one size: the others are lost, and back they are gained."""
    gained, lost = on(changed(compiled(ALL), BIG), Budget(100))
    assert (gained, F4 in lost, F1 in lost) == ([], False, True)
    gained, lost = on(changed(compiled(BIG), ALL), Budget(100))
    assert (lost, F4 in gained, F1 in gained) == ([], False, True)


def test_nothing_is_asked_beyond_the_budget() -> None:
    """What is sure is told; of what would have to be decided only as much as the budget allows, and it says so."""
    budget = Budget(1)
    assert on(changed(compiled(), BIG), budget) == ([], [])
    assert not budget.is_enough
    budget = Budget(0)
    assert on(changed(compiled(), ALL), budget) == ([], [])
    assert not budget.is_enough
    budget = Budget(0)
    shift = differ_at(changed(compiled(), ALL), "files.read", F1, "user", budget=budget)
    assert (list(shift.gained), budget.is_enough) == ([], False)
    budget = Budget(0)
    shift = differ_at(changed(compiled(), ALL), "files.read", F1, "service", budget=budget)
    assert (list(shift.gained), budget.is_enough) == ([], False)


def test_for_whom_one_resource_changes() -> None:
    """Of each kind of principal those whose answer differs, services and whoever has not signed in included."""
    states = changed(compiled(), policy("group:everyone", "Reader"))
    found = {
        kind: list(differ_at(states, "files.read", F1, kind, budget=Budget(100)).gained)
        for kind in ("user", "service-id", "anonymous", "service")
    }
    # WHY neither cat nor root: one is disabled, the other owns the account and had it before.
    assert found["user"] == ["user:ann", "user:bob"]
    assert found["service-id"] == ["service-id:job"]
    assert found["anonymous"] == ["anonymous"]
    assert "service:files" in found["service"]


def test_too_many_objects_without_an_index_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are more than can be asked one by one, none is, and it says so."""
    monkeypatch.setattr(difference, "MOST_LISTED", 1)
    states, budget = changed(compiled(), ALL), Budget(100)
    assert states.listed("iam", "user", budget) == ()
    assert not budget.is_enough
    assert states.is_there("brn:acme:iam:::user/nobody"), "it cannot be told that it is not"


def test_what_is_there_is_told_by_both_states() -> None:
    """Registered files, stored users, projects and services themselves; before or after."""
    states = changed(compiled(), projects={"new": Project("new")})
    there = (F1, "brn:acme:iam:::user/ann", "brn:acme:files:::service/files")
    assert all(states.is_there(name) for name in there)
    missing = (
        "brn:acme:files:eu::folder/none",
        "brn:acme:iam:::user/ghost",
        "brn:acme:files:eu::service/files",
    )
    assert not any(states.is_there(name) for name in missing)


def test_names_are_counted_walked_and_cut_in_order() -> None:
    """Names of segments and names said one by one are one set."""
    shift = differ_on(
        changed(compiled(), ALL),
        "user:ann",
        "files.read",
        SORT,
        among=lambda _: None,
        may_ask=lambda _: True,
        skip=(F2,),
        budget=Budget(100),
    )
    assert (
        len(shift.gained)
        == len(list(shift.gained))
        == len([one for one in RESOURCES if "file" in one.name]) - 2
    )
    assert shift.gained.first(1) == [F1]
    assert F2 not in list(shift.gained)
    assert ALL.scope == FILES


def test_a_principal_that_changed_itself_is_told_once() -> None:
    """Whoever is stored anew beside a change of policies has one answer before and one after."""
    before = compiled(ALL)
    share_indexes(before)
    people = {**before.account.principals, "user:ann": Principal("user:ann", properties={"level": 1})}
    account = replace(before.account, principals=people)
    states = TwoStates(before, before.apply(account, {("User", "ann")}), NOW)
    shift = differ_at(states, "files.read", F1, "user", budget=Budget(100))
    assert (list(shift.gained), list(shift.lost)) == ([], [])
