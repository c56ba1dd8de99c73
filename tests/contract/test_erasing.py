"""Erasing: a person's data goes for good, the log says so, and the chain still verifies."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.contract.stores import AT, LOG, create, delete, replace, state, write
from tests.contract.tampering import hands_on

from bailiwick.errors import NotFound
from bailiwick.store.ports import Head, RevisionConflict, Store


def erase(store: Store, uid: str, revision: int | None = None) -> Head:
    """What is the head after this user's past was erased?"""
    on = store.head(LOG).revision if revision is None else revision
    return store.erase_body(LOG, on, kind="User", uid=uid, actor_uid="u-officer", via="test", at=AT)


@pytest.fixture
def gone(store: Store) -> Store:
    """A log in which alice came, changed and went, and bob came and changed."""
    write(store, create("u1", "alice", email="alice@acme.example"), create("u2", "bob", n=1))
    write(store, replace("u1", "alice", email="al@acme.example"), replace("u2", "bob", n=2))
    write(store, delete("u1", "alice"))
    return store


def test_an_erased_person_is_in_no_row(gone: Store) -> None:
    """Names and documents are gone; who did what to which uid stays."""
    erase(gone, "u1")
    rows = [row for row in gone.changes(LOG, 0, 100) if row.uid == "u1"]
    assert [(row.op, row.name, row.document, row.erased) for row in rows] == [
        ("create", "", None, True),
        ("replace", "", None, True),
        ("delete", "", None, True),
        ("erase", "", {"bodies": 3}, False),
    ]


def test_the_chain_verifies_after_an_erasure(gone: Store) -> None:
    """The chain is over salted digests, which stay."""
    before = gone.head_at(LOG, 2)
    head = erase(gone, "u1")
    assert gone.verify(LOG).ok
    assert gone.head_at(LOG, 2) == before
    assert (head.revision, gone.head(LOG)) == (4, head)
    assert gone.changes(LOG, 3, 10)[0].actor_uid == "u-officer"


def test_an_erasure_changes_no_object(gone: Store) -> None:
    """The state is what it was."""
    before = state(gone)
    erase(gone, "u1")
    assert state(gone) == before == {"u2": {"n": 2}}


def test_the_past_says_that_it_was_erased(gone: Store) -> None:
    """Time travel still shows that someone was there, and no more."""
    erase(gone, "u1")
    past = [(item.uid, item.name, item.document, item.erased) for item in gone.state_at(LOG, 2)]
    assert past == [("u1", "", {}, True), ("u2", "bob", {"n": 2}, False)]
    assert gone.document_at(LOG, "User", "u1", 4) is None


def test_the_state_of_the_living_is_kept(gone: Store) -> None:
    """Of an object that lives, the past goes and the present stays."""
    erase(gone, "u2")
    assert state(gone) == {"u2": {"n": 2}}
    assert [row.erased for row in gone.changes(LOG, 0, 100) if row.uid == "u2"] == [True, False, False]
    assert gone.verify(LOG).ok


def test_erasing_again_takes_what_came_since(gone: Store) -> None:
    """A second erasure covers what the first left."""
    erase(gone, "u2")
    write(gone, delete("u2", "bob"))
    erase(gone, "u2")
    assert [row.erased for row in gone.changes(LOG, 0, 100) if row.uid == "u2"] == [
        True,
        True,
        False,
        True,
        False,
    ]
    assert gone.verify(LOG).ok


def test_an_object_may_live_again_after_an_erasure(gone: Store) -> None:
    """A uid whose past was erased can be created anew, and verifies."""
    erase(gone, "u1")
    write(gone, create("u1", "alice", n=9))
    assert gone.verify(LOG).ok
    assert state(gone)["u1"] == {"n": 9}


@pytest.mark.parametrize("uid", ["u9", "u3"])
def test_erasing_nothing_is_refused(gone: Store, uid: str) -> None:
    """Neither an unknown object nor one without a past is erased."""
    write(gone, create("u3", "carol"))
    with pytest.raises(NotFound) as refused:
        erase(gone, uid)
    assert refused.value.message == f"there is no past body of User `{uid}` to erase"
    assert gone.head(LOG).revision == 4


def test_an_erasure_needs_the_head(gone: Store) -> None:
    """An erasure is a write like any other."""
    with pytest.raises(RevisionConflict):
        erase(gone, "u1", revision=1)


def test_a_body_taken_after_an_erasure_is_found(gone: Store, tmp_path: Path) -> None:
    """An erasure excuses only what came before it."""
    erase(gone, "u2")
    write(gone, replace("u2", "bob", n=3))
    write(gone, replace("u2", "bob", n=4))
    hands_on(gone, tmp_path).delete_body((5, 1))
    assert [item.message for item in gone.verify(LOG).findings] == ["the body is missing"]


def test_the_kept_state_cannot_be_taken_under_an_erasure(gone: Store, tmp_path: Path) -> None:
    """The body of a living object is needed even where an erasure covers its revision."""
    erase(gone, "u2")
    hands_on(gone, tmp_path).delete_body((2, 2))
    assert [item.message for item in gone.verify(LOG).findings] == [
        "the object is not what revision 2 seq 2 says"
    ]
