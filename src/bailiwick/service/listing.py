"""Lists on behalf of a session: may somebody list what is in a container, and what would be in the list?

Implements docs/spec.md rules 10.10 and 17.17 to 17.20. The container is one question, the members are a search; both
are asked as the session may ask them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bailiwick.engine import Narrowing
from bailiwick.engine.lists import LIST, Listed, decide_container, listed_by, narrowing_of
from bailiwick.engine.own import as_stored
from bailiwick.errors import Denied, Invalid, did_you_mean
from bailiwick.model.names import ResourceName, format_resource_name, parse_resource_name
from bailiwick.model.requests import Decision, Reason, ResourceQuery
from bailiwick.model.services import IAM, Service
from bailiwick.service.asking import EVALUATE, Asking, Question
from bailiwick.service.narrowing import StoredSo
from bailiwick.service.searching import ResourcesSought, Search, named_search, search_resources


@dataclass(frozen=True, slots=True)
class Listing:
    """What was asked: is it granted on the container (None: that may not be asked), and which search finds members?"""

    container: Decision | None
    listed: Listed | None
    members: Search

    @property
    def is_whole(self) -> bool:
        """Is every member listed, because the list is granted on the container?"""
        return self.container is not None and self.container.allowed

    def reason(self) -> Reason:
        """Why may it be listed, or why not? That of the container, where no member may be listed either."""
        if self.is_whole or self.members.finds_any():
            return Reason.ALLOWED
        return Reason.NO_MATCHING_POLICY if self.container is None else self.container.reason


def list_members(asking: Asking, question: Question) -> Listing:
    """May the principal do this list in the container, `question.resource`? Raises Denied, Invalid for no list."""
    service = asking.snapshot.compiled.services.get(question.resource.service)
    listed = None if service is None else _listed(service, question.action)
    container = _container(asking, question)
    stored = None if service is None or listed is None else _stored_in(asking, service, question)
    if service is None or listed is None or stored is None:
        if container is None:
            asking.require(EVALUATE, question)
        return Listing(container, listed, named_search(()))
    sought = ResourcesSought(
        question.principal, listed.action, service.name, listed.type, stored=stored, context=question.context
    )
    try:
        members = search_resources(asking, sought)
    except Denied:
        if container is None:
            raise
        return Listing(container, listed, named_search(()))
    if container is not None and container.allowed and listed.action != question.action:
        members = _all_of(asking, listed, question)
    return Listing(container, listed, members)


def _listed(service: Service, action: str) -> Listed | None:
    found = service.actions.get(action)
    if found is None:
        return None
    if found.access != LIST:
        known = [one.id for one in service.actions.values() if one.access == LIST]
        raise Invalid.at("action", f"`{action}` is no list", did_you_mean(action, known))
    return listed_by(service, found)


def _container(asking: Asking, question: Question) -> Decision | None:
    """What is decided of the container alone? None: the session may not ask that."""
    if question.unresolved is not None:
        return Decision(False, question.unresolved)
    own = question.principal == asking.session.principal
    if not own and not asking.may_ask(EVALUATE, question):
        return None
    return decide_container(asking.snapshot.compiled, asking.request(question))


def _stored_in(asking: Asking, service: Service, question: Question) -> StoredSo | None:
    """How are members stored that are in the container? None: none can be."""
    only = narrowing_of(asking.snapshot.account.name, service, question.resource)
    return None if only is None or question.unresolved is not None else _as_stored_so(only)


def _as_stored_so(only: Narrowing) -> StoredSo:
    if only.scope is None:
        return StoredSo(below=only.name_prefix)
    region, instance, project = (
        None if values is None else values[0]
        for values in (only.scope.region, only.scope.instance, only.scope.project)
    )
    return StoredSo(region=region, instance=instance, project=project)


def _all_of(asking: Asking, listed: Listed, question: Question) -> Search:
    """Every stored object of the type, as far as the session may ask about it.

    WHY not those that may be read: who may list all of them is shown all of them (rule 17.20).
    """
    names = _every_name(asking, listed.type)
    if question.principal == asking.session.principal:
        return named_search(names)
    return named_search(names, lambda name: _may_ask_about(asking, name))


def _every_name(asking: Asking, kind: str) -> Sequence[str]:
    account = asking.snapshot.account
    if kind != "project":
        return asking.snapshot.own_names(IAM, kind)
    paths = (((kind, project),) for project in account.projects)
    return sorted(format_resource_name(ResourceName(account.name, IAM, "", "", path)) for path in paths)


def _may_ask_about(asking: Asking, name: str) -> bool:
    query = as_stored(asking.snapshot.account, ResourceQuery.of(parse_resource_name(name)))
    return asking.may(EVALUATE, query)
