"""Finding users and groups as a directory names them: by uid, by its own id, by a name whatever its case.

Reading is the reader's, which asks the engine; nothing here shows what the session may not see. Of another account
nothing is ever found, for only one account's snapshot is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from unicodedata import normalize

from bailiwick.errors import NotFound
from bailiwick.service.kinds import find_value, list_values
from bailiwick.service.needed import needed_to_see
from bailiwick.service.reading import Reader
from bailiwick.service.snapshots import Snapshot

USER, GROUP = "User", "Group"
KINDS = (USER, GROUP)


def find_by_uid(snapshot: Snapshot, uid: str, *kinds: str) -> tuple[str, str] | None:
    """Which user or group, as kind and name, has this uid? None: none of these kinds."""
    found = snapshot.names_by_uid().get(uid)
    return found if found is not None and found[0] in (kinds or KINDS) else None


def get_by_uid(reader: Reader, kind: str, uid: str) -> str:
    """What is the name of the one with this uid? Raises Denied, and NotFound only to who may read it."""
    found = find_by_uid(reader.snapshot, uid, kind)
    account = reader.snapshot.account
    value = None if found is None else find_value(account, *found)
    reader.judge.require_any(needed_to_see(account, kind, uid if found is None else found[1], value))
    if found is None:
        raise NotFound(f"there is no {kind.lower()} with id `{uid[:80]}`")
    return found[1]


def folded(name: str) -> str:
    """As what do names count that differ in case only?"""
    return normalize("NFC", name).casefold()


def names_like(snapshot: Snapshot, kind: str, name: str) -> Iterator[str]:
    """Which names of this kind are this one, whatever the case?"""
    wanted = folded(name)
    values = list_values(snapshot.account, kind)
    if name in values:
        yield name
    for one in snapshot.names_mentioning(kind, name.casefold(), ""):
        if one != name and folded(one) == wanted and one in values:
            yield one
