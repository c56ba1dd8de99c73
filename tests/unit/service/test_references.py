"""Names in documents and uids in the store: both ways, and what a name that is given anew does not inherit."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.service.accounts import Installation

from bailiwick.service.references import bind, parse_target, unbind

UIDS = {
    ("User", "alice"): "u1", ("Group", "dev"): "g1", ("Role", "Puller"): "r1", ("Project", "p"): "p1",
    ("Profile", "d"): "d1", ("Enterprise", "corp"): "e1", ("AccountGroup", "live"): "l1",
    ("EnterpriseAccount", "dev"): "n1",
}  # fmt: skip
NAMES = {uid: target for target, uid in UIDS.items()}
DOCUMENTS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("Account", {"owner": "user:alice"}, {"owner": {"uid": "u1"}}),
    ("ServiceId", {"owner": "user:alice"}, {"owner": {"uid": "u1"}}),
    ("Profile", {"trust": ["group:dev", "account:x"]}, {"trust": [{"uid": "g1"}, "account:x"]}),
    (
        "Group",
        {"members": ["user:alice", {"member": "group:dev", "expires_at": "x"}]},
        {"members": [{"uid": "u1"}, {"member": {"uid": "g1"}, "expires_at": "x"}]},
    ),
    (
        "Policy",
        {"subjects": ["profile:d", "group:members"], "roles": ["Puller", "Reader"], "scope": {"project": "p"}},
        {
            "subjects": [{"uid": "d1"}, "group:members"],
            "roles": [{"uid": "r1"}, "Reader"],
            "scope": {"project": {"uid": "p1"}},
        },
    ),
    ("Guardrail", {"scope": {"project": ["p", "q*"]}}, {"scope": {"project": [{"uid": "p1"}, "q*"]}}),
    ("Guardrail", {"node": "account:dev"}, {"node": {"uid": "n1"}}),
    ("AccountGroup", {"parent": "enterprise:corp"}, {"parent": {"uid": "e1"}}),
    ("EnterpriseAccount", {"parent": "account-group:live"}, {"parent": {"uid": "l1"}}),
    ("Profile", {"trust": ["account:dev"]}, {"trust": ["account:dev"]}),
    (
        "Resource",
        {"owner": "user:alice", "groups": ["group:dev"], "project": "p"},
        {"owner": {"uid": "u1"}, "groups": [{"uid": "g1"}], "project": {"uid": "p1"}},
    ),
    ("User", {"properties": {"owner": "user:alice"}}, {"properties": {"owner": "user:alice"}}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "document", "stored"), DOCUMENTS)
def test_references_are_bound_and_unbound(
    kind: str, document: dict[str, Any], stored: dict[str, Any]
) -> None:
    """What refers to something stored becomes its uid, everything else stays; and back."""
    assert bind(kind, document, UIDS.get) == stored
    assert unbind(kind, stored, NAMES) == document


def test_a_reference_names_a_kind() -> None:
    """What has no kind of stored object refers to none."""
    assert parse_target("user:alice") == ("User", "alice")
    assert parse_target("service-id:a") == ("ServiceId", "a")
    assert [parse_target(text) for text in ("service:ims", "anonymous", "alice", None, 3)] == [None] * 5


def test_a_renewed_name_inherits_nothing(acme: Installation) -> None:
    """A user who is deleted leaves no grant for the next of the name: what referred to it had to go first."""
    acme.apply(
        """
        kind: User
        name: alice
        ---
        kind: Group
        name: dev
        members: [user:alice]
        """
    )
    stored = acme.store.find_named("account:acme", "Group", "dev")
    assert stored is not None
    uid = acme.host.snapshot("acme").identities["User", "alice"].uid
    assert stored.document["members"] == [{"uid": uid}]
