"""What is recorded of people signing in: who came, who was refused, who was locked out, who left.

SECURITY: a name that nobody has is not written: it may be a password, typed into the wrong field.
"""

from __future__ import annotations

from dataclasses import dataclass

from bailiwick.service.host import Host
from bailiwick.service.loading import account_log
from bailiwick.store.ports import SYSTEM_LOG, ActivityEvent

SIGN_IN = "sign-in"
SUCCEEDED, REFUSED, LOCKED, CODE_DUE, SIGNED_OUT = (
    "succeeded",
    "refused",
    "locked-out",
    "code-due",
    "signed-out",
)
UNLOCKED = "unlocked"
MOST_CLIENT = 200


@dataclass(frozen=True, slots=True)
class Client:
    """Where does it come from: the connection's address, and what the browser calls itself?"""

    address: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is it, in which account, as far as that is known? Empty where there is nobody of the name."""

    account: str = ""
    uid: str = ""
    principal: str = ""
    credential_uid: str = ""


def sign_in_event(host: Host, outcome: str, person: Person, client: Client, **more: object) -> ActivityEvent:
    """Which event says this?"""
    said = {"principal": person.principal, "address": client.address, "client": client.agent[:MOST_CLIENT]}
    return ActivityEvent(
        at=host.at(),
        kind=SIGN_IN,
        outcome=outcome,
        log=account_log(person.account) if person.account else SYSTEM_LOG,
        principal_uid=person.uid,
        credential_uid=person.credential_uid,
        detail={**{name: value for name, value in said.items() if value}, **more},
    )


def record_sign_in(host: Host, outcome: str, person: Person, client: Client, **more: object) -> None:
    """Remember it; a lock-out and a success at once, so that a killed process forgets none of them."""
    event = sign_in_event(host, outcome, person, client, **more)
    host.store.activity.record([event], durable=outcome in (SUCCEEDED, LOCKED))
