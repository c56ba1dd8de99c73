"""Templates as documents: what they hold, what is wrong with them, and where."""

from __future__ import annotations

from typing import Any

import pytest

from bailiwick.catalog.checks import check_account
from bailiwick.catalog.documents import format_document, parse_document
from bailiwick.errors import Finding, Invalid
from bailiwick.model.accounts import Account, Group, Principal
from bailiwick.model.enterprises import Enterprise
from bailiwick.model.policies import Policy, Scope
from bailiwick.model.services import Right, Role
from bailiwick.model.templates import Template, TemplateAcceptance, TemplateAssignment
from bailiwick.service.catalog_files import load_system_catalog

AUDITORS: dict[str, Any] = {
    "kind": "Template",
    "name": "auditors@1",
    "groups": [{"name": "auditors", "description": "look, change nothing"}],
    "roles": [{"name": "Image Lister", "service": "ims", "rights": [{"actions": ["ims:images:list"]}]}],
    "policies": [
        {
            "name": "auditors-list-images",
            "subjects": ["group:auditors"],
            "roles": ["Image Lister"],
            "scope": {"service": "ims"},
        }
    ],
    "state": "committed",
}


def changed(**fields: object) -> dict[str, Any]:
    """The template, with these fields instead."""
    return {**AUDITORS, **fields}


def findings_of(document: dict[str, Any]) -> list[Finding]:
    """What is wrong with the document itself?"""
    with pytest.raises(Invalid) as caught:
        parse_document({"account": "hq", **document}, "hq")
    return list(caught.value.findings)


def checked(*templates: Template, assignments: tuple[TemplateAssignment, ...] = ()) -> list[str]:
    """What is wrong with a management account that holds these?"""
    account = Account(
        "hq",
        "user:ann",
        principals={"user:ann": Principal("user:ann")},
        templates={one.name: one for one in templates},
        template_assignments={one.name: one for one in assignments},
        enterprises={"acme": Enterprise("acme")},
    )
    return [one.format() for one in check_account(load_system_catalog(), account)]


def test_a_template_says_what_it_defines() -> None:
    """A template's groups, roles and policies are the values that documents of these kinds hold."""
    kind, value = parse_document({"account": "hq", **AUDITORS}, "hq")
    right = Right("ims", ("ims:images:list",))
    assert kind == "Template"
    assert value == Template(
        name="auditors@1",
        groups=(Group("auditors", description="look, change nothing"),),
        roles=(Role("ims", "Image Lister", "service", (right,), custom=True),),
        policies=(
            Policy("auditors-list-images", ("group:auditors",), ("Image Lister",), Scope(service=("ims",))),
        ),
        committed=True,
    )
    assert isinstance(value, Template)
    assert (value.base, value.version) == ("auditors", 1)
    assert parse_document(format_document("Template", value, "hq"), "hq")[1] == value


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("TemplateAssignment", TemplateAssignment("all", "auditors@1", "enterprise:acme", "everywhere")),
        ("TemplateAcceptance", TemplateAcceptance("auditors", 3, "hq", follows=True)),
        ("TemplateAcceptance", TemplateAcceptance("auditors", 3, "hq")),
    ],
)
def test_assignments_and_acceptances_come_back_as_they_were(kind: str, value: Any) -> None:
    """What is formatted parses to the same value."""
    assert parse_document(format_document(kind, value, "hq"), "hq") == (kind, value)


@pytest.mark.parametrize(
    ("document", "message", "place"),
    [
        (changed(name="auditors"), "`auditors` names no version of a template", "name"),
        (changed(name="auditors@0"), "`auditors@0` names no version of a template", "name"),
        (changed(name="a@2@1"), "`a@2` is no template name", "name"),
        (
            {"kind": "Template", "name": "empty@1"},
            "the template defines nothing",
            "",
        ),
        (
            changed(groups=[{"name": "auditors", "members": ["user:ann"]}]),
            "unknown field `members`",
            "groups[0].members",
        ),
        (
            changed(groups=[{"name": "auditors"}, {"name": "auditors"}]),
            "duplicate `auditors`",
            "groups[1].name",
        ),
        (
            changed(policies=[{"name": "p", "subjects": ["group:auditors"]}]),
            "missing field `roles`",
            "policies[0]",
        ),
    ],
)
def test_what_is_wrong_with_a_template_is_said_at_its_place(
    document: dict[str, Any], message: str, place: str
) -> None:
    """Every finding of a part names the part."""
    assert [(one.message, one.place) for one in findings_of(document)] == [(message, place)]


def test_managed_by_names_a_template() -> None:
    """Nothing but a template manages an object."""
    document = {"kind": "Group", "account": "hq", "name": "g", "managed_by": "scim"}
    assert [(one.message, one.help) for one in findings_of(document)] == [
        ("`scim` manages nothing", "expected `template:` and a template's name")
    ]


def test_a_template_that_stands_by_itself_is_fine() -> None:
    """Groups and roles of the template itself are found."""
    template = parse_document({"account": "hq", **AUDITORS}, "hq")[1]
    assert isinstance(template, Template)
    assert checked(template, assignments=(TemplateAssignment("all", "auditors@1", "enterprise:acme"),)) == []


def test_a_template_names_nothing_of_the_account_that_holds_it() -> None:
    """Users and groups of the management account are nobody in the accounts below."""
    policy = Policy("p", ("user:ann", "group:others"), ("Viewer",), Scope(service=("vpc",)))
    role = Role("nowhere", "R", "service", (Right("nowhere", ("x",)),), custom=True)
    found = checked(
        Template("t@1", policies=(policy,), roles=(role,), groups=(Group("members"),), committed=True)
    )
    assert found == [
        "group `members` is built in at Template t@1: groups[0].name\n  help: choose another name",
        "unknown service `nowhere` at Template t@1: roles[0].service\n  help: available: "
        "`billing`, `cloud`, `container-registry`, `enterprise`, `eps`, `hs-crypto`, `iam`, `ims`, `otc-iam`, `vpc`",
        "`user:ann` cannot stand in a template at Template t@1: policies[0].subjects[0]\n"
        "  help: name a group of the template",
        "unknown group `others` at Template t@1: policies[0].subjects[1]\n  help: available: `members`",
    ]


def test_only_a_committed_version_is_assigned() -> None:
    """A draft, or a version that is not there, is refused."""
    draft = Template("t@1", groups=(Group("g"),))
    wrong = TemplateAssignment("none", "t@2", "account-group:eu")
    assert checked(draft, assignments=(TemplateAssignment("all", "t@1", "enterprise:acme"), wrong)) == [
        "template `t@1` is a draft at TemplateAssignment all: template\n  help: commit it before it is assigned",
        "unknown node `account-group:eu` at TemplateAssignment none: node",
        "unknown template `t@2` at TemplateAssignment none: template\n  help: did you mean `t@1`?",
    ]
