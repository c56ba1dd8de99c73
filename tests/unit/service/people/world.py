"""A small company whose people sign in."""

from __future__ import annotations

from dataclasses import dataclass

import pyotp
from tests.unit.service.accounts import Installation

from bailiwick.service.host import Host
from bailiwick.service.people.accepting import accept
from bailiwick.service.people.events import Client
from bailiwick.service.people.factors import begin_enrolment, confirm_enrolment
from bailiwick.service.people.invitations import invite_to_password
from bailiwick.service.people.signing_in import CodeDue, Given, show_factor, sign_in
from bailiwick.service.people.visits import Visit

WORLD = """
kind: User
name: alice
email: alice@acme.example
---
kind: User
name: bob
---
kind: User
name: keeper
---
kind: Group
name: readers
members: []
---
kind: Policy
name: keeper
subjects: [user:keeper]
roles: [Editor]
scope: {service: iam}
---
kind: Policy
name: readers
subjects: [group:readers]
roles: [Reader]
scope: {service: container-registry}
"""
PASSWORD = "correct horse 1"
CLIENT = Client("203.0.113.7", "a browser")


@dataclass
class Person:
    """Somebody with a password, and a phone if they enrolled one."""

    acme: Installation
    name: str
    password: str = PASSWORD
    seed: str = ""

    def sign_in(self, host: Host | None = None, client: Client = CLIENT) -> Visit:
        """Their visit, with a code where one is due."""
        host = host or self.acme.host
        answer = sign_in(host, Given("acme", self.name, self.password), client)
        return (
            show_factor(host, answer.ticket, self.code(), client) if isinstance(answer, CodeDue) else answer
        )

    def code(self, steps: int = 0) -> str:
        """What the phone shows now (or so many steps later)."""
        return pyotp.TOTP(self.seed).at(int(self.acme.clock.seconds) + 30 * steps)

    def enrol(self, visit: Visit) -> tuple[Visit, list[str]]:
        """Put a seed into their phone."""
        self.seed = begin_enrolment(self.acme.host, visit).seed
        first = self.code()
        self.acme.clock.seconds += 30
        return confirm_enrolment(self.acme.host, visit, first, self.code())


def give_password(acme: Installation, name: str, password: str = PASSWORD, client: Client = CLIENT) -> Person:
    """Let this user have a password, by a link from the owner."""
    link = link_of(invite_to_password(acme.host, acme.owner, name).address)
    accept(acme.host, link, password, client)
    return Person(acme, name, password)


def link_of(address: str) -> str:
    """The text behind the last slash."""
    return address.rpartition("/")[2]
