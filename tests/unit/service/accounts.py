"""One account in memory with its owner, on one host or several: what the tests of the service share.

`Installation` is a store with the account `acme`; `host` answers for it, `another_host` is another process of the same
installation. Time stands still until a test moves it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from textwrap import dedent

from bailiwick.service.applying import Source, apply_wanted, parse_wanted
from bailiwick.service.changes import Outcome, change_account
from bailiwick.service.edits import Edit
from bailiwick.service.host import Host
from bailiwick.service.initial import create_account
from bailiwick.service.keyring import create_key_sets
from bailiwick.service.keys.making import create_key
from bailiwick.service.locating import locate
from bailiwick.service.sessions import Session
from bailiwick.service.settings import Settings
from bailiwick.store.memory import MemoryStore
from bailiwick.store.ports import Store

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
SETTINGS = Settings("https://iam.acme.example")


@dataclass
class Clock:
    """A clock that only tests move."""

    seconds: float = START.timestamp()

    def __call__(self) -> float:
        """What time is it?"""
        return self.seconds


@dataclass
class Installation:
    """A store, its clock, a host, and the owner's session."""

    store: Store
    clock: Clock
    owner_key: str
    host: Host
    _keys: dict[str, str] = field(default_factory=dict)

    @property
    def owner(self) -> Session:
        """The owner's session now."""
        return self.host.authenticator.session_of_key(self.owner_key)[0]

    def session(self, principal: str) -> Session:
        """The session of a user or service ID, by a key that is made at the first call."""
        if principal not in self._keys:
            self._keys[principal] = create_key(self.host, self.owner, principal).text
        return self.host.authenticator.session_of_key(self._keys[principal])[0]

    def key(self, principal: str) -> str:
        """The text of the key behind `session`."""
        self.session(principal)
        return self._keys[principal]

    def apply(self, text: str, session: Session | None = None, *, prune: bool = False) -> Outcome:
        """Let the account hold these documents."""
        wanted = parse_wanted("acme", [Source("world.yaml", dedent(text))], prune=prune)
        return apply_wanted(self.host, session or self.owner, wanted)

    def edit(self, *edits: Edit, session: Session | None = None, dry_run: bool = False) -> Outcome:
        """Carry out these edits."""
        return change_account(self.host, session or self.owner, lambda _: edits, via="test", dry_run=dry_run)

    def another_host(self) -> Host:
        """Another process of the same installation."""
        return Host(self.store, SETTINGS, clock=self.clock)

    @property
    def revision(self) -> int:
        """At which revision is the account?"""
        return self.store.head("account:acme").revision


def install(store: Store | None = None) -> Installation:
    """A new installation with the account `acme`, in memory unless a store is given."""
    kept = store if store is not None else MemoryStore(at=START, locate=locate)
    create_key_sets(kept, START)
    key = create_account(kept, "acme", "owner", "owner@acme.example", START)
    clock = Clock()
    return Installation(kept, clock, key, Host(kept, SETTINGS, clock=clock))
