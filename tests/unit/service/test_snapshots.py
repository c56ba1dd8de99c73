"""What follows a snapshot: what was derived from it is kept up, whoever asks it something meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

from tests.unit.service.accounts import Installation

from bailiwick.service.snapshots import Identity, Name, Snapshot


class _AsAnotherThread(dict[Name, Identity | None]):
    """Changes that are looked at while somebody else asks the snapshot for the names of a further kind."""

    snapshot: Snapshot

    def __iter__(self) -> Iterator[Name]:
        self.snapshot.sorted_names("Policy")
        return super().__iter__()


def test_a_change_is_taken_in_while_others_ask_for_names(acme: Installation) -> None:
    """Names of a kind that nobody asked for before may be asked for in any moment."""
    acme.apply("kind: User\nname: ann")
    before = acme.host.snapshot("acme")
    assert before.sorted_names("User") == ["ann", "owner"]
    moved = _AsAnotherThread({("User", "ann"): None})
    moved.snapshot = before
    after = before.next(before.compiled, moved, keys={}, descriptions={}, vector={}, revision=9, people={})
    assert ("User", "ann") not in after.identities
    assert before.sorted_names("Policy") == []


def test_derived_names_are_those_of_a_fresh_start(acme: Installation) -> None:
    """After some changes the order and the uids are as if everything were read anew."""
    acme.apply("kind: User\nname: bob\n---\nkind: User\nname: zoe")
    for asked in (acme.host.snapshot("acme"), acme.host.snapshot("acme")):
        asked.sorted_names("User")
        asked.names_by_uid()
    acme.apply("kind: User\nname: ann\n---\nkind: Group\nname: g\nmembers: [user:ann]")
    acme.apply("kind: Project\nname: p", prune=True)
    acme.apply("kind: User\nname: zoe")
    kept, fresh = acme.host.snapshot("acme"), acme.another_host().snapshot("acme")
    assert kept.sorted_names("User") == fresh.sorted_names("User") == ["owner", "zoe"]
    assert dict(kept.names_by_uid()) == dict(fresh.names_by_uid())
    assert dict(kept.identities) == dict(fresh.identities)
