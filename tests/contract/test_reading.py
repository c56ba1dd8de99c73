"""Reading: the present, the past and the log itself, each at one moment and without losing a row."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from tests.contract.stores import AT, LOG, create, delete, replace, state, write

from bailiwick.errors import NotFound
from bailiwick.store.ports import Change, ChangeRow, Store


def numbered(store: Store) -> Store:
    """A log of five revisions about alice and bob."""
    write(store, create("u1", "alice", n=1))
    write(store, create("u2", "bob", n=2), replace("u1", "alice", n=2))
    write(store, delete("u1", "alice"), actor_uid="u-other")
    write(store, create("u1", "alicia", n=4))
    write(store, replace("u2", "bob", n=5))
    return store


def test_reading_from_no_log_is_refused(store: Store) -> None:
    """What asks for the place of a log that does not exist says so."""
    for ask in (
        lambda: store.head("account:none"),
        lambda: store.load("account:none"),
        lambda: store.changes("account:none", 0, 10),
        lambda: store.history("account:none", limit=10),
        lambda: store.change_count("account:none"),
        lambda: store.head_at("account:none", 0),
        lambda: store.state_at("account:none", 0),
        lambda: store.document_at("account:none", "User", "u1", 0),
    ):
        with pytest.raises(NotFound) as refused:
            ask()
        assert refused.value.message == "there is no log `account:none`"


def test_finding_in_no_log_finds_nothing(store: Store) -> None:
    """What looks for one thing says that there is none."""
    assert store.find_object("account:none", "User", "u1") is None
    assert store.find_named("account:none", "User", "alice") is None
    assert store.find_secret("account:none", "x") is None
    assert store.list_secrets("account:none", "x") == ()


def test_heads_of_several_logs_come_together(store: Store) -> None:
    """Unknown logs are left out."""
    heads = store.heads(["system", LOG, "account:none"])
    assert heads == {"system": store.head("system"), LOG: store.head(LOG)}


def test_heads_of_more_logs_than_one_query_takes(store: Store) -> None:
    """Asking for many logs at once loses none."""
    many = [f"account:a{number}" for number in range(1_100)]
    for log in many[::100]:
        store.create_log(log, at=AT)
    assert set(store.heads(many)) == set(many[::100])


def test_loading_gives_objects_in_one_order(store: Store) -> None:
    """Objects come by kind and uid, by code point, whatever the order of writing."""
    write(store, create("b", ""), create("a", ""), create("Z", ""), create("ä", ""), create("a", "", "Group"))
    found = [(item.kind, item.uid) for item in store.load(LOG)[1]]
    assert found == [("Group", "a"), ("User", "Z"), ("User", "a"), ("User", "b"), ("User", "ä")]


def test_a_loaded_object_says_which_revision_set_it(store: Store) -> None:
    """The revision of an object is that of its last change."""
    numbered(store)
    assert {item.uid: item.revision for item in store.load(LOG)[1]} == {"u1": 4, "u2": 5}


def test_a_load_that_is_begun_does_not_see_later_writes(store: Store) -> None:
    """Head and objects are of one moment, however slowly they are read."""
    write(store, *(create(f"u{number:05d}", "") for number in range(5_000)))
    head, objects = store.load(LOG)
    next(objects)
    write(store, create("z", ""), delete("u04999", ""))
    rest = [item.uid for item in objects]
    assert head.revision == 1
    assert rest[-1] == "u04999"
    assert len(rest) == 4_999


def test_a_load_that_is_given_up_holds_nothing_back(store: Store) -> None:
    """Half-read and unread loads neither block writing nor the closing of the store."""
    write(store, *(create(f"u{number:05d}", "") for number in range(3_000)))
    for _ in range(40):
        _, objects = store.load(LOG)
        next(objects)
    for _ in range(40):
        store.load(LOG)
    assert write(store, create("z", "")).revision == 2


def test_the_hash_at_each_revision_is_kept(store: Store) -> None:
    """A revision vector of the past can be compared with the chain."""
    heads = [store.head(LOG)] + [
        write(store, create(f"u{number}", ""), create(f"v{number}", "")) for number in range(4)
    ]
    assert [store.head_at(LOG, revision) for revision in range(5)] == heads


@pytest.mark.parametrize("revision", [-1, 6])
def test_a_revision_that_never_was_is_refused(store: Store, revision: int) -> None:
    """Neither the future nor a negative revision has a state."""
    numbered(store)
    for ask in (
        lambda: store.head_at(LOG, revision),
        lambda: store.state_at(LOG, revision),
        lambda: store.document_at(LOG, "User", "u1", revision),
    ):
        with pytest.raises(NotFound) as refused:
            ask()
        assert refused.value.message == f"`account:acme` has no revision `{revision}`"
        assert refused.value.help == "expected a revision from 0 to 5"


def test_the_past_of_one_object_is_found(store: Store) -> None:
    """At each revision the object is what it was then, or was not there."""
    numbered(store)
    past = [store.document_at(LOG, "User", "u1", revision) for revision in range(6)]
    seen = [None if item is None else (item.name, item.document["n"], item.revision) for item in past]
    assert seen == [None, ("alice", 1, 1), ("alice", 2, 2), None, ("alicia", 4, 4), ("alicia", 4, 4)]


def test_the_past_of_everything_is_found(store: Store) -> None:
    """At each revision the state is the fold of all changes up to it."""
    numbered(store)
    past = [{item.uid: item.document["n"] for item in store.state_at(LOG, revision)} for revision in range(6)]
    assert past == [{}, {"u1": 1}, {"u1": 2, "u2": 2}, {"u2": 2}, {"u1": 4, "u2": 2}, {"u1": 4, "u2": 5}]


def test_the_present_is_the_state_at_the_head(store: Store) -> None:
    """Time travel to the head gives exactly what is loaded."""
    numbered(store)
    head, objects = store.load(LOG)
    assert list(store.state_at(LOG, head.revision)) == list(objects)


def test_following_the_log_gives_every_change(store: Store) -> None:
    """Pages of whole revisions, put together, are the log, whatever their limit."""
    for size in (1, 3, 2, 5, 1, 1):
        write(store, *(create(f"u{store.change_count(LOG)}-{number}", "") for number in range(size)))
    whole = store.changes(LOG, 0, 1_000)
    assert len(whole) == 13
    for limit in range(1, 15):
        followed: list[ChangeRow] = []
        after = 0
        while page := store.changes(LOG, after, limit):
            revisions = {row.revision for row in page}
            assert len(page) <= limit or len(revisions) == 1
            followed += page
            after = page[-1].revision
        assert tuple(followed) == whole


def test_following_beyond_the_head_gives_nothing(store: Store) -> None:
    """A follower that is up to date gets an empty page."""
    numbered(store)
    assert store.changes(LOG, 5, 10) == ()


def test_a_deletion_is_logged_without_a_document(store: Store) -> None:
    """The row of a deletion keeps the name and has no document."""
    numbered(store)
    row = store.changes(LOG, 2, 1)[0]
    assert (row.op, row.name, row.document, row.erased) == ("delete", "alice", None, False)


def test_history_comes_newest_first_in_pages(store: Store) -> None:
    """Pages by (revision, seq) hold each matching row once."""
    numbered(store)
    everything = [(row.revision, row.seq) for row in store.history(LOG, limit=100)]
    assert everything == [(5, 1), (4, 1), (3, 1), (2, 2), (2, 1), (1, 1)]
    paged, before = [], None
    while page := store.history(LOG, limit=2, before=before):
        paged += [(row.revision, row.seq) for row in page]
        before = paged[-1]
    assert paged == everything


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({"uid": "u1"}, [(4, 1), (3, 1), (2, 2), (1, 1)]),
        ({"actor_uid": "u-other"}, [(3, 1)]),
        ({"kind": "User", "uid": "u2"}, [(5, 1), (2, 1)]),
        ({"kind": "user"}, []),
    ],
)
def test_history_can_be_narrowed(store: Store, where: dict[str, str], found: list[tuple[int, int]]) -> None:
    """Kind, object and actor narrow it, byte for byte."""
    numbered(store)
    assert [(row.revision, row.seq) for row in store.history(LOG, limit=100, **where)] == found  # type: ignore[arg-type]


def test_logs_do_not_mix(store: Store) -> None:
    """What is written to one log shows in no other."""
    store.create_log("account:other", at=AT)
    numbered(store)
    write(store, create("u9", "zoe"), log="account:other")
    assert state(store, "account:other") == {"u9": {}}
    assert store.change_count("account:other") == 1
    assert [item.uid for item in store.state_at("account:other", 1)] == ["u9"]
    assert [row.uid for row in store.history("account:other", limit=10)] == ["u9"]


def random_changes(random: Random, alive: dict[str, int]) -> list[Change]:
    """Which valid transaction comes next? `alive` is brought to the state after it."""
    changes: list[Change] = []
    for _ in range(random.randint(1, 4)):
        uid = f"u{random.randint(0, 9)}"
        value = random.randint(0, 1_000)
        if uid not in alive:
            changes.append(create(uid, f"name-{uid}", n=value))
        elif random.random() < 0.4:
            changes.append(delete(uid, f"name-{uid}"))
            del alive[uid]
            continue
        else:
            changes.append(replace(uid, f"name-{uid}", n=value))
        alive[uid] = value
    return changes


@pytest.mark.parametrize("start", range(3))
def test_any_history_folds_into_its_states(store: Store, start: int) -> None:
    """After random transactions every past state is what stood then, and the log verifies."""
    random, alive = Random(start), dict[str, int]()
    states: list[dict[str, int]] = [{}]
    for _ in range(25):
        write(store, *random_changes(random, alive))
        states.append(dict(alive))
    for revision, expected in enumerate(states):
        found: dict[str, Any] = {item.uid: item.document["n"] for item in store.state_at(LOG, revision)}
        assert found == expected
    assert {uid: document["n"] for uid, document in state(store).items()} == alive
    assert store.verify(LOG).ok
