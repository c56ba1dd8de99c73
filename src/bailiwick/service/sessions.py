"""Who asks: the identities behind one request, as authentication found them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from bailiwick.authn.authenticated import Authenticated
from bailiwick.authn.links import Link
from bailiwick.model.accounts import Property
from bailiwick.model.policies import Guardrail

FOREVER = float("inf")
MOST_IN_LOG = 5
MOST_NAME_IN_LOG = 60


@dataclass(frozen=True, slots=True)
class Session:
    """Which principal of which account asks, by which credential, until when (epoch seconds)?

    `principal` is a reference such as `user:alice`, `uid` its immutable id, `credential` the uid of the API key at its
    root. `chain` holds those it acts for; `restrictions` narrow what the session may do. `context` is what the
    connection says (`ip`), for conditions on Bailiwick's own routes (rule 10.2).
    `is_signed_in`: somebody who signed in is at a root of it, and proved at `proved_at` (epoch seconds; 0: not known)
    who they are, of several the longest ago; `authenticated`: how.
    `session_uid` is empty for a plain token; `is_visit`: a browser, on the pages. `client_id` is the application that
    began it, `scope` what for. `by` holds who assumed the principal, `acts_for` the links of `chain`; at `stands_until`
    some window of theirs opens or closes, at `acts_until` one of what lets them assume or act as it.
    """

    account: str
    principal: str
    uid: str
    credential: str
    expires_at: float
    token_id: str = ""
    chain: tuple[str, ...] = ()
    restrictions: tuple[Guardrail, ...] = ()
    context: Mapping[str, Property] = field(default_factory=dict)
    session_uid: str = ""
    is_visit: bool = False
    by: tuple[Link, ...] = ()
    acts_for: tuple[Link, ...] = ()
    head: Link | None = None
    stands_until: float = FOREVER
    acts_until: float = FOREVER
    client_id: str = ""
    scope: str = ""
    authenticated: Authenticated | None = None
    is_signed_in: bool = False
    proved_at: int = 0

    @property
    def is_whole(self) -> bool:
        """May it do all that its principal may?"""
        return not self.chain and not self.restrictions

    @property
    def links(self) -> tuple[Link, ...]:
        """Through which links does it stand: the principal's own, then those it acts for?"""
        own = self.head or Link(self.account, self.uid, self.principal, self.credential)
        if self.token_id and self.token_id not in own.session_uids:
            # WHY: what is made with a token ends with that token, when it is revoked (rule 28.12).
            own = replace(own, session_uids=(*own.session_uids, self.token_id))
        return own, *self.acts_for

    @property
    def actor_uid(self) -> str:
        """Under which uid are its own answers kept, so that no other session is given them?"""
        return self.session_uid or self.uid

    def via(self, surface: str) -> str:
        """How does the log say by which surface it changed something, and through whom? (rule 22.8)

        By accounts and uids, which stay, without names of people. Who is nearest and who is at the root is always said.
        """
        by = [_in_log(link) for one in self.by for link in one.walk()]
        acts_for = [_in_log(link) for link in self.acts_for]
        if len(by) + len(acts_for) > MOST_IN_LOG:
            by, acts_for = [*by[: MOST_IN_LOG - 2], *by[-1:]], acts_for[:1]
        said = [surface, *(["by", *by] if by else []), *(["for", *acts_for] if acts_for else [])]
        return " ".join(said)


def _in_log(link: Link) -> str:
    """WHY quoted: an account's name may have spaces, which divide what is said; cut: a row's text has a limit."""
    return f"{quote(link.account[:MOST_NAME_IN_LOG], safe='')}/{quote(link.uid, safe=':')}"
