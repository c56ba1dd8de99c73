"""Idempotency keys: the answer to a change is kept with the change, so a repeated request changes nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.contract.stores import AT, LOG, create, state

from bailiwick.errors import Conflict, Invalid
from bailiwick.store.ports import Answer, DuplicateRequest, Head, Idempotency, SecretDelete, Store

OLDER = AT - timedelta(days=2)


def answer(head: Head) -> tuple[int, bytes]:
    """What is answered to the writer of this head?"""
    return 201, head.vector.encode()


def request(key: str = "k-1", principal_uid: str = "u-root", digest: str = "d-1") -> Idempotency:
    """Which request is this?"""
    return Idempotency(principal_uid, key, digest, answer)


def append(
    store: Store, uid: str, idempotency: Idempotency, *, revision: int | None = None, old: bool = False
) -> Head:
    """What is the head after this user came by this request?"""
    on = store.head(LOG).revision if revision is None else revision
    at = OLDER if old else AT
    return store.append(
        LOG, on, [create(uid, uid)], actor_uid="u-root", via="test", at=at, idempotency=idempotency
    )


def test_the_answer_is_kept_with_the_change(store: Store) -> None:
    """It may hold the new head, which only the transaction knows."""
    head = append(store, "u1", request())
    kept = Answer("u-root", "k-1", "d-1", 201, head.vector.encode(), AT)
    assert store.find_answer(LOG, "u-root", "k-1") == kept


def test_a_repeated_request_is_told_its_first_answer(store: Store) -> None:
    """The second append is refused with what was answered, and changes nothing."""
    append(store, "u1", request())
    with pytest.raises(DuplicateRequest) as refused:
        append(store, "u2", request(digest="d-2"))
    assert refused.value.message == "idempotency key `k-1` was used before"
    assert refused.value.stored.request_digest == "d-1"
    assert set(state(store)) == {"u1"}


def test_a_repeated_request_on_an_old_head_is_told_its_first_answer(store: Store) -> None:
    """Whoever retries after losing the answer stands on the old head; the key decides first."""
    append(store, "u1", request(), revision=0)
    with pytest.raises(DuplicateRequest):
        append(store, "u1", request(), revision=0)


@pytest.mark.parametrize(
    ("principal_uid", "key"), [("u-other", "k-1"), ("u-root", "K-1"), ("u-root", "k-1 ")]
)
def test_keys_belong_to_their_principal_and_compare_exactly(
    store: Store, principal_uid: str, key: str
) -> None:
    """Another principal's key, or one that differs in a byte, is another request."""
    append(store, "u1", request())
    append(store, "u2", request(key, principal_uid))
    assert set(state(store)) == {"u1", "u2"}


def test_no_answer_is_kept_for_a_refused_change(store: Store) -> None:
    """A request that failed may be repeated."""
    append(store, "u1", request("k-0"))
    with pytest.raises(Conflict):
        append(store, "u1", request())
    assert store.find_answer(LOG, "u-root", "k-1") is None
    append(store, "u2", request())


def test_an_answer_that_cannot_be_given_undoes_the_change(store: Store) -> None:
    """When making the answer fails, nothing was changed and nothing is kept."""

    def fail(head: Head) -> tuple[int, bytes]:
        raise RuntimeError("no answer")

    with pytest.raises(RuntimeError, match="no answer"):
        append(store, "u1", Idempotency("u-root", "k-1", "d-1", fail))
    assert store.head(LOG).revision == 0
    assert store.find_answer(LOG, "u-root", "k-1") is None


def test_a_failing_secret_leaves_no_answer(store: Store) -> None:
    """Answer, secrets and changes are one transaction."""
    with pytest.raises(Exception, match="there is no secret"):
        store.append(
            LOG,
            0,
            [create("u1", "u1")],
            actor_uid="u-root",
            via="test",
            at=AT,
            secrets=[SecretDelete("nope")],
            idempotency=request(),
        )
    assert store.find_answer(LOG, "u-root", "k-1") is None


def test_old_answers_are_pruned(store: Store) -> None:
    """Those before the instant go, the others stay."""
    append(store, "u1", request("old"), old=True)
    append(store, "u2", request("new"))
    assert store.prune_answers(AT) == 1
    assert store.find_answer(LOG, "u-root", "old") is None
    assert store.find_answer(LOG, "u-root", "new") is not None


def test_a_key_that_cannot_be_stored_is_refused(store: Store) -> None:
    """Keys come from outside; one with a NUL is an error of the caller."""
    with pytest.raises(Invalid):
        append(store, "u1", request("a\0b"))
    assert store.head(LOG).revision == 0


def test_an_answer_does_not_show_when_it_is_printed(store: Store) -> None:
    """An answer may hold a key that is shown once."""
    append(store, "u1", request())
    assert store.head(LOG).vector not in repr(store.find_answer(LOG, "u-root", "k-1"))
