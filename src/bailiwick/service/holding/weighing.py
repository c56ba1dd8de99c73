"""How much memory does an account take that is held? An estimate by counts, which a test holds against what it takes.

WHY not measured: to walk through all objects of an account takes as long as loading it. CAUTION: what searches make at
the first one, of accounts in which somebody searches, is not counted.
"""

from __future__ import annotations

from bailiwick.service.snapshots import Snapshot

ACCOUNT_BYTES = 38_000
IDENTITY_BYTES = 300
PRINCIPAL_BYTES = 250
GROUP_BYTES = 400
MEMBERSHIP_BYTES = 190
POLICY_BYTES = 700
SUBJECT_BYTES = 350
RESOURCE_BYTES = 900
RECORD_BYTES = 700
SERVICE_BYTES = 60_000
VIEW_BYTES = 800


def weigh(snapshot: Snapshot) -> int:
    """About how many bytes does the snapshot hold, before anybody asks? Counts every policy and group once."""
    account = snapshot.account
    return (
        ACCOUNT_BYTES
        + IDENTITY_BYTES * len(snapshot.identities)
        + PRINCIPAL_BYTES * len(account.principals)
        + GROUP_BYTES * len(account.groups)
        + MEMBERSHIP_BYTES * sum(len(group.members) for group in account.groups.values())
        + POLICY_BYTES * len(account.policies)
        + SUBJECT_BYTES * sum(len(policy.subjects) for policy in account.policies.values())
        + RESOURCE_BYTES * len(account.resources)
        + RECORD_BYTES * (len(snapshot.keys) + len(snapshot.people) + len(account.roles))
        + SERVICE_BYTES * len(account.services)
    )


def weigh_views(snapshot: Snapshot) -> int:
    """About how many bytes is what was remembered of the principals who asked?"""
    return VIEW_BYTES * len(snapshot.compiled.views)
