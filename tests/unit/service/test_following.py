"""Following: what one process commits, another answers from, announced or not."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from time import monotonic, sleep

import pytest
from tests.unit.service.accounts import Installation

from bailiwick.errors import Forked
from bailiwick.model.accounts import Principal
from bailiwick.service.changes import change_account
from bailiwick.service.edits import Edit
from bailiwick.service.following import Follower, following
from bailiwick.service.host import Host
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.memory import MemoryStore
from bailiwick.store.ports import ActivityEvent, Change, Head

ALICE = Edit("User", "alice", Principal("user:alice"))
BOB = Edit("User", "bob", Principal("user:bob"))
CAROL = Edit("User", "carol", Principal("user:carol"))


def write(installation: Installation, host: Host, *edits: Edit) -> None:
    """Carry out these edits in this process."""
    change_account(host, installation.owner, lambda _: edits, via="test")


def knows(host: Host, name: str) -> bool:
    """Does this process know the user?"""
    return f"user:{name}" in host.snapshot("acme").account.principals


def silence(patched: pytest.MonkeyPatch, installation: Installation) -> None:
    """Let no writer announce what it commits, as if it were killed before it could."""
    patched.setattr(installation.store.generation, "bump", lambda: None)


def test_what_is_announced_is_followed_at_once(acme: Installation) -> None:
    """The next question in another process is answered from the change."""
    other = acme.another_host()
    assert not knows(other, "alice")
    acme.edit(ALICE)
    assert knows(other, "alice")


def test_a_change_is_announced_once(acme: Installation) -> None:
    """The store announces a commit; whoever made it does not announce it again."""
    acme.owner  # noqa: B018 - the session is made before the word is read
    before = acme.store.generation.read()
    acme.edit(ALICE)
    assert acme.store.generation.read() == before + 1


def test_a_commit_between_another_commit_and_its_snapshot_is_not_lost(
    acme: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that answers from its own change still sees what another one committed just after it."""
    other = acme.another_host()
    assert not knows(other, "bob")
    append = acme.store.append

    def interrupted(log: str, revision: int, changes: Sequence[Change], **rest: object) -> Head:
        head = append(log, revision, changes, **rest)  # type: ignore[arg-type]
        monkeypatch.setattr(acme.store, "append", append)
        write(acme, other, BOB)
        return head

    monkeypatch.setattr(acme.store, "append", interrupted)
    acme.edit(ALICE)
    assert knows(acme.host, "alice")
    assert knows(acme.host, "bob")


def test_what_was_never_announced_is_found_by_comparing_heads(
    acme: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that died between its commit and the word leaves another process behind until it looks."""
    other = acme.another_host()
    assert not knows(other, "alice")
    silence(monkeypatch, acme)
    acme.edit(ALICE)
    assert not knows(other, "alice")
    other.poll()
    assert knows(other, "alice")


def test_a_serving_process_looks_by_itself(acme: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within two seconds a serving process answers from what was never announced."""
    other = acme.another_host()
    assert not knows(other, "alice")
    silence(monkeypatch, acme)
    with following(other):
        acme.edit(ALICE)
        end = monotonic() + 2
        while not knows(other, "alice") and monotonic() < end:
            sleep(0.02)
        assert knows(other, "alice")


def test_a_head_that_was_read_before_a_write_of_this_process_is_no_news(acme: Installation) -> None:
    """What was written since is held already, and stays as it is, under its own revision."""
    earlier = acme.store.head("account:acme")
    acme.edit(ALICE)
    held = acme.host.snapshot("acme")
    acme.host.held.take_in([earlier])
    assert acme.host.snapshot("acme") is held


def test_what_is_held_of_a_lost_history_is_thrown_away(
    acme: Installation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A store that was put back has an older head: it is answered from, told, counted, and kept as activity."""
    assert isinstance(acme.store, MemoryStore)
    events: list[ActivityEvent] = []
    other, log = acme.another_host(), "account:acme"
    earlier = deepcopy(acme.store.logs[log])
    acme.edit(ALICE)
    held = other.snapshot("acme").vector
    acme.store.logs[log] = earlier
    assert knows(other, "alice")
    with monkeypatch.context() as patched:
        patched.setattr(acme.store.activity, "record", events.extend)
        Follower(other).step()
    assert not knows(other, "alice")
    assert other.counters.forks == 1
    assert "account `acme` is of another history" in caplog.text
    assert [(one.kind, one.log, one.detail["lost"]) for one in events] == [("fork", log, held["account"])]
    for _ in range(2):
        with pytest.raises(Forked):
            other.find_missing("acme", held)
        acme.edit(BOB if not knows(acme.host, "bob") else ALICE)
        Follower(other).step()
        assert knows(other, "bob")
    assert other.counters.forks == 1


def test_a_change_that_was_judged_on_a_lost_history_is_judged_again(acme: Installation) -> None:
    """After a fork another state has the same number: what is stored was authorized on the one that it follows."""
    assert isinstance(acme.store, MemoryStore)
    store, log, owner = acme.store, "account:acme", acme.owner
    earlier = deepcopy(store.logs[log])
    acme.edit(ALICE)
    lost = acme.revision
    seen: list[tuple[int, bool, bool]] = []

    def prepare(before: Snapshot) -> Sequence[Edit]:
        seen.append((before.revision, knows(acme.host, "alice"), knows(acme.host, "bob")))
        if len(seen) == 1:
            store.logs[log] = earlier
            write(acme, acme.another_host(), BOB)
        return [CAROL]

    change_account(acme.host, owner, prepare, via="test")
    assert seen == [(lost, True, False), (lost, False, True)]
    assert [knows(acme.host, name) for name in ("alice", "bob", "carol")] == [False, True, True]


def test_a_store_that_fails_for_a_while_is_followed_again(
    acme: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread that follows the store outlives an error."""
    other = acme.another_host()
    knows(other, "alice")
    silence(monkeypatch, acme)
    moved_since = acme.store.moved_since
    failures: list[int] = []

    def failing(mark: int) -> tuple[int, tuple[Head, ...]]:
        if len(failures) < 3:
            failures.append(mark)
            raise OSError("the disk is gone")
        return moved_since(mark)

    acme.edit(ALICE)
    monkeypatch.setattr(acme.store, "moved_since", failing)
    with following(other, seconds=0.01):
        end = monotonic() + 5
        while not knows(other, "alice") and monotonic() < end:
            sleep(0.01)
    assert len(failures) == 3
    assert knows(other, "alice")
