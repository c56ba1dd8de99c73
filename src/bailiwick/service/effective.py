"""Effective access: which policies reach a principal or a group, each with the groups by which it holds them.

Pure: the compiled account and the moment in, values out. It follows memberships as decisions do (docs/spec.md rules 1.4
to 1.6), but keeps the paths, those too that do not hold now; what a policy then allows is the engine's to say.
LAW: what holds here of enabled policies is exactly what `explain` considers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from bailiwick.engine import CompiledAccount
from bailiwick.engine.tables import holds
from bailiwick.engine.views import built_in_groups, find_principal
from bailiwick.model.accounts import Account
from bailiwick.model.policies import Guardrail, Policy, Window

MOST_PATHS = 4
MOST_LOOKED_THROUGH = 1000
GROUP = "group:"


class State(str, Enum):
    """Does the policy say anything about the principal now? If not, why? In this order."""

    HOLDS = "holds"
    DISABLED = "disabled"
    NOT_YET = "not_yet"
    OVER = "over"
    NO_MEMBER_NOW = "no_member_now"


@dataclass(frozen=True, slots=True)
class Step:
    """One membership on the way: of which group, in which window, kept by whom?"""

    group: str
    window: Window
    managed_by: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Path:
    """From the principal outwards, group by group; without steps it is named itself, or by a built-in group."""

    steps: tuple[Step, ...] = ()

    @property
    def holds(self) -> bool:
        """Do all its memberships hold now?"""
        return all(step.holds for step in self.steps)


NAMED_ITSELF = (Path(),)


@dataclass(frozen=True, slots=True)
class Reach:
    """One policy that names the principal or a group that it belongs to: which, by which ways, and does it hold?

    `paths`: the shortest of those that hold, or of the others where none does.
    """

    policy: Policy
    subject: str
    paths: tuple[Path, ...]
    state: State

    @property
    def position(self) -> tuple[str, str]:
        """Where in the order?"""
        return self.policy.name, self.subject


@dataclass(frozen=True, slots=True)
class Access:
    """All that reaches one principal or group. `reaches` are in the order of policy and subject.

    `is_disabled`: nothing is allowed whatever reaches it. `is_owner`: the account's owner may besides administer
    everything. `guardrails` are those in force: what binds here whatever is granted.
    """

    reference: str
    reaches: tuple[Reach, ...]
    is_disabled: bool
    is_owner: bool
    is_suspended: bool
    guardrails: tuple[Guardrail, ...]

    @property
    def holding(self) -> tuple[Reach, ...]:
        """What reaches it now?"""
        return tuple(one for one in self.reaches if one.state is State.HOLDS)


def find_access(compiled: CompiledAccount, reference: str, now: float) -> Access | None:
    """What reaches this principal or group (`user:alice`, `group:dev`)? None: there is none of that name."""
    account = compiled.account
    principal = None if reference.startswith(GROUP) else find_principal(compiled, reference)
    if principal is None and reference.removeprefix(GROUP) not in account.groups:
        return None
    ways: dict[str, tuple[Path, ...]] = {reference: NAMED_ITSELF, **find_paths(compiled, reference, now)}
    if principal is not None:
        ways |= dict.fromkeys(built_in_groups(principal), NAMED_ITSELF)
    reaches = sorted(_reaches(compiled, ways, now), key=lambda one: one.position)
    return Access(
        reference=reference,
        reaches=tuple(reaches),
        is_disabled=principal is not None and principal.disabled,
        is_owner=reference == account.owner,
        is_suspended=account.suspended,
        guardrails=tuple(one for one in _binding(account) if one.enabled and holds(one.window, now)),
    )


def _binding(account: Account) -> Iterator[Guardrail]:
    """Which guardrails bind the account: its own, but for those of nodes of its tree, and those from above?"""
    yield from (one for one in account.guardrails.values() if one.node is None)
    yield from account.guardrails_above.values()


def _reaches(compiled: CompiledAccount, ways: Mapping[str, tuple[Path, ...]], now: float) -> Iterator[Reach]:
    for subject, paths in ways.items():
        for name in compiled.policies_of.get(subject, ()):
            policy = compiled.account.policies[name]
            yield Reach(policy, subject, paths, _state(policy, paths, now))


def _state(policy: Policy, paths: tuple[Path, ...], now: float) -> State:
    if not policy.enabled:
        return State.DISABLED
    window = policy.window
    if window.starts_at is not None and now < window.starts_at:
        return State.NOT_YET
    if not holds(window, now):
        return State.OVER
    return State.HOLDS if any(path.holds for path in paths) else State.NO_MEMBER_NOW


@dataclass(slots=True)
class _Known:
    """The paths to one group: a few that hold, a few that do not."""

    holding: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)

    def take(self, path: Path) -> bool:
        """Is it one of the first few?"""
        into = self.holding if path.holds else self.others
        if len(into) == MOST_PATHS:
            return False
        into.append(path)
        return True


def find_paths(compiled: CompiledAccount, reference: str, now: float) -> dict[str, tuple[Path, ...]]:
    """By which ways does it belong to which groups? The shortest few that hold now; where none does, the others.

    Breadth first, and no group is entered by more than a few ways of a kind: the cost is that of the memberships.
    """
    known: dict[str, _Known] = {}
    waiting: deque[tuple[str, Path]] = deque([(reference, Path())])
    while waiting:
        member, path = waiting.popleft()
        for group, window in compiled.parents.get(member, ()):
            step = Step(group, window, _managed_by(compiled, group, member, window), holds(window, now))
            longer = Path((*path.steps, step))
            if known.setdefault(group, _Known()).take(longer):
                waiting.append((group, longer))
    return {group: tuple(found.holding or found.others) for group, found in known.items()}


def _managed_by(compiled: CompiledAccount, group: str, member: str, window: Window) -> str:
    """Who keeps this membership? "": the group is so large that looking through it would cost too much."""
    members = compiled.account.groups[group.removeprefix(GROUP)].members
    if len(members) > MOST_LOOKED_THROUGH:
        return ""
    found = (one.managed_by for one in members if one.member == member and one.window == window)
    return next(found, "")
