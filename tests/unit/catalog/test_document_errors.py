"""A wrong document is refused with everything that is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest

from bailiwick.catalog.documents import parse_document
from bailiwick.errors import Invalid

POLICY = {"kind": "Policy", "name": "p", "subjects": ["user:a"], "roles": ["Reader"]}
RESOURCE = {"kind": "Resource", "name": "brn:acme:ims:eu-de::image/i"}
DEEP: Any = "x"
for _ in range(40):
    DEEP = [DEEP]

REFUSED: dict[str, tuple[Any, list[str]]] = {
    "no mapping": ([], ["expected a document with fields, got a list"]),
    "no kind": (
        {"name": "x"},
        [
            "missing field `kind`\n  help: available: `Account`, `AccountGroup`, `Application`, `Enterprise`, "
            "`EnterpriseAccount`, `FederationRule`, `Group`, `Guardrail`, `IdentityProvider`, "
            "`Policy`, `Profile`, `Project`, "
            "`Resource`, `Role`, `SecuritySettings`, `Service`, `ServiceId`, "
            "`Template`, `TemplateAcceptance`, `TemplateAssignment`, `User`"
        ],
    ),
    "an unknown kind": (
        {"kind": "Polcy"},
        ["unknown kind `Polcy` at kind\n  help: did you mean `Policy`?"],
    ),
    "a kind that is a list": (
        {"kind": []},
        [
            "unknown kind a list at kind\n  help: available: `Account`, `AccountGroup`, `Application`, `Enterprise`, "
            "`EnterpriseAccount`, `FederationRule`, `Group`, `Guardrail`, `IdentityProvider`, `Policy`, `Profile`, "
            "`Project`, `Resource`, `Role`, `SecuritySettings`, `Service`, `ServiceId`, "
            "`Template`, `TemplateAcceptance`, `TemplateAssignment`, `User`"
        ],
    ),
    "another account": (
        {**POLICY, "account": "other"},
        ["document is of account `other`, expected `acme` at account"],
    ),
    "an account of another name": (
        {"kind": "Account", "name": "other", "owner": "user:a"},
        ["document is of account `other`, expected `acme` at name"],
    ),
    "a bad account": (
        {**POLICY, "account": "a/b"},
        [
            "`a/b` is no name at account\n  help: a name holds no `/`, `:` or control character and does not begin "
            "or end with a space"
        ],
    ),
    "everything wrong at once": (
        {"kind": "Policy", "name": "", "subject": ["user:a"], "roles": [], "effect": "permit", "state": True},
        [
            "unknown field `subject` at subject\n  help: did you mean `subjects`?",
            "missing field `subjects`",
            "`roles` is empty, expected at least one at roles",
            "expected a name, got nothing at name",
            "expected one of `allow`, `deny`, got `permit` at effect",
            "expected one of `enabled`, `disabled`, got `true` at state",
        ],
    ),
    "a subject without kind": (
        {**POLICY, "subjects": ["alice", "anonymous", "user:a", "user:a"]},
        [
            "`alice` is no subject at subjects[0]\n  help: expected one of `user:`, `service-id:`, `profile:`, "
            "`service:`, `group:` and a name",
            "`anonymous` cannot be a subject at subjects[1]\n  help: grant to `group:everyone` instead",
            "duplicate `user:a` at subjects[3]",
        ],
    ),
    "a role of two services": (
        {**POLICY, "roles": ["ims/vpc/Viewer"]},
        [
            "`vpc/Viewer` is no role name at roles[0]\n  help: a name holds no `/`, `:` or control character and "
            "does not begin or end with a space"
        ],
    ),
    "a scope of text": (
        {**POLICY, "scope": "ims"},
        [
            "expected fields, got `ims` at scope\n  help: available: `service`, `region`, `instance`, `project`, "
            "`type`, `id`, `within`"
        ],
    ),
    "an id without type": (
        {**POLICY, "scope": {"service": "ims", "id": "x"}},
        ["`id` needs `type` at scope.id\n  help: name the type in the scope too"],
    ),
    "a type without service": (
        {**POLICY, "scope": {"type": "image"}},
        ["`type` needs `service` at scope.type\n  help: name the service in the scope too"],
    ),
    "no alternative": (
        {**POLICY, "scope": {"region": []}},
        ["expected at least one value, got an empty list at scope.region\n  help: leave it out for any"],
    ),
    "an empty value": (
        {**POLICY, "scope": {"region": "", "project": ["a", "x" * 257]}},
        [
            "expected a value or a pattern of 1 to 256 characters at scope.region",
            "expected a value or a pattern of 1 to 256 characters at scope.project[1]",
        ],
    ),
    "a number as region": (
        {**POLICY, "scope": {"region": 12}},
        ["expected text, got `12` at scope.region\n  help: quote it"],
    ),
    "a path of two as within": (
        {**POLICY, "scope": {"service": "ims", "within": ["a/b/c/d", "a/b*", "a"]}},
        [
            "`a/b/c/d` names 2 resources, expected one `type/id` at scope.within[0]",
            "`a/b*` is a pattern, expected one `type/id` at scope.within[1]\n"
            "  help: use `type` and `id` for patterns",
            "`a` has a broken path at scope.within[2]\n  help: expected `type/id`, repeated at most 16 times",
        ],
    ),
    "a bad condition": (
        {**POLICY, "when": {"all": [{"key": "context.ip", "operator": "ip-in", "value": "10.0.0.1/8"}]}},
        [
            "expected a network, got `'10.0.0.1/8'` at when.all[0].value\n"
            "  help: write an address or a network such as 10.0.0.0/8, without host bits"
        ],
    ),
    "a condition that is too deep": (
        {**POLICY, "when": DEEP},
        ["value is nested deeper than 32 at when"],
    ),
    "a condition on too many": (
        {**POLICY, "when": {"key": "principal.id", "operator": "string-equals", "value": ["x"] * 1001}},
        ["a list has 1001 elements, expected at most 1000 at when"],
    ),
    "a condition on what cannot be stored": (
        {**POLICY, "when": {"key": "principal.id", "operator": "string-equals", "value": "\ud800"}},
        ["text holds the character U+D800 at when\n  help: leave it out"],
    ),
    "a time without offset": (
        {**POLICY, "expires_at": "2027-01-01T00:00:00"},
        [
            "expected an RFC 3339 date and time, got `2027-01-01T00:00:00` at expires_at\n"
            "  help: write it with its offset, such as 2027-01-01T00:00:00Z"
        ],
    ),
    "a day that is none": (
        {**POLICY, "starts_at": "2027-02-30T00:00:00Z", "expires_at": 12},
        [
            "expected an RFC 3339 date and time, got `2027-02-30T00:00:00Z` at starts_at\n"
            "  help: write it with its offset, such as 2027-01-01T00:00:00Z",
            "expected an RFC 3339 date and time, got `12` at expires_at\n"
            "  help: write it with its offset, such as 2027-01-01T00:00:00Z",
        ],
    ),
    "a time before all others": (
        {**POLICY, "starts_at": "0001-01-01T00:00:00+14:00"},
        ["expected a time from 1970 to 9999, got `0001-01-01T00:00:00+14:00` at starts_at"],
    ),
    "a bad email": (
        {"kind": "User", "name": "a", "email": "at home"},
        ["`at home` is no email address at email\n  help: write it as name@example.org"],
    ),
    "a group as owner": (
        {"kind": "User", "name": "a", "owner": "group:g"},
        [
            "`group:g` cannot be an owner at owner\n  help: expected one of `user:`, `service-id:`, `profile:` "
            "and a name"
        ],
    ),
    "a profile that trusts everyone": (
        {"kind": "Profile", "name": "p", "trust": ["group:everyone", "anonymous", "account:a/b", "x"]},
        [
            "`group:everyone` cannot be trusted at trust[0]\n  help: name those who may assume the profile",
            "`anonymous` cannot be trusted at trust[1]\n  help: name those who may assume the profile",
            "`account:a/b` cannot be trusted at trust[2]\n  help: of another account, expected `account:NAME` or one "
            "of `user:`, `service-id:`, `profile:`, `group:` and a name after `account:NAME/`",
            "`x` is no subject at trust[3]\n  help: expected one of `user:`, `service-id:`, `profile:`, `service:`, "
            "`group:` and a name",
        ],
    ),
    "a session that never ends": (
        {"kind": "Profile", "name": "p", "maximum_session_seconds": 86401},
        ["expected a whole number from 60 to 86400, got `86401` at maximum_session_seconds"],
    ),
    "a session that is a flag": (
        {"kind": "Profile", "name": "p", "maximum_session_seconds": True},
        ["expected a whole number from 60 to 86400, got `true` at maximum_session_seconds"],
    ),
    "members of all sorts": (
        {"kind": "Group", "name": "g", "members": ["service:ims", "user:a", "user:a", {"expires_at": "soon"}, 4]},
        [
            "`service:ims` cannot be a member at members[0]\n  help: expected one of `user:`, `service-id:`, "
            "`profile:`, `group:` and a name",
            "duplicate `user:a` at members[2]",
            "missing field `member` at members[3]",
            "expected an RFC 3339 date and time, got `soon` at members[3].expires_at\n"
            "  help: write it with its offset, such as 2027-01-01T00:00:00Z",
            "expected text, got `4` at members[4]\n  help: quote it",
        ],
    ),
    "a property that no condition can read": (
        {"kind": "User", "name": "a", "properties": {"a.b": 1, "": 2, "c": 2**63, "d": float("inf"), "e": [1]}},
        [
            "property `a.b` holds a `.` at properties.a.b\n"
            "  help: conditions read `a.b` as `b` within `a`: nest it",
            "expected a key of 1 to 256 characters, got 0 at properties",
            "number `9223372036854775808` is out of range at properties.c",
            "number `inf` is out of range at properties.d",
            "expected text, got `1` at properties.e\n  help: quote it",
        ],
    ),
    "a property in a property in a property": (
        {"kind": "User", "name": "a", "properties": {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {}}}}}}}}}},
        ["properties are nested deeper than 8 at properties.a.b.c.d.e.f.g.h"],
    ),
    "a property that is null": (
        {"kind": "User", "name": "a", "properties": {"a": None}},
        ["expected text, got nothing at properties.a"],
    ),
    "properties that are a list": (
        {"kind": "User", "name": "a", "properties": [1]},
        ["expected names with values, got a list at properties"],
    ),
    "too many properties": (
        {"kind": "User", "name": "a", "properties": {str(i): i for i in range(1001)}},
        ["`properties` has 1001 entries, expected at most 1000 at properties"],
    ),
    "a tag that is a number": (
        {**RESOURCE, "tags": {"env": 1, "": "x"}},
        [
            "expected text, got `1` at tags.env\n  help: quote it",
            "expected a key of 1 to 256 characters, got 0 at tags",
        ],
    ),
    "a resource of another account": (
        {**RESOURCE, "name": "brn:other:ims:eu-de::image/i"},
        ["resource is of account `other`, expected `acme` at name"],
    ),
    "a resource name out of form": (
        {**RESOURCE, "name": "brn:acme:ims:eu-de::image/a b"},
        ["`brn:acme:ims:eu-de::image/a b` is not in canonical form at name\n"
         "  help: write `brn:acme:ims:eu-de::image/a%20b`"],
    ),
    "a resource of no name": (
        {**RESOURCE, "name": "image/i"},
        [
            "`image/i` is no resource name at name\n  help: expected "
            "`brn:<account>:<service>:<region>:<instance>:<type>/<id>`, percent-encoded"
        ],
    ),
    "a user as owning group": (
        {**RESOURCE, "groups": ["user:a"]},
        ["`user:a` is no group at groups[0]\n  help: expected one of `group:` and a name"],
    ),
    "a role without rights": (
        {"kind": "Role", "name": "r", "service": "ims", "rights": []},
        ["`rights` is empty, expected at least one at rights"],
    ),
    "a role of two services at once": (
        {"kind": "Role", "name": "r", "service": "ims", "rights": [{"service": "vpc", "actions": ["x"]}]},
        [
            "a role of `ims` cannot name service `vpc` at rights[0].service\n"
            "  help: leave `service` out, or make a role for each service"
        ],
    ),
    "a guardrail on nothing": (
        {"kind": "Guardrail", "name": "g", "actions": []},
        ["`actions` is empty, expected at least one at actions"],
    ),
    "a name with a control character": (
        {"kind": "User", "name": "a\x07"},
        ["text holds the character U+0007 at name\n  help: leave it out"],
    ),
    "a long unknown field": (
        {"kind": "Project", "name": "p", "x" * 200: 1},
        [
            f"unknown field `{'x' * 80}` at {'x' * 80}\n"
            "  help: available: `account`, `default`, `description`, `disabled`, `kind`, `name`, `type`"
        ],
    ),
    "a long wrong value": (
        {"kind": "Project", "name": "p", "default": "x" * 200},
        [f"expected true or false, got `{'x' * 80}…` at default"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_document_is_refused_with_all_its_findings(case: str) -> None:
    """Every finding says what, where, and what would be right."""
    document, expected = REFUSED[case]
    with pytest.raises(Invalid) as caught:
        parse_document(document, "acme")
    assert [finding.format() for finding in caught.value.findings] == expected
