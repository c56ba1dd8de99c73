"""How far the changed policies reach: how many principals, how many registered resources, and on what it depends.

Implements docs/spec.md rule 25.7. A number is told only to who may see what was counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bailiwick.engine.compile import CompiledAccount
from bailiwick.engine.reach import Count, count_belonging, count_in_scope, groups_within
from bailiwick.model.names import EVERYONE, MEMBERS
from bailiwick.model.policies import ALWAYS, Policy, Scope
from bailiwick.service.effects.askable import Askable
from bailiwick.service.effects.touched import Touched
from bailiwick.service.kinds import find_value
from bailiwick.service.reading import Reader


@dataclass(frozen=True, slots=True)
class Reached:
    """How far does one policy reach, as the change leaves it (or, where it removes it, as it was)?

    None: not the session's to see. `public`: anybody at all besides. `depends_on`: `condition`, `qualifier`, `window`.
    """

    policy: str
    principals: Count | None
    resources: Count | None
    public: bool
    depends_on: tuple[str, ...]


@dataclass(frozen=True)
class Measuring:
    """One session that asks how far policies reach."""

    touched: Touched
    reader: Reader
    askable: Askable

    def reached(self) -> Iterator[Reached]:
        """How far does each changed policy reach?"""
        before, after = self.touched.states.before, self.touched.states.after
        for kind, name in self.touched.keys:
            if kind == "Policy":
                is_left = name in after.account.policies
                state = after if is_left else before
                yield self.of(state, state.account.policies[name])

    def of(self, state: CompiledAccount, policy: Policy) -> Reached:
        """How far does this policy reach in this state?"""
        now = self.touched.states.now
        return Reached(
            policy.name,
            count_belonging(state, policy.subjects, now) if self._sees(state, policy.subjects) else None,
            count_in_scope(state, policy.scope) if self._sees_resources(policy.scope) else None,
            EVERYONE in policy.subjects,
            tuple(self._depends(policy)),
        )

    def _sees(self, state: CompiledAccount, subjects: tuple[str, ...]) -> bool:
        """May the session see who belongs to these subjects?"""
        groups = [one for one in subjects if one.startswith("group:")]
        if {EVERYONE, MEMBERS} & set(groups) and not self.reader.may_list("User"):
            return False
        if self.reader.may_list("Group"):
            return True
        account = self.touched.states.before.account
        return all(
            self.reader.may_read("Group", name, find_value(account, "Group", name))
            for name in groups_within(state, groups)
        )

    def _sees_resources(self, scope: Scope) -> bool:
        """May it see all registered resources, or ask about all that the scope can match?"""
        return self.reader.may_list("Resource") or (scope.service is not None and self.askable.over(scope))

    def _depends(self, policy: Policy) -> Iterator[str]:
        if policy.when is not None:
            yield "condition"
        rights = [right for role in self.touched.reaching.roles_of(policy) for right in role.rights]
        if any(right.qualifier is not None or right.when is not None for right in rights):
            yield "qualifier"
        if policy.window != ALWAYS:
            yield "window"
