"""Explanations as paths: every way to a decision, and where the nearest misses end."""

from __future__ import annotations

from importlib.resources import files

import pytest
from tests.unit.service.accounts import Installation, install

from bailiwick.engine import explain
from bailiwick.model.names import parse_resource_name
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.service.decision_paths import Path, paths_of

WEB_1 = "brn:acme:ims:eu-de::image/web-1"


@pytest.fixture(scope="module")
def company() -> Installation:
    """The sample company, which no test changes."""
    installed = install()
    installed.apply((files("bailiwick.sample") / "company.yaml").read_text(encoding="utf-8"))
    installed.apply(
        """
        kind: Group
        name: outer
        members: [group:inner]
        ---
        kind: Group
        name: inner
        members: [user:dave]
        ---
        kind: Policy
        name: of-outer
        subjects: [group:outer]
        roles: [IMS ReadOnlyAccess]
        scope: {service: ims, region: eu-nl}
        ---
        kind: Policy
        name: later
        subjects: [user:erin]
        roles: [IMS ReadOnlyAccess]
        scope: {service: ims}
        starts_at: 2100-01-01T00:00:00Z
        ---
        kind: Policy
        name: not-grace
        subjects: [user:grace]
        roles: [IMS FullAccess]
        effect: deny
        scope: {service: ims}
        ---
        kind: Guardrail
        name: no-quotas
        actions: [ims:quotas:get]
        scope: {service: ims}
        """
    )
    return installed


def paths(company: Installation, principal: str, action: str, name: str = WEB_1) -> list[str]:
    """The paths of this question, each as a line."""
    compiled, now = company.host.snapshot("acme").compiled, company.host.now()
    explanation = explain(
        compiled, Request(principal, action, ResourceQuery.of(parse_resource_name(name)), now)
    )
    return [line(path) for path in paths_of(compiled, explanation, "R", now)]


def line(path: Path) -> str:
    """`user:alice -is a member of> readers …`, with `-X` where it ends."""
    text = path.nodes[0].name
    for edge, node in zip(path.edges, path.nodes[1:], strict=True):
        text += f" {'-' if edge.holds else '-X '}{edge.text}> {node.name}"
    assert path.reaches == ("-X" not in text)
    return text


def test_an_allow_is_led_to_through_its_group(company: Installation) -> None:
    """Principal, group, policy, role, resource; every edge holds."""
    assert paths(company, "user:alice", "ims:images:get") == [
        "user:alice -is a member of> image-readers -is granted by> image-readers-eu-de"
        " -gives the role> IMS ReadOnlyAccess -allows it on> R"
    ]


def test_groups_in_groups_are_on_the_way(company: Installation) -> None:
    """The inner group first; the miss is marked at the edge to the resource."""
    assert paths(company, "user:dave", "ims:images:get") == [
        "user:dave -is a member of> inner -is a member of> outer -is granted by> of-outer"
        " -gives the role> IMS ReadOnlyAccess"
        " -X its scope says region eu-nl and the request says eu-de> R"
    ]


def test_a_window_ends_the_way_at_the_policy(company: Installation) -> None:
    """What would follow is still shown."""
    assert paths(company, "user:erin", "ims:images:get") == [
        "user:erin -X its window does not hold now> later -gives the role> IMS ReadOnlyAccess -reaches> R"
    ]


def test_a_deny_leads_to_the_resource(company: Installation) -> None:
    """It is what decides, so its way holds."""
    assert paths(company, "user:grace", "ims:images:get") == [
        "user:grace -is bound by> not-grace -gives the role> IMS FullAccess -denies it on> R"
    ]


def test_a_guardrail_stands_between(company: Installation) -> None:
    """Whoever asks, the owner too."""
    expected = "-is bound by> no-quotas -forbids it on> R"
    service = "brn:acme:ims:eu-de::service/ims"
    for principal in ("user:alice", "user:owner"):
        assert paths(company, principal, "ims:quotas:get", service) == [f"{principal} {expected}"]


def test_the_owner_owns_the_account(company: Installation) -> None:
    """No policy is needed."""
    assert paths(company, "user:owner", "ims:images:get") == ["user:owner -owns> acme -holds> R"]


def test_a_prerequisite_ends_the_way_at_the_resource(company: Installation) -> None:
    """The right is there, but not by itself."""
    company.apply(
        """
        kind: Role
        name: Rules
        service: cloud
        rights: [{actions: [firewall.AddRule]}]
        ---
        kind: Policy
        name: rules
        subjects: [user:ivan]
        roles: [Rules]
        scope: {service: cloud}
        """
    )
    assert paths(company, "user:ivan", "firewall.AddRule", "brn:acme:cloud:us-east::firewall/f") == [
        "user:ivan -is granted by> rules -gives the role> Rules"
        " -X only together with firewall.Access, which is not allowed> R"
    ]


def test_who_has_nothing_has_no_path(company: Installation) -> None:
    """Nothing comes near."""
    assert paths(company, "user:klara", "ims:images:get") == []
