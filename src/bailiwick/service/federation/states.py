"""What was begun with a provider and waits for its answer: once, for ten minutes, by one browser.

SECURITY: the answer counts only in the browser that asked (a secret in its cookie, of which only a hash is kept here),
so that nobody is signed in as somebody else by a link; it counts once, in every process; and the proof key and the
nonce follow from that secret, so that a code that was stolen is good for nothing elsewhere. Source: RFC 9700, 2.1, 4.4,
4.5 and 4.7.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import asdict, dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from bailiwick.authn.federation.faults import Fault, SignInRefused
from bailiwick.errors import Unavailable
from bailiwick.service.host import Host
from bailiwick.service.people.attempts import network_of
from bailiwick.service.people.events import Client
from bailiwick.store.ports import SYSTEM_LOG, Document, Note

STATE_SECONDS = 600
MOST_BEGUN = 60
_BINDING = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_LOST = "this sign-in was begun elsewhere, too long ago, or is over already"


@dataclass(frozen=True, slots=True)
class Begun:
    """What was begun: with which provider of which account, and what follows.

    `visit_uid`: of whose profile an identity shall be linked; "" where somebody signs in. `following`: the page that
    was wanted.
    """

    account: str
    provider_uid: str
    issuer: str
    visit_uid: str
    following: str


@dataclass(frozen=True, slots=True)
class Secrets:
    """What follows from state and cookie: the proof key's verifier and challenge, and the nonce."""

    verifier: str
    challenge: str
    nonce: str

    def __repr__(self) -> str:
        return "Secrets()"


def new_binding(kept: str) -> str:
    """Which secret is in the browser's cookie? The one that it has, if it is one, for another tab may wait with it."""
    return kept if _BINDING.fullmatch(kept) else secrets.token_urlsafe(32)


def secrets_of(state: str, binding: str) -> Secrets:
    """Which proof key and nonce are of this state in this browser?"""
    verifier = _derive("verifier", state, binding)
    challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return Secrets(verifier, challenge, _derive("nonce", state, binding))


def keep_begun(host: Host, begun: Begun, binding: str, client: Client) -> str:
    """Remember what was begun; which state comes back with the answer? Raises Unavailable for too many at once."""
    _count(host, client)
    state, until = secrets.token_urlsafe(32), host.at() + timedelta(seconds=STATE_SECONDS)
    document: dict[str, Any] = {**asdict(begun), "binding": sha256(binding.encode()).hexdigest()}
    host.store.activity.amend(SYSTEM_LOG, _note(state), host.at(), lambda _: Note(document, until))
    return state


def claim_begun(host: Host, state: str, binding: str) -> Begun:
    """What was begun with this state in this browser? Never twice. Raises SignInRefused, the same for every cause."""
    found: list[Document] = []

    def take(held: Document | None) -> None:
        if held is not None:
            found.append(held)

    if len(state) <= 100 and _BINDING.fullmatch(binding):
        host.store.activity.amend(SYSTEM_LOG, _note(state), host.at(), take)
    document = dict(found[-1]) if found else {}
    if not hmac.compare_digest(document.pop("binding", ""), sha256(binding.encode()).hexdigest()):
        raise SignInRefused(Fault.STATE, _LOST, "sign in again")
    return Begun(**document)


def _count(host: Host, client: Client) -> None:
    """SECURITY: whoever begins without end would fill the store."""
    now, note = host.now(), f"federation/begun/{sha256(network_of(client.address).encode()).hexdigest()[:32]}"
    allowed: list[bool] = []

    def change(held: Document | None) -> Note:
        recent = [at for at in (held or {}).get("at", ()) if at > now - STATE_SECONDS]
        allowed.append(len(recent) < MOST_BEGUN)
        kept = [*recent, now] if allowed[-1] else recent
        return Note({"at": kept}, host.at() + timedelta(seconds=STATE_SECONDS))

    host.store.activity.amend(SYSTEM_LOG, note, host.at(), change)
    if not allowed[-1]:
        raise Unavailable("too many sign-ins were begun from your network", "wait for some minutes")


def _note(state: str) -> str:
    return f"federation/state/{sha256(state.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _derive(what: str, state: str, binding: str) -> str:
    digest = hmac.digest(binding.encode(), f"bailiwick federation 1 {what} {state}".encode(), sha256)
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
