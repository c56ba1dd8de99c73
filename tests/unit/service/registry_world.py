"""An installation with registries for tests: a real host on a real store, an account, documents, keys, a clock.

The account is `acme`: namespaces `dev` (in project `devs`) and `prod` (in project `prods`), a reader, a writer and a
manager of `dev`, each a user with a key. Tests add what they are about. Nothing here decides or issues anything.
"""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from textwrap import dedent
from typing import Any

import yaml

from bailiwick.authn.compact import parse_compact
from bailiwick.authn.keys import find_key_prefix
from bailiwick.catalog.documents import parse_document
from bailiwick.service.changes import change_account
from bailiwick.service.edits import Edit
from bailiwick.service.host import Host
from bailiwick.service.initial import create_account
from bailiwick.service.keyring import create_key_sets
from bailiwick.service.keys.making import create_key
from bailiwick.service.keys.storing import NewKey
from bailiwick.service.locating import locate
from bailiwick.service.sessions import Session
from bailiwick.service.settings import Registry, Settings
from bailiwick.store.memory import MemoryStore
from bailiwick.store.ports import EventFilter, Store, StoredEvent

ACCOUNT = "acme"
START = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
EU = Registry("registry-eu", ACCOUNT, "eu-de")
US = Registry("registry-us", ACCOUNT, "us-south")
EU_PRIVATE = Registry("registry-eu-private", ACCOUNT, "eu-de", "private")
OTHER = Registry("registry-other", "other", "eu-de")
REGISTRIES = (EU, US, EU_PRIVATE, OTHER)

PEOPLE = """
kind: Project
name: devs
---
kind: Project
name: prods
---
kind: Resource
name: brn:acme:container-registry:eu-de::namespace/dev
project: devs
---
kind: Resource
name: brn:acme:container-registry:eu-de::namespace/prod
project: prods
---
kind: User
name: rita
---
kind: User
name: will
---
kind: User
name: mona
---
kind: Policy
name: rita-reads-dev
subjects: [user:rita]
roles: [Reader]
scope: {service: container-registry, region: eu-de, type: namespace, id: dev}
---
kind: Policy
name: will-writes-dev
subjects: [user:will]
roles: [Writer]
scope: {service: container-registry, region: eu-de, type: namespace, id: dev}
---
kind: Policy
name: mona-manages-dev
subjects: [user:mona]
roles: [Manager]
scope: {service: container-registry, region: eu-de, type: namespace, id: dev}
"""


@dataclass(slots=True)
class Clock:
    """A clock that stands still at `seconds`, or runs with the real one, `seconds` away from it."""

    seconds: float
    running: bool = False

    def __call__(self) -> float:
        """Which moment is it?"""
        return time.time() + self.seconds if self.running else self.seconds


@dataclass(slots=True)
class World:
    """A host and those who use it; `keys` holds the text of one API key for each principal that was given one."""

    host: Host
    clock: Clock
    owner: Session
    keys: dict[str, NewKey] = field(default_factory=dict)

    def apply(self, text: str) -> None:
        """Let the account hold these documents too."""
        edits = [_edit(document) for document in yaml.safe_load_all(dedent(text))]
        change_account(self.host, self.owner, lambda _: edits, via="test")

    def remove(self, kind: str, name: str) -> None:
        """Let the account not hold this object any more."""
        change_account(self.host, self.owner, lambda _: [Edit(kind, name, None)], via="test")

    def key(self, owner: str) -> str:
        """What is the text of this principal's API key? The first call makes it."""
        if owner not in self.keys:
            self.keys[owner] = create_key(self.host, self.owner, owner)
        return self.keys[owner].text

    def events(self, outcome: str) -> list[StoredEvent]:
        """Which token requests had this outcome, oldest first?"""
        self.host.store.activity.flush()
        wanted = EventFilter("account:acme", kind="registry-token", outcome=outcome)
        return list(self.host.store.activity.events(wanted, None, 100))


def build_world(
    store: Store, clock: Clock, *, registries: Sequence[Registry] = REGISTRIES, public_url: str
) -> World:
    """What is an installation with the accounts `acme`, which holds `PEOPLE`, and `other`?"""
    at = datetime.fromtimestamp(clock(), UTC)
    create_key_sets(store, at)
    text = create_account(store, ACCOUNT, "root", "root@acme.example", at)
    other = create_account(store, "other", "root", "root@other.example", at)
    host = Host(store, Settings(public_url, registries=tuple(registries)), clock=clock)
    owner, record = host.authenticator.session_of_key(text)
    world = World(host, clock, owner)
    world.keys["user:root"] = NewKey(record.uid, text, record.prefix)
    world.keys["other/user:root"] = NewKey("", other, find_key_prefix(other) or "")
    world.apply(PEOPLE)
    return world


def build_memory_world(**chosen: Any) -> World:
    """What is such an installation in memory, at a moment that stands still?"""
    clock = Clock(START.timestamp())
    return build_world(
        MemoryStore(at=START, locate=locate), clock, public_url="https://iam.acme.example", **chosen
    )


def basic(user_name: str, password: str) -> str:
    """The header that shows this pair."""
    return "Basic " + b64encode(f"{user_name}:{password}".encode()).decode()


def claims_of(token: str) -> dict[str, object]:
    """What the token says."""
    said: dict[str, object] = json.loads(parse_compact(token).payload)
    return said


def _edit(document: dict[str, Any]) -> Edit:
    kind, value = parse_document(document, ACCOUNT)
    return Edit(kind, document["name"], value)
