"""Who asks: from an `Authorization` header to a session that still stands.

What a token says is believed once and remembered by its SHA-256; whether it still stands (its end, its account,
its principal, its key) is asked at every use, of the newest snapshot. What others assumed, or acts for others, is
standing.py's.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from weakref import ref

from bailiwick.authn.compact import TokenRefused
from bailiwick.authn.keys import ApiKeyRecord, find_key_prefix, verify_api_key
from bailiwick.authn.signing import KeyPurpose, KeySet
from bailiwick.authn.tokens import TokenVerifier, VerifiedToken, token_digest
from bailiwick.errors import NotFound, Unauthenticated
from bailiwick.service.loading import API_KEY, SESSION_END
from bailiwick.service.locating import accounts_with
from bailiwick.service.places import Limits, api_limits, is_let_in
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot
from bailiwick.service.standing import Standing, is_usable, may_come_in, principal_of_uid, stand

if TYPE_CHECKING:
    from bailiwick.service.host import Host

MAX_REMEMBERED = 65_536
MAX_HEADER = 8_192
_NOBODY = "the credential is missing, unknown, expired or withdrawn"


class Authenticator:
    """Turns headers into sessions for one host."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._verified: dict[bytes, tuple[KeySet, VerifiedToken]] = {}
        self._sessions: dict[bytes, tuple[ref[Snapshot], Session, Limits]] = {}
        self._standings: dict[bytes, Standing] = {}
        self._verifier: tuple[KeySet, TokenVerifier] | None = None

    def forget(self) -> None:
        """Believe nothing any more that was believed by older signing keys."""
        self._verifier = None
        self._verified.clear()
        self._sessions.clear()
        self._standings.clear()

    def authenticate(self, authorization: str | None, address: str | None = "") -> Session:
        """Which session does this header stand for, sent from this address ("": not known)?

        Raises Unauthenticated, the same for every cause. None: it is not asked from where (places.py).
        """
        if authorization is None or len(authorization) > MAX_HEADER:
            raise Unauthenticated(_NOBODY, "send `Authorization: Bearer <token>`")
        scheme, _, text = authorization.partition(" ")
        if scheme.lower() != "bearer" or not text:
            raise Unauthenticated(_NOBODY, "send `Authorization: Bearer <token>`")
        return self.session_of_token(text, address)

    def session_of_token(self, text: str, address: str | None = "") -> Session:
        """Which session does this access token stand for, now, shown from this address?"""
        session, limits = self._session_of_token(text)
        self._check_place(session, limits, address)
        return session

    def _check_place(self, session: Session, limits: Limits, address: str | None) -> None:
        """May the session be used from there? SECURITY: the same answer as to no credential; what is recorded tells."""
        if limits and not is_let_in(limits, address):
            self._host.refuse_place(session, address or "")
            raise Unauthenticated(_NOBODY)

    def _session_of_token(self, text: str) -> tuple[Session, Limits]:
        digest = token_digest(text)
        # SECURITY: the store is followed first; what older signing keys made believable is verified anew.
        keys = self._host.key_set(KeyPurpose.ACCESS)
        believed = self._verified.get(digest)
        verified = (
            believed[1] if believed is not None and believed[0] is keys else self._verify(text, digest, keys)
        )
        now = self._host.now()
        if now >= verified.expires_epoch:
            raise Unauthenticated(_NOBODY)
        known = self._sessions.get(digest)
        if known is None and not verified.subject.is_plain:
            return self._through_links(digest, verified, now)
        try:
            snapshot = self._host.snapshot(verified.subject.account)
        except NotFound:
            raise Unauthenticated(_NOBODY) from None
        if known is not None and known[0]() is snapshot and not _key_ended(snapshot, known[1], now):
            return known[1:]
        session, limits = self._stand(snapshot, verified, now)
        if len(self._sessions) >= MAX_REMEMBERED:
            self._sessions.clear()
        # WHY weak: what is remembered of a session keeps no account in memory that is let go of.
        self._sessions[digest] = (ref(snapshot), session, limits)
        return session, limits

    def _through_links(self, digest: bytes, verified: VerifiedToken, now: float) -> tuple[Session, Limits]:
        """Which session is it that others assumed, or that acts for others? Asked anew in each new state (22.6)."""
        known = self._standings.get(digest)
        if known is not None and now < known.until and all(self._is_newest(one()) for one in known.snapshots):
            return known.session, known.limits
        standing = stand(self._host.snapshot, verified, now)
        if len(self._standings) >= MAX_REMEMBERED:
            self._standings.clear()
        self._standings[digest] = standing
        return standing.session, standing.limits

    def _is_newest(self, snapshot: Snapshot | None) -> bool:
        try:
            return snapshot is not None and self._host.snapshot(snapshot.account.name) is snapshot
        except NotFound:
            return False

    def _verify(self, text: str, digest: bytes, keys: KeySet) -> VerifiedToken:
        """What does the token say, by these keys? Remembered with them."""
        known = self._verifier
        if known is None or known[0] is not keys:
            self._verifier = known = (keys, TokenVerifier(self._host.parties, keys))
        try:
            verified = known[1].verify(text, self._host.at())
        except TokenRefused:
            raise Unauthenticated(_NOBODY) from None
        if len(self._verified) >= MAX_REMEMBERED:
            self._verified.clear()
        self._verified[digest] = (keys, verified)
        return verified

    def _stand(self, snapshot: Snapshot, verified: VerifiedToken, now: float) -> tuple[Session, Limits]:
        """Does what the token says still hold: account, principal by uid, key?"""
        subject = verified.subject
        record = snapshot.keys.get(subject.credential_uid)
        principal = principal_of_uid(snapshot, subject.uid)
        if (
            principal is None
            or record is None
            or record.owner_uid != subject.uid
            or not is_usable(record, now)
            or (SESSION_END, verified.jti) in snapshot.identities
        ):
            raise Unauthenticated(_NOBODY)
        if not may_come_in(snapshot, principal, by_key=True):
            raise Unauthenticated(_NOBODY)
        session = Session(
            account=snapshot.account.name,
            principal=principal,
            uid=subject.uid,
            credential=subject.credential_uid,
            expires_at=float(verified.expires_epoch),
            token_id=verified.jti,
        )
        return session, api_limits(snapshot.account.security_settings, record)

    def session_of_key(self, text: str, address: str | None = "") -> tuple[Session, ApiKeyRecord]:
        """Which session would a token made from this API key stand for, and which key is it?

        Raises Unauthenticated, the same for a wrong, expired, disabled or unknown key, and one that is used from
        elsewhere than it may be.
        """
        now = self._host.now()
        at = datetime.fromtimestamp(now, UTC)
        candidates = self.find_keys(text)
        found = [one for one in candidates if verify_api_key(one[1], text, at)]
        if not candidates:
            # SECURITY: an unknown key costs the work of a wrong one.
            verify_api_key(None, text, at)
        if not found:
            raise Unauthenticated(_NOBODY)
        snapshot, record = found[0]
        principal = f"{record.owner_kind}:{record.owner_name}"
        if not may_come_in(snapshot, principal, by_key=True):
            raise Unauthenticated(_NOBODY)
        session = Session(snapshot.account.name, principal, record.owner_uid, record.uid, now)
        self._check_place(session, api_limits(snapshot.account.security_settings, record), address)
        return session, record

    def find_keys(self, text: str) -> list[tuple[Snapshot, ApiKeyRecord]]:
        """Which keys are stored under the visible part of this text, and where? Nothing says yet that one is the key.

        WHY several: the visible part is short, so that keys of two accounts may begin alike.
        """
        prefix = find_key_prefix(text)
        if prefix is None:
            return []
        return [
            (snapshot, record)
            for snapshot in accounts_with(self._host, API_KEY, prefix)
            for record in snapshot.keys_by_prefix().get(prefix, ())
        ]


def _key_ended(snapshot: Snapshot, session: Session, now: float) -> bool:
    record = snapshot.keys.get(session.credential)
    return record is None or not is_usable(record, now)
