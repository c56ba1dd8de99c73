"""Proofs of who somebody is, how old they are, and which deeds want a newer one.

A session knows when the person at its root last proved who they are; the engine reads how long ago that was
(`context.proof_age_seconds`), and a guardrail of the account asks for less (docs/spec.md section 30). What is refused
only because the proof is too old is refused as that, so that whoever asks can prove it and go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from bailiwick.errors import BailiwickError, Denied
from bailiwick.model.accounts import Account, Property
from bailiwick.model.protection import PROOF_AGE, SIGNED_IN
from bailiwick.service.sessions import Session


class StepUpRequired(BailiwickError):
    """It may be done, by whoever has proved lately who they are. `max_age_seconds`: how lately.

    WHY no Denied: what shows a refusal beside a form would hide that it can be carried out after all.
    """

    code = "step_up_required"

    def __init__(self, action: str, max_age_seconds: int) -> None:
        minutes = max_age_seconds // 60
        super().__init__(
            f"`{action}` needs a proof of who you are that is not older than {minutes} minutes",
            "show your second factor again, or sign in again",
        )
        self.action = action
        self.max_age_seconds = max_age_seconds


def said_of_session(session: Session, address: str, now: float) -> dict[str, Property]:
    """What do conditions on Bailiwick's own routes read of this connection and session? (rule 10.2)"""
    said: dict[str, Property] = {"ip": address} if address else {}
    return said | said_of_factor(session) | said_of_proof(session, now)


def said_of_factor(session: Session) -> dict[str, Property]:
    """Was a second factor shown by whom an application began the session for? Nothing, where nobody signed in."""
    return {} if session.authenticated is None else {"mfa": bool(session.authenticated.factor_at)}


def said_of_proof(session: Session, now: float) -> dict[str, Property]:
    """What is said of who signed in? Nothing of a session that rests on keys only.

    SECURITY: no age where none is known, which is older than any.
    """
    if not session.is_signed_in:
        return {}
    said: dict[str, Property] = {SIGNED_IN: True}
    return {**said, PROOF_AGE: max(0, int(now - session.proved_at))} if session.proved_at else said


def as_proved(session: Session) -> Session:
    """The same session, as if who signed in had proved just now who they are. For what is only shown, or tried."""
    if not _could_be_proved(session.context):
        return session
    return replace(session, context={**session.context, PROOF_AGE: 0})


def require_proof(session: Session, account: Account, action: str, ask: Callable[[Session], None]) -> None:
    """Ask; and where the answer is no, is it only because the proof is too old?

    Raises what `ask` raises, or StepUpRequired where a new proof would do. `action`: what is named then.
    """
    try:
        ask(session)
    except (Denied, StepUpRequired) as refused:
        if not _could_be_proved(session.context):
            raise
        ask(as_proved(session))
        named = refused.action or action
        raise StepUpRequired(named, max_age_seconds(account)) from None


def max_age_seconds(account: Account) -> int:
    """How old may a proof be in this account?"""
    return account.security_settings.operation_protection.minutes * 60


def _could_be_proved(context: Mapping[str, Property]) -> bool:
    return context.get(SIGNED_IN) is True and context.get(PROOF_AGE) != 0
