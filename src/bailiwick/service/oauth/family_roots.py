"""On what a family rests: whoever signed in or showed a key, whole, and the visit that it ends with.

Implements docs/spec.md 28.8 as far as it says who begins one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bailiwick.authn.authenticated import Authenticated
from bailiwick.authn.links import Said
from bailiwick.errors import Denied
from bailiwick.service.sessions import FOREVER, Session


@dataclass(frozen=True, slots=True)
class Root:
    """On what does a family rest: whose it is, what that person signed in with, and how; and no longer than `until`?

    `context` is what the link of whoever signed in keeps (when they proved who they are).

    `session_uids`: the visit with which it ends, where it ends with one.
    """

    account: str
    uid: str
    principal: str
    credential_uid: str
    session_uids: tuple[str, ...] = ()
    until: float = FOREVER
    authenticated: Authenticated | None = None
    context: Mapping[str, Said] = field(default_factory=dict)


def root_of(session: Session, *, offline: bool) -> Root:
    """On what does a family rest that this visit, or session of a key, begins? Raises Denied.

    `offline`: it goes on when the visit is over, on what was signed in with alone.
    SECURITY: a session that is less than its principal begins none, which would be all of the principal.
    """
    own = session.links[0]
    if not session.is_whole or session.by or session.client_id:
        raise Denied(
            "only whoever signed in, whole, may let an application go on",
            action="iam.session.begin",
            reason="session_is_less",
        )
    return Root(
        account=session.account,
        uid=session.uid,
        principal=session.principal,
        credential_uid=session.credential,
        session_uids=() if offline else own.session_uids,
        until=FOREVER if offline else session.expires_at,
        authenticated=session.authenticated,
        context=own.context,
    )
