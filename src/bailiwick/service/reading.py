"""Reading what an account holds, as far as a session may: one object, lists, differences, the whole.

Every answer asks the engine: `iam.<type>.read` on the object, `iam.<type>.list` on the service; where the list is not
allowed, the members that may be read one by one. There is no other permission check (docs/spec.md section 9).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from bailiwick.catalog.documents import format_document
from bailiwick.catalog.eps_codes import NO_SUCH_PROJECT
from bailiwick.errors import NotFound, did_you_mean
from bailiwick.model.accounts import Account
from bailiwick.model.policies import Policy, Scope
from bailiwick.model.services import Service
from bailiwick.service.edits import Difference
from bailiwick.service.enterprise.needed_in_tree import SERVICE as IN_TREE
from bailiwick.service.enterprise.needed_in_tree import read_action
from bailiwick.service.host import Host
from bailiwick.service.judge import Judge
from bailiwick.service.kinds import ACCOUNT, KINDS, NODE_TYPES, SECURITY, find_value, list_values
from bailiwick.service.mentions import mentions
from bailiwick.service.needed import iam_service, needed_to_list, needed_to_list_all, needed_to_see
from bailiwick.service.resource_filter import ResourceFilter
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Identity, Snapshot

EXPORT = "iam.export.read"
# Among so many names the nearest is looked for when one is not there.
_MOST_TO_COMPARE = 200
# What others name stands before them.
_EXPORT_ORDER = (
    SECURITY, "Project", "Service", "Role", "User", "ServiceId", "Profile", "Group", "Resource", "Application",
    "Enterprise", "AccountGroup", "EnterpriseAccount", "Guardrail", "Policy",
    "IdentityProvider", "FederationRule",
    "Template", "TemplateAssignment", "TemplateAcceptance",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filter:
    """Which members of a list are wanted? What is None is not asked for.

    `q` is found anywhere in name, title, email or description, whatever its case. `service`: policies that reach it.
    """

    name: str | None = None
    prefix: str | None = None
    q: str | None = None
    subject: str | None = None
    role: str | None = None
    service: str | None = None
    effect: str | None = None
    state: str | None = None
    disabled: bool | None = None
    resource: ResourceFilter | None = None

    def fits(self, name: str, value: Any) -> bool:
        """Is this member wanted?"""
        if self.name is not None and name != self.name:
            return False
        if self.prefix is not None and not name.startswith(self.prefix):
            return False
        if self.q is not None and not mentions(self.q.casefold(), name, value):
            return False
        if self.disabled is not None and getattr(value, "disabled", False) != self.disabled:
            return False
        if self.resource is not None and not self.resource.fits(value):
            return False
        return not isinstance(value, Policy) or self._fits_policy(value)

    def begins(self, account: str) -> str:
        """With which text does every wanted name begin, as far as is known?"""
        of_resource = "" if self.resource is None else self.resource.begins(account)
        return max(self.prefix or "", of_resource, key=len)

    def _fits_policy(self, policy: Policy) -> bool:
        if self.subject is not None and self.subject not in policy.subjects:
            return False
        if self.role is not None and not any(_is_role(text, self.role) for text in policy.roles):
            return False
        if self.service is not None and not _reaches(policy, self.service):
            return False
        if self.effect is not None and policy.effect != self.effect:
            return False
        return self.state is None or policy.enabled == (self.state == "enabled")


def _is_role(text: str, wanted: str) -> bool:
    return text == wanted or ("/" not in wanted and text.rpartition("/")[2] == wanted)


def _reaches(policy: Policy, service: str) -> bool:
    services = policy.scope.service
    return service != "iam" if services is None else service in services


@dataclass(frozen=True, slots=True)
class Found:
    """One object that the session may see."""

    kind: str
    name: str
    document: dict[str, Any]
    identity: Identity


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a list, by name; `more`: there are others after the last."""

    items: tuple[Found, ...]
    more: bool


class Reader:
    """One session that reads one state at one moment."""

    def __init__(self, host: Host, session: Session, snapshot: Snapshot | None = None) -> None:
        self.snapshot = snapshot if snapshot is not None else host.snapshot(session.account)
        self.session = session
        self.judge = Judge(host.catalog, session, self.snapshot, None, host.now())

    @property
    def services(self) -> Mapping[str, Service]:
        """Which services are there, the system's and the account's own?"""
        return self.snapshot.compiled.services

    def found(self, kind: str, name: str) -> Found:
        """What is this object, of which it was asked already whether the session sees it?"""
        return self._found(kind, name, find_value(self.snapshot.account, kind, name))

    def get(self, kind: str, name: str) -> Found:
        """What is this object? Raises Denied, and NotFound only to who may read it."""
        value = find_value(self.snapshot.account, kind, name)
        if not self.may_read(kind, name, value):
            self._refuse(kind, name, value)
        if value is None:
            code = NO_SUCH_PROJECT if kind == "Project" else None
            raise NotFound(f"there is no {_words(kind)} `{name}`", self._nearest(kind, name), code=code)
        return self._found(kind, name, value)

    def _nearest(self, kind: str, name: str) -> str | None:
        """What could be meant by this name? Only what the session sees, and where there is little to look through."""
        account = self.snapshot.account
        if kind == ACCOUNT or len(getattr(account, KINDS[kind].field)) > _MOST_TO_COMPARE:
            return None
        values = list_values(account, kind)
        return did_you_mean(name, [one for one in values if self.may_read(kind, one, values[one])])

    def get_to_change(self, kind: str, name: str) -> Found:
        """What is this object, a part of which shall change? As `get`, but where the owner may always change it.

        WHY: who could not read what a guardrail or suspension covers could not change a part of it either.
        """
        value = find_value(self.snapshot.account, kind, name)
        if value is not None and self.judge.may_always_change(kind):
            return self._found(kind, name, value)
        return self.get(kind, name)

    def may_read(self, kind: str, name: str, value: Any) -> bool:
        """May the session see this object (or, if `value` is None, one of this name)?"""
        needed = needed_to_see(self.snapshot.account, kind, name, value)
        if isinstance(value, Policy) and self.judge.holds(needed.action, value.scope):
            return True
        return self.judge.is_any_allowed(needed)

    def _may_see_in_list(self, kind: str, name: str, value: Any) -> bool:
        if kind == "Project":
            return any(self.judge.is_any_allowed(needed) for needed in needed_to_list(name))
        return self.may_read(kind, name, value)

    def may_list(self, kind: str) -> bool:
        """May the session see all objects of this kind? Of a tree: whoever may see every node of it."""
        if kind in NODE_TYPES:
            return self.judge.holds(read_action(kind), Scope(service=(IN_TREE,)))
        if kind == ACCOUNT:
            return False
        return self.judge.is_allowed(_action(kind, "list"), iam_service())

    def _refuse(self, kind: str, name: str, value: Any) -> None:
        self.judge.require_any(needed_to_see(self.snapshot.account, kind, name, value))

    def list(self, kind: str, wanted: Filter, *, after: str | None, limit: int) -> Page:
        """Which members of this kind does the session see, by name, after this one? Raises Denied if it sees none."""
        values = list_values(self.snapshot.account, kind)
        names = self.snapshot.sorted_names(kind)
        # WHY not of projects: what is seen of them is decided one by one, by `eps` too (rule 19.3).
        may_list = kind != "Project" and self.may_list(kind)
        if not may_list and self._can_see_none(kind):
            self._refuse_list(kind)
        items: list[Found] = []
        for name in self._candidates(kind, wanted, after):
            value = values[name]
            if wanted.fits(name, value) and (may_list or self._may_see_in_list(kind, name, value)):
                if len(items) == limit:
                    return Page(tuple(items), more=True)
                items.append(self._found(kind, name, value))
        is_all = wanted == Filter() and after is None
        if not items and not may_list and (is_all or not self._sees_any(kind, names, values)):
            self._refuse_list(kind)
        return Page(tuple(items), more=False)

    def _candidates(self, kind: str, wanted: Filter, after: str | None) -> Iterator[str]:
        """Which names may be of wanted members, after this one? Sorted; none that is wanted is left out."""
        begin = wanted.begins(self.snapshot.account.name)
        if wanted.q is None:
            names = self.snapshot.sorted_names(kind)
            start = max(bisect_left(names, begin), 0 if after is None else bisect_right(names, after))
            rest: Iterable[str] = (names[index] for index in range(start, len(names)))
        else:
            found = self.snapshot.names_mentioning(kind, wanted.q.casefold(), max(begin, after or ""))
            rest = (name for name in found if name != after)
        return takewhile(lambda name: name.startswith(begin), rest)

    def _can_see_none(self, kind: str) -> bool:
        """Is it sure, without a look at any of them, that the session sees none of this kind?

        WHY: else whoever holds nothing has the server decide about each of a million.
        """
        if kind in NODE_TYPES or kind in ("Project", "Guardrail"):
            return False
        return not self.judge.could_hold_any((_action(kind, "read"),))

    def _sees_any(self, kind: str, names: Sequence[str], values: Mapping[str, Any]) -> bool:
        return any(self._may_see_in_list(kind, name, values[name]) for name in names)

    def _refuse_list(self, kind: str) -> None:
        if kind in NODE_TYPES:
            self.judge.refuse(read_action(kind), "", "no_matching_policy")
        if kind == "Project":
            self.judge.require_any(needed_to_list_all())
        else:
            self.judge.require(_action(kind, "list"), iam_service())

    def _found(self, kind: str, name: str, value: Any) -> Found:
        account = self.snapshot.account.name
        return Found(kind, name, format_document(kind, value, account), self._identity(kind, name))

    def _identity(self, kind: str, name: str) -> Identity:
        return self.snapshot.identities[kind, name]

    def visible(self, differences: Sequence[Difference]) -> Iterator[Difference]:
        """The differences, without the old state of what the session may not see."""
        account = self.snapshot.account
        for one in differences:
            old = None if one.before is None else find_value(account, one.kind, one.name)
            hidden = old is not None and not self.may_read(one.kind, one.name, old)
            yield replace(one, before=None) if hidden else one

    def export(self) -> Iterator[dict[str, Any]]:
        """Every document of the account, in an order that apply accepts. Raises Denied."""
        self.judge.require(EXPORT, iam_service())
        return self._documents()

    def _documents(self) -> Iterator[dict[str, Any]]:
        account: Account = self.snapshot.account
        yield format_document(ACCOUNT, account)
        for kind in _EXPORT_ORDER:
            values = list_values(account, kind)
            for name in self.snapshot.sorted_names(kind):
                yield format_document(kind, values[name], account.name)


def _action(kind: str, verb: str) -> str:
    if kind == SECURITY:
        return "iam.setting.read"
    return "iam.catalog.read" if kind == "Service" else f"iam.{KINDS[kind].resource_type}.{verb}"


def _words(kind: str) -> str:
    return ACCOUNT.lower() if kind == ACCOUNT else KINDS[kind].resource_type.replace("-", " ")
