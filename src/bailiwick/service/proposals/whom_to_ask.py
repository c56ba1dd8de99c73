"""Whom to ask: who could carry out a change, as far as the session may see them.

Implements docs/spec.md 26.5. Who could is found by search, bounded, and each is judged as if the plan were theirs
(authorize.py); nothing is guessed from titles. Whoever is not seen is not named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bailiwick.catalog.catalog import Catalog
from bailiwick.engine import PrincipalSearch, find_principals
from bailiwick.errors import Denied
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.service.authorize import authorize_plan
from bailiwick.service.edits import Plan
from bailiwick.service.judge import CREATE_POLICY
from bailiwick.service.kinds import KIND_OF_PREFIX, find_value
from bailiwick.service.needed import Asked, needed_actions
from bailiwick.service.reading import Reader
from bailiwick.service.sessions import FOREVER, Session
from bailiwick.service.snapshots import Snapshot

SOMEBODY = "an administrator of the account"
MOST_LOOKED_AT = 20
MOST_NAMED = 3
_USER = "user"


@dataclass(frozen=True, slots=True)
class Ask:
    """Whom to ask: some of those who may, by reference; none where the session sees none of them.

    `more`: there are, or may be, others. `text` says it in words.
    """

    principals: tuple[str, ...]
    more: bool
    text: str


NOBODY = Ask((), False, "")


def refusal_of(catalog: Catalog, session: Session, plan: Plan, now: float) -> Denied | None:
    """Why may this session not carry out the plan? None: it may."""
    try:
        authorize_plan(catalog, session, plan, now)
    except Denied as error:
        return error
    return None


def whom_to_ask(reader: Reader, catalog: Catalog, plan: Plan, resource: ResourceQuery, now: float) -> Ask:
    """Who could carry out the plan? `resource` is what is asked about, over which policies would be made."""
    seen: list[str] = []
    more = False
    for reference in _candidates(reader, plan, resource, now):
        session = _session_of(reader.snapshot, reference)
        if session is None or refusal_of(catalog, session, plan, now) is not None:
            continue
        if len(seen) == MOST_NAMED or not may_see(reader, reference):
            more = True
        else:
            seen.append(reference)
    if not seen:
        return Ask((), True, f"ask {SOMEBODY}")
    names = ", ".join(f"`{one}`" for one in seen[:-1])
    listed = f"{names} or `{seen[-1]}`" if names else f"`{seen[0]}`"
    return Ask(tuple(seen), more, f"ask {listed}")


def may_see(reader: Reader, reference: str) -> bool:
    """May the session read this principal?"""
    prefix, _, name = reference.partition(":")
    kind = KIND_OF_PREFIX.get(f"{prefix}:")
    return kind is not None and reader.may_read(kind, name, find_value(reader.snapshot.account, kind, name))


def _candidates(reader: Reader, plan: Plan, resource: ResourceQuery, now: float) -> Iterator[str]:
    """Who might carry it out: some who hold what its first edit needs, and the owner last?"""
    owner = reader.snapshot.account.owner
    asked = _needed(plan, resource)
    request = Request("", asked.action, asked.resource, now)
    found = find_principals(
        reader.snapshot.compiled, PrincipalSearch(request, _USER), after=None, limit=MOST_LOOKED_AT
    )
    yield from (one for one in found.found if one != owner)
    yield owner


def _needed(plan: Plan, resource: ResourceQuery) -> Asked:
    """Which action, that not many hold, must be held for the plan?"""
    before = plan.before
    if any(one.kind == "Policy" for one in plan.differences):
        return Asked(CREATE_POLICY, resource)
    for difference in plan.differences:
        for needed in needed_actions(before.compiled.services, before.account, plan.account, difference):
            return Asked(needed.action, needed.resource)
    return Asked(CREATE_POLICY, resource)


def _session_of(snapshot: Snapshot, reference: str) -> Session | None:
    """As whom would they do it? A session that exists nowhere, of all that they are; it is only judged."""
    prefix, _, name = reference.partition(":")
    identity = snapshot.identities.get((KIND_OF_PREFIX.get(f"{prefix}:", ""), name))
    if identity is None:
        return None
    return Session(snapshot.account.name, reference, identity.uid, "", FOREVER)
