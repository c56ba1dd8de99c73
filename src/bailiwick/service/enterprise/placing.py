"""An account in its place: what the tree above it adds to what its own log says.

Implements docs/spec.md 20.6 and 20.9. Pure: two snapshots in, one out; host.py keeps them together.
"""

from __future__ import annotations

from dataclasses import replace

from bailiwick.model.enterprises import guardrails_binding
from bailiwick.service.loading import account_log
from bailiwick.service.snapshots import Snapshot

ENTERPRISE = "enterprise"


def is_held_by(management: Snapshot | None, account: str) -> bool:
    """Does the tree of this management account hold the account?"""
    return management is not None and account in management.account.enterprise_accounts


def place(own: Snapshot, management: Snapshot | None) -> Snapshot:
    """What does the account answer from in its place? `management`: of the account that it names as its enterprise's.

    SECURITY: where the tree does not hold it, nothing of the named account shows, not even its revision.
    """
    at = None if management is None else management.vector["account"]
    held = management is not None and is_held_by(management, own.account.name)
    above = guardrails_binding(management.account, own.account.name) if held and management else {}
    vector = dict(own.vector)
    vector.pop(ENTERPRISE, None)
    if held and management:
        vector = {
            "account": vector["account"],
            ENTERPRISE: management.vector["account"],
            "system": vector["system"],
        }
    compiled = own.compiled
    if above != own.account.guardrails_above:
        compiled = compiled.apply(replace(own.account, guardrails_above=above), ())
    elif vector == own.vector and at == own.placed_at:
        return own
    return replace(own, compiled=compiled, vector=vector, placed_at=at)


def rests_on(snapshot: Snapshot) -> dict[str, str]:
    """On which revisions of other logs do decisions from this snapshot rest?

    SECURITY: that the tree does not hold the account is such a decision too: else a write could slip past the
    guardrails of an enterprise that is adding it.
    """
    named, at = snapshot.account.enterprise, snapshot.placed_at
    return {} if named is None or at is None else {account_log(named): at}
