"""Service documents become values, strictly, and come back."""

from __future__ import annotations

import pytest
from tests.unit.catalog.small_service import SMALL, changed, findings_of

from bailiwick.catalog.entries import format_service, parse_service
from bailiwick.catalog.sources import parse_documents
from bailiwick.errors import Invalid
from bailiwick.model.conditions import Comparison, Ref
from bailiwick.model.services import Action, Operation, Qualifier, ResourceType, Right, Role


def test_a_small_service_gets_the_defaults() -> None:
    """What is not written is what the format promises."""
    service = parse_service(SMALL, account="acme")
    assert service.resource_types["shelf"] == ResourceType("shelf")
    assert service.resource_types["record"] == ResourceType(
        "record", parents=("shelf",), inherits=frozenset({"project"})
    )
    assert service.actions["records.list"] == Action("records.list", "", "list")
    assert service.actions["records.write"].requires == ("records.read",)
    assert service.operations == {
        "copy": Operation("copy", "", "command", (("records.read", "source"), ("records.write", "target")))
    }
    mine = Comparison("resource.owner", "string-equals", Ref("principal.id"))
    assert service.qualifiers == {"mine": Qualifier("mine", "", frozenset({"owner"}), mine)}
    assert service.scope_attributes == {"region", "project", "type", "id", "within"}
    assert (service.regional, service.instances, service.case_insensitive_ids) == (True, False, False)
    assert (service.account, service.unsupported_roles) == ("acme", frozenset())
    assert service.roles["Reader"] == Role(
        "records", "Reader", "service", (Right("records", ("records.read",), qualifier="mine"),)
    )


def test_platform_roles_follow_from_access_levels() -> None:
    """Each holds the actions of its levels; Administrator holds everything and gives access."""
    roles = parse_service(SMALL).roles
    held = {name: roles[name].rights[0].actions for name in ("Viewer", "Operator", "Editor", "Administrator")}
    everything = ("records.list", "records.read", "records.write", "records.keep")
    assert held == {
        "Viewer": everything[:2], "Operator": everything[:3], "Editor": everything, "Administrator": everything,
    }  # fmt: skip
    assert roles["Administrator"].rights[1:] == (
        Right("iam", ("iam.policy.*",)),
        Right("iam", ("iam.role.assign",), roles=("records/*",)),
        Right("iam", ("iam.user.invite", "iam.service-id.create"), level="account"),
        Right("iam", ("iam.service-id.delete",), level="account", qualifier="mine"),
    )


def test_unsupported_platform_roles_are_not_there() -> None:
    """A role that grants nothing by name is no role of the service."""
    service = parse_service(changed(lambda d: d.update(unsupported_roles=["Viewer", "Operator"])))
    assert list(service.roles) == ["Editor", "Administrator", "Reader"]
    assert service.unsupported_roles == {"Viewer", "Operator"}


def test_a_platform_role_without_actions_holds_no_rights() -> None:
    """No action of a role's levels: no right at all, rather than an empty one."""
    service = parse_service(
        {**SMALL, "actions": [{"id": "x", "access": "delete"}], "operations": [], "roles": []}
    )
    assert service.roles["Viewer"].rights == ()


def test_listed_platform_roles_are_completed() -> None:
    """A listed Administrator gets what every Administrator holds, and loses it again when exported."""
    listed = [
        {"name": n, "kind": "platform", "rights": [{"actions": ["records.*"]}]}
        for n in ("Viewer", "Administrator")
    ]
    data = changed(
        lambda d: d.update(platform_roles="listed", unsupported_roles=["Operator", "Editor"], roles=listed)
    )
    service = parse_service(data)
    assert len(service.roles["Administrator"].rights) == 5
    assert format_service(service)["roles"] == listed
    assert format_service(service)["platform_roles"] == "listed"


def test_iam_implies_nothing_for_its_own_administrator() -> None:
    """In iam the Administrator's own actions are all there is."""
    data = {
        "name": "iam",
        "title": "IAM",
        "actions": [{"id": "iam.x", "access": "read", "spans_services": True}],
    }
    service = parse_service(data)
    assert len(service.roles["Administrator"].rights) == 1
    assert service.actions["iam.x"].spans_services


FULL = """\
kind: Service
name: vault
title: Vault
description: Holds things.
source: ["A document (2020)", "Another (2021)"]
differs: ["one says so", "the other not"]
locality: regional
instances: true
case_insensitive_ids: true
scope_attributes: [instance, type]
platform_roles: derived
unsupported_roles: [Editor]
resource_types:
  project: {title: Project, parents: [], attributes: [project], project: fixed, stands_for_project: true}
  box: {parents: [], attributes: []}
qualifiers:
  - name: ours
    title: Ours
    needs: [groups, tags]
    differs: not everywhere
    when:
      all:
        - {key: resource.groups, operator: contains-any, value: {ref: principal.groups}}
        - any: [{key: resource.tags.env, operator: string-equals, value: test}]
actions:
  - id: Vault:open
    title: Open
    resource_type: project
    access: use
    source: [{table: "4, row 2", row: 5}, {table: Rest}, {section: Doors}, by hand]
    decided_on: [region, project, type]
    ignores_qualifiers: true
    takes_into_project: true
    depends_on: ["obs:*"]
    description: Opens it.
  - id: Vault:close
    resource_type: project
    access: use
    source: {table: "4", row: 6}
    requires: [Vault:open]
operations:
  - id: POST /doors
    title: Open a door
    kind: api
    actions: [{action: Vault:open, on: target}]
    source: {section: Doors}
    performed_by: integrated service
  - {id: old, kind: console, discontinued: {date: 2021-10-05, successor: new}}
  - {id: older, kind: console, discontinued: {date: 2021-10-05}}
roles:
  - name: Key Holder
    kind: platform
    title: Holder
    description: Holds the key.
    held_by: the owner
    grant: explicit
    rights:
      - actions: ["Vault:*"]
        qualifier: ours
        when: {key: context.mfa, operator: bool-equals, value: true}
        level: account
      - {actions: [Vault:open], effect: deny}
      - {service: iam, actions: [iam.role.assign], roles: [vault/Key Holder]}
"""


def test_every_field_comes_back() -> None:
    """What a full entry says is in the value, and the value formats to an entry that parses to it."""
    [source] = parse_documents(FULL)
    service = parse_service(source.data)
    assert parse_service(format_service(service)) == service
    assert service.actions["Vault:open"].source == (
        "table 4, row 2, row 5",
        "table Rest",
        "section Doors",
        "by hand",
    )
    assert service.operations["old"] == Operation(
        "old", "", "console", (), discontinued="2021-10-05", successor="new"
    )
    assert service.roles["Key Holder"].explicit
    formatted = format_service(service)
    for field in ("description", "source", "differs", "scope_attributes", "resource_types"):
        expected = source.data[field]
        if field == "resource_types":
            expected = {**source.data[field], "box": {"parents": [], "attributes": [], "project": "none"}}  # type: ignore[dict-item]
        assert formatted[field] == expected
    assert formatted["roles"] == source.data["roles"]


def test_an_own_service_names_its_account() -> None:
    """The export of an account's own service says whose it is, and parses only there."""
    service = parse_service(SMALL, account="acme")
    document = format_service(service)
    assert document["account"] == "acme"
    assert parse_service(document, account="acme") == service
    assert findings_of(document) == [
        "a system service belongs to no account at account\n  help: leave the field out"
    ]
    assert findings_of(document, "other") == ["document is of account `acme`, expected `other` at account"]


def test_an_own_service_keeps_to_itself() -> None:
    """A right of another service is for shipped entries only."""
    rights = [{"service": "ims", "actions": ["ims:images:list"]}]
    data = changed(lambda d: d["roles"][0].update(rights=rights))
    assert findings_of(data, "acme") == [
        "a right of `records` cannot name service `ims` at roles[0].rights[0].service\n"
        "  help: leave `service` out: the right is one of `records`"
    ]
    assert parse_service(data).roles["Reader"].rights[0].service == "ims"


def test_findings_stand_at_their_lines() -> None:
    """A document of a file is found wrong with file and line."""
    text = FULL.replace("[Vault:open], effect", "[Vault:opne], effect").replace(
        "needs: [groups, tags]", "needs: [groups]"
    )
    line = text[: text.index("opne")].count("\n") + 1
    [source] = parse_documents(text, "services/vault.yaml")
    with pytest.raises(Invalid) as caught:
        parse_service(source.data, source.locate)
    assert [finding.format() for finding in caught.value.findings] == [
        "services/vault.yaml:19: the condition reads `resource.tags` at qualifiers[0].needs\n"
        "  help: list what it reads",
        f"services/vault.yaml:{line}: unknown action `Vault:opne` at roles[0].rights[1].actions[0]\n"
        "  help: did you mean `Vault:open`?",
    ]
    assert str(caught.value).startswith("2 errors, the first: services/vault.yaml:19")


def test_a_document_that_is_no_mapping_is_refused() -> None:
    """A list in the place of a service is one finding, not a crash."""
    with pytest.raises(Invalid) as caught:
        parse_service([])  # type: ignore[arg-type]  # what a careless caller might pass
    assert caught.value.findings[0].message == "expected fields, got a list"
