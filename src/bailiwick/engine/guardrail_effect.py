"""What a guardrail stops: the difference between two states of an account, with it and without it.

Implements docs/spec.md rule 20.11. Pure. Losses are decisions, two for each; what becomes of a policy is judged by the
same containment and disjointness as authority (8.5, 8.6). Both count what they ask, and stop at a bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from bailiwick.engine.authority import Cell, are_disjoint, constrained, scope_contains, split_cells
from bailiwick.engine.compile import CompiledAccount, guardrail_blocks
from bailiwick.engine.decide import decide, guardrail_reaches, understand
from bailiwick.engine.needs import Need
from bailiwick.engine.scopes import scope_answer
from bailiwick.engine.tables import Block
from bailiwick.model.names import SERVICE_TYPE, ResourceName, format_resource_name, parse_resource_name
from bailiwick.model.policies import ALWAYS, Guardrail, Policy
from bailiwick.model.requests import Reason, Request, ResourceQuery
from bailiwick.model.services import IAM

MOST_CELLS = 256


@dataclass(frozen=True, slots=True)
class Compared:
    """One account without the guardrail and with it, enabled and in its window."""

    guardrail: Guardrail
    without: CompiledAccount
    with_it: CompiledAccount
    block: Block

    @classmethod
    def of(cls, compiled: CompiledAccount, guardrail: Guardrail, *, above: bool) -> Compared:
        """Which two states are compared? `above`: the guardrail binds from a node, under its full name."""
        account = compiled.account
        held = account.guardrails_above if above else account.guardrails
        rest = {name: one for name, one in held.items() if name != guardrail.name}
        # WHY the window too: one that begins next week would be said to stop nothing.
        enabled = replace(guardrail, enabled=True, window=ALWAYS)
        states = [
            replace(account, guardrails_above=one) if above else replace(account, guardrails=one)
            for one in (rest, {**rest, guardrail.name: enabled})
        ]
        changed = {("Guardrail", guardrail.name)}
        without, with_it = (compiled.apply(state, changed) for state in states)
        return cls(enabled, without, with_it, guardrail_blocks([enabled])[0])


@dataclass(frozen=True, slots=True)
class PolicyEffect:
    """What becomes of one policy? Of its `actions`, how many are surely denied, and how many perhaps in part?"""

    policy: str
    actions: int
    void: int
    partly: int

    @property
    def is_void(self) -> bool:
        """Is nothing left of the policy?"""
        return self.void == self.actions > 0

    @property
    def is_touched(self) -> bool:
        """Does the guardrail take anything of the policy?"""
        return bool(self.void or self.partly)


def policy_effect(compared: Compared, policy: Policy) -> PolicyEffect:
    """What does the guardrail leave of this policy?"""
    cells = list(islice(split_cells(policy.scope), MOST_CELLS + 1))
    counted: dict[tuple[str, str], set[str]] = {}
    for need, service in _granted(compared.without, policy):
        found = counted.setdefault((service, need.action.id), set())
        if len(cells) > MOST_CELLS:
            found.add("partly" if guardrail_reaches(compared.block, need, service) else "kept")
            continue
        for cell in cells:
            if cell.service in (None, service):
                found.add(_of_cell(compared, need, replace(cell, service=service)))
    void = sum(found == {"void"} for found in counted.values())
    touched = sum(bool(found - {"kept"}) for found in counted.values())
    return PolicyEffect(policy.name, len(counted), void, touched - void)


def _granted(compiled: CompiledAccount, policy: Policy) -> Iterator[tuple[Need, str]]:
    """Which actions does the policy allow, over resources of which services?"""
    if not policy.enabled or policy.effect != "allow":
        return
    for service in policy.scope.service or tuple(name for name in compiled.services if name != IAM):
        for need in compiled.needs_over(service).values():
            sees_all = not constrained(policy.scope) & ~need.sight.keeps
            if sees_all and any(
                compiled.roles.reach(name, service, need.action_service, need.action).allows
                for name in policy.roles
            ):
                yield need, service


def _of_cell(compared: Compared, need: Need, cell: Cell) -> str:
    """Does the guardrail surely deny the action everywhere in the cell, perhaps somewhere, or nowhere?"""
    guardrail, service = compared.guardrail, cell.service or ""
    is_blind = bool(constrained(guardrail.scope) & ~need.sight.keeps)
    if is_blind or not guardrail_reaches(compared.block, need, service):
        return "kept"
    if are_disjoint(guardrail.scope, cell, service, compared.without.services[service]):
        return "kept"
    return "void" if guardrail.when is None and scope_contains(guardrail.scope, cell) else "partly"


@dataclass(frozen=True, slots=True)
class Loss:
    """What is allowed without the guardrail and denied with it."""

    principal: str
    action: str
    resource: str


Place = tuple[int, int, int]
BEGINNING: Place = (0, 0, 0)


@dataclass(slots=True)
class Scan:
    """One walk over all that may be lost, as far as `left` questions reach.

    `place`: what is asked next, by the numbers of resource, action and principal in their orders; None: it is done.
    """

    compared: Compared
    resources: Sequence[str]
    now: float
    left: int
    place: Place | None = BEGINNING

    def losses(self) -> Iterator[Loss]:
        """What is lost, from the place on? Asked of every stored principal that is not disabled."""
        people = self.compared.without.account.principals.values()
        everybody = sorted(one.reference for one in people if not one.disabled)
        names = _names(self.compared.without, self.resources)
        asked = False
        for at, action, principal, name in self._questions(names, everybody):
            # WHY the first always: a walk that asks nothing never comes to its end. No name: nothing to ask so far.
            if self.left <= 0 and (asked or not name):
                self.place = at
                return
            asked = True
            if self._is_lost(principal, action, name):
                self.place = (at[0], at[1], at[2] + 1)
                yield Loss(principal, action, name)
        self.place = None

    def _questions(
        self, names: Sequence[str], everybody: Sequence[str]
    ) -> Iterator[tuple[Place, str, str, str]]:
        first, second, third = self.place or BEGINNING
        for i in range(first, len(names)):
            self.left -= 1
            actions = _reached(self.compared, names[i])
            if not actions and self.left <= 0 and everybody:
                yield (i + 1, 0, 0), "", "", ""
            for j in range(second if i == first else 0, len(actions)):
                for k in range(third if (i, j) == (first, second) else 0, len(everybody)):
                    yield (i, j, k), actions[j], everybody[k], names[i]

    def _is_lost(self, principal: str, action: str, name: str) -> bool:
        request = Request(principal, action, ResourceQuery.of(parse_resource_name(name)), self.now)
        self.left -= 1
        if not decide(self.compared.without, request).allowed:
            return False
        self.left -= 1
        return not decide(self.compared.with_it, request).allowed


def _names(compiled: CompiledAccount, resources: Iterable[str]) -> list[str]:
    """Which resources are asked about: the registered ones, and every service itself?"""
    account = compiled.account.name
    services = (
        format_resource_name(ResourceName(account, name, "", "", ((SERVICE_TYPE, name),)))
        for name in compiled.services
    )
    return sorted({*resources, *services})


def _reached(compared: Compared, name: str) -> list[str]:
    """Which actions on this resource may the guardrail deny?"""
    query = ResourceQuery.of(parse_resource_name(name))
    block = compared.block
    found = []
    for action, need in compared.with_it.needs_over(query.service).items():
        asked = understand(compared.with_it, action, query)
        is_of_service = need.action.resource_type is None and not need.action.spans_services
        if isinstance(asked, Reason) or (is_of_service and query.path[-1][0] != SERVICE_TYPE):
            continue
        if guardrail_reaches(block, need, query.service) and (
            scope_answer(block.scope, asked[1], query.service) is not False
        ):
            found.append(action)
    return sorted(found)
