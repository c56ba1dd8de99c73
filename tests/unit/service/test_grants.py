"""What a change hands over: each way of rule 9.3, seen from two states alone; and what hands over nothing.

Whether somebody may is asked elsewhere (authorize, and end to end in tests/e2e/test_escalation.py).
"""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest

from bailiwick.catalog.documents import assemble_account, kind_of, name_of, parse_document
from bailiwick.catalog.sources import parse_documents
from bailiwick.model.accounts import Account
from bailiwick.model.conditions import parse_condition
from bailiwick.model.policies import Guardrail, Scope, Window
from bailiwick.service.catalog_files import load_system_catalog
from bailiwick.service.compared import covers
from bailiwick.service.handing_over.differ import Differ
from bailiwick.service.handing_over.handover import Handover

BEFORE = """
kind: User
name: alice
---
kind: User
name: bob
disabled: true
---
kind: Profile
name: deployer
trust: [group:trusted]
---
kind: Group
name: outer
members: [group:inner]
---
kind: Group
name: inner
members: []
---
kind: Group
name: trusted
members: []
---
kind: Project
name: dev
---
kind: Project
name: prod
---
kind: Role
name: Puller
service: container-registry
rights: [{actions: [container-registry.image.pull]}, {actions: [container-registry.image.push], effect: deny}]
---
kind: Policy
name: outer-reads
subjects: [group:outer]
roles: [Reader]
scope: {service: container-registry}
expires_at: 2030-01-01T00:00:00Z
---
kind: Policy
name: deployer-writes
subjects: ["profile:deployer", "user:bob"]
roles: [Writer]
scope: {service: container-registry}
---
kind: Policy
name: pulls
subjects: [user:alice]
roles: [Puller]
scope: {service: container-registry, region: eu-de}
---
kind: Policy
name: no-writes
subjects: [group:inner]
roles: [Writer]
effect: deny
scope: {service: container-registry}
---
kind: Policy
name: dev-images
subjects: [user:alice]
roles: [ims/IMS FullAccess]
scope: {service: ims, project: dev}
---
kind: Policy
name: by-floor
subjects: [user:alice]
roles: [vpc/VPC ReadOnlyAccess]
scope: {service: vpc}
when: {key: principal.properties.floor, operator: number-equals, value: 3}
---
kind: Guardrail
name: no-deletes
actions: [container-registry.image.delete]
scope: {service: container-registry}
---
kind: Resource
name: "brn:acme:hs-crypto:us-south:i1:instance/i1"
project: dev
"""
UNTIL = 1_893_456_000.0
NOT_CLEARED = {"key": "principal.properties.cleared", "operator": "bool-equals", "value": False}


def account(text: str, onto: Account | None = None) -> Account:
    """Which account do these documents give?"""
    values = [parse_document(one.data, "acme")[1] for one in parse_documents(dedent(text))]
    return assemble_account(onto or Account("acme", "user:owner"), values)


def handovers(text: str = "", *, without: tuple[str, str] | None = None) -> list[Handover]:
    """What does it hand over that these documents are changed or added (or one object removed)?"""
    before = account(BEFORE)
    after = account(text, before) if text else before
    changed = {
        (kind_of(v), name_of(v))
        for v in (parse_document(d.data, "acme")[1] for d in parse_documents(dedent(text)))
    }
    if without is not None:
        field = {"Policy": "policies", "Guardrail": "guardrails", "Role": "roles", "Group": "groups"}[
            without[0]
        ]
        kept = {name: value for name, value in getattr(after, field).items() if name != without[1]}
        after = replace(after, **{field: kept})  # type: ignore[arg-type]  # one field of an account
        changed = {without}
    return list(Differ(before, after, load_system_catalog().services_for(before)).handovers(changed))


def reasons(found: list[Handover]) -> list[str]:
    """In which words?"""
    return [one.because for one in found]


@pytest.mark.parametrize(
    ("text", "because"),
    [
        (
            "kind: Policy\nname: new\nsubjects: [user:alice]\nroles: [Reader]\nscope: {service: ims}\n",
            ["policy `new` grants it"],
        ),
        (
            "kind: Policy\nname: outer-reads\nsubjects: [group:outer]\nroles: [Reader, Writer]\n"
            "scope: {service: container-registry}\nexpires_at: 2030-01-01T00:00:00Z\n",
            ["policy `outer-reads` grants it"],
        ),
        (
            "kind: Policy\nname: outer-reads\nsubjects: [group:outer]\nroles: [Reader]\n"
            "scope: {service: container-registry}\n",
            ["policy `outer-reads` grants it"],
        ),
        (
            "kind: Policy\nname: no-writes\nsubjects: [group:inner]\nroles: [Writer]\neffect: deny\n"
            "scope: {service: container-registry, region: eu-de}\n",
            ["policy `no-writes` no longer denies it"],
        ),
        (
            "kind: Role\nname: Puller\nservice: container-registry\n"
            "rights: [{actions: [container-registry.image.pull]}]\n",
            ["role `Puller` of policy `pulls` changes"],
        ),
        (
            "kind: Group\nname: inner\nmembers: [user:alice]\n",
            ["`user:alice` joins `group:inner`"],
        ),
        (
            "kind: Group\nname: trusted\nmembers: [user:alice]\n",
            ["`user:alice` joins `group:trusted`"],
        ),
        (
            "kind: User\nname: bob\n",
            ["`user:bob` is enabled and holds policy `deployer-writes`"],
        ),
        (
            "kind: Profile\nname: deployer\ntrust: [group:trusted, user:alice]\n",
            ["`profile:deployer` is trusted to more and holds policy `deployer-writes`"],
        ),
        (
            "kind: User\nname: alice\nproperties: {floor: 3}\n",
            ["property `floor` of `user:alice` is read by policy `by-floor`"],
        ),
        (
            "kind: Guardrail\nname: no-deletes\nactions: [container-registry.image.delete]\nstate: disabled\n"
            "scope: {service: container-registry}\n",
            ["guardrail `no-deletes` is removed or changed"],
        ),
        (
            "kind: Account\nname: acme\nowner: user:alice\n",
            ["the account's owner or state changes"],
        ),
    ],
)  # fmt: skip
def test_what_widens_access_is_a_handover(text: str, because: list[str]) -> None:
    """Each names what it hands over and why."""
    assert reasons(handovers(text)) == because


@pytest.mark.parametrize(
    "text",
    [
        "kind: Policy\nname: outer-reads\nsubjects: [group:outer]\nroles: [Reader]\nstate: disabled\n"
        "scope: {service: container-registry}\nexpires_at: 2030-01-01T00:00:00Z\n",
        "kind: Policy\nname: outer-reads\nsubjects: [group:outer]\nroles: [Reader]\n"
        "scope: {service: container-registry}\nexpires_at: 2029-01-01T00:00:00Z\n",
        "kind: Policy\nname: more-denies\nsubjects: [user:alice]\nroles: [Reader]\neffect: deny\n"
        "scope: {service: ims}\n",
        "kind: Role\nname: Puller\nservice: container-registry\n"
        "rights: [{actions: [container-registry.image.push], effect: deny}]\n",
        "kind: User\nname: alice\ndisabled: true\n",
        "kind: User\nname: alice\nproperties: {colour: red}\n",
        "kind: Guardrail\nname: more\nactions: [container-registry.image.push]\nscope: {service: container-registry}\n",
        "kind: Guardrail\nname: no-deletes\nactions: [container-registry.image.delete]\ndescription: why\n"
        "scope: {service: container-registry}\n",
        "kind: Role\nname: Unused\nservice: ims\nrights: [{actions: ['ims:images:list']}]\n",
        "kind: Account\nname: acme\nowner: user:owner\ndescription: ACME\n",
    ],
)
def test_what_narrows_access_hands_over_nothing(text: str) -> None:
    """Whoever may make such a change needs no authority besides."""
    assert handovers(text) == []


@pytest.mark.parametrize(
    ("removed", "because"),
    [
        (("Policy", "no-writes"), ["policy `no-writes` no longer denies it"]),
        (("Policy", "pulls"), ["policy `pulls` no longer denies it"]),
        (("Policy", "outer-reads"), []),
        (("Guardrail", "no-deletes"), ["guardrail `no-deletes` is removed or changed"]),
    ],
)
def test_what_restricts_and_is_removed_is_a_handover(removed: tuple[str, str], because: list[str]) -> None:
    """Removing an allow hands over nothing, removing a deny does; a role's own denies count."""
    assert reasons(handovers(without=removed)) == because


def test_a_handover_ends_with_what_it_rests_on() -> None:
    """A member who joins until tomorrow gets a policy that ends next year until tomorrow."""
    joined = handovers(
        "kind: Group\nname: inner\nmembers: [{member: user:alice, expires_at: 2029-01-01T00:00:00Z}]\n"
    )
    assert [one.until for one in joined] == [1_861_920_000.0]
    longer = handovers(
        "kind: Group\nname: inner\nmembers: [{member: user:alice, expires_at: 2039-01-01T00:00:00Z}]\n"
    )
    assert [one.until for one in longer] == [UNTIL]


def test_an_instance_takes_everything_in_it_along() -> None:
    """What lies in an instance takes its project, so the handover is over the instance and not one resource."""
    moved = handovers('kind: Resource\nname: "brn:acme:hs-crypto:us-south:i1:instance/i1"\nproject: prod\n')
    assert moved == []
    before = account(
        BEFORE + "---\nkind: Policy\nname: keys\nsubjects: [user:alice]\nroles: [Reader]\n"
        "scope: {service: hs-crypto, project: prod}\n"
    )
    after = account(
        'kind: Resource\nname: "brn:acme:hs-crypto:us-south:i1:instance/i1"\nproject: prod\n', before
    )
    differ = Differ(before, after, load_system_catalog().services_for(before))
    found = list(differ.handovers({("Resource", "brn:acme:hs-crypto:us-south:i1:instance/i1")}))
    assert [(one.scope.instance, one.scope.type, one.scope.project) for one in found] == [
        (("i1",), None, ("dev",)),
        (("i1",), None, ("prod",)),
    ]


@pytest.mark.parametrize(
    ("policy", "because"),
    [
        ("effect: allow\nscope: {service: ims, project: dev}", []),
        ("effect: allow\nscope: {project: [dev, d*]}", []),
        ("effect: deny\nscope: {service: ims, project: dev}", ["dev", "prod"]),
        ("effect: allow\nscope: {service: ims, project: p*}", ["dev", "prod"]),
        ("effect: allow\nscope: {service: ims, project: prod}", ["dev", "prod"]),
        ("effect: allow\nscope: {service: ims}\nwhen: {key: resource.project, operator: string-not-equals, value: dev}",
         ["dev", "prod"]),
        ("effect: allow\nscope: {service: vpc, project: prod}", []),
    ],
)  # fmt: skip
def test_moving_hands_over_what_may_hold_in_the_new_project(policy: str, because: list[str]) -> None:
    """An allow on the project that is left gives nothing; a deny on it falls away, and is handed over at both."""
    image = 'kind: Resource\nname: "brn:acme:ims:eu-de::image/m"\nproject: '
    role = "VPC Viewer" if "vpc" in policy else "IMS FullAccess"
    before = account(
        f"{BEFORE}---\n{image}dev\n---\nkind: Policy\nname: p\nsubjects: [user:alice]\nroles: [{role}]\n{policy}\n"
    )
    moved = account(f"{image}prod\n", before)
    name = "brn:acme:ims:eu-de::image/m"
    differ = Differ(before, moved, load_system_catalog().services_for(before))
    found = list(differ.handovers({("Resource", name)}))
    assert [one.scope.project for one in found] == [(project,) for project in because]
    words = f"policy `p` may newly grant its roles on `{name}` in project `prod`"
    assert {one.because for one in found} == ({words} if because else set())


def test_what_no_decision_reads_hands_over_nothing() -> None:
    """A description, and what a resource is attached to."""
    image = 'kind: Resource\nname: "brn:acme:ims:eu-de::image/m"\nproject: prod\n'
    policy = (
        "kind: Policy\nname: p\nsubjects: [user:alice]\nroles: [IMS FullAccess]\nscope: {project: prod}\n"
    )
    before = account(f"{BEFORE}---\n{image}---\n{policy}")
    after = account(f"{image}description: new\n", before)
    differ = Differ(before, after, load_system_catalog().services_for(before))
    assert list(differ.handovers({("Resource", "brn:acme:ims:eu-de::image/m")})) == []


def test_a_window_covers_one_that_lies_in_it() -> None:
    """Open ends are the widest."""
    assert covers(Window(), Window(1.0, 2.0))
    assert covers(Window(1.0, 2.0), Window(1.0, 2.0))
    assert not covers(Window(1.0, 2.0), Window())
    assert not covers(Window(1.0, 2.0), Window(0.0, 2.0))
    assert not covers(Window(1.0, 2.0), Window(1.0, 3.0))


def test_what_may_spare_somebody_a_guardrail_from_above_is_no_owners_privilege() -> None:
    """An attribute that a node's guardrail reads hands over what it forbids, and owning the account is not enough."""
    rail = Guardrail("corp/cleared", ("*",), Scope(service=("ims",)), parse_condition(NOT_CLEARED))
    before = replace(account(BEFORE), guardrails_above={rail.name: rail})
    after = account("kind: User\nname: alice\nproperties: {cleared: true}\n", before)
    own = replace(before, guardrails_above={}, guardrails={rail.name: rail})
    for state, unguards in ((before, False), (own, True)):
        changed = replace(after, guardrails=state.guardrails, guardrails_above=state.guardrails_above)
        differ = Differ(state, changed, load_system_catalog().services_for(state))
        [found] = [one for one in differ.handovers({("User", "alice")}) if "guardrail" in one.because]
        assert found.unguards is unguards


def test_registering_a_resource_does_not_touch_what_reads_only_its_name() -> None:
    """A guardrail on regions is as strict before as after; one on tags is not."""
    image = "brn:acme:ims:eu-de::image/new"
    for key, expected in (
        ("resource.region", []),
        ("resource.tags.env", [f"attributes of `{image}` change"]),
    ):
        condition = {"key": key, "operator": "string-not-equals", "value": "eu-de"}
        rail = Guardrail("corp/eu", ("*",), Scope(service=("ims",)), parse_condition(condition))
        before = replace(account(BEFORE), guardrails_above={rail.name: rail})
        after = account(f'kind: Resource\nname: "{image}"\n', before)
        differ = Differ(before, after, load_system_catalog().services_for(before))
        assert reasons(list(differ.handovers({("Resource", image)}))) == expected


def test_registering_a_resource_takes_it_out_of_denies_on_other_projects() -> None:
    """Whoever asked said its project before; from now on what is stored counts, and a deny elsewhere falls away."""
    image = "brn:acme:ims:eu-de::image/new"
    for effect, stored, expected in (
        ("deny", "", [None]),
        ("deny", "project: prod\n", ["prod"]),
        ("allow", "project: prod\n", []),
    ):
        before = account(
            f"{BEFORE}---\nkind: Policy\nname: p\nsubjects: [user:alice]\nroles: [IMS FullAccess]\n"
            f"effect: {effect}\nscope: {{service: ims, project: dev}}\n"
        )
        after = account(f'kind: Resource\nname: "{image}"\n{stored}', before)
        differ = Differ(before, after, load_system_catalog().services_for(before))
        found = list(differ.handovers({("Resource", image)}))
        assert [one.scope.project and one.scope.project[0] for one in found] == expected
        assert {one.because for one in found} == ({f"attributes of `{image}` change"} if expected else set())
