"""What a guardrail would stop, before it is switched on: names to who may read them, numbers to who sets it above.

Implements docs/spec.md rule 20.11. The engine answers, on the account with the guardrail and without it. Nothing here
is guessed, and nothing is told of an account to who is outside of it but how many, and that only where its owner lets.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from bailiwick.engine.guardrail_effect import (
    BEGINNING,
    Compared,
    Loss,
    Place,
    PolicyEffect,
    Scan,
    policy_effect,
)
from bailiwick.errors import NotFound, did_you_mean
from bailiwick.model.enterprises import accounts_below, full_name
from bailiwick.model.policies import Guardrail
from bailiwick.service.checking import check_plan
from bailiwick.service.edits import Edit, plan_edits
from bailiwick.service.enterprise.needed_in_tree import ATTACH, asked_at, rule_action
from bailiwick.service.host import Host
from bailiwick.service.kinds import ACCOUNT, KINDS, find_value
from bailiwick.service.needed import iam_service, needed_to_see
from bailiwick.service.reading import Reader
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot

MOST_QUESTIONS = 100_000
MOST_QUESTIONS_AN_ACCOUNT = 20_000
MOST_GRANTS = 50_000
GUARDRAIL = "Guardrail"
_NUMBERS = ("policies_void", "policies_partly_void", "principals", "losses", "complete")


@dataclass(frozen=True, slots=True)
class Numbers:
    """How much does a guardrail stop in one account? `complete`: everything was asked, else it is at least this."""

    policies_void: int
    policies_partly_void: int
    principals: int
    losses: int
    complete: bool


@dataclass(frozen=True, slots=True)
class ReportPage:
    """Some of what a guardrail stops; `position` is where the next page begins, None: this is the last.

    `items`: accounts below the node with their numbers, else policies or losses of the account itself.
    """

    guardrail: Guardrail
    kind: str
    items: tuple[dict[str, Any], ...]
    position: str | None
    numbers: Numbers | None


class Reporting:
    """One session that asks what one guardrail stops. Raises Denied, NotFound, Invalid where it may not or cannot."""

    def __init__(self, host: Host, session: Session, name: str, draft: Guardrail | None) -> None:
        self.host = host
        self.reader = Reader(host, session)
        self.snapshot = self.reader.snapshot
        self.is_above = draft is None and name in self.snapshot.account.guardrails_above
        self.guardrail = self._find(name, draft)

    def _find(self, name: str, draft: Guardrail | None) -> Guardrail:
        account, judge = self.snapshot.account, self.reader.judge
        if self.is_above:
            self.reader.get(ACCOUNT, account.name)
            return account.guardrails_above[name]
        found = draft if draft is not None else account.guardrails.get(name)
        if found is not None and found.node is not None:
            needed = asked_at(rule_action(found.node, ATTACH), account, found.node)
            judge.require(needed.action, needed.resource)
        elif draft is not None:
            judge.require("iam.guardrail.create", iam_service())
        else:
            judge.require_any(needed_to_see(account, GUARDRAIL, name, found))
        if found is None:
            raise NotFound(f"there is no guardrail `{name}`", self._nearest_above(name))
        if draft is not None:
            edit = Edit(GUARDRAIL, name, draft)
            check_plan(self.host.catalog, plan_edits(self.snapshot, [edit]), [edit])
        return found

    def _nearest_above(self, name: str) -> str | None:
        """Is one from above meant, which is called by its place?"""
        account = self.snapshot.account
        above = [one for one in account.guardrails_above if one.endswith(f"/{name}")]
        if not above or not self.reader.may_read(ACCOUNT, account.name, account):
            return None
        return did_you_mean(name, above)

    def accounts(self, after: str | None, limit: int) -> ReportPage:
        """How much does it stop in each account below its node, after this one? A page may be short."""
        tree, node = self.snapshot.account, self.guardrail.node or ""
        named = replace(self.guardrail, name=full_name(tree, self.guardrail))
        left = MOST_QUESTIONS
        items: list[dict[str, Any]] = []
        for name in accounts_below(tree, node):
            if after is not None and name <= after:
                continue
            if len(items) == limit or left <= 0:
                return ReportPage(self.guardrail, "accounts", tuple(items), items[-1]["account"], None)
            below = self.host.find_snapshot(name)
            if below is not None and below.account.enterprise == tree.name:
                # SECURITY: whoever may draft a guardrail as narrow as one question would be told the answer in numbers.
                if not below.account.shares_reports:
                    items.append({"account": name, "shared": False, **dict.fromkeys(_NUMBERS)})
                    continue
                numbers, asked = self._count(below, named, above=True)
                left -= asked
                items.append({"account": name, "shared": True, **asdict(numbers)})
        return ReportPage(self.guardrail, "accounts", tuple(items), None, None)

    def policies(self, after: str | None, limit: int) -> ReportPage:
        """Which policies, that the session may read, does it make void or partly so?"""
        compared = Compared.of(self.snapshot.compiled, self.guardrail, above=self.is_above)
        names = self.snapshot.sorted_names("Policy")
        start = 0 if after is None else int(after)
        items: list[dict[str, Any]] = []
        grants = 0
        for at in range(start, len(names)):
            if len(items) == limit or grants > MOST_GRANTS:
                return self._page("policies", items, str(at), after)
            effect = policy_effect(compared, self.snapshot.account.policies[names[at]])
            grants += effect.actions
            if effect.is_touched and self._may_read("Policy", effect.policy):
                items.append(_policy(effect))
        return self._page("policies", items, None, after)

    def losses(self, after: str | None, limit: int) -> ReportPage:
        """Who, that the session may read, loses which action on what?"""
        compared = Compared.of(self.snapshot.compiled, self.guardrail, above=self.is_above)
        scan = Scan(
            compared, self.snapshot.sorted_names("Resource"), self.host.now(), MOST_QUESTIONS, _place(after)
        )
        items: list[dict[str, Any]] = []
        for loss in scan.losses():
            if self._may_read_loss(loss):
                items.append({"principal": loss.principal, "action": loss.action, "resource": loss.resource})
            if len(items) == limit:
                break
        return self._page("losses", items, _position(scan.place), after)

    def _page(
        self, kind: str, items: list[dict[str, Any]], position: str | None, after: str | None
    ) -> ReportPage:
        """The first page says how much there is of all that the session may read."""
        numbers = None
        if after is None:
            numbers, _ = self._count(self.snapshot, self.guardrail, above=self.is_above, mine=True)
        return ReportPage(self.guardrail, kind, tuple(items), position, numbers)

    def _count(
        self, snapshot: Snapshot, guardrail: Guardrail, *, above: bool, mine: bool = False
    ) -> tuple[Numbers, int]:
        """How much is stopped, of everything or (`mine`) of what the session may read; and how much was asked?"""
        compared = Compared.of(snapshot.compiled, guardrail, above=above)
        effects = []
        grants = 0
        for name in snapshot.sorted_names("Policy"):
            if grants > MOST_GRANTS:
                break
            effects.append(policy_effect(compared, snapshot.account.policies[name]))
            grants += effects[-1].actions
        told = [
            one for one in effects if one.is_touched and (not mine or self._may_read("Policy", one.policy))
        ]
        resources = snapshot.sorted_names("Resource")
        scan = Scan(compared, resources, self.host.now(), MOST_QUESTIONS_AN_ACCOUNT)
        lost = [one for one in scan.losses() if not mine or self._may_read_loss(one)]
        void = sum(one.is_void for one in told)
        numbers = Numbers(
            policies_void=void,
            policies_partly_void=len(told) - void,
            principals=len({one.principal for one in lost}),
            losses=len(lost),
            complete=scan.place is None and len(effects) == len(snapshot.account.policies),
        )
        return numbers, grants + MOST_QUESTIONS_AN_ACCOUNT - scan.left

    def _may_read(self, kind: str, name: str) -> bool:
        return self.reader.may_read(kind, name, find_value(self.snapshot.account, kind, name))

    def _may_read_loss(self, loss: Loss) -> bool:
        """May the session see this principal and, where it is registered, the resource?"""
        kind = next(
            word for word, one in KINDS.items() if one.prefix and loss.principal.startswith(one.prefix)
        )
        if not self._may_read(kind, loss.principal.partition(":")[2]):
            return False
        registered = loss.resource in self.snapshot.account.resources
        return not registered or self._may_read("Resource", loss.resource)


def _policy(effect: PolicyEffect) -> dict[str, Any]:
    return {
        "policy": effect.policy,
        "effect": "void" if effect.is_void else "partly_void",
        "actions": effect.actions,
        "actions_void": effect.void,
        "actions_partly_void": effect.partly,
    }


def _position(place: Place | None) -> str | None:
    """How is a place written? By numbers: a name could be one that the session may not see."""
    return None if place is None else " ".join(map(str, place))


def _place(position: str | None) -> Place:
    if position is None:
        return BEGINNING
    first, second, third = map(int, position.split())
    return first, second, third
