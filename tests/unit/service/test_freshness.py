"""Revisions that an answer must rest on: read, waited for, told apart from those of another history."""

from __future__ import annotations

import pytest
from tests.unit.service.accounts import Installation
from tests.unit.service.test_enterprises import Company

from bailiwick.errors import Forked, Invalid
from bailiwick.model.accounts import Principal
from bailiwick.service.edits import Edit
from bailiwick.service.freshness import parse_revisions

ALICE = Edit("User", "alice", Principal("user:alice"))


def test_revisions_are_written_as_answers_write_them() -> None:
    """What an answer's header says can be sent back as it is."""
    text = "account=812-9f3c0a1b2c3d, enterprise=40-aaaaaaaaaaaa, system=3-0a1b2c3d4e5f"
    assert parse_revisions(text) == {
        "account": "812-9f3c0a1b2c3d",
        "enterprise": "40-aaaaaaaaaaaa",
        "system": "3-0a1b2c3d4e5f",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "`` names no revision"),
        ("812-9f3c0a1b2c3d", "`812-9f3c0a1b2c3d` names no revision"),
        ("acount=812-9f3c0a1b2c3d", "unknown log `acount`"),
        ("account=812", "revision `812` is malformed"),
        ("account=1-9f3c0a1b2c3d, account=2-9f3c0a1b2c3d", "`account` is given twice"),
        ("account=" + "1" * 256, "expected at most 256 characters, got 264"),
    ],
)
def test_anything_else_is_refused(text: str, message: str) -> None:
    """A demand that is not understood is no demand that is met."""
    with pytest.raises(Invalid) as caught:
        parse_revisions(text)
    assert [(one.message, one.place) for one in caught.value.findings] == [(message, "bailiwick-at-least")]


def test_what_another_process_committed_is_found_though_nobody_announced_it(
    acme: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demand looks anew; a revision that is nowhere yet stays missing."""
    other = acme.another_host()
    other.snapshot("acme")
    monkeypatch.setattr(acme.store.generation, "bump", lambda: None)
    vector = acme.edit(ALICE).vector
    assert other.snapshot("acme").vector != vector
    assert other.find_missing("acme", vector) is None
    assert other.snapshot("acme").vector == vector
    assert other.find_missing("acme", {"account": "999-9f3c0a1b2c3d"}) == "account"
    assert other.find_missing("acme", {"system": "999-9f3c0a1b2c3d"}) == "system"


def test_an_earlier_revision_is_met_and_one_of_another_history_is_a_fork(acme: Installation) -> None:
    """The hash tells whether what the caller saw is in this history, newest or not."""
    before = acme.host.snapshot("acme").vector
    after = acme.edit(ALICE).vector
    assert acme.host.find_missing("acme", before) is None
    for vector in (before, after):
        revision = vector["account"].partition("-")[0]
        with pytest.raises(Forked) as caught:
            acme.host.find_missing("acme", {"account": f"{revision}-000000000000"})
        assert str(caught.value) == (
            f"revision {revision} of the account has another hash here than `{revision}-000000000000`\n"
            "  help: the store was put back to an earlier state, or is another one: start again from what it says now"
        )


def test_the_enterprise_is_waited_for_where_it_holds_the_account(acme: Installation) -> None:
    """A guardrail from above is in force for whoever has seen its revision."""
    company = Company(acme)
    company.apply(
        "acme",
        "{kind: Enterprise, name: corp}\n---\n{kind: EnterpriseAccount, name: prod, parent: 'enterprise:corp'}",
    )
    vector = company.host.snapshot("acme").vector["account"]
    other = acme.another_host()
    assert other.find_missing("prod", {"enterprise": vector}) is None
    assert other.find_missing("prod", {"enterprise": "999-9f3c0a1b2c3d"}) == "enterprise"
    company.begin("alone")
    assert other.find_missing("alone", {"enterprise": "999-9f3c0a1b2c3d"}) is None
