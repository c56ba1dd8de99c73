"""Verifying: every way to change a log behind the store's back is found, and its place is named."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from tests.contract.stores import LOG, create, delete, replace, write
from tests.contract.tampering import Tamper, hands_on

from bailiwick.errors import BailiwickError, Unavailable
from bailiwick.store.chain import RowFields, row_hash
from bailiwick.store.ports import Store

FAKE = sha256(b"fake").digest()


@pytest.fixture
def told(store: Store) -> Store:
    """A log of three revisions: alice and bob come, alice changes, bob goes and carol comes."""
    write(store, create("u1", "alice", n=1), create("u2", "bob", n=2))
    write(store, replace("u1", "alice", n=3))
    write(store, delete("u2", "bob"), create("u3", "carol", n=4))
    return store


@pytest.fixture
def hands(told: Store, tmp_path: Path) -> Tamper:
    """Hands on the storage of that log."""
    return hands_on(told, tmp_path)


def found(store: Store) -> list[str]:
    """What does verification say, each as `place: message`?"""
    report = store.verify(LOG)
    assert report.ok == (not report.findings)
    return [f"{finding.place.removeprefix(LOG).lstrip()}: {finding.message}" for finding in report.findings]


def test_an_untouched_log_verifies(told: Store) -> None:
    """Five rows as written: nothing is found."""
    report = told.verify(LOG)
    assert (report.log, report.ok, report.rows, report.findings, report.truncated) == (
        LOG,
        True,
        5,
        (),
        False,
    )


def test_an_empty_log_verifies(store: Store) -> None:
    """Revision 0 is signed as well."""
    assert found(store) == []
    assert store.verify("system").ok


def test_a_log_that_is_not_there_does_not_verify(store: Store) -> None:
    """Where no head is, nothing is fine."""
    assert [item.message for item in store.verify("account:none").findings] == ["the head is missing"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at", "2026-01-01T00:00:00.000000Z"),
        ("actor_uid", "u-innocent"),
        ("via", "cli"),
        ("op", "create"),
    ],
)
def test_a_changed_field_of_a_row_is_found(told: Store, hands: Tamper, field: str, value: str) -> None:
    """Who, how, when and what are all covered by the row's hash."""
    hands.set_row((2, 1), field, value)
    assert "revision 2 seq 1: the row was changed" in found(told)


@pytest.mark.parametrize("field", ["kind", "uid"])
def test_a_row_moved_to_another_object_is_found(told: Store, hands: Tamper, field: str) -> None:
    """A row that is made to speak of another object was changed, and both objects disagree."""
    hands.set_row((2, 1), field, "x")
    messages = found(told)
    assert "revision 2 seq 1: the row was changed" in messages
    assert "User `u1`: the object is not what revision 1 seq 1 says" in messages


def test_a_changed_hash_is_found(told: Store, hands: Tamper) -> None:
    """A row that no longer hashes to its hash breaks the link to the next row too."""
    hands.set_row((2, 1), "hash", FAKE)
    assert found(told) == [
        "revision 2 seq 1: the row was changed",
        "revision 3 seq 1: the row does not follow the row before it",
    ]


def test_a_changed_link_is_found(told: Store, hands: Tamper) -> None:
    """A row that is linked to another row than the one before it is found."""
    hands.set_row((2, 1), "prev_hash", FAKE)
    assert found(told) == [
        "revision 2 seq 1: the row does not follow the row before it",
        "revision 2 seq 1: the row was changed",
    ]


def test_a_row_hashed_anew_breaks_the_link_to_the_next(told: Store, hands: Tamper) -> None:
    """Changing a row and its hash together shows at the row after it."""
    hands.set_row((2, 1), "actor_uid", "u-innocent")
    rehash(hands, (2, 1))
    assert found(told) == ["revision 3 seq 1: the row does not follow the row before it"]


def rehash(hands: Tamper, place: tuple[int, int]) -> bytes:
    """Give this row the hash that its fields come to."""
    names = ("revision", "seq", "at", "actor_uid", "via", "kind", "uid", "op", "digest")
    fields = RowFields(LOG, *(hands.get_row(place, name) for name in names))
    fresh = row_hash(hands.get_row(place, "prev_hash"), fields)
    hands.set_row(place, "hash", fresh)
    return fresh


def test_a_chain_rewritten_to_its_end_fails_at_the_signature(told: Store, hands: Tamper) -> None:
    """Whoever recomputes every hash and the head still lacks the key that signs heads."""
    hands.set_row((2, 1), "actor_uid", "u-innocent")
    last = rehash(hands, (2, 1))
    for place in ((3, 1), (3, 2)):
        hands.set_row(place, "prev_hash", last)
        last = rehash(hands, place)
    hands.set_head("hash", last)
    assert found(told) == ["head at revision 3: the head's signature is wrong"]


def test_a_changed_document_is_found(told: Store, hands: Tamper) -> None:
    """A body that differs in one digit no longer has its digest."""
    salt, text = hands.get_body((2, 1))
    hands.set_body((2, 1), salt, text.replace("3", "4"))
    assert "revision 2 seq 1: the body was changed" in found(told)


def test_a_document_changed_in_the_log_and_in_the_objects_is_found(told: Store, hands: Tamper) -> None:
    """Making both agree does not help: the digest is in the chain."""
    salt, text = hands.get_body((2, 1))
    hands.set_body((2, 1), salt, text.replace("3", "4"))
    hands.set_object("u1", "body", '{"n":4}')
    assert found(told) == ["revision 2 seq 1: the body was changed"]


def test_a_changed_salt_is_found(told: Store, hands: Tamper) -> None:
    """The salt is covered as well."""
    _, text = hands.get_body((1, 1))
    hands.set_body((1, 1), b"\0" * 16, text)
    assert found(told) == ["revision 1 seq 1: the body was changed"]


def test_bytes_moved_between_salt_and_document_are_found(told: Store, hands: Tamper) -> None:
    """The same bytes cut at another place are another body, though they hash alike."""
    salt, text = hands.get_body((1, 1))
    hands.set_body((1, 1), salt + text[:1].encode(), text[1:])
    assert found(told) == ["revision 1 seq 1: the body was changed"]


def test_swapped_bodies_are_found(told: Store, hands: Tamper) -> None:
    """Two bodies in each other's place are both wrong."""
    one, other = hands.get_body((1, 1)), hands.get_body((1, 2))
    hands.set_body((1, 1), *other)
    hands.set_body((1, 2), *one)
    assert found(told) == [
        "revision 1 seq 1: the body was changed",
        "revision 1 seq 2: the body was changed",
    ]


def test_swapped_digests_are_found(told: Store, hands: Tamper) -> None:
    """Bodies that are swapped by their rows' digests change both rows."""
    one, other = hands.get_row((1, 1), "digest"), hands.get_row((1, 2), "digest")
    hands.set_row((1, 1), "digest", other)
    hands.set_row((1, 2), "digest", one)
    assert found(told) == ["revision 1 seq 1: the row was changed", "revision 1 seq 2: the row was changed"]


def test_a_missing_body_is_found(told: Store, hands: Tamper) -> None:
    """A body that is gone without an erasure in the log was taken away."""
    hands.delete_body((1, 2))
    assert found(told) == ["revision 1 seq 2: the body is missing"]


def test_an_additional_body_is_found(told: Store, hands: Tamper) -> None:
    """A body that no row refers to was put there."""
    hands.add_body(FAKE, b"\0" * 16, "{}")
    assert found(told) == [": there are bodies that no row refers to"]


def test_a_cut_tail_is_found(told: Store, hands: Tamper) -> None:
    """Without its last row the log does not reach its head."""
    hands.delete_row((3, 2))
    assert found(told) == [
        ": there are bodies that no row refers to",
        "head at revision 3: the last row is revision 3, the head says otherwise",
        "User `u3`: the object is in no row of the log",
    ]


def cut_last_revision(hands: Tamper) -> None:
    """Undo the last revision in every table but the head."""
    for place in ((3, 2), (3, 1)):
        hands.delete_body(place)
        hands.delete_row(place)
    hands.delete_object("u3")
    hands.add_object("User", "u2", '{"n":2}', 1)
    hands.set_object("u2", "name", "bob")


def test_a_cleanly_cut_revision_is_found(told: Store, hands: Tamper) -> None:
    """A last revision that was undone everywhere shows at the head."""
    cut_last_revision(hands)
    assert found(told) == ["head at revision 3: the last row is revision 2, the head says otherwise"]


def test_a_head_cut_back_with_the_log_fails_at_the_signature(told: Store, hands: Tamper) -> None:
    """Setting the head back to an earlier row needs the signing key."""
    cut_last_revision(hands)
    hands.set_head("revision", 2)
    hands.set_head("hash", hands.get_row((2, 1), "hash"))
    assert found(told) == ["head at revision 2: the head's signature is wrong"]


def test_a_head_cut_back_alone_is_found(told: Store, hands: Tamper) -> None:
    """A head that names an earlier row than the last is wrong twice."""
    hands.set_head("revision", 2)
    hands.set_head("hash", hands.get_row((2, 1), "hash"))
    assert found(told) == [
        "head at revision 2: the last row is revision 3, the head says otherwise",
        "head at revision 2: the head's signature is wrong",
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [("signature", b"\0" * 64), ("signature", b""), ("at", "2026-01-01T00:00:00.000000Z"), ("at", "never")],
)
def test_an_edited_signature_is_found(told: Store, hands: Tamper, field: str, value: Any) -> None:
    """Signature and signed instant belong together."""
    hands.set_head(field, value)
    assert found(told) == ["head at revision 3: the head's signature is wrong"]


def test_a_signature_of_another_log_is_found(told: Store, hands: Tamper) -> None:
    """A head's signature covers the log's key."""
    write(told, create("s", "", "Setting"), log="system")
    hands.set_head("signature", hands.signature_of("system"))
    assert found(told) == ["head at revision 3: the head's signature is wrong"]


def test_a_missing_head_is_found(told: Store, hands: Tamper) -> None:
    """A log without head cannot be complete."""
    hands.delete_head()
    assert found(told) == [": the head is missing"]


def test_a_missing_row_is_found(told: Store, hands: Tamper) -> None:
    """A row taken from the middle leaves a gap."""
    hands.delete_body((2, 1))
    hands.delete_row((2, 1))
    assert found(told) == [
        "revision 3 seq 1: rows are missing or out of order after revision 1 seq 2",
        "revision 3 seq 1: the row does not follow the row before it",
        "User `u1`: the object is not what revision 1 seq 1 says",
    ]


def test_a_missing_first_row_is_found(told: Store, hands: Tamper) -> None:
    """The chain begins at the log's own start, not at whatever row comes first."""
    hands.delete_row((1, 1))
    assert found(told)[:2] == [
        "revision 1 seq 2: rows are missing or out of order after revision 0 seq 0",
        "revision 1 seq 2: the row does not follow the row before it",
    ]


def test_reordered_rows_are_found(told: Store, hands: Tamper) -> None:
    """Two rows in each other's place are both changed and both badly linked."""
    hands.set_row((1, 1), "seq", 9)
    hands.set_row((1, 2), "seq", 1)
    hands.set_row((1, 9), "seq", 2)
    assert found(told)[:4] == [
        "revision 1 seq 1: the row does not follow the row before it",
        "revision 1 seq 1: the row was changed",
        "revision 1 seq 2: the row does not follow the row before it",
        "revision 1 seq 2: the row was changed",
    ]


def test_a_row_inserted_in_the_middle_is_found(told: Store, hands: Tamper) -> None:
    """A row that was put between two others fits neither."""
    hands.copy_row((2, 1), (2, 2), FAKE)
    hands.add_body(FAKE, b"\0" * 16, "{}")
    messages = found(told)
    assert messages[0] == "revision 2 seq 2: the row does not follow the row before it"
    assert "revision 2 seq 2: the row was changed" in messages


def test_a_row_appended_beyond_the_head_is_found(told: Store, hands: Tamper) -> None:
    """Even a well-linked row needs the head's signature."""
    hands.copy_row((3, 2), (4, 1), FAKE)
    hands.set_row((4, 1), "uid", "u4")
    hands.set_row((4, 1), "prev_hash", hands.get_row((3, 2), "hash"))
    rehash(hands, (4, 1))
    assert "head at revision 3: the last row is revision 4, the head says otherwise" in found(told)


@pytest.mark.parametrize(
    ("field", "value"),
    [("body", '{"n":9}'), ("name", "Alice"), ("revision", 1), ("body", '{"n": 3}'), ("body", "no json")],
)
def test_an_edited_object_is_found(told: Store, hands: Tamper, field: str, value: Any) -> None:
    """The objects must be exactly what the log folds into."""
    hands.set_object("u1", field, value)
    assert found(told) == ["User `u1`: the object is not what revision 2 seq 1 says"]


def test_a_missing_object_is_found(told: Store, hands: Tamper) -> None:
    """An object that the log brought into being is missing."""
    hands.delete_object("u1")
    assert found(told) == ["User `u1`: the object is missing"]


def test_a_deleted_object_that_came_back_is_found(told: Store, hands: Tamper) -> None:
    """An object that the log deleted is there."""
    hands.add_object("User", "u2", "{}", 1)
    assert found(told) == ["User `u2`: the object was deleted in the log, and is still there"]


@pytest.mark.parametrize("uid", ["a", "u22", "z"])
@pytest.mark.parametrize("kind", ["Group", "User", "Zebra"])
def test_an_object_that_no_row_made_is_found(told: Store, hands: Tamper, kind: str, uid: str) -> None:
    """A smuggled object is found wherever it sorts."""
    hands.add_object(kind, uid, "{}", 3)
    assert found(told) == [f"{kind} `{uid}`: the object is in no row of the log"]


WRONG_IN_ROWS = [
    ("at", 5.5),
    ("uid", b"\xff"),
    ("kind", 7),
    ("prev_hash", "text"),
    ("hash", b"short"),
    ("digest", 7),
    ("revision", "two"),
    ("seq", b"1"),
    ("op", "steal"),
]


@pytest.mark.parametrize(("field", "value"), WRONG_IN_ROWS)
def test_a_wrong_type_in_a_row_is_a_finding_and_no_crash(
    told: Store, hands: Tamper, field: str, value: Any
) -> None:
    """Whatever lies in a row, verification reports."""
    hands.set_row((2, 1), field, value)
    assert found(told) != []


@pytest.mark.parametrize(("salt", "text"), [("text", "{}"), (b"\0" * 16, b"\xff\xfe"), (5, 5)])
def test_a_wrong_type_in_a_body_is_a_finding_and_no_crash(
    store: Store, tmp_path: Path, salt: Any, text: Any
) -> None:
    """Whatever lies in a body, verification reports."""
    write(store, create("u1", "alice"))
    hands = hands_on(store, tmp_path)
    hands.set_body((1, 1), salt, text)
    assert "revision 1 seq 1: the body was changed" in found(store)


@pytest.mark.parametrize(("field", "value"), [("body", b"\xff\xfe"), ("name", 5), ("revision", "x")])
def test_a_wrong_type_in_an_object_is_a_finding_and_no_crash(
    told: Store, hands: Tamper, field: str, value: Any
) -> None:
    """Whatever lies in an object, verification reports."""
    hands.set_object("u1", field, value)
    assert found(told) == ["User `u1`: the object is not what revision 2 seq 1 says"]


@pytest.mark.parametrize(
    ("field", "value"), [("hash", "text"), ("revision", "three"), ("signature", "text"), ("at", b"\xff")]
)
def test_a_wrong_type_in_a_head_is_a_finding_and_no_crash(
    told: Store, hands: Tamper, field: str, value: Any
) -> None:
    """Whatever lies in a head, verification reports."""
    hands.set_head(field, value)
    assert found(told)[-1].endswith("the head's signature is wrong")


def test_a_forged_head_is_not_written_on(told: Store, hands: Tamper) -> None:
    """The next honest write refuses, instead of signing a forged chain."""
    cut_last_revision(hands)
    hands.set_head("revision", 2)
    hands.set_head("hash", hands.get_row((2, 1), "hash"))
    with pytest.raises(Unavailable) as refused:
        write(told, create("u9", "zoe"))
    assert refused.value.message == "the head of `account:acme` is not signed by this store"


def test_every_finding_has_its_place_and_the_list_is_bounded(store: Store, tmp_path: Path) -> None:
    """A hundred findings are kept, and that there are more is said."""
    write(store, *(create(f"u{number:03d}", "") for number in range(150)))
    hands = hands_on(store, tmp_path)
    for number in range(150):
        hands.set_row((1, number + 1), "via", "x")
    report = store.verify(LOG)
    assert (len(report.findings), report.truncated, report.rows) == (100, True, 150)
    assert report.findings[99].format() == "the row was changed at account:acme revision 1 seq 100"


def test_progress_is_told_up_to_the_end(store: Store) -> None:
    """Progress grows and ends at its total."""
    write(store, *(create(f"u{number:05d}", "") for number in range(4_500)))
    told: list[tuple[int, int]] = []
    assert store.verify(LOG, progress=lambda done, total: told.append((done, total))).ok
    assert told == [(2000, 9000), (4000, 9000), (6000, 9000), (8000, 9000), (9000, 9000)]


def test_what_stops_the_progress_stops_verification(told: Store) -> None:
    """An error in the caller's progress is the caller's."""

    def stop(done: int, total: int) -> None:
        raise BailiwickError("enough")

    with pytest.raises(BailiwickError, match="enough"):
        told.verify(LOG, progress=stop)
    assert told.verify(LOG).ok
