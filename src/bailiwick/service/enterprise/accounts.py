"""An account that begins below a node of an enterprise: first the tree holds it, then it is made, for its owner.

Implements docs/spec.md 20.3 and 20.4. There is no moment in which the account is there and the node's guardrails do not
bind it; what is left of a try that failed in between is taken up by the next of the same name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bailiwick.errors import Conflict
from bailiwick.model.enterprises import EnterpriseAccount
from bailiwick.model.names import parse_name
from bailiwick.service.changes import Outcome, change_account
from bailiwick.service.edits import Edit
from bailiwick.service.enterprise.needed_in_tree import CREATE_ACCOUNT, asked_at
from bailiwick.service.host import Host
from bailiwick.service.initial import create_account, owner_name
from bailiwick.service.judge import Judge
from bailiwick.service.loading import account_log
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot

VIA = "enterprise"
MEMBER = "EnterpriseAccount"


@dataclass(frozen=True, slots=True)
class BegunAccount:
    """Which account began, who owns it, and with which first key? `key` None: only asked what would happen."""

    name: str
    owner: str
    key: str | None = field(repr=False)
    outcome: Outcome


def begin_account(
    host: Host, session: Session, member: EnterpriseAccount, email: str, *, dry_run: bool = False
) -> BegunAccount:
    """Make an account below this node, for the owner with this address.

    Raises Invalid, Denied, Conflict. The key is the owner's alone: it is answered once and kept nowhere.
    """
    parse_name(member.name, "name", "account name")
    owner = owner_name(email)

    def prepare(before: Snapshot) -> Sequence[Edit]:
        _check_is_new(host, session, before, member)
        return [Edit(MEMBER, member.name, member, begins=True)]

    outcome = change_account(host, session, prepare, via=VIA, dry_run=dry_run)
    if dry_run:
        return BegunAccount(member.name, f"user:{owner}", None, outcome)
    key = create_account(
        host.store, member.name, owner, email, host.at(), enterprise=session.account, via=VIA
    )
    return BegunAccount(member.name, f"user:{owner}", key, outcome)


def _check_is_new(host: Host, session: Session, before: Snapshot, member: EnterpriseAccount) -> None:
    """Is there no such account? Told only to who may make one here. Raises Denied, Conflict."""
    tree = before.account
    after = {**tree.enterprise_accounts, member.name: member}
    judge = Judge(host.catalog, session, before, None, host.now())
    needed = asked_at(CREATE_ACCOUNT, replace(tree, enterprise_accounts=after), f"account:{member.name}")
    judge.require(needed.action, needed.resource)
    head = host.store.heads([log := account_log(member.name)]).get(log)
    if head is not None and head.revision > 0:
        raise Conflict(f"there is an account `{member.name}` already", "choose another name, or add that one")
    held = tree.enterprise_accounts.get(member.name)
    if held is not None and held != member:
        raise Conflict(
            f"account `{member.name}` has its place below `{held.parent}` already",
            "finish what was begun: name that parent and description",
        )
