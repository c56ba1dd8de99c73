"""Looking back: the account as it was right after a revision, read-only, and questions asked of it.

Whether one may look is judged now and on the newest state: `iam.log.read` for what was there, and of questions about
others `iam.decision.explain` over the asked resource besides. What was decided is found as it was then: with the
account, the tree above it and the clock of that revision, but today's catalog of system services.
Implements docs/spec.md 27.6 to 27.8.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from datetime import datetime

from bailiwick.catalog.documents import format_document
from bailiwick.engine import Explanation, explain
from bailiwick.engine.own import as_stored
from bailiwick.errors import NotFound
from bailiwick.model.accounts import Property
from bailiwick.model.names import parse_resource_name
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.service.asking import EXPLAIN, NOTHING_SAID, Asking, Question
from bailiwick.service.history.past_states import PastState
from bailiwick.service.history.recorded import READ_LOG
from bailiwick.service.history.recorded_rows import find_revision_at
from bailiwick.service.host import Host
from bailiwick.service.kinds import KINDS, find_value, list_values
from bailiwick.service.loading import account_log
from bailiwick.service.needed import iam_service
from bailiwick.service.reading import Filter, Found, Page, Reader
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Identity, Snapshot


class LookingBack:
    """One session that looks at its account as it was. Raises Denied where it may not, NotFound for no revision."""

    def __init__(self, host: Host, session: Session, revision: int) -> None:
        self._now = Reader(host, session)
        self._now.judge.require(READ_LOG, iam_service())
        self._asking = Asking(host, session, self._now.snapshot, host.now())
        self._state: PastState = host.past.at(session.account, revision, host.system_head())

    @property
    def revision(self) -> int:
        """Right after which revision is it?"""
        return self._state.revision

    @property
    def at(self) -> datetime:
        """When was that revision made?"""
        return self._state.at

    @property
    def snapshot(self) -> Snapshot:
        """The account as it was. It must not be changed from, nor judge who may look."""
        return self._state.snapshot

    @property
    def is_newest(self) -> bool:
        """Is it how the account is now?"""
        return self.revision == self._now.snapshot.revision

    def counts(self) -> Mapping[str, int]:
        """How many objects of each kind were there?"""
        return {kind: len(self.snapshot.sorted_names(kind)) for kind in KINDS}

    def list(self, kind: str, wanted: Filter, *, after: str | None, limit: int) -> Page:
        """Which members had this kind, by name, after this one?"""
        values, names = list_values(self.snapshot.account, kind), self.snapshot.sorted_names(kind)
        items: list[Found] = []
        begin = wanted.begins(self.snapshot.account.name)
        start = max(bisect_left(names, begin), 0 if after is None else bisect_right(names, after))
        for index in range(start, len(names)):
            name = names[index]
            if not name.startswith(begin):
                break
            if wanted.fits(name, values[name]):
                if len(items) == limit:
                    return Page(tuple(items), more=True)
                items.append(self._found(kind, name))
        return Page(tuple(items), more=False)

    def get(self, kind: str, name: str) -> Found:
        """What was this object? Raises NotFound."""
        if find_value(self.snapshot.account, kind, name) is None:
            raise NotFound(f"there was no {kind} `{name}` at revision `{self.revision}`")
        return self._found(kind, name)

    def state_now(self, kind: str, name: str) -> str:
        """Is the object of then `same`, `changed` or `gone` now? A namesake is another object."""
        then, now = self._identity(kind, name), self._now.snapshot.identities.get((kind, name))
        if now is None or now.uid != then.uid:
            return "gone"
        return "same" if now.revision == then.revision else "changed"

    def _found(self, kind: str, name: str) -> Found:
        account = self.snapshot.account
        value = find_value(account, kind, name)
        return Found(kind, name, format_document(kind, value, account.name), self._identity(kind, name))

    def _identity(self, kind: str, name: str) -> Identity:
        return self.snapshot.identities[kind, name]

    def explain(
        self, principal: str, action: str, resource: str, context: Mapping[str, Property] = NOTHING_SAID
    ) -> Explanation:
        """Could this principal do this then, and why? Raises Denied, and Invalid for a name that is none.

        Judged as the principal itself, at the instant of the revision.
        """
        query = ResourceQuery.of(parse_resource_name(resource))
        if principal != self._now.session.principal or self._now.session.chain:
            self._asking.require(
                EXPLAIN, Question(principal, action, as_stored(self._now.snapshot.account, query))
            )
        asked = as_stored(self.snapshot.account, query)
        return explain(
            self.snapshot.compiled, Request(principal, action, asked, self.at.timestamp(), context)
        )


def find_revision(host: Host, session: Session, instant: datetime) -> int:
    """Which revision was the newest at this instant? 0: the account was not there yet. Raises Denied."""
    Reader(host, session).judge.require(READ_LOG, iam_service())
    return find_revision_at(host.store, account_log(session.account), instant)
