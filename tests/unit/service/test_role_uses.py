"""How many policies name a role: equal to looking at each policy."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bailiwick.model.accounts import Account
from bailiwick.model.policies import Policy, Scope
from bailiwick.model.services import Role
from bailiwick.service.role_uses import count_uses, names_role, policies_naming

SERVICES = ("ims", "cloud", "iam")
NAMES = ("Viewer", "Manager")
FULL = tuple(f"{service}/{name}" for service in SERVICES for name in NAMES)
POLICIES = st.builds(
    lambda roles, services: (tuple(roles), None if services is None else tuple(services)),
    st.lists(st.sampled_from((*NAMES, *FULL)), min_size=1, unique=True),
    st.none() | st.lists(st.sampled_from(SERVICES), min_size=1, unique=True),
)


@given(st.lists(POLICIES, max_size=6))
def test_counting_equals_looking_at_each(drawn: list[tuple[tuple[str, ...], tuple[str, ...] | None]]) -> None:
    """By full name, by a bare name in a scope of services or of all, and never twice for one policy."""
    policies = {
        f"p{place}": Policy(f"p{place}", ("user:a",), roles, Scope(service=services))
        for place, (roles, services) in enumerate(drawn)
    }
    account = Account("acme", "user:a", policies=policies)
    uses = count_uses(account)
    for service in SERVICES:
        for name in NAMES:
            role = Role(service, name, "service", ())
            expected = [one for one, policy in policies.items() if names_role(policy, role)]
            assert uses.of(role) == len(expected)
            assert list(policies_naming(role, account)) == expected
