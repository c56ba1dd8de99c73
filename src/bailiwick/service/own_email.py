"""Does somebody change nothing but their own email address, and do the account's settings let them?

Implements docs/spec.md 31.9. Pure. Whether anything forbids it is asked of the engine (authorize.py).
"""

from __future__ import annotations

from bailiwick.model.accounts import Account
from bailiwick.service.edits import Difference
from bailiwick.service.sessions import Session


def is_own_email(session: Session, before: Account, difference: Difference) -> bool:
    """Is it that, by the person, whole and in person?"""
    if difference.kind != "User" or session.principal != f"user:{difference.name}":
        return False
    if not session.is_whole or session.by or not before.security_settings.may_change.email:
        return False
    if difference.before is None or difference.after is None:
        return False
    was, is_ = ({**one, "email": ""} for one in (difference.before, difference.after))
    return was == is_
