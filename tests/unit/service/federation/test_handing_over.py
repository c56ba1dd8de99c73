"""What identity providers and federation rules hand over, and that who could not grant it is refused."""

from __future__ import annotations

import pytest
from tests.unit.service.accounts import Installation

from bailiwick.errors import Denied, Invalid
from bailiwick.model.federation import FederationRule
from bailiwick.service.edits import Edit
from bailiwick.service.handing_over.differ import Differ
from bailiwick.service.reading import Reader
from bailiwick.service.removing import plan_removal
from bailiwick.service.snapshots import Snapshot

PROVIDER = "kind: IdentityProvider\nname: sso\nissuer: https://sso.example\nclient_id: c\n"
RULE = "kind: FederationRule\nname: staff\nprovider: sso\ngroups: [group:readers]\nhours: 8\n"
GUARDED = """
kind: Policy
name: nobody-deletes
subjects: [group:outer]
roles: [Manager]
effect: deny
scope: {service: container-registry}
---
kind: Group
name: outer
members: [group:readers]
"""
# Who may write rules and providers, and grant what readers hold, but nothing more.
GRANTERS = """
kind: Role
name: Federator
service: iam
rights: [{actions: ["iam.identity-provider.*", "iam.federation-rule.*", iam.group.read]}]
---
kind: Policy
name: federates
subjects: [user:bob, user:alice]
roles: [iam/Federator]
scope: {service: iam}
---
kind: Policy
name: grants-reading
subjects: [user:alice]
roles: [container-registry/Administrator]
scope: {service: container-registry}
"""


@pytest.fixture
def acme(acme: Installation) -> Installation:
    """With a provider that the owner believes."""
    acme.apply(PROVIDER)
    return acme


def handed_over(acme: Installation, before: Snapshot, kind: str, name: str) -> list[str]:
    """What did the last change of this object hand over, in words?"""
    after = acme.host.snapshot("acme")
    services = acme.host.catalog.services_for(before.account)
    differ = Differ(before.account, after.account, services)
    return [one.because for one in differ.handovers({(kind, name)})]


@pytest.mark.parametrize(
    ("said", "because"),
    [
        ("issuer: https://other.example\nclient_id: c\n", "by its `issuer`"),
        ("issuer: https://sso.example\nclient_id: d\n", "by its `client_id`"),
        ("issuer: https://sso.example\nclient_id: c\nname_claim: nickname\n", "by its `name_claim`"),
        ("issuer: https://sso.example\nclient_id: c\nnew_users: create\n", "by its `new_users`"),
        ("issuer: https://sso.example\nclient_id: c\ntrusts_mfa: true\n", "by its `trusts_mfa`"),
    ],
)
def test_a_provider_that_is_believed_more_hands_over_everything(
    acme: Installation, said: str, because: str
) -> None:
    """Whatever changes whom it names, or lets more people in."""
    before = acme.host.snapshot("acme")
    acme.apply(f"kind: IdentityProvider\nname: sso\n{said}")
    assert (
        handed_over(acme, before, "IdentityProvider", "sso")
        == [f"identity provider `sso` is believed more {because}"] * 2
    )


@pytest.mark.parametrize("said", ["title: Company\n", "email_domains: [acme.example]\n", "disabled: true\n"])
def test_a_provider_that_is_believed_less_hands_over_nothing(acme: Installation, said: str) -> None:
    """A title, fewer domains, a provider out of use."""
    before = acme.host.snapshot("acme")
    acme.apply(PROVIDER + said)
    assert handed_over(acme, before, "IdentityProvider", "sso") == []
    before = acme.host.snapshot("acme")
    acme.apply(PROVIDER)
    assert bool(handed_over(acme, before, "IdentityProvider", "sso")) == (said != "title: Company\n")


def test_a_rule_hands_over_what_its_groups_hold(acme: Installation) -> None:
    """Without end, though each membership has one; narrowing it hands over nothing; and neither does the same again."""
    before = acme.host.snapshot("acme")
    acme.apply(RULE)
    because = "rule `staff` brings people into `group:readers`, policy `readers`"
    assert handed_over(acme, before, "FederationRule", "staff") == [because.partition(",")[0]]
    narrow = RULE + "conditions: [{claim: department, operator: EQUALS, value: dev}]\n"
    before = acme.host.snapshot("acme")
    acme.apply(narrow)
    assert handed_over(acme, before, "FederationRule", "staff") == []
    before = acme.host.snapshot("acme")
    acme.apply(RULE)
    assert handed_over(acme, before, "FederationRule", "staff") == [because.partition(",")[0]]


def test_a_rule_that_goes_lets_a_deny_go(acme: Installation) -> None:
    """What a group denies to whom a rule brings there, it denies no more once the rule is gone."""
    acme.apply(GUARDED)
    acme.apply(RULE)
    before = acme.host.snapshot("acme")
    acme.apply(RULE + "disabled: true\n")
    assert handed_over(acme, before, "FederationRule", "staff") == [
        "rule `staff` no longer brings people into `group:readers`, and policy `nobody-deletes` denies"
    ]


def test_whoever_may_not_grant_what_the_groups_hold_writes_no_rule(acme: Installation) -> None:
    """Bob may write rules and grant nothing; Alice may grant what readers hold, and neither a provider."""
    acme.apply(GRANTERS)
    bob, alice = acme.session("user:bob"), acme.session("user:alice")
    with pytest.raises(Denied, match="rule `staff` brings people into `group:readers`, and you lack"):
        acme.apply(RULE, bob)
    acme.apply(RULE, alice)
    for session in (bob, alice):
        with pytest.raises(Denied, match="identity provider `mine` is believed"):
            acme.apply(PROVIDER.replace("sso", "mine"), session)
        with pytest.raises(Denied, match="is believed more by its `new_users`"):
            acme.apply(PROVIDER + "new_users: create\n", session)
    acme.apply(
        "kind: IdentityProvider\nname: sso\nissuer: https://sso.example\nclient_id: c\ndisabled: true\n", bob
    )


def test_a_rule_names_stored_groups_and_a_provider(acme: Installation) -> None:
    """No built-in group, none that is not there; and what a rule names is not deleted."""
    for wrong in ("group:members", "group:everyone", "group:nobody"):
        with pytest.raises(Invalid):
            acme.apply(RULE.replace("group:readers", wrong))
    with pytest.raises(Invalid):
        acme.apply(RULE.replace("provider: sso", "provider: other"))
    acme.apply(RULE)
    with pytest.raises(Invalid, match="is still referred to by FederationRule staff"):
        acme.edit(Edit("IdentityProvider", "sso", None))


def test_deleting_lets_rules_go(acme: Installation) -> None:
    """A group leaves the rules that name it, the last one takes the rule along; a provider takes its rules along."""
    acme.apply(
        "kind: Group\nname: outer\n---\n" + RULE.replace("[group:readers]", "[group:readers, group:outer]")
    )

    def come_to(kind: str, name: str) -> dict[tuple[str, str], object]:
        reader = Reader(acme.host, acme.owner)
        removal = plan_removal(reader, acme.host.catalog, kind, name)
        assert removal.obstacles == ()
        acme.edit(*removal.edits)
        return {edit.key: edit.value for edit in removal.edits}

    came = come_to("Group", "outer")
    rule = came["FederationRule", "staff"]
    assert isinstance(rule, FederationRule)
    assert rule.groups == ("group:readers",)
    acme.apply("kind: Group\nname: outer\n---\n" + RULE.replace("staff", "other").replace("readers", "outer"))
    assert come_to("Group", "outer")["FederationRule", "other"] is None
    assert come_to("IdentityProvider", "sso")["FederationRule", "staff"] is None
