"""Writing: one revision a transaction, all of it or nothing, on exactly the head that was expected."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from threading import Barrier, Thread
from typing import Any

import pytest
from tests.contract.stores import AT, LOG, create, delete, replace, state, write

from bailiwick.errors import BailiwickError, Conflict, Invalid, NotFound
from bailiwick.store.announcing import AnnouncedGeneration
from bailiwick.store.ports import Change, Head, RevisionConflict, Store, parse_vector


def append(store: Store, revision: int, *changes: Change, log: str = LOG) -> Head:
    """What is the head after these changes on this revision?"""
    return store.append(log, revision, changes, actor_uid="u-root", via="test", at=AT)


def test_a_new_log_has_a_head_at_revision_zero(empty_store: Store) -> None:
    """Creating a log gives its head, which is found again."""
    created = empty_store.create_log(LOG, at=AT)
    assert created.revision == 0
    assert empty_store.head(LOG) == created
    assert empty_store.list_logs() == (LOG, "system")


def test_two_empty_logs_have_different_hashes(store: Store) -> None:
    """The log's key is part of its chain, so one log's rows cannot pass for another's."""
    assert store.create_log("account:other", at=AT).hash != store.head(LOG).hash


def test_a_log_is_created_once(store: Store) -> None:
    """A second log of the same key is refused."""
    with pytest.raises(Conflict) as refused:
        store.create_log(LOG, at=AT)
    assert refused.value.message == "log `account:acme` exists already"


@pytest.mark.parametrize(
    "log", ["", "acme", "account:", "account", "system:x", "Account:acme", "account:a\0b"]
)
def test_a_key_of_no_log_is_refused(store: Store, log: str) -> None:
    """Only system, enterprise and account logs exist."""
    with pytest.raises(Invalid):
        store.create_log(log, at=AT)


def test_a_log_of_each_kind_can_be_created(store: Store) -> None:
    """Names of logs compare byte for byte and are listed by code point."""
    for log in ("enterprise:big", "account:Acme", "account:ä"):
        store.create_log(log, at=AT)
    assert store.list_logs() == ("account:Acme", "account:acme", "account:ä", "enterprise:big", "system")


def test_a_transaction_is_one_revision(store: Store) -> None:
    """Several changes at once make one revision with a row each."""
    head = append(store, 0, create("u1", "alice"), create("u2", "bob"))
    assert head.revision == 1
    assert [(row.revision, row.seq) for row in store.changes(LOG, 0, 10)] == [(1, 1), (1, 2)]


def test_the_state_follows_the_changes(store: Store) -> None:
    """Creating, replacing and deleting show in what is loaded."""
    write(store, create("u1", "alice", age=1), create("u2", "bob"))
    write(store, replace("u1", "alice", age=2), delete("u2", "bob"))
    assert state(store) == {"u1": {"age": 2}}


def test_changes_of_one_object_in_one_transaction_apply_in_order(store: Store) -> None:
    """Create, replace, delete and create again of one uid may stand in one transaction."""
    write(
        store,
        create("u1", "alice", n=1),
        replace("u1", "alice", n=2),
        delete("u1", "alice"),
        create("u1", "alicia", n=3),
        create("u2", "bob"),
        delete("u2", "bob"),
    )
    assert state(store) == {"u1": {"n": 3}}
    assert store.change_count(LOG) == 6


def test_an_append_on_a_moved_head_is_refused(store: Store) -> None:
    """The error says which head stands now, and nothing is written."""
    moved = write(store, create("u1", "alice"))
    with pytest.raises(RevisionConflict) as refused:
        append(store, 0, create("u2", "bob"))
    assert refused.value.head == moved
    assert refused.value.expected == 0
    assert refused.value.message == "expected `account:acme` at revision `0`, it is at revision `1`"
    assert state(store) == {"u1": {}}


def test_an_append_on_another_history_is_refused(store: Store) -> None:
    """The number alone does not tell one history from another: after a fork it is that of another state."""
    now = write(store, create("u1", "alice"))
    lost = Head(LOG, now.revision, "0" * 64).vector
    with pytest.raises(RevisionConflict) as refused:
        store.append(LOG, lost, [create("u2", "bob")], actor_uid="u-root", via="test", at=AT)
    assert (
        refused.value.message
        == f"expected `account:acme` at revision `{lost}`, it is at revision `{now.vector}`"
    )
    with pytest.raises(RevisionConflict):
        store.erase_body(LOG, lost, kind="User", uid="u1", actor_uid="u-root", via="test", at=AT)
    assert set(state(store)) == {"u1"}
    store.append(LOG, now.vector, [create("u2", "bob")], actor_uid="u-root", via="test", at=AT)
    assert set(state(store)) == {"u1", "u2"}


def test_a_write_that_rests_on_another_history_of_another_log_is_refused(store: Store) -> None:
    """What was read of the other log is lost, though it stands at the same number."""
    store.create_log("account:other", at=AT)
    other = write(store, create("u9", "zoe"), log="account:other")
    lost = Head("account:other", other.revision, "0" * 64).vector
    change = [create("u1", "alice")]
    with pytest.raises(RevisionConflict):
        store.append(LOG, 0, change, actor_uid="u-root", via="test", at=AT, based_on={"account:other": lost})
    assert state(store) == {}
    rests = {"account:other": other.vector}
    store.append(LOG, 0, change, actor_uid="u-root", via="test", at=AT, based_on=rests)


def test_an_append_ahead_of_the_head_is_refused(store: Store) -> None:
    """A revision that does not exist yet is no ground to write on."""
    with pytest.raises(RevisionConflict):
        append(store, 5, create("u1", "alice"))


def test_an_append_to_no_log_is_refused(store: Store) -> None:
    """Logs do not come into being by writing to them."""
    with pytest.raises(NotFound) as refused:
        append(store, 0, create("u1", "alice"), log="account:none")
    assert refused.value.message == "there is no log `account:none`"


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        (create("u1", "again"), Conflict, "User `u1` exists already"),
        (create("u9", "alice"), Conflict, "User `alice` exists already"),
        (replace("u9", "x"), NotFound, "there is no User `u9` to replace"),
        (delete("u9", "x"), NotFound, "there is no User `u9` to delete"),
        (replace("u2", "alice"), Conflict, "User `alice` exists already"),
    ],
)
def test_a_change_that_does_not_fit_undoes_its_transaction(
    store: Store, change: Change, kind: type[BailiwickError], message: str
) -> None:
    """Every other change of the transaction is undone too, and the head stays."""
    before = write(store, create("u1", "alice"), create("u2", "bob"))
    with pytest.raises(kind) as refused:
        append(store, 1, create("u3", "carol"), delete("u3", "carol"), change)
    assert refused.value.message == message
    assert store.head(LOG) == before
    assert set(state(store)) == {"u1", "u2"}
    assert store.verify(LOG).ok


def test_two_objects_of_one_transaction_cannot_share_a_name(store: Store) -> None:
    """A name is unique among the living of a kind, inside one transaction too."""
    with pytest.raises(Conflict) as refused:
        append(store, 0, create("u1", "alice"), create("u2", "alice"))
    assert refused.value.message == "User `alice` exists already"


def test_two_objects_may_swap_names(store: Store) -> None:
    """Names are compared after the transaction, not within it."""
    write(store, create("u1", "a"), create("u2", "b"))
    write(store, replace("u1", "b"), replace("u2", "a"))
    assert {item.uid: item.name for item in store.load(LOG)[1]} == {"u1": "b", "u2": "a"}


def test_a_name_is_free_after_deletion(store: Store) -> None:
    """Another object may take it, even in the same transaction."""
    write(store, create("u1", "alice"))
    write(store, delete("u1", "alice"), create("u2", "alice"))
    found = store.find_named(LOG, "User", "alice")
    assert found is not None
    assert found.uid == "u2"


def test_unnamed_objects_do_not_collide(store: Store) -> None:
    """The empty name means unnamed and is nobody's."""
    write(store, create("m1", "", "Membership"), create("m2", "", "Membership"))
    assert set(state(store)) == {"m1", "m2"}
    assert store.find_named(LOG, "Membership", "") is None


def test_kinds_and_logs_have_names_of_their_own(store: Store) -> None:
    """The same name and uid may stand in another kind and in another log."""
    store.create_log("account:other", at=AT)
    write(store, create("x", "same"), create("x", "same", "Group"))
    write(store, create("x", "same"), log="account:other")
    assert store.verify(LOG).ok
    assert store.verify("account:other").ok


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("foo", "Foo"),
        ("foo", "foo "),
        ("é", "e\u0301"),
        ("ﬁ", "fi"),
        ("ß", "ss"),
        ("i", "İ"),
        ("a", "a\u200b"),
    ],
)
def test_names_compare_byte_for_byte(store: Store, one: str, other: str) -> None:
    """Neither case nor normal form nor trailing space makes two names one."""
    write(store, create("u1", one), create("u2", other))
    for name, uid in ((one, "u1"), (other, "u2")):
        found = store.find_named(LOG, "User", name)
        assert found is not None
        assert (found.uid, found.name) == (uid, name)


def test_uids_and_kinds_compare_byte_for_byte(store: Store) -> None:
    """A uid or kind that differs in case is another one."""
    write(store, create("u", "a"), create("U", "b"), create("u", "c", "user"))
    assert [(item.kind, item.uid, item.name) for item in store.load(LOG)[1]] == [
        ("User", "U", "b"),
        ("User", "u", "a"),
        ("user", "u", "c"),
    ]


@pytest.mark.parametrize(
    "document",
    [
        {"nan": float("nan")},
        {"infinite": [float("inf")]},
        {"deep": {1: "key is no text"}},
        {"half": "\ud800"},
        {"bytes": b"x"},
        {"set": {1}},
    ],
)
def test_a_document_that_is_not_json_is_refused(store: Store, document: dict[str, Any]) -> None:
    """What would not read back the same is never written."""
    with pytest.raises(Invalid):
        write(store, Change("User", "u1", "alice", "create", document))
    assert store.head(LOG).revision == 0


def test_a_document_nested_without_end_is_refused(store: Store) -> None:
    """A document too deep for its reader is an error of the caller, not a crash."""
    deep: dict[str, Any] = {}
    inner = deep
    for _ in range(100_000):
        inner["x"] = {}
        inner = inner["x"]
    with pytest.raises(Invalid) as refused:
        write(store, Change("User", "u1", "alice", "create", deep))
    assert "nested too deeply" in refused.value.message


def test_documents_come_back_as_they_were(store: Store) -> None:
    """Every JSON value survives, text with NUL, quotes and other planes included."""
    document: dict[str, Any] = {
        "text": 'a\0b"\\\u2028\U0001f600é',
        "numbers": [0, -1, 2**70, 1.5, -0.0, 1e300],
        "nothing": None,
        "truth": [True, False],
        "nested": {"": {"list": [[], {}]}},
    }
    write(store, Change("User", "u1", "alice", "create", document))
    assert state(store) == {"u1": document}


def test_a_document_is_kept_apart_from_the_callers(store: Store) -> None:
    """Changing what was passed in, or what was loaded, changes nothing that is stored."""
    document: dict[str, Any] = {"tags": ["a"]}
    write(store, Change("User", "u1", "alice", "create", document))
    document["tags"].append("b")
    state(store)["u1"]["tags"].append("c")
    assert state(store) == {"u1": {"tags": ["a"]}}


@pytest.mark.parametrize("field", ["kind", "uid", "name", "actor_uid", "via"])
@pytest.mark.parametrize("text", ["a\0b", "\udc80", "x" * 5000])
def test_a_text_that_not_every_store_can_keep_is_refused(store: Store, field: str, text: str) -> None:
    """NUL, half a surrogate pair and very long names are refused in every field of a row."""
    values = {"kind": "User", "uid": "u1", "name": "alice", "actor_uid": "u-root", "via": "test"} | {
        field: text
    }
    change = Change(values["kind"], values["uid"], values["name"], "create", {})
    with pytest.raises(Invalid) as refused:
        store.append(LOG, 0, [change], actor_uid=values["actor_uid"], via=values["via"], at=AT)
    assert refused.value.findings[0].message == f"{field} cannot be stored"


@pytest.mark.parametrize(
    "change",
    [Change("User", "u1", "a", "create", None), Change("User", "u1", "a", "delete", {})],
)
def test_a_document_goes_with_every_change_but_a_deletion(store: Store, change: Change) -> None:
    """A change that contradicts itself is a bug of the caller."""
    with pytest.raises(ValueError, match="expected a document unless the change deletes"):
        write(store, change)


def test_a_transaction_holds_at_least_one_change(store: Store) -> None:
    """An empty transaction is a bug of the caller."""
    with pytest.raises(ValueError, match="expected at least one change"):
        write(store)


@pytest.mark.parametrize("at", [datetime(2026, 1, 1), AT.astimezone(timezone(timedelta(hours=1)))])  # noqa: DTZ001
def test_an_instant_is_in_utc(store: Store, at: datetime) -> None:
    """Instants without offset or with another one are a bug of the caller."""
    with pytest.raises(ValueError, match="expected an instant in UTC"):
        write(store, create("u1", "a"), at=at)


def test_a_row_says_who_did_what_and_when(store: Store) -> None:
    """Everything that was given is in the logged row, and the hashes link it."""
    start = store.head(LOG)
    head = write(store, create("u1", "alice", n=1), actor_uid="u-actor")
    (row,) = store.changes(LOG, 0, 10)
    assert (row.log, row.revision, row.seq, row.at) == (LOG, 1, 1, AT)
    assert (row.actor_uid, row.via, row.kind, row.uid, row.op) == ("u-actor", "test", "User", "u1", "create")
    assert (row.name, row.document, row.erased) == ("alice", {"n": 1}, False)
    assert (row.prev_hash, row.hash) == (start.hash, head.hash)


def test_equal_documents_have_unequal_digests(store: Store) -> None:
    """The salt hides which bodies are equal, so an erased one cannot be guessed."""
    write(store, create("u1", "", n=1), create("u2", "", n=1))
    digests = [row.digest for row in store.changes(LOG, 0, 10)]
    assert len(set(digests)) == 2


def test_a_vector_names_revision_and_hash(store: Store) -> None:
    """The written form holds the revision and twelve digits, and reads back."""
    head = write(store, create("u1", "alice"))
    assert head.vector == f"1-{head.hash[:12]}"
    assert parse_vector(head.vector) == (1, head.hash[:12])


@pytest.mark.parametrize(
    "text", ["", "1", "1-", "-abcdefabcdef", "1-ABCDEFABCDEF", "x-abcdefabcdef", "²-abcdefabcdef"]
)
def test_a_malformed_vector_is_refused(text: str) -> None:
    """Only the one written form is read."""
    with pytest.raises(Invalid):
        parse_vector(text)


def test_every_commit_bumps_the_generation(store: Store) -> None:
    """Readers see that something changed after each write, and nothing after a refused one.

    Where other machines write too, followers are woken instead.
    """
    if isinstance(store.generation, AnnouncedGeneration):
        store.feed.wait(0.5)
        write(store, create("u1", "alice"))
        assert store.feed.wait(5)
        return
    seen = [store.generation.read()]
    store.create_log("account:other", at=AT)
    seen.append(store.generation.read())
    write(store, create("u1", "alice"))
    seen.append(store.generation.read())
    with pytest.raises(RevisionConflict):
        append(store, 0, create("u2", "bob"))
    assert seen[0] < seen[1] < seen[2] == store.generation.read()


def run_together(count: int, work: Callable[[int], None]) -> None:
    """Run this in many threads that start at once."""
    barrier = Barrier(count)

    def begin(number: int) -> None:
        barrier.wait()
        work(number)

    threads = [Thread(target=begin, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_of_two_writers_on_one_head_one_wins(store: Store) -> None:
    """Writers that race retry on the head that they are told, and no write is lost."""

    def work(number: int) -> None:
        for turn in range(10):
            revision = 0
            while True:
                try:
                    append(store, revision, create(f"u{number}-{turn}", ""))
                    break
                except RevisionConflict as conflict:
                    revision = conflict.head.revision

    run_together(4, work)
    assert store.head(LOG).revision == 40
    assert len(state(store)) == 40
    assert store.verify(LOG).ok


def test_a_reader_sees_whole_transactions(store: Store) -> None:
    """While pairs of objects change together, nobody ever loads an unequal pair."""
    write(store, create("u1", "", n=0), create("u2", "", n=0))
    unequal: list[object] = []

    def work(number: int) -> None:
        if number == 0:
            for turn in range(1, 31):
                write(store, replace("u1", "", n=turn), replace("u2", "", n=turn))
            return
        for _ in range(30):
            head, objects = store.load(LOG)
            found = [item.document["n"] for item in objects]
            if found != [head.revision - 1] * 2:
                unequal.append((head, found))

    run_together(3, work)
    assert unequal == []


def test_a_large_transaction_loses_nothing(store: Store) -> None:
    """Batches and their seams lose no change: as many objects and rows as were written."""
    changes = [create(f"u{number:06d}", f"name-{number}", n=number) for number in range(3_456)]
    head = append(store, 0, *changes)
    assert head.revision == 1
    assert store.change_count(LOG) == 3_456
    assert [item.document["n"] for item in store.load(LOG)[1]] == list(range(3_456))
    shifted = [replace(f"u{number:06d}", f"name-{number + 1}", n=number) for number in range(3_456)]
    append(store, 1, *shifted)
    assert [row.seq for row in store.changes(LOG, 1, 10)] == list(range(1, 3_457))
    assert store.verify(LOG).ok


def test_the_clock_is_never_read(store: Store) -> None:
    """A change may be dated long ago; the date is only what it was told."""
    long_ago = datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    write(store, create("u1", "alice"), at=long_ago)
    assert store.changes(LOG, 0, 10)[0].at == long_ago


def test_a_write_that_rests_on_another_log_is_refused_when_that_has_moved(store: Store) -> None:
    """Nothing is written; with the revision at which the other log stands, everything is."""
    store.create_log("account:other", at=AT)
    write(store, create("u9", "zoe"), log="account:other")
    change = [create("u1", "alice")]
    with pytest.raises(RevisionConflict) as refused:
        store.append(LOG, 0, change, actor_uid="u-root", via="test", at=AT, based_on={"account:other": 0})
    assert refused.value.message == "expected `account:other` at revision `0`, it is at revision `1`"
    assert state(store) == {}
    store.append(LOG, 0, change, actor_uid="u-root", via="test", at=AT, based_on={"account:other": 1})
    assert set(state(store)) == {"u1"}


def test_a_log_that_is_not_there_stands_at_zero(store: Store) -> None:
    """A write may rest on there being no such log."""
    absent = {"account:new": 0}
    store.append(LOG, 0, [create("u1", "alice")], actor_uid="u", via="test", at=AT, based_on=absent)
    store.create_log("account:new", at=AT)
    write(store, create("u2", "bob"), log="account:new")
    with pytest.raises(RevisionConflict):
        store.append(LOG, 1, [create("u3", "eve")], actor_uid="u", via="test", at=AT, based_on=absent)
