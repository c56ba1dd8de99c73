"""Approvals: what somebody let an application have, from saying so until the application has fetched it.

One is kept as a note under the hash of a code (Activity): whoever reads the store finds no code there. It holds no
right; whether the person, the visit and the consent still stand is asked when it is fetched, and at every use after.
Serves docs/spec.md section 29.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from typing import Any

from bailiwick.errors import Denied
from bailiwick.model.requests import Reason
from bailiwick.service.host import Host
from bailiwick.service.judge import Judge
from bailiwick.service.needed import iam_service
from bailiwick.service.people.visits import Visit

BEGIN = "iam.session.begin"
OFFLINE = "offline_access"


@dataclass(frozen=True, slots=True)
class Approval:
    """Who let which application have what, in which visit, and how they had signed in? Times are epoch seconds.

    `proved_at`: when they last proved who they are, which what comes of it keeps (rule 30.8); 0: not known.
    `consent_uid`: on which remembered consent it rests, "" where the application needs none. `resource`: for which API
    it is, "" for Bailiwick itself.
    """

    account: str
    client_id: str
    uid: str
    credential_uid: str
    visit_uid: str
    visit_ends: int
    signed_in_at: int
    proved_at: int
    factor_at: int
    methods: tuple[str, ...]
    scopes: tuple[str, ...]
    resource: str = ""
    nonce: str = ""
    consent_uid: str = ""

    @property
    def is_offline(self) -> bool:
        """Does what comes of it outlive the visit?"""
        return OFFLINE in self.scopes

    @property
    def rests_on(self) -> tuple[str, ...]:
        """With the end of which sessions does what comes of it end: the visit's, and the consent's?"""
        visit = () if self.is_offline else (self.visit_uid,)
        return (*visit, self.consent_uid) if self.consent_uid else visit


def approve(
    visit: Visit,
    client_id: str,
    scopes: tuple[str, ...],
    *,
    consent_uid: str,
    resource: str,
    nonce: str = "",
) -> Approval:
    """What does this visitor let the application have?"""
    session = visit.session
    return Approval(
        account=session.account,
        client_id=client_id,
        uid=session.uid,
        credential_uid=session.credential,
        visit_uid=visit.uid,
        visit_ends=int(visit.expires_at.timestamp()),
        signed_in_at=int(visit.begun_at.timestamp()),
        proved_at=session.proved_at,
        factor_at=0 if visit.factor_at is None else int(visit.factor_at.timestamp()),
        methods=() if session.authenticated is None else session.authenticated.methods,
        scopes=scopes,
        resource=resource,
        nonce=nonce,
        consent_uid=consent_uid,
    )


def write_approval(approval: Approval) -> dict[str, Any]:
    """How is it kept?"""
    return asdict(approval)


def read_approval(kept: Mapping[str, Any]) -> Approval:
    """Which approval was kept?"""
    values: dict[str, Any] = {one.name: kept[one.name] for one in fields(Approval)}
    return Approval(**values | {name: tuple(values[name]) for name in ("methods", "scopes")})


def new_code() -> str:
    """Which text is handed out, once? 256 random bits."""
    return secrets.token_urlsafe(32)


def name_of_code(kind: str, code: str) -> str:
    """Under which name is kept what belongs to this code?"""
    return f"oauth/{kind}/{sha256(code.encode('utf-8', 'surrogatepass')).hexdigest()}"


def require_may_begin(host: Host, visit: Visit) -> None:
    """May the visitor begin a session? Everybody may, where nothing forbids it (rule 22.7). Raises Denied."""
    session = visit.session
    judge = Judge(host.catalog, session, host.snapshot(session.account), None, host.now())
    decision = judge.decide(BEGIN, iam_service())
    if not decision.allowed and decision.reason is not Reason.NO_MATCHING_POLICY:
        raise Denied(
            f"`{session.principal}` lacks `{BEGIN}`",
            action=BEGIN,
            reason=decision.reason.value,
            help="ask somebody who may grant this, or the account's owner",
        )
