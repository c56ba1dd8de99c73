"""Authorization codes: what an application is given at the end of a person's way through the browser, and fetches by.

A code is good once and for a minute, for the application, the address and the proof key with which it was asked for.
Shown twice, it ends what it gave: one of the two had no right to it. Implements docs/spec.md section 29.
Source: RFC 6749, 4.1.2 and 10.5; RFC 9700, 2.1.1 and 4.5.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bailiwick.authn.oauth.faults import OAuthRefused
from bailiwick.authn.oauth.pkce import is_proved
from bailiwick.service.edits import new_uid
from bailiwick.service.host import Host
from bailiwick.service.oauth.approvals import Approval, name_of_code, new_code, read_approval, write_approval
from bailiwick.store.ports import SYSTEM_LOG, Document, Note

CODE_SECONDS = 60
# WHY longer than the code: also one that is shown again much later had fallen into other hands.
REMEMBERED = timedelta(hours=24)
INVALID_GRANT = "invalid_grant"
_WRONG = "the code is wrong, over, has been used, or was given for another application, address or proof key"


@dataclass(frozen=True, slots=True)
class Spent:
    """A code that was shown for the first time: what was approved, and which session shall begin by it."""

    approval: Approval
    session_uid: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """A code that was shown before: by it this session began, which is to be ended."""

    approval: Approval
    session_uid: str


@dataclass(frozen=True, slots=True)
class _Shown:
    """What is known of a code that was just shown. `is_replay`: not for the first time."""

    document: Document
    is_replay: bool


def give_code(host: Host, approval: Approval, redirect_uri: str, challenge: str) -> str:
    """Which code is the application given?"""
    code = new_code()
    document: dict[str, Any] = {
        "client_id": approval.client_id,
        "redirect_uri": redirect_uri,
        "challenge": challenge,
        "approval": write_approval(approval),
        "at": host.now(),
        "session": "",
    }
    host.store.activity.amend(
        SYSTEM_LOG, name_of_code("code", code), host.at(), lambda _: Note(document, host.at() + REMEMBERED)
    )
    return code


def spend_code(host: Host, client_id: str, code: str, redirect_uri: str, verifier: str) -> Spent | Replayed:
    """What does the code give? Raises OAuthRefused.

    SECURITY: whoever shows it, as the application that it is of, uses it up, whether or not they can prove the rest.
    """
    session_uid = new_uid("Session")
    shown = _use_up(host, client_id, code, session_uid)
    if shown is None:
        raise OAuthRefused(INVALID_GRANT, _WRONG)
    held = shown.document
    if shown.is_replay:
        return Replayed(read_approval(held["approval"]), held["session"])
    is_right = hmac.compare_digest(held["redirect_uri"].encode(), redirect_uri.encode("utf-8", "replace"))
    is_over = host.now() >= held["at"] + CODE_SECONDS
    if not is_proved(held["challenge"], verifier) or not is_right or is_over:
        raise OAuthRefused(INVALID_GRANT, _WRONG)
    return Spent(read_approval(held["approval"]), session_uid)


def _use_up(host: Host, client_id: str, code: str, session_uid: str) -> _Shown | None:
    """INVARIANT: of all who show a code, in all processes, one is told that it was not used before."""
    found: list[_Shown | None] = []

    def change(held: Document | None) -> Note | None:
        if held is None:
            found.append(None)
            return None
        until = datetime.fromtimestamp(held["at"], host.at().tzinfo) + REMEMBERED
        if held["client_id"] != client_id:
            # SECURITY: a code of another application is as unknown as none, and stays that one's.
            found.append(None)
            return Note(held, until)
        found.append(_Shown(held, bool(held["session"])))
        return Note({**held, "session": held["session"] or session_uid}, until)

    host.store.activity.amend(SYSTEM_LOG, name_of_code("code", code), host.at(), change)
    return found[-1]
