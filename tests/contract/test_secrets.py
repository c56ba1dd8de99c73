"""Secrets: kept with the change that refers to them, all or nothing, and given back only under their name."""

from __future__ import annotations

import pytest
from tests.contract.stores import AT, LOG, create, write

from bailiwick.errors import Conflict, Invalid, NotFound
from bailiwick.store.ports import (
    Head,
    RevisionConflict,
    Secret,
    SecretChange,
    SecretDelete,
    SecretWrite,
    Store,
)


def keep(store: Store, uid: str, *secrets: SecretChange, log: str = LOG) -> Head:
    """What is the head after a user came with these secrets?"""
    revision = store.head(log).revision
    changes = [create(uid, uid)]
    return store.append(log, revision, changes, actor_uid="u-root", via="test", at=AT, secrets=secrets)


def test_a_secret_comes_back_as_it_was_kept(store: Store) -> None:
    """Any bytes survive, and the revision is that of the transaction."""
    value = bytes(range(256))
    keep(store, "u1", SecretWrite("fp-1", "password", value))
    assert store.find_secret(LOG, "fp-1") == Secret("fp-1", "password", value, 1)


def test_a_secret_belongs_to_its_log(store: Store) -> None:
    """The same name in another log is another secret."""
    store.create_log("account:other", at=AT)
    keep(store, "u1", SecretWrite("fp-1", "password", b"here"))
    keep(store, "u1", SecretWrite("fp-1", "password", b"there"), log="account:other")
    found = [store.find_secret(log, "fp-1") for log in (LOG, "account:other", "system")]
    assert [item and item.value for item in found] == [b"here", b"there", None]


def test_secrets_are_listed_by_purpose(store: Store) -> None:
    """Sorted by name, and only those of exactly this purpose."""
    keep(
        store,
        "u1",
        SecretWrite("b", "password", b"2"),
        SecretWrite("a", "password", b"1"),
        SecretWrite("c", "Password", b"3"),
    )
    assert [item.name for item in store.list_secrets(LOG, "password")] == ["a", "b"]


def test_a_secret_can_be_replaced_and_deleted(store: Store) -> None:
    """Changes of secrets in one transaction apply in order."""
    keep(store, "u1", SecretWrite("x", "password", b"old"), SecretWrite("y", "password", b"gone"))
    keep(store, "u2", SecretWrite("x", "seed", b"new"), SecretDelete("y"))
    assert store.find_secret(LOG, "x") == Secret("x", "seed", b"new", 2)
    assert store.find_secret(LOG, "y") is None


def test_deleting_a_secret_that_is_not_there_undoes_the_transaction(store: Store) -> None:
    """A wrong name is an error: a credential that should be gone would live on."""
    with pytest.raises(NotFound) as refused:
        keep(store, "u1", SecretWrite("a", "password", b"1"), SecretDelete("nope"))
    assert refused.value.message == "there is no secret `nope`"
    assert store.head(LOG).revision == 0
    assert store.find_secret(LOG, "a") is None
    assert store.find_object(LOG, "User", "u1") is None


def test_secrets_of_a_refused_transaction_are_not_kept(store: Store) -> None:
    """Neither a conflict of names nor a moved head leaves a secret behind."""
    write(store, create("u1", "u1"))
    with pytest.raises(Conflict):
        keep(store, "u1", SecretWrite("a", "password", b"1"))
    with pytest.raises(RevisionConflict):
        store.append(
            LOG,
            0,
            [create("u2", "u2")],
            actor_uid="u-root",
            via="test",
            at=AT,
            secrets=[SecretWrite("a", "password", b"1")],
        )
    assert store.find_secret(LOG, "a") is None


def test_a_secret_is_nowhere_in_the_log(store: Store) -> None:
    """Rows and documents do not hold what is kept as a secret."""
    keep(store, "u1", SecretWrite("fp-1", "password", b"hunter2"))
    assert "hunter2" not in repr(store.changes(LOG, 0, 10)) + repr(list(store.load(LOG)[1]))


def test_a_secret_does_not_show_when_it_is_printed() -> None:
    """Neither the change nor the secret prints its value, so no traceback or log line holds it."""
    printed = repr([SecretWrite("a", "p", b"hunter2"), Secret("a", "p", b"hunter2", 1)])
    assert "hunter2" not in printed


@pytest.mark.parametrize(("name", "purpose"), [("a\0", "p"), ("a", "p\0")])
def test_a_name_that_cannot_be_stored_is_refused(store: Store, name: str, purpose: str) -> None:
    """Names and purposes of secrets are text that every store can keep."""
    with pytest.raises(Invalid):
        keep(store, "u1", SecretWrite(name, purpose, b""))
    assert store.head(LOG).revision == 0
