"""Visits: what a person's browser does from signing in to signing out, as one session that is asked about at every use.

A visit is a ticket in a cookie and nothing on the server but its end: it stands while its account, its user, the
password it began with and the account's settings let it, as the newest snapshot says, in every process (docs/spec.md
rules 24.7 to 24.9). What it begins ends with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bailiwick.authn.authenticated import Authenticated
from bailiwick.authn.compact import Signer, TokenRefused
from bailiwick.authn.links import Link, write_links
from bailiwick.authn.signing import KeyPurpose
from bailiwick.authn.tickets import VisitTicket, read_ticket, write_ticket
from bailiwick.errors import NotFound, Unauthenticated
from bailiwick.model.accounts import Property
from bailiwick.model.security import SecuritySettings, SignInPolicy
from bailiwick.service.ending import END, store_ends
from bailiwick.service.host import Host
from bailiwick.service.judge import Judge
from bailiwick.service.loading import SESSION_END, account_log
from bailiwick.service.needed import iam_object
from bailiwick.service.people.events import SIGNED_OUT, Client, Person, record_sign_in
from bailiwick.service.people.records import PasskeyRecord, PasswordRecord, SignInRecord
from bailiwick.service.places import may_visit_from
from bailiwick.service.proving import said_of_proof
from bailiwick.service.session_events import BEGUN, SESSION, KnownSession, list_known
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot
from bailiwick.service.standing import PROVED_AT, is_sign_in_of, name_of_person, uid_of
from bailiwick.store.ports import ActivityEvent

RENEW_AFTER_SECONDS = 60
OWES_PASSWORD, OWES_FACTOR = "password", "second-factor"
_NOBODY = "you are not signed in, or no longer"


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit that stands: its session, and what is still due before it may be used for anything else.

    `factor_at`: when a second factor was last shown in it. `shown_at`: when the password was last shown again.
    `owes`: "" or OWES_PASSWORD or OWES_FACTOR; then only the pages for that are open. `ticket`: the text for the
    cookie where it shall be renewed.
    """

    session: Session
    uid: str
    begun_at: datetime
    expires_at: datetime
    factor_at: datetime | None
    shown_at: datetime | None
    owes: str
    ticket: str | None

    def __repr__(self) -> str:
        """SECURITY: without the ticket."""
        return f"Visit(uid={self.uid!r}, principal={self.session.principal!r}, owes={self.owes!r})"


def begin_visit(
    host: Host,
    snapshot: Snapshot,
    shown: SignInRecord,
    client: Client,
    *,
    session_uid: str,
    factor: bool,
    factor_at: datetime | None = None,
) -> Visit:
    """Which visit begins for the owner of this credential, who has shown it (and, if `factor`, a second factor)?

    `factor_at`: when that was, if not just now.
    """
    now = int(host.now())
    ticket = VisitTicket(
        account=snapshot.account.name,
        uid=shown.owner_uid,
        credential_uid=shown.uid,
        session_uid=session_uid,
        begun=now,
        seen=now,
        factor_at=(now if factor_at is None else _epoch(factor_at)) if factor else 0,
    )
    visit = _visit(host, snapshot, ticket, client.address, is_new=True)
    _record_begun(host, visit)
    _end_surplus(host, visit, snapshot.account.security_settings.sessions.most_for_one_identity)
    return visit


def _end_surplus(host: Host, visit: Visit, most: int) -> None:
    """Whoever has more visits than may be loses the oldest. (rule 31.6)

    WHY not the newest: who left a browser open elsewhere must be able to come in, and end what goes on there.
    """
    session = visit.session
    known = list_visits(host, session.account, session.uid) if most else []
    # WHY none of applications: they are no visits, and signing in must not end what goes on elsewhere.
    surplus = [one for one in known if not one.link.client_id][most:]
    if surplus:
        store_ends(host, session, [(one.uid, session.uid, one.expires_at) for one in surplus])


def find_visit(host: Host, ticket: str, *, address: str) -> Visit:
    """Which visit is this ticket of, if it stands now? Raises Unauthenticated, the same for every cause."""
    try:
        read = read_ticket(
            ticket,
            VisitTicket,
            issuer=host.settings.issuer,
            key_set=host.key_set(KeyPurpose.ACCESS),
            now=host.at(),
        )
        snapshot = host.snapshot(read.account)
    except (TokenRefused, NotFound):
        raise Unauthenticated(_NOBODY) from None
    return _visit(host, snapshot, read, address)


def with_factor(host: Host, visit: Visit) -> Visit:
    """The same visit, in which a second factor was shown just now. Its ticket is new."""
    return _shown_again(host, visit, factor_at=int(host.now()))


def with_password(host: Host, visit: Visit) -> Visit:
    """The same visit, in which the password was shown again just now. Its ticket is new."""
    return _shown_again(host, visit, shown_at=int(host.now()))


def _shown_again(
    host: Host, visit: Visit, *, factor_at: int | None = None, shown_at: int | None = None
) -> Visit:
    session = visit.session
    ticket = VisitTicket(
        account=session.account,
        uid=session.uid,
        credential_uid=session.credential,
        session_uid=visit.uid,
        begun=int(visit.begun_at.timestamp()),
        seen=int(host.now()),
        factor_at=_epoch(visit.factor_at) if factor_at is None else factor_at,
        shown_at=_epoch(visit.shown_at) if shown_at is None else shown_at,
    )
    address = session.context.get("ip")
    return _visit(host, host.snapshot(session.account), ticket, str(address or ""), is_new=True)


def _visit(
    host: Host, snapshot: Snapshot, ticket: VisitTicket, address: str, *, is_new: bool = False
) -> Visit:
    settings, now = snapshot.account.security_settings, host.now()
    idle_until, ends = _ends(settings.sign_in, ticket)
    try:
        principal = name_of_person(snapshot, ticket.uid)
    except Unauthenticated:
        raise Unauthenticated(_NOBODY) from None
    shown = snapshot.sign_in_of(ticket.credential_uid)
    over = now >= min(idle_until, ends) or (SESSION_END, ticket.session_uid) in snapshot.identities
    if over or shown is None or shown.owner_uid != ticket.uid:
        raise Unauthenticated(_NOBODY)
    # SECURITY: asked of every request, so that neither a stolen cookie nor an older visit is used from elsewhere.
    if not may_visit_from(settings, address):
        raise Unauthenticated(_NOBODY)
    owes = _owes(settings, snapshot, shown, ticket, now)
    visit = Visit(
        session=_session(snapshot, ticket, principal, address, ends=ends, now=now),
        uid=ticket.session_uid,
        begun_at=_instant(ticket.begun),
        expires_at=_instant(ends),
        factor_at=_instant(ticket.factor_at) if ticket.factor_at else None,
        shown_at=_instant(ticket.shown_at) if ticket.shown_at else None,
        owes=owes,
        ticket=None,
    )
    if is_new or now - ticket.seen >= RENEW_AFTER_SECONDS:
        return replace(visit, ticket=_renew(host, settings.sign_in, replace(ticket, seen=int(now))))
    return visit


def _ends(policy: SignInPolicy, ticket: VisitTicket) -> tuple[float, float]:
    """Until when may it rest, and when does it end whatever is done in it? By the settings as they are now."""
    return ticket.seen + policy.idle_minutes * 60, ticket.begun + policy.longest_visit_minutes * 60


def _renew(host: Host, policy: SignInPolicy, ticket: VisitTicket) -> str:
    return write_ticket(
        ticket,
        issuer=host.settings.issuer,
        signer=Signer(host.key_set(KeyPurpose.ACCESS).current()),
        expires=_instant(min(_ends(policy, ticket))),
    )


def _owes(
    settings: SecuritySettings, snapshot: Snapshot, shown: SignInRecord, ticket: VisitTicket, now: float
) -> str:
    """What must be done before the visit may be used? Raises Unauthenticated where it is to sign in again."""
    if isinstance(shown, PasswordRecord) and (shown.must_change or is_expired(settings, shown, now)):
        return OWES_PASSWORD
    if not settings.require_second_factor or ticket.factor_at:
        return ""
    if snapshot.has_factor(ticket.uid):
        # WHY: the factor came in another visit; this one has never shown it.
        raise Unauthenticated(_NOBODY)
    return OWES_FACTOR


def is_expired(settings: SecuritySettings, password: PasswordRecord, now: float) -> bool:
    """Is the password older than the account's policy lets one become?"""
    ends = password_ends_at(settings, password)
    return ends is not None and now >= ends.timestamp()


def password_ends_at(settings: SecuritySettings, password: PasswordRecord) -> datetime | None:
    """When must the password be changed? None: never."""
    days = settings.passwords.validity_days
    return password.set_at + timedelta(days=days) if days else None


def _proved_at(snapshot: Snapshot, ticket: VisitTicket) -> int:
    """When was it last proved who sits there, by the strongest that the user has? 0: never. (rule 30.8)

    SECURITY: whoever has a second factor proves it with that; what only the password shows counts for nothing then.
    """
    if snapshot.has_factor(ticket.uid):
        return ticket.factor_at
    return max(ticket.begun, ticket.factor_at, ticket.shown_at)


def _session(
    snapshot: Snapshot, ticket: VisitTicket, principal: str, address: str, *, ends: float, now: float
) -> Session:
    # WHY always `mfa`: a condition that forbids something without it must not meet something unknown.
    context: dict[str, Property] = {"mfa": bool(ticket.factor_at)}
    if address:
        context["ip"] = address
    account, proved_at = snapshot.account.name, _proved_at(snapshot, ticket)
    said = {PROVED_AT: proved_at} if proved_at else {}
    session = Session(
        account=account,
        principal=principal,
        uid=ticket.uid,
        credential=ticket.credential_uid,
        expires_at=ends,
        context=context,
        session_uid=ticket.session_uid,
        is_visit=True,
        authenticated=_authenticated(snapshot, ticket),
        head=Link(account, ticket.uid, principal, ticket.credential_uid, (ticket.session_uid,), context=said),
        is_signed_in=True,
        proved_at=proved_at,
    )
    return replace(session, context={**context, **said_of_proof(session, now)})


def _authenticated(snapshot: Snapshot, ticket: VisitTicket) -> Authenticated:
    """How did its person show who they are, in the words of RFC 8176?

    Of two factors the second is named only where it can have been nothing else than a code.
    """
    shown = snapshot.sign_in_of(ticket.credential_uid)
    by_password = isinstance(shown, PasswordRecord)
    by_code = by_password and snapshot.has_codes(ticket.uid) and not snapshot.passkeys_of(ticket.uid)
    methods = [
        *(["pwd"] if by_password else ["pop"] if isinstance(shown, PasskeyRecord) else []),
        *(["otp"] if ticket.factor_at and by_code else []),
        *(["mfa"] if ticket.factor_at else []),
    ]
    return Authenticated(ticket.begun, tuple(methods), ticket.factor_at)


def _record_begun(host: Host, visit: Visit) -> None:
    """Let it be listed with the account's other sessions.

    SECURITY: durably. What another process does not see at once, or a killed one forgets, could not be ended.
    """
    session = visit.session
    detail = {
        "session": visit.uid,
        "principal": session.principal,
        "through": [],
        "for": [],
        "until": visit.expires_at.isoformat(),
        "restrictions": [],
        "links": write_links(session.links),
        **{name: session.context[name] for name in ("ip", "mfa") if name in session.context},
    }
    log = account_log(session.account)
    event = ActivityEvent(host.at(), SESSION, BEGUN, log, session.uid, session.credential, detail)
    host.store.activity.record([event], durable=True)


def end_visit(host: Host, visit: Visit, client: Client | None = None) -> None:
    """Sign out: the visit ends, and whatever was begun in it. Nothing can forbid that."""
    session = visit.session
    store_ends(host, session, [(visit.uid, session.uid, visit.expires_at)])
    person = Person(session.account, session.uid, session.principal, session.credential)
    record_sign_in(host, SIGNED_OUT, person, client or Client(str(session.context.get("ip", ""))))


def list_visits(host: Host, account: str, uid: str) -> list[KnownSession]:
    """Which visits of the user of this uid may still be going on, newest first?"""
    snapshot = host.snapshot(account)
    return [
        known
        for known in list_known(host, account)
        if known.principal_uid == uid
        and is_sign_in_of(snapshot, known.link.credential_uid, uid)
        and not any((SESSION_END, one) in snapshot.identities for one in known.link.session_uids)
    ]


def end_all_visits(host: Host, session: Session, of: str, *, keep: str = "") -> int:
    """End every visit of this user (`user:alice`) but `keep`; how many? One's own always. Raises Denied, NotFound."""
    snapshot = host.snapshot(session.account)
    uid = uid_of(snapshot, of)
    if of != session.principal or not session.is_whole:
        judge = Judge(host.catalog, session, snapshot, None, host.now())
        judge.require(END, iam_object("session", "*"))
    if uid is None:
        raise NotFound(f"there is no user `{of}`", "write `user:name`")
    ends = [
        (known.uid, uid, known.expires_at)
        for known in list_visits(host, session.account, uid)
        if known.uid != keep
    ]
    if ends:
        store_ends(host, session, ends)
    return len(ends)


def _epoch(at: datetime | None) -> int:
    return 0 if at is None else int(at.timestamp())


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
