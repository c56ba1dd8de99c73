"""Device authorization: a program without a browser is let in by somebody with one.

It is given a device code, which it alone knows, and a user code, which somebody types into a browser in which they
have signed in. Both are kept as notes under their hashes, are good once and for ten minutes, and in every process.
Implements docs/spec.md section 29. Source: RFC 8628.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bailiwick.authn.oauth.faults import ACCESS_DENIED, OAuthRefused
from bailiwick.authn.oauth.user_codes import find_user_code, format_user_code, make_user_code
from bailiwick.errors import Conflict, Invalid
from bailiwick.service.host import Host
from bailiwick.service.oauth.approvals import Approval, name_of_code, new_code, read_approval, write_approval
from bailiwick.service.people.attempts import begin_attempt, network_of, record_failure, take_back
from bailiwick.service.people.events import Client, Person
from bailiwick.service.people.visits import Visit
from bailiwick.store.ports import SYSTEM_LOG, Document, Note

DEVICE_SECONDS = 600
# WHY longer than the code: a program that asks too late is told that it is too late.
REMEMBERED_SECONDS = 2 * DEVICE_SECONDS
INTERVAL_SECONDS = 5
MOST_INTERVAL_SECONDS = 60
# What lies between two questions on their way: clocks are not asked to the millisecond.
LENIENCE_SECONDS = 1.0
MOST_OPEN_PER_NETWORK = 60
MOST_AGENT = 200
TRIES = 5
PENDING, APPROVED, DENIED, FETCHED = "pending", "approved", "denied", "fetched"
AUTHORIZATION_PENDING, SLOW_DOWN, EXPIRED = "authorization_pending", "slow_down", "expired_token"
INVALID_GRANT = "invalid_grant"
WRONG_CODE = "this code is wrong, has been used, or is over"


@dataclass(frozen=True, slots=True)
class DeviceCodes:
    """What the program is given: its own code, and the one that it shows."""

    device_code: str = field(repr=False)
    user_code: str = field(repr=False)
    expires_in: int = DEVICE_SECONDS
    interval: int = INTERVAL_SECONDS


@dataclass(frozen=True, slots=True)
class Waiting:
    """A program that waits to be let in. `account`: the one of its application; "" where it is in every account."""

    name: str
    user_code: str
    account: str
    client_id: str
    scopes: tuple[str, ...]
    resource: str
    address: str
    agent: str
    asked_at: datetime


def begin_device(
    host: Host,
    client_id: str,
    account: str,
    scopes: tuple[str, ...],
    resource: str,
    client: Client,
) -> DeviceCodes:
    """Which codes is the program given? Raises OAuthRefused where too many of its network wait already."""
    _count_network(host, client)
    device_code, now = new_code(), host.now()
    device = name_of_code("device", device_code)
    for _ in range(TRIES):
        user_code = make_user_code()
        if _claim(host, user_code, device):
            break
    else:
        raise Conflict("no user code is free", "try again")
    document: dict[str, Any] = {
        "state": PENDING,
        "user_code": user_code,
        "account": account,
        "client_id": client_id,
        "scopes": list(scopes),
        "resource": resource,
        "address": client.address,
        "agent": client.agent[:MOST_AGENT],
        "asked": now,
        "polled": now - INTERVAL_SECONDS,
        "interval": INTERVAL_SECONDS,
    }
    until = host.at() + timedelta(seconds=REMEMBERED_SECONDS)
    host.store.activity.amend(SYSTEM_LOG, device, host.at(), lambda _: Note(document, until))
    return DeviceCodes(device_code, format_user_code(user_code))


def _claim(host: Host, user_code: str, device: str) -> bool:
    """Is the user code free, and now this program's?"""
    until, claimed = host.at() + timedelta(seconds=DEVICE_SECONDS), list[bool]()

    def change(held: Document | None) -> Note:
        claimed.append(held is None)
        if held is not None:
            return Note(held, datetime.fromtimestamp(held["until"], until.tzinfo))
        return Note({"device": device, "until": until.timestamp()}, until)

    host.store.activity.amend(SYSTEM_LOG, name_of_code("user-code", user_code), host.at(), change)
    return claimed[-1]


def _count_network(host: Host, client: Client) -> None:
    """SECURITY: anybody may ask for codes; whoever asks without end fills no store and no space of user codes."""
    now, is_too_many = host.now(), []
    until = host.at() + timedelta(seconds=DEVICE_SECONDS)

    def change(held: Document | None) -> Note:
        earlier = [at for at in (held or {"at": []})["at"] if at > now - DEVICE_SECONDS]
        is_too_many.append(len(earlier) >= MOST_OPEN_PER_NETWORK)
        return Note({"at": earlier if is_too_many[-1] else [*earlier, now]}, until)

    name = name_of_code("asking", network_of(client.address))
    host.store.activity.amend(SYSTEM_LOG, name, host.at(), change)
    if is_too_many[-1]:
        raise OAuthRefused(SLOW_DOWN, "too many programs of this network wait to be let in; try again later")


def find_waiting(host: Host, visit: Visit, typed: str, client: Client) -> Waiting:
    """Which program shows this code? Wrong ones are counted like wrong passwords. Raises Invalid, LockedOut."""
    session = visit.session
    policy = host.snapshot(session.account).account.security_settings.sign_in
    # WHY by uid: the name's own count would lock its owner out of signing in.
    attempt = begin_attempt(
        host, session.account, f"user code of {session.uid}", client, policy, is_known=False
    )
    waiting = _look(host, find_user_code(typed), session.account)
    if waiting is None:
        person = Person(session.account, session.uid, session.principal, session.credential)
        record_failure(host, attempt, person, client, reason="user_code")
        raise Invalid.at("user_code", WRONG_CODE, "type the code that your device shows now")
    take_back(host, attempt)
    return waiting


def _look(host: Host, user_code: str | None, account: str) -> Waiting | None:
    # SECURITY: as many look-ups for what can be no code as for one.
    index = _peek(host, name_of_code("user-code", user_code or ""))
    name = index["device"] if index is not None else name_of_code("device", "")
    held = _peek(host, name)
    if held is None or user_code is None or held["state"] != PENDING or _is_over(host, held):
        return None
    # SECURITY: a program of another account's is as unknown here as one that is not there.
    if held["account"] not in ("", account):
        return None
    return Waiting(
        name=name,
        user_code=format_user_code(user_code),
        account=held["account"],
        client_id=held["client_id"],
        scopes=tuple(held["scopes"]),
        resource=held["resource"],
        address=held["address"],
        agent=held["agent"],
        asked_at=datetime.fromtimestamp(held["asked"], host.at().tzinfo),
    )


def _peek(host: Host, name: str) -> Document | None:
    found = host.store.activity.notes(SYSTEM_LOG, name, host.at(), 1)
    return found[0][1].document if found and found[0][0] == name else None


def _is_over(host: Host, held: Document) -> bool:
    return host.now() - DEVICE_SECONDS >= float(held["asked"])


def answer_device(host: Host, waiting: Waiting, approval: Approval | None) -> None:
    """Let the program in as this approval says, or (None) refuse it. Raises Invalid where somebody has answered."""
    done = []

    def change(held: Document | None) -> Note | None:
        is_open = held is not None and held["state"] == PENDING and not _is_over(host, held)
        done.append(is_open)
        if held is None or not is_open:
            return _kept(host, held)
        said = (
            {"state": DENIED}
            if approval is None
            else {"state": APPROVED, "approval": write_approval(approval)}
        )
        return _kept(host, {**held, **said})

    host.store.activity.amend(SYSTEM_LOG, waiting.name, host.at(), change)
    if not done[-1]:
        raise Invalid.at("user_code", WRONG_CODE, "begin again on your device")
    code = find_user_code(waiting.user_code) or ""
    host.store.activity.amend(SYSTEM_LOG, name_of_code("user-code", code), host.at(), lambda _: None)


def fetch_device(host: Host, client_id: str, device_code: str) -> Approval:
    """What was the program let have? Once. Raises OAuthRefused with the word that says what to do."""
    answers: list[Approval | OAuthRefused] = []

    def change(held: Document | None) -> Note | None:
        if held is None or held["client_id"] != client_id:
            # SECURITY: a code of another application is as unknown as none, and stays that one's.
            answers.append(OAuthRefused(INVALID_GRANT, "the device code is wrong, or has been used"))
            return _kept(host, held)
        answer, after = _poll(host, held)
        answers.append(answer)
        return _kept(host, after)

    host.store.activity.amend(SYSTEM_LOG, name_of_code("device", device_code), host.at(), change)
    answer = answers[-1]
    if isinstance(answer, OAuthRefused):
        raise answer
    return answer


def _poll(host: Host, held: Document) -> tuple[Approval | OAuthRefused, Document]:
    """What is the program told now, and what is remembered of that?"""
    now, state = host.now(), held["state"]
    if state == FETCHED:
        return OAuthRefused(INVALID_GRANT, "the device code is wrong, or has been used"), held
    if _is_over(host, held):
        return OAuthRefused(EXPIRED, "the code is over; begin again"), held
    if state == DENIED:
        return OAuthRefused(ACCESS_DENIED, "somebody refused to let the program in"), held
    if now - held["polled"] < held["interval"] - LENIENCE_SECONDS:
        slower = min(held["interval"] + INTERVAL_SECONDS, MOST_INTERVAL_SECONDS)
        return OAuthRefused(SLOW_DOWN, f"wait {slower} seconds between questions"), {
            **held,
            "polled": now,
            "interval": slower,
        }
    if state == APPROVED:
        return read_approval(held["approval"]), {**held, "state": FETCHED, "approval": None}
    return OAuthRefused(AUTHORIZATION_PENDING, "nobody has answered yet"), {**held, "polled": now}


def _kept(host: Host, held: Document | None) -> Note | None:
    if held is None:
        return None
    return Note(held, datetime.fromtimestamp(held["asked"] + REMEMBERED_SECONDS, host.at().tzinfo))
