"""Consents: to what a person agreed that an application of their account may be told and do in their name.

One object of each person and application, in the account's log. What rests on it ends with it (docs/spec.md section
29): its uid stands among the sessions from which theirs were made, and withdrawing it ends that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from bailiwick.errors import NotFound
from bailiwick.model.applications import REFRESH_TOKEN_SECONDS
from bailiwick.service.appending import Prepared
from bailiwick.service.edits import new_uid
from bailiwick.service.host import Host
from bailiwick.service.loading import SESSION_END
from bailiwick.service.people.records import CONSENT, ConsentRecord, write_consent
from bailiwick.service.people.rights import require_self
from bailiwick.service.people.storing import store_people
from bailiwick.service.people.visits import Visit
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import Change


def is_agreed(consent: ConsentRecord | None, scopes: Iterable[str], address: str) -> bool:
    """Does the consent hold all that is asked for, of this address to which the answer goes?

    SECURITY: an address that the application got later is not one that the person knew, and whose it is nobody says.
    """
    return consent is not None and set(scopes) <= set(consent.at.get(address, ()))


def remember_consent(
    host: Host, visit: Visit, client_id: str, scopes: tuple[str, ...], address: str = ""
) -> ConsentRecord:
    """The person agrees to these scopes, besides those that they agreed to before.

    `address`: to which they are led back; "" for a program without a browser, which asks each time.
    """
    session = visit.session
    require_self(session)

    def prepare(now: Snapshot) -> tuple[Prepared | None, ConsentRecord]:
        known = now.consent_of(session.uid, client_id)
        if known is not None and is_agreed(known, scopes, address):
            return None, known
        before = known or ConsentRecord(new_uid(CONSENT), session.uid, client_id, (), host.at())
        record = replace(
            before,
            scopes=_both(before.scopes, scopes),
            at={**before.at, address: _both(before.at.get(address, ()), scopes)},
            given_at=host.at(),
        )
        document = write_consent(record)
        change = Change(CONSENT, record.uid, record.name, "create" if known is None else "replace", document)
        return Prepared([change], [], session.uid, session.via("console")), record

    return store_people(host, session.account, prepare)


def _both(held: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*held, *more)))


def withdraw_consent(host: Host, visit: Visit, uid: str) -> ConsentRecord:
    """The person agrees no longer: everything that rests on it ends, in every process. Raises NotFound."""
    session = visit.session
    require_self(session)

    def prepare(now: Snapshot) -> tuple[Prepared, ConsentRecord]:
        known = now.people.get(uid)
        if not isinstance(known, ConsentRecord) or known.owner_uid != session.uid:
            raise NotFound("there is no such consent of yours", "it may have been withdrawn already")
        # INVARIANT: longer than anything that rests on it may last.
        until = host.at() + timedelta(seconds=REFRESH_TOKEN_SECONDS[1])
        changes = [
            Change(CONSENT, known.uid, known.name, "delete"),
            Change(
                SESSION_END,
                known.uid,
                known.uid,
                "create",
                {"principal_uid": session.uid, "until": until.isoformat()},
            ),
        ]
        return Prepared(changes, [], session.uid, session.via("console")), known

    return store_people(host, session.account, prepare)
