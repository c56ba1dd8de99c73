"""The accounts on which costs are measured: of any number of policies, all of one mix, in a store on PostgreSQL.

The mix is what the workload supposes too, so that what is measured for one policy holds for a billion.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.cluster import Server

from bailiwick.service.applying import apply_wanted, parse_wanted
from bailiwick.service.host import Host, open_host
from bailiwick.service.initial import create_account
from bailiwick.service.keys.making import create_key
from bailiwick.service.sessions import Session
from bailiwick.service.settings import Settings
from bailiwick.store.address import parse_address

Document = dict[str, object]

# For how many policies is there one of each? A billion policies so bring two hundred million users.
POLICIES_FOR_ONE = {"user": 5, "group": 25, "role": 50, "credential": 50}
MEMBERS = 5
OBJECTS = {"policy": 1.0, **{kind: 1 / policies for kind, policies in POLICIES_FOR_ONE.items()}}
REGIONS = ("eu-de", "us-south", "jp-tok")
PART = 5_000
SETTINGS = Settings("http://127.0.0.1")
SERVICE = "container-registry"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the store is, for this process and for others that write to it."""

    server: Server
    key_file: Path

    def open(self) -> Host:
        """A node of its own over the store."""
        return open_host(parse_address(self.server.url(), master_key=self.key_file), SETTINGS)

    @contextmanager
    def node(self) -> Iterator[Host]:
        """A node for a while."""
        host = self.open()
        try:
            yield host
        finally:
            host.close()


def count_of(kind: str, policies: int) -> int:
    """How many of this kind has an account of so many policies? At least one."""
    return max(1, policies // POLICIES_FOR_ONE[kind])


def user(number: int) -> Document:
    """Which document makes this user?"""
    return {"kind": "User", "name": f"user-{number}", "email": f"user-{number}@bench.example"}


def group(number: int, users: int) -> Document:
    """Which document makes this group of five of so many users?"""
    members = sorted({f"user:user-{(number * MEMBERS + one) % users}" for one in range(MEMBERS)})
    return {"kind": "Group", "name": f"group-{number}", "members": members}


def role(number: int) -> Document:
    """Which document makes this role?"""
    rights = [{"actions": [f"{SERVICE}.image.pull", f"{SERVICE}.image.push"]}]
    return {"kind": "Role", "name": f"role-{number}", "service": SERVICE, "rights": rights}


def policy(number: int, policies: int, note: str = "") -> Document:
    """Which document makes this policy, four in five for a user, one for a group?"""
    users, groups = count_of("user", policies), count_of("group", policies)
    subject = f"group:group-{number % groups}" if number % 5 == 0 else f"user:user-{number % users}"
    own = f"{SERVICE}/role-{number % count_of('role', policies)}"
    scope = {
        "service": SERVICE,
        "region": REGIONS[number % 3],
        "type": "namespace",
        "id": f"ns-{number % 97}",
    }
    described = {"description": note} if note else {}
    return {
        "kind": "Policy",
        "name": f"policy-{number}",
        "subjects": [subject],
        "roles": [own if number % 4 == 0 else "Reader"],
        "scope": scope,
        **described,
    }


def documents(policies: int) -> Iterator[Document]:
    """What does an account of so many policies hold, in an order in which it can be made?"""
    users = count_of("user", policies)
    yield from map(user, range(users))
    yield from (group(number, users) for number in range(count_of("group", policies)))
    yield from map(role, range(count_of("role", policies)))
    yield from (policy(number, policies) for number in range(policies))


def make_empty(host: Host, name: str) -> str:
    """Make an account with its owner; the owner's key comes back."""
    return create_account(host.store, name, "owner", "owner@bench.example", datetime.now(UTC))


def make_account(host: Host, name: str, policies: int) -> Session:
    """Make an account of so many policies; its owner's session comes back."""
    make_empty(host, name)
    return fill(host, name, policies)


def fill(host: Host, name: str, policies: int) -> Session:
    """Give an empty account so many policies and what goes with them; its owner's session comes back."""
    host.poll()
    session = owner_of(host, name)
    listed = list(documents(policies))
    for begin in range(0, len(listed), PART):
        apply(host, session, listed[begin : begin + PART])
    for number in range(count_of("credential", policies)):
        create_key(host, session, f"user:user-{number}")
    return session


def apply(host: Host, session: Session, listed: list[Document]) -> None:
    """Carry these documents out as one change, as its owner."""
    wanted: list[Mapping[str, object]] = [*listed]
    apply_wanted(host, session, parse_wanted(session.account, documents=wanted))


def owner_of(host: Host, account: str) -> Session:
    """Which session has the owner of this account?"""
    [key] = [
        one
        for one in host.snapshot(account).keys.values()
        if (one.owner_kind, one.owner_name) == ("user", "owner")
    ]
    return Session(
        account=account,
        principal="user:owner",
        uid=key.owner_uid,
        credential=key.uid,
        expires_at=time.time() + 86_400,
    )
