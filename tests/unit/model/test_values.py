"""Small promises of the values themselves."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from bailiwick.model.accounts import Account
from bailiwick.model.names import parse_resource_name
from bailiwick.model.policies import ALWAYS, Policy, Scope
from bailiwick.model.requests import Decision, Reason, ResourceQuery
from bailiwick.model.services import Role


def test_a_denial_is_false() -> None:
    """`if decision:` asks whether it is allowed."""
    assert Decision(True, Reason.ALLOWED)
    assert not Decision(False, Reason.NO_MATCHING_POLICY)


def test_reasons_are_their_words() -> None:
    """A reason can be compared with and written as its text."""
    assert Reason("guardrail") is Reason.GUARDRAIL
    assert [reason.value for reason in Reason][-1] == "error"


def test_a_query_of_a_name_leaves_open_what_the_name_does_not_say() -> None:
    """Empty segments are not said; the path and what is described stay."""
    query = ResourceQuery.of(parse_resource_name("brn:acme:ims:::image/a"), owner="user:alice")
    assert query == ResourceQuery("ims", (("image", "a"),), owner="user:alice")
    query = ResourceQuery.of(parse_resource_name("brn:acme:hs-crypto:eu-de:i1:key-ring/r/key/k"))
    assert query == ResourceQuery(
        "hs-crypto", (("key-ring", "r"), ("key", "k")), region="eu-de", instance="i1"
    )


def test_a_role_has_a_full_name() -> None:
    """Service and name, as policies write it."""
    assert Role("ims", "IMS FullAccess", "service", ()).reference == "ims/IMS FullAccess"


def test_values_cannot_be_changed() -> None:
    """A policy once made stays what it was; what is not said holds always and everywhere."""
    policy = Policy("p", ("user:a",), ("Reader",))
    assert (policy.scope, policy.window, policy.enabled) == (Scope(), ALWAYS, True)
    with pytest.raises(FrozenInstanceError):
        policy.name = "q"  # type: ignore[misc]  # that is what is tested
    assert Account("acme", "user:o").policies == {}
