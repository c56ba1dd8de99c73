"""Undoing a revision: what it brings back, what stands in the way, who may, and that it is a change like any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.service.accounts import START, Installation, install

from bailiwick.errors import Conflict, Denied, Invalid, NotFound
from bailiwick.service.applying import Source, parse_wanted
from bailiwick.service.edits import Edit
from bailiwick.service.history.recorded import READ_LOG, Records
from bailiwick.service.history.undoing import ChangedSince, Kept, Undone, undo_revision
from bailiwick.service.keys.changing import delete_key
from bailiwick.service.keys.making import create_key
from bailiwick.service.locating import locate
from bailiwick.service.reading import Reader
from bailiwick.store.opening import create_store

WORLD = """
kind: User
name: alice
description: of imaging
---
kind: User
name: bob
---
kind: Group
name: dev
members: [user:alice]
---
kind: Policy
name: readers
subjects: [group:dev]
roles: [Viewer]
scope: {service: ims}
"""


@pytest.fixture
def world(acme: Installation) -> Installation:
    """An account with two users, a group and a policy."""
    acme.apply(WORLD)
    return acme


def undo(acme: Installation, revision: int, *, as_: str | None = None, dry_run: bool = False) -> Undone:
    """Undo a revision, as the owner unless somebody else is named."""
    session = acme.owner if as_ is None else acme.session(as_)
    return undo_revision(acme.host, session, revision, via="test", dry_run=dry_run)


def documents(acme: Installation) -> list[dict[str, Any]]:
    """Everything that the account holds, as documents."""
    return list(Reader(acme.host, acme.owner).export())


def test_what_was_made_is_removed(world: Installation) -> None:
    """The account is what it was before, by a revision of its own."""
    before, revision = documents(world), world.revision
    world.apply("{kind: Group, name: ops, members: [user:bob]}")
    undone = undo(world, revision + 1)
    assert [(one.op, one.name) for one in undone.outcome.differences] == [("deleted", "ops")]
    assert (documents(world), world.revision) == (before, revision + 2)


def test_what_was_changed_is_changed_back(world: Installation) -> None:
    """The whole object is as it was before, with everything that the change left alone."""
    before = documents(world)
    world.apply("{kind: User, name: alice, disabled: true}")
    undo(world, world.revision)
    assert documents(world) == before


def test_what_was_deleted_is_made_again_under_a_new_uid(world: Installation) -> None:
    """It has its name and its content, and is another object; what referred to it in the same revision does again."""
    before, old = documents(world), world.host.snapshot("acme").identities["User", "alice"].uid
    delete(world, ("User", "alice"), instead="{kind: Group, name: dev}")
    undo(world, world.revision)
    assert documents(world) == before
    assert world.host.snapshot("acme").identities["User", "alice"].uid != old


def delete(acme: Installation, *keys: tuple[str, str], instead: str = "") -> None:
    """Remove these objects and apply these documents, in one revision."""
    more = parse_wanted("acme", [Source("t.yaml", instead)] if instead else [])
    acme.edit(*(Edit(kind, name, None) for kind, name in keys), *more.edits)


def test_an_undo_is_undone(world: Installation) -> None:
    """As often as one likes: each is a revision that says what it undoes."""
    world.apply("{kind: User, name: alice, disabled: true}")
    disabled, first = documents(world), world.revision
    undo(world, first)
    undo(world, first + 1)
    assert documents(world) == disabled
    changes = Records(world.host, world.owner, READ_LOG).revision(first + 2)
    assert [(one.surface.via, one.surface.undoes) for one in changes] == [("test", first + 1)]


def test_revisions_are_undone_one_after_the_other(world: Installation) -> None:
    """Newest first everything can be undone, also what refers to somebody who was deleted and made again."""
    before = documents(world)
    start = world.revision
    world.apply("{kind: Group, name: dev, members: [user:bob]}")
    delete(world, ("User", "alice"))
    undo(world, start + 2)
    undo(world, start + 1)
    assert documents(world) == before


def test_a_later_change_stands_in_the_way(world: Installation) -> None:
    """The newest change of the same object is named, and nothing has changed."""
    world.apply("{kind: Group, name: dev, members: [user:bob]}")
    revision = world.revision
    world.apply("{kind: Group, name: dev, members: []}")
    with pytest.raises(ChangedSince) as caught:
        undo(world, revision)
    assert caught.value.message == (
        f"revision `{revision}` cannot be undone: Group `dev` was changed again in revision `{revision + 1}`"
    )
    assert [(one.kind, one.name, one.revision) for one in caught.value.later] == [
        ("Group", "dev", revision + 1)
    ]
    assert world.revision == revision + 1


def test_a_later_change_that_was_undone_stands_in_nobodys_way(world: Installation) -> None:
    """What counts is that the object is as the revision left it."""
    before = documents(world)
    world.apply("{kind: Group, name: dev, members: [user:bob]}")
    world.apply("{kind: Group, name: dev, members: []}")
    undo(world, world.revision)
    undo(world, world.revision - 2)
    assert documents(world) == before


def test_a_namesake_is_not_taken_for_what_was_made(world: Installation) -> None:
    """Another object of the same name and content, made by somebody else, is not removed by the undo."""
    world.apply("{kind: Group, name: ops}")
    made = world.revision
    delete(world, ("Group", "ops"))
    world.apply("{kind: Group, name: ops}")
    with pytest.raises(ChangedSince):
        undo(world, made)


def test_what_is_referred_to_is_not_removed(world: Installation) -> None:
    """Validity is judged on the state after, as for any change."""
    world.apply("{kind: User, name: carol}")
    made = world.revision
    world.apply("{kind: Group, name: dev, members: [user:alice, user:carol]}")
    with pytest.raises(Invalid) as caught:
        undo(world, made)
    assert [one.message for one in caught.value.findings] == ["`carol` is still referred to by Group dev"]


def test_what_an_old_state_refers_to_must_be_there(world: Installation) -> None:
    """The revision that took it away is named."""
    world.apply("{kind: Group, name: dev, members: [user:bob]}")
    changed = world.revision
    delete(world, ("User", "alice"))
    world.apply("{kind: User, name: alice}")
    with pytest.raises(Conflict) as caught:
        undo(world, changed)
    assert caught.value.message == (
        f"revision `{changed}` cannot be undone: Group `dev` then referred to User `alice`,"
        f" which revision `{changed + 1}` deleted"
    )


def test_a_dry_run_shows_and_changes_nothing(world: Installation) -> None:
    """It tells the differences, judged like the undo itself."""
    world.apply("{kind: User, name: alice, disabled: true}")
    revision = world.revision
    undone = undo(world, revision, dry_run=True)
    assert undone.outcome.dry_run
    assert [(one.op, one.name) for one in undone.outcome.differences] == [("changed", "alice")]
    assert world.revision == revision


def test_undoing_is_judged_as_any_change(world: Installation) -> None:
    """Who may read the log may not undo; who may not grant a policy does not bring it back by undoing."""
    world.apply("""
        kind: Policy
        name: bob
        subjects: [user:bob]
        roles: [Auditor, Editor]
        scope: {service: iam}
    """)
    delete(world, ("Policy", "readers"))
    with pytest.raises(Denied) as caught:
        undo(world, world.revision, as_="user:bob")
    assert caught.value.action == "iam.policy.create"


def test_only_who_reads_the_log_undoes(world: Installation) -> None:
    """Else the answer would tell what a revision held, or that there is one."""
    for revision in (world.revision, 10_000):
        with pytest.raises(Denied) as caught:
            undo(world, revision, as_="user:bob")
        assert caught.value.action == "iam.log.read"


def test_credentials_are_not_brought_back(world: Installation) -> None:
    """A revision of nothing else cannot be undone, in either direction."""
    key = create_key(world.host, world.owner, "user:alice")
    delete_key(world.host, world.owner, key.uid)
    for revision in (world.revision - 1, world.revision):
        with pytest.raises(Conflict) as caught:
            undo(world, revision)
        assert caught.value.message == f"revision `{revision}` cannot be undone: it changed only `ApiKey`"
        assert caught.value.help == "credentials, ended sessions and erased contents are not brought back"


def test_a_deleted_user_comes_back_without_keys(world: Installation) -> None:
    """What is left as it is, is said."""
    key = create_key(world.host, world.owner, "user:bob")
    delete(world, ("User", "bob"))
    undone = undo(world, world.revision)
    assert undone.kept == (Kept("ApiKey", key.uid, "delete"),)
    assert "user:bob" in world.host.snapshot("acme").account.principals
    assert key.uid not in world.host.snapshot("acme").keys


def test_the_beginning_is_not_undone(world: Installation) -> None:
    """An account cannot be undone out of being; what was never there is not found."""
    with pytest.raises(Conflict) as caught:
        undo(world, 1)
    assert caught.value.message == "revision `1` cannot be undone: it is the account's beginning"
    with pytest.raises(NotFound) as missing:
        undo(world, 99)
    assert missing.value.message == "there is no revision `99`"


def test_what_is_erased_is_not_brought_back(world: Installation) -> None:
    """Neither by undoing what was erased, nor by undoing the erasure."""
    world.apply("{kind: User, name: alice}")
    changed = world.revision
    uid = world.host.snapshot("acme").identities["User", "alice"].uid
    world.store.erase_body(
        "account:acme", changed, kind="User", uid=uid, actor_uid="x", via="test", at=world.host.at()
    )
    world.host.refresh("acme")
    with pytest.raises(Conflict) as caught:
        undo(world, changed)
    assert caught.value.message == (
        f"revision `{changed}` cannot be undone: what User `alice` was before is erased"
    )
    with pytest.raises(Conflict) as erasure:
        undo(world, changed + 1)
    assert (
        erasure.value.message == f"revision `{changed + 1}` cannot be undone: it changed only erased contents"
    )


def test_a_process_that_follows_sees_the_same(tmp_path: Path) -> None:
    """On a store on disk, and in another process that reads the log."""
    with create_store(tmp_path / "data", at=START, locate=locate) as store:
        acme = install(store)
        acme.apply(WORLD)
        other = acme.another_host()
        other.snapshot("acme")
        delete(acme, ("Policy", "readers"))
        undo(acme, acme.revision)
        assert other.snapshot("acme").account == acme.host.snapshot("acme").account
