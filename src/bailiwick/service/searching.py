"""Searching on behalf of a session: which resources, who, which actions, as far as the session may ask.

Implements docs/spec.md rules 10.6 to 10.9 and 17.10 to 17.16. What is found is exactly what the single question, asked
by this session, is answered `allowed` to; what it may not ask about is not found, and nothing tells that it is there.
SECURITY: what the asker may not ask about is set aside before anything is looked up about anybody, so that neither a
short page nor a cursor nor a count rests on it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bailiwick.engine import (
    Page,
    PrincipalSearch,
    ResourceSearch,
    count_principals,
    count_resources,
    decide,
    decide_over,
    find_actions,
    find_principals,
    find_resources,
)
from bailiwick.engine.own import PRINCIPAL_TYPES, as_stored, has_own
from bailiwick.errors import Conflict, Denied
from bailiwick.model.accounts import Property
from bailiwick.model.names import (
    ANONYMOUS,
    SERVICE_TYPE,
    ResourceName,
    format_resource_name,
    parse_resource_name,
)
from bailiwick.model.policies import Scope
from bailiwick.model.requests import AuthorityQuestion, ResourceQuery
from bailiwick.service.asking import DESCRIBE, EVALUATE, Asking, Question
from bailiwick.service.granting import could_hold
from bailiwick.service.narrowing import StoredSo

SERVICE_KIND = "service"
CHUNK = 1000
MOST_LOOKED_AT = 20_000
MOST_COUNTED = 200_000
MOST_PAGES = 400

Step = Callable[[str | None, int], Page]
Wanted = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class ResourcesSought:
    """On which resources of this type may this principal do this? `service` and `type` need not exist."""

    principal: str
    action: str
    service: str
    type: str
    stored: StoredSo = field(default_factory=StoredSo)
    properties: Mapping[str, Property] = field(default_factory=dict)
    context: Mapping[str, Property] = field(default_factory=dict)
    action_properties: Mapping[str, Property] = field(default_factory=dict)
    principal_properties: Mapping[str, Property] = field(default_factory=dict)

    def question(self, name: str) -> Question:
        """Which single question asks the same of this one resource?"""
        query = ResourceQuery.of(parse_resource_name(name), properties=self.properties)
        return Question(
            self.principal,
            self.action,
            query,
            None,
            self.context,
            self.action_properties,
            self.principal_properties,
        )


@dataclass(slots=True)
class Search:
    """One search, ready to be looked through: what comes in order, and what of it is wanted.

    `total` counts what comes, where all of it is wanted and counting is cheaper than looking.
    """

    step: Step
    wanted: Wanted | None = None
    total: Callable[[], int | None] | None = None

    def page(self, after: str | None, limit: int) -> Page:
        """What is found after this position? A page is short only where much had to be looked at."""
        kept: list[str] = []
        looked = 0
        while True:
            chunk = self.step(after, CHUNK if self.wanted is not None else limit + 1 - len(kept))
            for name in chunk.found:
                if self.wanted is None or self.wanted(name):
                    if len(kept) == limit:
                        return Page(tuple(kept), kept[-1] if kept else after or "")
                    kept.append(name)
            after = chunk.after
            looked += CHUNK
            if after is None or looked > MOST_LOOKED_AT:
                return Page(tuple(kept), after)

    def finds_any(self) -> bool:
        """Is anything found at all? Raises Conflict where too many would have to be looked at to tell."""
        after: str | None = None
        for _ in range(MOST_PAGES):
            page = self.page(after, 1)
            if page.found or page.after is None:
                return bool(page.found)
            after = page.after
        # WHY an error: that nothing is found would be a wrong answer, and to look on would stop others' work.
        raise Conflict(
            "too many would have to be looked at one by one to tell whether any is allowed",
            "name a narrower container: a region, a project, or something that lies in it",
        )

    def count(self) -> int | None:
        """How many are found in all? None: so many would have to be looked at that it is not said."""
        if self.wanted is None and self.total is not None:
            return self.total()
        found, after = 0, None
        for _ in range(MOST_COUNTED // CHUNK):
            chunk = self.step(after, CHUNK)
            found += sum(1 for name in chunk.found if self.wanted is None or self.wanted(name))
            after = chunk.after
            if after is None:
                return found
        return None


def search_resources(asking: Asking, sought: ResourcesSought) -> Search:
    """Which resources, by canonical name? Raises Denied where the session may ask this of no resource at all."""
    needed = _needed(asking, sought)
    for action in needed:
        _require_somewhere(asking, action)
    compiled = asking.snapshot.compiled
    service = compiled.services.get(sought.service)
    if service is None or sought.type not in (SERVICE_TYPE, *service.resource_types):
        return Search(_listed(()))
    if sought.type == SERVICE_TYPE or has_own(sought.service, sought.type):
        names = _own_names(asking, sought)
        wanted = None if sought.stored.is_anything else _stored_so(asking, sought)
        return Search(_listed(names), lambda name: _is_found(asking, sought, name, needed, wanted))
    wanted = _stored_so(asking, sought) if sought.stored.needs_comparing else None
    if all(_holds_over_service(asking, action, sought.service) for action in needed):
        return _searched(asking, _engine_search(asking, sought), wanted)
    askable = _askable(asking, sought, needed[0])
    return Search(
        lambda after, limit: find_resources(compiled, askable, after=after, limit=limit),
        lambda name: _is_found(asking, sought, name, needed[1:], wanted),
    )


def _needed(asking: Asking, sought: ResourcesSought) -> tuple[str, ...]:
    """Which actions of `iam` does the session need over a resource in order to ask about it? (rule 10.1)"""
    other = (EVALUATE,) if sought.principal != asking.session.principal else ()
    return (*other, DESCRIBE) if sought.principal_properties else other


def _require_somewhere(asking: Asking, action: str) -> None:
    """Could the session hold this action over anything at all? Raises Denied.

    SECURITY: that depends on its own policies alone, never on what there is.
    """
    if not could_hold(asking.snapshot.compiled, asking.session.principal, action, asking.now):
        raise Denied(
            f"`{asking.session.principal}` lacks `{action}` over every resource",
            action=action,
            reason="no_matching_policy",
            help="ask about yourself, or ask somebody who may grant it",
        )


def _own_names(asking: Asking, sought: ResourcesSought) -> Sequence[str]:
    account = asking.snapshot.account
    if sought.type != SERVICE_TYPE:
        return asking.snapshot.own_names(sought.service, sought.type)
    path = ((SERVICE_TYPE, sought.service),)
    stored = sought.stored
    name = ResourceName(account.name, sought.service, stored.region or "", stored.instance or "", path)
    return (format_resource_name(name),)


def _stored_so(asking: Asking, sought: ResourcesSought) -> Wanted:
    compiled = asking.snapshot.compiled
    return lambda name: sought.stored.wants(compiled, name)


def _is_found(
    asking: Asking, sought: ResourcesSought, name: str, needed: tuple[str, ...], wanted: Wanted | None
) -> bool:
    """Is the single question about this resource one that the session may ask, and allowed?"""
    question = sought.question(name)
    question = question._replace(resource=as_stored(asking.snapshot.account, question.resource))
    if not all(asking.may(action, question.resource) for action in needed):
        return False
    if wanted is not None and not wanted(name):
        return False
    return decide(asking.snapshot.compiled, asking.request(question)).allowed


def _holds_over_service(asking: Asking, action: str, service: str) -> bool:
    """Does everyone of the session hold the action over all of the service? Then it may ask about each (rule 8.7)."""
    session = asking.session
    return all(
        decide_over(
            asking.snapshot.compiled,
            AuthorityQuestion(
                link,
                action,
                Scope(service=(service,)),
                asking.now,
                context=session.context,
                restrictions=session.restrictions,
            ),
        ).held
        for link in (session.principal, *session.chain)
    )


def _engine_search(asking: Asking, sought: ResourcesSought) -> ResourceSearch:
    own = sought.principal == asking.session.principal
    return ResourceSearch(
        sought.principal,
        sought.action,
        sought.service,
        sought.type,
        asking.now,
        context=sought.context,
        action_properties=sought.action_properties,
        principal_properties=sought.principal_properties,
        properties=sought.properties,
        chain=asking.session.chain if own else (),
        restrictions=asking.session.restrictions if own else (),
        only=sought.stored.narrowing(sought.service),
    )


def _askable(asking: Asking, sought: ResourcesSought, action: str) -> ResourceSearch:
    """Over which resources does the session itself hold this action? Nothing of the question enters but the type.

    The properties are said of the resource, as in the single question.
    """
    session = asking.session
    return ResourceSearch(
        session.principal,
        action,
        sought.service,
        sought.type,
        asking.now,
        context=session.context,
        properties=sought.properties,
        chain=session.chain,
        restrictions=session.restrictions,
        only=sought.stored.narrowing(sought.service),
    )


def _searched(asking: Asking, search: ResourceSearch, wanted: Wanted | None) -> Search:
    compiled = asking.snapshot.compiled
    return Search(
        lambda after, limit: find_resources(compiled, search, after=after, limit=limit),
        wanted,
        lambda: count_resources(compiled, search, most=MOST_COUNTED),
    )


def named_search(names: Sequence[str], wanted: Wanted | None = None) -> Search:
    """Which search finds these names, given in order, as far as they are wanted?"""
    return Search(_listed(names), wanted)


def search_subjects(asking: Asking, question: Question, kind: str) -> Search:
    """Who of this kind, by reference? Whoever may not ask about others over the resource finds at most itself.

    Raises Denied where somebody is described without the right to.
    """
    if question.principal_properties:
        asking.require(DESCRIBE, question)
    if question.unresolved is not None:
        return Search(_listed(()))
    session, compiled = asking.session, asking.snapshot.compiled
    if not asking.may_ask(EVALUATE, question):
        own = (session.principal,) if _kind_of(session.principal) == kind else ()
        return Search(_listed(own), _allowed_to(asking, question))
    if kind not in PRINCIPAL_TYPES or session.chain or session.restrictions:
        return Search(_listed(_references(asking, kind)), _allowed_to(asking, question))
    search = PrincipalSearch(asking.request(question), kind)
    return Search(
        lambda after, limit: find_principals(compiled, search, after=after, limit=limit),
        None,
        lambda: count_principals(compiled, search, most=MOST_COUNTED),
    )


def _kind_of(principal: str) -> str:
    return principal.partition(":")[0]


def _references(asking: Asking, kind: str) -> Sequence[str]:
    """Which principals of this kind are known? (rule 1.3)"""
    compiled = asking.snapshot.compiled
    if kind == SERVICE_KIND:
        return sorted(f"{SERVICE_KIND}:{name}" for name in compiled.services)
    if kind == ANONYMOUS:
        return (ANONYMOUS,)
    return sorted(one for one in compiled.account.principals if _kind_of(one) == kind)


def _allowed_to(asking: Asking, question: Question) -> Wanted:
    compiled = asking.snapshot.compiled
    return lambda one: decide(compiled, asking.request(question._replace(principal=one))).allowed


def search_actions(asking: Asking, question: Question) -> Search:
    """Which actions on the resource? `question.action` is not looked at. Raises Denied where it may not be asked."""
    asking.check_may_ask(question)
    if question.unresolved is not None:
        return Search(_listed(()))
    return Search(_listed(find_actions(asking.snapshot.compiled, asking.request(question))))


def _listed(names: Sequence[str]) -> Step:
    """How are these names, in order, looked through?"""

    def step(after: str | None, limit: int) -> Page:
        start = 0 if after is None else bisect_right(names, after)
        found = tuple(names[start : start + limit])
        return Page(found, found[-1] if start + limit < len(names) and found else None)

    return step
