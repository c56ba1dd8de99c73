"""Attempts to sign in, counted where every process sees them: who fails too often is locked out for a while.

An attempt is counted before the password is looked at, and taken back when it was right, so that many at once cannot
be more than are allowed. Names that nobody has are counted alike. Implements docs/spec.md rule 24.5.
Source: Open Telekom Cloud, IAM User Guide, Login Authentication Policy (failures, period, duration).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from ipaddress import ip_address
from typing import NamedTuple

from bailiwick.errors import BailiwickError
from bailiwick.model.security import SignInPolicy
from bailiwick.service.host import Host
from bailiwick.service.loading import account_log
from bailiwick.service.people.events import LOCKED, REFUSED, Client, Person, record_sign_in
from bailiwick.store.ports import SYSTEM_LOG, Document, Note

# WHY so many more than by name: a whole office may come from one address.
FAILURES_BY_ADDRESS = 50
FAILURES_BY_ADDRESS_IN_ALL = 200
MOST_AT_ONCE = 1000
_IPV6_NETWORK = 64


class LockedOut(BailiwickError):
    """Too many attempts failed; nothing is looked at before `until`."""

    code = "locked_out"

    def __init__(self, until: datetime) -> None:
        super().__init__(
            "too many attempts to sign in have failed", "wait, or ask an administrator to unlock you"
        )
        self.until = until


@dataclass(frozen=True, slots=True)
class Lockout:
    """Who is locked out of an account until when? `id` names it; a name that nobody has is left empty."""

    id: str
    name: str
    address: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt that was counted: its time, under which notes of which logs, until when it locks out if it fails."""

    at: float
    notes: tuple[tuple[str, str], ...] = ()
    locks_until: datetime | None = None


def begin_attempt(
    host: Host,
    account: str,
    name: str,
    client: Client,
    policy: SignInPolicy,
    *,
    is_known: bool,
    is_account: bool = True,
) -> Attempt:
    """Count an attempt by this name from this address. Raises LockedOut, without counting, where there were too many.

    SECURITY: what is typed as a name is written down only where it is one (`is_known`): it may be a password. What is
    typed as an account and is none (`is_account`) gets no log.
    """
    network, log = network_of(client.address), account_log(account) if is_account else SYSTEM_LOG
    by_name, by_address = {"name": name if is_known else ""}, {"address": network}
    limits: list[tuple[tuple[str, str], Document, int]] = [
        ((log, _note(account, "name", name)), by_name, policy.failures_before_lockout),
        ((log, _note(account, "address", network)), by_address, FAILURES_BY_ADDRESS),
        # WHY in all accounts too: whoever types a new account name each time would never be stopped.
        ((SYSTEM_LOG, _note("", "address", network)), by_address, FAILURES_BY_ADDRESS_IN_ALL),
    ]
    attempt = Attempt(host.now())
    for note, said, most in limits if network else limits[:1]:
        counted = _count(host, note, said, most, policy, now=attempt.at)
        if not counted.is_counted:
            take_back(host, attempt)
            raise LockedOut(_instant(counted.until))
        locks = _instant(counted.until) if counted.until else attempt.locks_until
        attempt = Attempt(attempt.at, (*attempt.notes, note), locks)
    return attempt


def take_back(host: Host, attempt: Attempt) -> None:
    """The attempt was no failure: it does not count, and locks nobody out."""
    for log, note in attempt.notes:
        host.store.activity.amend(log, note, host.at(), lambda held: _without(held, attempt.at))


def record_failure(host: Host, attempt: Attempt, person: Person, client: Client, *, reason: str) -> None:
    """The attempt stays counted: remember that it was refused, and that it locks out where it does."""
    record_sign_in(host, REFUSED, person, client, reason=reason)
    if attempt.locks_until is not None:
        record_sign_in(host, LOCKED, person, client, until=attempt.locks_until.isoformat())


def forget_failures(host: Host, account: str, name: str) -> None:
    """Whoever has this name has shown who they are: earlier failures count no more."""
    host.store.activity.amend(account_log(account), _note(account, "name", name), host.at(), lambda _: None)


def list_lockouts(host: Host, account: str) -> list[Lockout]:
    """Who is locked out of this account now, by name and by address?"""
    prefix, found, after = _prefix(account), [], ""
    while True:
        notes = host.store.activity.notes(account_log(account), prefix, host.at(), MOST_AT_ONCE, after=after)
        for name, note in notes:
            until = _instant(note.document["locked_until"])
            if until > host.at():
                said = note.document
                id = name.removeprefix(prefix).replace("/", "-")
                found.append(Lockout(id, said.get("name", ""), said.get("address", ""), until))
        if len(notes) < MOST_AT_ONCE:
            return found
        after = notes[-1][0]


def lift_lockout(host: Host, account: str, lockout: Lockout) -> None:
    """Let whoever it is try again."""
    note = _prefix(account) + lockout.id.replace("-", "/", 1)
    host.store.activity.amend(account_log(account), note, host.at(), lambda _: None)


class _Counted(NamedTuple):
    """Was the attempt counted, and until when is (or, if it fails, will be) locked out? 0: not."""

    is_counted: bool
    until: float


def _count(
    host: Host, note: tuple[str, str], said: Document, most: int, policy: SignInPolicy, *, now: float
) -> _Counted:
    """Count one attempt, of this very instant, by which it is taken back, under this note, unless it is locked."""
    period, lockout = policy.failure_period_minutes * 60, policy.lockout_minutes * 60
    counted: list[_Counted] = []

    def change(held: Document | None) -> Note:
        document = held or {"at": [], "locked_until": 0.0}
        locked_until = document["locked_until"]
        if locked_until > now:
            counted.append(_Counted(False, locked_until))
            return Note(document, _instant(locked_until))
        # WHY none after a lock that is over: else one more failure would lock out again at once.
        earlier = [] if locked_until else [at for at in document["at"] if at > now - period]
        # INVARIANT: the last attempt that is allowed locks the next ones out, unless it is taken back.
        locked_until = now + lockout if len(earlier) + 1 >= most else 0.0
        counted.append(_Counted(True, locked_until))
        kept = {**said, "at": [*earlier, now], "locked_until": locked_until}
        return Note(kept, _instant(max(now + period, locked_until)))

    host.store.activity.amend(*note, host.at(), change)
    return counted[-1]


def _without(held: Document | None, at: float) -> Note | None:
    """The note without this attempt, and so without the lock that it may have set."""
    if held is None:
        return None
    rest = list(held["at"])
    if at not in rest:
        # SECURITY: what it counted for has been forgotten; a lock set since then is another's.
        return Note(held, _instant(max(*rest, held["locked_until"]) + 3600)) if rest else None
    rest.remove(at)
    if not rest:
        return None
    return Note({**held, "at": rest, "locked_until": 0.0}, _instant(max(rest) + 3600))


def _note(account: str, kind: str, text: str) -> str:
    return f"{_prefix(account)}{kind}/{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def _prefix(account: str) -> str:
    return f"attempts/{sha256(account.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}/"


def network_of(address: str) -> str:
    """From which network is it? WHY: whoever has one IPv6 address mostly has 2^64 of them."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:100]
    if parsed.version == 4:
        return str(parsed)
    mapped = parsed.ipv4_mapped
    if mapped is not None:
        return str(mapped)
    shift = 128 - _IPV6_NETWORK
    return f"{ip_address(int(parsed) >> shift << shift)}/{_IPV6_NETWORK}"


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
