"""Effective access as far as a session may see it: of itself all, of others what it may read.

Who may see a principal or group may ask what reaches it, and is told of policies and groups that it may read; of the
others, how many there are. Serves docs/spec.md sections 9 and 10.
"""

from __future__ import annotations

from dataclasses import dataclass

from bailiwick.model.policies import Guardrail
from bailiwick.model.requests import Reason
from bailiwick.service.effective import GROUP, Access, Reach, State, find_access
from bailiwick.service.kinds import find_value, reference_of
from bailiwick.service.needed import needed_to_see
from bailiwick.service.reading import Reader
from bailiwick.service.snapshots import Snapshot

# Whose access is asked about: kinds of documents.
KINDS_WITH_ACCESS = ("User", "ServiceId", "Profile", "Group")


@dataclass(frozen=True, slots=True)
class ToldAccess:
    """What reaches somebody, as far as the session may see it.

    `hidden`: how many policies reach it that are not told. `groups`: which groups may be named.
    """

    access: Access
    reaches: tuple[Reach, ...]
    hidden: int
    guardrails: tuple[Guardrail, ...]
    groups: frozenset[str]

    @property
    def holding(self) -> int:
        """How many of those told hold now?"""
        return sum(1 for one in self.reaches if one.state is State.HOLDS)


def tell_access(reader: Reader, kind: str, name: str, now: float) -> ToldAccess:
    """What reaches this object? Raises Denied, NotFound where the session may not see the object itself."""
    snapshot, reference = reader.snapshot, reference_of(kind, name)
    is_own = _is_own(reader, kind, name)
    if not is_own:
        reader.get(kind, name)
    access = find_access(snapshot.compiled, reference, now)
    if access is None:
        raise RuntimeError(f"`{reference}` is there, and nothing knows it")
    seen = [one for one in access.reaches if is_own or reader.may_read("Policy", one.policy.name, one.policy)]
    named = {step.group for one in seen for path in one.paths for step in path.steps}
    return ToldAccess(
        access,
        tuple(seen),
        len(access.reaches) - len(seen),
        tuple(one for one in access.guardrails if _may_see(reader, one)),
        frozenset(one for one in named if is_own or _may_name(reader, snapshot, one)),
    )


def _is_own(reader: Reader, kind: str, name: str) -> bool:
    """Does the session ask about itself, as nothing less than itself? Then it may, where nothing forbids it.

    WHY all: whoever asks why it may do something is told by which policy and group, too.
    """
    session = reader.session
    if session.principal != reference_of(kind, name) or not session.is_whole:
        return False
    value = find_value(reader.snapshot.account, kind, name)
    needed = needed_to_see(reader.snapshot.account, kind, name, value)
    decision = reader.judge.decide(needed.action, needed.resource)
    return decision.allowed or decision.reason is Reason.NO_MATCHING_POLICY


def _may_name(reader: Reader, snapshot: Snapshot, group: str) -> bool:
    name = group.removeprefix(GROUP)
    return reader.may_read("Group", name, snapshot.account.groups.get(name))


def _may_see(reader: Reader, guardrail: Guardrail) -> bool:
    """Those from above are named to whoever may see the account's place."""
    if guardrail.name in reader.snapshot.account.guardrails:
        return reader.may_read("Guardrail", guardrail.name, guardrail)
    return reader.may_read("Account", reader.snapshot.account.name, reader.snapshot.account)
