"""What a change hands over through whom others may act as: profiles that trust, services that are acted as.

Being trusted, or being let act as a service, counts as holding all that the profile or service holds (rule 9.3).
"""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest

from bailiwick.catalog.documents import assemble_account, kind_of, name_of, parse_document
from bailiwick.catalog.sources import parse_documents
from bailiwick.model.accounts import Account
from bailiwick.service.catalog_files import load_system_catalog
from bailiwick.service.handing_over.differ import Differ

BEFORE = """
kind: User
name: alice
---
kind: ServiceId
name: gateway
---
kind: Group
name: gateways
members: []
---
kind: Group
name: inner
members: []
---
kind: Profile
name: deployer
trust: [service:ims, group:inner]
---
kind: Profile
name: careful
trust: [user:alice, "account:dev"]
when:
  any:
    - {key: principal.properties.floor, operator: number-equals, value: 3}
    - {key: principal.groups, operator: contains-any, value: "group:gateways"}
    - {key: principal.budgets, operator: contains-any, value: imaging}
---
kind: Role
name: Actor
service: iam
rights: [{actions: [iam.user.list]}]
---
kind: Role
name: Imager
service: ims
rights: [{actions: ["ims:images:list"]}]
---
kind: Policy
name: ims-itself
subjects: ["service:ims"]
roles: [Reader]
scope: {service: container-registry}
---
kind: Policy
name: deployer-writes
subjects: ["profile:deployer"]
roles: [Writer]
scope: {service: container-registry}
---
kind: Policy
name: careful-keys
subjects: ["profile:careful"]
roles: [Reader]
scope: {service: hs-crypto}
---
kind: Policy
name: gateways-act
subjects: [group:gateways]
roles: [iam/Service Agent]
scope: {service: ims}
---
kind: Policy
name: actors
subjects: [group:inner]
roles: [iam/Actor]
scope: {service: [iam, ims]}
"""


def account(text: str, onto: Account | None = None) -> Account:
    """Which account do these documents give?"""
    values = [parse_document(one.data, "acme")[1] for one in parse_documents(dedent(text))]
    return assemble_account(onto or Account("acme", "user:owner"), values)


def reasons(text: str) -> list[str]:
    """In which words is said what it hands over that these documents are changed or added?"""
    before = account(BEFORE)
    changed = {
        (kind_of(v), name_of(v))
        for v in (parse_document(d.data, "acme")[1] for d in parse_documents(dedent(text)))
    }
    differ = Differ(before, account(text, before), load_system_catalog().services_for(before))
    return [one.because for one in dict.fromkeys(differ.handovers(changed))]


ACTS = "may be acted as"
JOINS = "`service-id:gateway` joins `group:gateways`"


@pytest.mark.parametrize(
    ("text", "because"),
    [
        (
            "kind: Policy\nname: acts\nsubjects: [service-id:gateway]\nroles: [iam/Service Agent]\n"
            "scope: {service: ims}\n",
            [
                "policy `acts` grants it",
                f"`service:ims` {ACTS} (policy `acts` grants it) and holds policy `ims-itself`",
                f"`service:ims` {ACTS} (policy `acts` grants it) and holds policy `deployer-writes`",
            ],
        ),
        (
            "kind: Policy\nname: acts\nsubjects: [service-id:gateway]\nroles: [iam/Administrator]\n",
            [
                "policy `acts` grants it",
                f"`service:ims` {ACTS} (policy `acts` grants it) and holds policy `ims-itself`",
                f"`service:ims` {ACTS} (policy `acts` grants it) and holds policy `deployer-writes`",
            ],
        ),
        (
            "kind: Policy\nname: acts\nsubjects: [service-id:gateway]\nroles: [iam/Service Agent]\n"
            "scope: {service: vpc}\n",
            ["policy `acts` grants it"],
        ),
        (
            "kind: Policy\nname: acts\nsubjects: [service-id:gateway]\nroles: [Administrator]\nscope: {service: ims}\n",
            ["policy `acts` grants it"],
        ),
        (
            "kind: Policy\nname: acts\nsubjects: [service-id:gateway]\nroles: [iam/Service Agent]\neffect: deny\n"
            "scope: {service: ims}\n",
            [],
        ),
        (
            "kind: Group\nname: gateways\nmembers: [service-id:gateway]\n",
            [
                "`service-id:gateway` joins `group:gateways`",
                f"`service:ims` {ACTS} ({JOINS}) and holds policy `ims-itself`",
                f"`service:ims` {ACTS} ({JOINS}) and holds policy `deployer-writes`",
            ],
        ),
        (
            "kind: Role\nname: Actor\nservice: iam\n"
            "rights: [{actions: [iam.user.list]}, {actions: ['iam.service.*']}]\n",
            [
                "role `Actor` of policy `actors` changes",
                f"`service:ims` {ACTS} (role `Actor` of policy `actors` changes) and holds policy `deployer-writes`",
                f"`service:ims` {ACTS} (role `Actor` of policy `actors` changes) and holds policy `ims-itself`",
            ],
        ),
        (
            "kind: Profile\nname: deployer\ntrust: [service:ims, group:inner, 'account:dev/user:alice:user-1']\n",
            ["`profile:deployer` is trusted to more and holds policy `deployer-writes`"],
        ),
        (
            "kind: Profile\nname: deployer\ntrust: [service:ims, group:inner, 'service:vpc']\n",
            ["`profile:deployer` is trusted to more and holds policy `deployer-writes`"],
        ),
        (
            "kind: Profile\nname: careful\ntrust: [user:alice, 'account:dev']\n",
            ["`profile:careful` is trusted to more and holds policy `careful-keys`"],
        ),
        (
            "kind: User\nname: alice\nproperties: {floor: 3}\n",
            [
                "`profile:careful` trusts by property `floor` of `user:alice` and holds policy `careful-keys`",
            ],
        ),
        (
            "kind: User\nname: alice\nbudgets: [imaging]\n",
            ["`profile:careful` trusts by budgets of `user:alice` and holds policy `careful-keys`"],
        ),
        (
            "kind: ServiceId\nname: gateway\nproperties: {floor: 3}\n",
            [],
        ),
        (
            "kind: Profile\nname: careful\ntrust: ['account:dev']\nmaximum_session_seconds: 60\n"
            "when: {any: [{key: principal.properties.floor, operator: number-equals, value: 3}, "
            "{key: principal.groups, operator: contains-any, value: 'group:gateways'}, "
            "{key: principal.budgets, operator: contains-any, value: imaging}]}\n",
            [],
        ),
    ],
)  # fmt: skip
def test_whom_one_may_act_as_counts(text: str, because: list[str]) -> None:
    """A grant of acting as, or a change that a trust's condition reads, hands over all that is behind it."""
    found = reasons(text)
    assert sorted(found) == sorted(because)


def test_a_group_that_a_condition_of_trust_reads_hands_over_what_the_profile_holds() -> None:
    """Joining it may make the condition true, besides what the group itself may act as."""
    found = reasons("kind: Group\nname: gateways\nmembers: [user:alice]\n")
    assert found == [
        "`user:alice` joins `group:gateways`",
        "`profile:careful` trusts by membership of `group:gateways` and holds policy `careful-keys`",
        f"`service:ims` {ACTS} (`user:alice` joins `group:gateways`) and holds policy `deployer-writes`",
        f"`service:ims` {ACTS} (`user:alice` joins `group:gateways`) and holds policy `ims-itself`",
    ]


def test_what_denied_acting_as_and_goes_hands_over_what_the_service_holds() -> None:
    """A deny or guardrail that falls lets whoever was granted it act as the service again."""
    before = account(
        BEFORE
        + """---
kind: Policy
name: none-acts
subjects: [group:gateways]
roles: [iam/Service Agent]
scope: {service: ims}
effect: deny
---
kind: Guardrail
name: nobody-acts
actions: [iam.service.act-as]
scope: {service: ims}
"""
    )
    for kind, name, field in (
        ("Policy", "none-acts", "policies"),
        ("Guardrail", "nobody-acts", "guardrails"),
    ):
        kept = {key: value for key, value in getattr(before, field).items() if key != name}
        after = replace(before, **{field: kept})  # type: ignore[arg-type]  # one field of an account
        differ = Differ(before, after, load_system_catalog().services_for(before))
        found = {one.because for one in differ.handovers({(kind, name)})}
        assert any("`service:ims` may be acted as" in one and "`ims-itself`" in one for one in found), found
