"""What an AuthZEN answer looks like: the bytes of decisions, reasons, errors and explanations.

The common answer (allowed or not, and why) is made once for each reason and revision and then only joined.
It must not decide anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from bailiwick.engine import Considered, Explanation
from bailiwick.model.requests import Decision, Reason
from bailiwick.service.sessions import Session

Vector = Mapping[str, str]

MOST_ACCOUNTS = 4096
_END = b"}}"
_encode = msgspec.json.encode


class Answers:
    """The answers at one revision: each begins with a prefix that depends on verdict and reason alone."""

    __slots__ = ("_prefixes", "_revision", "vector")

    def __init__(self, vector: Vector, stale_since: str | None = None) -> None:
        self.vector = vector
        self._revision = b',"revision":' + _encode(dict(vector))
        if stale_since is not None:
            self._revision += b',"stale_since":' + _encode(stale_since)
        self._prefixes: dict[tuple[bool, str], tuple[bytes, bytes]] = {}

    def of(self, decision: Decision) -> bytes:
        """Which bytes say this decision?"""
        prefix, whole = self._made(decision.allowed, decision.reason)
        if decision.valid_until is None and decision.link is None and decision.prerequisite is None:
            return whole
        return b"".join((prefix, *_details(decision), _END))

    def explained(self, explanation: Explanation, session: Session | None = None) -> bytes:
        """Which bytes say this decision with its reasons, and through whom it was asked?"""
        decision = explanation.decision
        prefix, _ = self._made(decision.allowed, decision.reason)
        said = b',"explanation":' + _encode({**_explanation(explanation), **_session(session)})
        return b"".join((prefix, *_details(decision), said, _END))

    def error(self, status: int, message: str) -> bytes:
        """Which bytes say that this one question could not be answered? Such an answer never allows."""
        prefix, _ = self._made(False, Reason.ERROR)
        said = b',"error":' + _encode({"status": status, "message": message})
        return b"".join((prefix, said, _END))

    def _made(self, allowed: bool, reason: Reason) -> tuple[bytes, bytes]:
        key = (allowed, reason._value_)
        made = self._prefixes.get(key)
        if made is None:
            verdict = b"true" if allowed else b"false"
            head = b'{"decision":' + verdict + b',"context":{"reason":' + _encode(reason.value)
            made = self._prefixes[key] = (head + self._revision, head + self._revision + _END)
        return made


_ANSWERS: dict[str, Answers] = {}


def answers_at(account: str, vector: Vector) -> Answers:
    """Which answers does this account give at this revision vector?"""
    known = _ANSWERS.get(account)
    if known is not None and (known.vector is vector or known.vector == vector):
        return known
    if len(_ANSWERS) >= MOST_ACCOUNTS and known is None:
        _ANSWERS.clear()
    made = _ANSWERS[account] = Answers(vector)
    return made


def list_body(answers: Iterable[bytes]) -> bytes:
    """Which body holds the answers to several questions, in their order?"""
    return b'{"evaluations":[' + b",".join(answers) + b"]}"


def _details(decision: Decision) -> Iterable[bytes]:
    if decision.valid_until is not None:
        until = format_instant(decision.valid_until)
        if until is not None:
            yield b',"valid_until":' + _encode(until)
    if decision.link is not None:
        yield b',"link":' + _encode(decision.link)
    if decision.prerequisite is not None:
        yield b',"prerequisite":' + _encode(decision.prerequisite)


@lru_cache(maxsize=4096)
def format_instant(epoch_seconds: float) -> str | None:
    """Which RFC 3339 text is this instant? None for one that the calendar of RFC 3339 does not reach."""
    try:
        instant = datetime.fromtimestamp(epoch_seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return instant.isoformat().replace("+00:00", "Z")


def _explanation(explanation: Explanation) -> dict[str, object]:
    return {
        "text": explanation.text,
        "principal": explanation.principal,
        "deciding": explanation.deciding,
        "considered": [_considered(one) for one in explanation.considered],
        "near_misses": [_considered(one) for one in explanation.near_misses],
    }


def _session(session: Session | None) -> dict[str, object]:
    """Through whom and for whom? Nothing is said of who acts as themselves, for themselves, with all they have."""
    if session is None or (session.is_whole and not session.by):
        return {}
    return {
        "session": {
            "through": [link.reference for one in session.by for link in one.walk()],
            "for": [link.reference for link in session.acts_for],
            "restrictions": [one.name for one in session.restrictions],
        }
    }


def _considered(one: Considered) -> dict[str, object]:
    said: dict[str, object] = {
        "policy": one.policy,
        "effect": one.effect,
        "subject": one.subject,
        "applies": one.applies,
        "text": one.text,
    }
    if one.failed:
        said["failed"] = one.failed
    return said
