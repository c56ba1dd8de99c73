"""What is remembered of a family: on what it rests, what for, until when, and which refresh token is the newest.

A note, amended by one process at a time, because using a refresh token is no change of the account. It holds hashes
only. Ending a family is a change (families.py). Implements docs/spec.md 28.8 to 28.10 as far as they are remembered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bailiwick.authn.authenticated import Authenticated, authenticated_claims, read_authenticated
from bailiwick.authn.links import Link, parse_links, write_links
from bailiwick.authn.refresh_tokens import RefreshToken, account_tag
from bailiwick.model.applications import COMMAND_LINE
from bailiwick.service.loading import account_log
from bailiwick.service.oauth.clients import Client
from bailiwick.store.ports import SYSTEM_LOG, Activity, Document, Note

PREFIX = "families/"
MOST_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Family:
    """A session that an application goes on with by refresh tokens.

    `link` is whose it is; `ends` when it is over at the latest (epoch seconds), `seen` when it was last refreshed.
    `ended`: a refresh token was used twice.
    """

    uid: str
    link: Link
    client_id: str
    scope: str
    audience: str
    restrictions: tuple[Mapping[str, Any], ...]
    authenticated: Authenticated | None
    begun: float
    ends: float
    seen: float
    family_hash: str
    use_hash: str
    ended: bool = False

    @property
    def log(self) -> str:
        """In which log is it remembered?"""
        return log_of_families(self.client_id, self.link.account)

    @property
    def name(self) -> str:
        """Under which name is it remembered?"""
        return note_name(account_tag(self.link.account), self.uid)

    def note(self, until: float) -> Note:
        """Which note remembers it until then?"""
        document: Document = {
            "uid": self.uid,
            "links": write_links([self.link]),
            "client_id": self.client_id,
            "scope": self.scope,
            "audience": self.audience,
            "restrictions": [dict(one) for one in self.restrictions],
            "authenticated": authenticated_claims(self.authenticated),
            **{"begun": self.begun, "ends": self.ends, "seen": self.seen, "ended": self.ended},
            **{"family_hash": self.family_hash, "use_hash": self.use_hash},
        }
        return Note(document, datetime.fromtimestamp(until, UTC))


def log_of_families(client_id: str, account: str) -> str:
    """In which log are families of this application and account remembered?

    WHY those of the command line in the system log: it is of no account, so whose its refresh token is, is not known
    before it is found.
    """
    return SYSTEM_LOG if client_id == COMMAND_LINE else account_log(account)


def note_name(tag: str, uid: str) -> str:
    """Under which name is the family of this uid, of an account of this tag, remembered?"""
    return f"{PREFIX}{tag}/{uid}"


def read_family(document: Mapping[str, Any]) -> Family:
    """Which family does this note remember?"""
    (link,) = parse_links(document, "links")
    texts = (
        "uid",
        "client_id",
        "scope",
        "audience",
        "family_hash",
        "use_hash",
        "begun",
        "ends",
        "seen",
        "ended",
    )
    return Family(
        link=link,
        restrictions=tuple(document["restrictions"]),
        authenticated=read_authenticated(document["authenticated"]),
        **{name: document[name] for name in texts},
    )


def find_family(activity: Activity, client: Client, token: RefreshToken, at: datetime) -> Family | None:
    """Which family of this application is this a token of, new or used? None: of none that is remembered."""
    name = note_name(token.account_tag, token.family_uid)
    found = activity.notes(log_of_families(client.uid, client.account), name, at, 1)
    if not found or found[0][0] != name:
        return None
    family = read_family(found[0][1].document)
    return family if token.is_of(family.family_hash) else None


def list_families(activity: Activity, account: str, at: datetime) -> Iterator[Family]:
    """Which families of the account are remembered?"""
    for log in (account_log(account), SYSTEM_LOG):
        yield from _list_families(activity, log, note_name(account_tag(account), ""), at)


def _list_families(activity: Activity, log: str, prefix: str, at: datetime) -> Iterator[Family]:
    after = ""
    while True:
        notes = activity.notes(log, prefix, at, MOST_AT_ONCE, after=after)
        yield from (read_family(note.document) for _, note in notes)
        if len(notes) < MOST_AT_ONCE:
            return
        after = notes[-1][0]


def use_newest(
    activity: Activity, family: Family, token: RefreshToken, new: RefreshToken, *, now: float, until: float
) -> bool:
    """Was this the family's newest token, which `new` is from now on? False: it was used before, and the family ends.

    INVARIANT: of two that use one token at once, in whatever processes, one is told True at most.
    """
    won: list[bool] = []

    def change(held: Document | None) -> Note | None:
        won.clear()
        known = None if held is None else read_family(held)
        if known is None:
            return None
        won.append(not known.ended and token.is_newest(known.use_hash))
        if won[-1]:
            return replace(known, use_hash=new.use_hash, seen=now).note(until)
        return replace(known, ended=True).note(known.ends)

    activity.amend(family.log, family.name, datetime.fromtimestamp(now, UTC), change)
    return bool(won and won[-1])


def forget_family(activity: Activity, family: Family, at: datetime) -> None:
    """Its refresh tokens are good no more, and it is listed no more."""
    activity.amend(family.log, family.name, at, lambda _: None)
