"""A wrong service is refused with everything that is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.catalog.small_service import Change, changed, findings_of


def put(*path: Any) -> Change:
    """A change that puts the last argument at the path of the others."""

    def change(data: dict[str, Any]) -> None:
        *steps, last, value = path
        part: Any = data
        for step in steps:
            part = part[step]
        part[last] = value

    return change


def add(*path: Any) -> Change:
    """A change that appends the last argument to the list at the path of the others."""

    def change(data: dict[str, Any]) -> None:
        *steps, value = path
        part: Any = data
        for step in steps:
            part = part[step]
        part.append(value)

    return change


REFUSED: dict[str, tuple[Change, list[str]]] = {
    "an unknown field": (
        put("resource_type", {}),
        ["unknown field `resource_type` at resource_type\n  help: did you mean `resource_types`?"],
    ),
    "another kind": (put("kind", "Policy"), ["expected one of `Service`, got `Policy` at kind"]),
    "a missing field": (lambda d: d.pop("title"), ["missing field `title`"]),
    "a bad name": (
        put("name", "My Service"),
        ["expected a lower-case word of letters, digits and hyphens, got `'My Service'` at name"],
    ),
    "an attribute that no action can govern": (
        put("resource_types", "shelf", {"governed_by": {"project": "records.keep", "tag": "records.keep"}}),
        [
            "no action can govern `project` at resource_types.shelf.governed_by.project\n"
            "  help: available: `budget`, `groups`, `owner`, `tags`",
            "no action can govern `tag` at resource_types.shelf.governed_by.tag\n  help: did you mean `tags`?",
        ],
    ),
    "an attribute that the type has not": (
        put("resource_types", "shelf", {"attributes": ["tags"], "governed_by": {"owner": "records.keep"}}),
        ["`shelf` has no attribute `owner` at resource_types.shelf.governed_by.owner"],
    ),
    "actions that cannot govern": (
        put(
            "resource_types",
            "shelf",
            {"governed_by": {"owner": "records.kep", "groups": "records.read", "budget": "records.list", "tags": 1}},
        ),
        [
            "expected text, got `1` at resource_types.shelf.governed_by.tags\n  help: quote it",
            "unknown action `records.kep` at resource_types.shelf.governed_by.owner\n"
            "  help: did you mean `records.keep`?",
            "action `records.read` is asked of `record`, expected `shelf` at resource_types.shelf.governed_by.groups",
            "action `records.list` is asked of no resource type, expected `shelf` at "
            "resource_types.shelf.governed_by.budget",
        ],
    ),
    "another locality": (put("locality", "local"), ["expected one of `regional`, `global`, got `local` at locality"]),
    "text for a flag": (put("instances", "yes"), ["expected true or false, got `yes` at instances"]),
    "a region of a global service": (
        lambda d: d.update(locality="global", scope_attributes=["region"]),
        ["`region` cannot be constrained: the service is global at scope_attributes"],
    ),
    "an instance where there are none": (
        put("scope_attributes", ["instance"]),
        ["`instance` cannot be constrained: the service has no instances at scope_attributes"],
    ),
    "an unknown scope attribute": (
        put("scope_attributes", ["regions"]),
        ["unknown scope attribute `regions` at scope_attributes[0]\n  help: did you mean `region`?"],
    ),
    "the reserved type": (
        put("resource_types", "service", None),
        ["resource type `service` exists in every service at resource_types.service\n  help: choose another name"],
    ),
    "a bad type name": (
        put("resource_types", "Box", None),
        ["expected a lower-case word of letters, digits and hyphens, got `'Box'` at resource_types.Box"],
    ),
    "types that are no mapping": (
        put("resource_types", ["record"]),
        [
            "expected names with values, got a list at resource_types",
            *(
                f"unknown resource type `{name}` at actions[{index}].resource_type"
                for index, name in ((1, "record"), (2, "record"), (3, "shelf"))
            ),
        ],
    ),
    "an unknown parent": (
        put("resource_types", "record", {"parents": ["shelve"]}),
        ["unknown resource type `shelve` at resource_types.record.parents[0]\n  help: did you mean `shelf`?"],
    ),
    "types below nothing": (
        put("resource_types", "shelf", {"parents": ["record"]}),
        [
            "`shelf` lies below no type without parents at resource_types.shelf.parents\n"
            "  help: let one of its ancestors have none",
            "`record` lies below no type without parents at resource_types.record.parents\n"
            "  help: let one of its ancestors have none",
        ],
    ),
    "inheriting what it has not": (
        put("resource_types", "record", {"parents": ["shelf"], "attributes": ["owner"], "inherits": ["project"]}),
        ["`record` inherits `project` but does not have it at resource_types.record.inherits"],
    ),
    "a project rule without projects": (
        put("resource_types", "record", {"attributes": ["owner"], "project": "free"}),
        ["`record` has no attribute `project` at resource_types.record.project\n  help: write `project: none`"],
    ),
    "a qualifier named any": (
        put("qualifiers", 0, "name", "any"),
        [
            "qualifier `any` cannot be defined at qualifiers[0].name\n"
            "  help: a right without a qualifier means any",
            "unknown qualifier `mine` at roles[0].rights[0].qualifier\n  help: available: `any`",
        ],
    ),
    "a negated qualifier": (
        put("qualifiers", 0, "when", {"not": {"key": "resource.owner", "operator": "string-equals", "value": "x"}}),
        ["a qualifier takes no `not` at qualifiers[0].when"],
    ),
    "a qualifier that is true of nothing": (
        put("qualifiers", 0, "when", {"key": "resource.owner", "operator": "string-not-equals", "value": "x"}),
        ["a qualifier takes no `string-not-equals` at qualifiers[0].when"],
    ),
    "a qualifier that asks for existence": (
        put("qualifiers", 0, "when", {"key": "resource.owner", "operator": "exists", "value": False}),
        ["a qualifier takes no `exists` at qualifiers[0].when"],
    ),
    "a qualifier that guesses": (
        put("qualifiers", 0, "when", "missing", True),
        ["a qualifier takes no `missing` at qualifiers[0].when"],
    ),
    "needs that are not read": (
        put("qualifiers", 0, "needs", ["groups"]),
        [
            "the condition does not read `resource.groups` at qualifiers[0].needs\n  help: list what it reads",
            "the condition reads `resource.owner` at qualifiers[0].needs\n  help: list what it reads",
        ],
    ),
    "a bad condition": (
        put("qualifiers", 0, "when", "operator", "string-equal"),
        [
            "unknown operator `string-equal` at qualifiers[0].when.operator\n"
            "  help: did you mean `string-equals`?",
            "unknown qualifier `mine` at roles[0].rights[0].qualifier\n  help: `records` has no qualifiers",
        ],
    ),
    "two qualifiers of one name": (
        lambda d: d["qualifiers"].append(d["qualifiers"][0]),
        ["duplicate qualifier `mine` at qualifiers[1].name"],
    ),
    "an action without access": (
        add("actions", {"id": "x"}),
        ["missing field `access` at actions[4]"],
    ),
    "an action that is text": (
        add("actions", "x"),
        [
            "expected fields, got `x` at actions[4]\n  help: available: `id`, `title`, `resource_type`, `access`, "
            "`source`, `decided_on`, `ignores_qualifiers`, `requires`, `takes_into_project`, `depends_on`, "
            "`spans_services`, `description`",
            "missing field `id` at actions[4]",
            "missing field `access` at actions[4]",
        ],
    ),
    "an access level that is none": (
        put("actions", 0, "access", "lists"),
        [
            "expected one of `list`, `read`, `use`, `write`, `create`, `delete`, `permissions`, got `lists`"
            " at actions[0].access"
        ],
    ),
    "a pattern as an action": (
        add("actions", {"id": "records.*", "access": "read"}),
        [
            "`records.*` is no action id at actions[4].id\n"
            "  help: an action id holds letters, digits and `.`, `_`, `:`, `-`, at most 256 of them"
        ],
    ),
    "the same action twice": (
        add("actions", {"id": "records.list", "access": "list"}),
        ["duplicate action `records.list` at actions[4].id"],
    ),
    "actions that differ in case": (
        lambda d: (d.update(case_insensitive_ids=True), d["actions"].append({"id": "Records.List", "access": "list"})),
        ["duplicate action `Records.List` at actions[4].id"],
    ),
    "an action of iam": (
        add("actions", {"id": "iam.policy.create", "access": "list", "spans_services": True}),
        [
            "action `iam.policy.create` begins with `iam.` at actions[4].id\n"
            "  help: only `iam` defines such actions",
            "only actions of `iam` span services at actions[4].spans_services",
        ],
    ),
    "a prerequisite that is none": (
        put("actions", 2, "requires", ["records.reed"]),
        ["unknown action `records.reed` at actions[2].requires[0]\n  help: did you mean `records.read`?"],
    ),
    "a prerequisite of another type": (
        put("actions", 2, "requires", ["records.keep"]),
        [
            "required action `records.keep` is asked of another resource type, expected `record`"
            " at actions[2].requires[0]"
        ],
    ),
    "a prerequisite of no type": (
        put("actions", 0, "requires", ["records.read"]),
        [
            "required action `records.read` is asked of another resource type, expected no resource type"
            " at actions[0].requires[0]"
        ],
    ),
    "prerequisites in a circle": (
        put("actions", 1, "requires", ["records.write"]),
        ["actions require each other: `records.read` → `records.write` → `records.read` at actions[1].requires"],
    ),
    "an unknown attribute to decide on": (
        put("actions", 0, "decided_on", ["region", "projects"]),
        ["unknown attribute `projects` at actions[0].decided_on[1]\n  help: did you mean `project`?"],
    ),
    "a citation of nothing": (
        put("actions", 0, "source", {"row": 3}),
        ["missing field `table` at actions[0].source"],
    ),
    "a citation that is a number": (
        put("actions", 0, "source", [4]),
        ["expected fields, got `4` at actions[0].source[0]\n  help: available: `table`, `row`, `section`",
         "missing field `table` at actions[0].source[0]"],
    ),
    "a row before the first": (
        put("actions", 0, "source", {"table": "1", "row": 0}),
        ["expected a whole number from 1 to 10000, got `0` at actions[0].source.row"],
    ),
    "an operation of no action": (
        put("operations", 0, "actions", [{"action": "records.reed"}]),
        ["unknown action `records.reed` at operations[0].actions[0].action\n  help: did you mean `records.read`?"],
    ),
    "an operation on both sides": (
        put("operations", 0, "actions", [{"action": "records.read", "on": "both"}]),
        ["expected one of `source`, `target`, got `both` at operations[0].actions[0].on"],
    ),
    "an action twice in an operation": (
        put("operations", 0, "actions", [{"action": "records.read"}] * 2),
        ["duplicate `records.read` on `target` at operations[0].actions[1]"],
    ),
    "an operation twice": (
        lambda d: d["operations"].append(d["operations"][0]),
        ["duplicate operation `copy` at operations[1].id"],
    ),
    "an operation without id": (
        add("operations", {"kind": "api"}),
        ["missing field `id` at operations[1]"],
    ),
    "an end without a date": (
        put("operations", 0, "discontinued", {"successor": "x"}),
        ["missing field `date` at operations[0].discontinued"],
    ),
    "an end at no date": (
        put("operations", 0, "discontinued", {"date": "2021-13-01"}),
        ["expected a date, got `2021-13-01` at operations[0].discontinued.date\n  help: write it as 2027-01-31"],
    ),
    "a derived role that is listed": (
        add("roles", {"name": "Viewer", "kind": "platform"}),
        [
            "platform role `Viewer` follows from the access levels at roles[1].name\n"
            "  help: write `platform_roles: listed` to list it"
        ],
    ),
    "an unsupported role that is listed": (
        lambda d: (
            d.update(platform_roles="listed", unsupported_roles=["Viewer", "Operator", "Editor", "Administrator"]),
            d["roles"].append({"name": "Viewer", "kind": "platform"}),
        ),
        ["platform role `Viewer` is unsupported at roles[1].name"],
    ),
    "a listed role that is not": (
        lambda d: d.update(platform_roles="listed", unsupported_roles=["Viewer", "Operator", "Editor"]),
        [
            "platform role `Administrator` is neither listed nor unsupported at roles\n"
            "  help: list it under `roles` or under `unsupported_roles`"
        ],
    ),
    "a platform role of the wrong kind": (
        lambda d: (
            d.update(platform_roles="listed", unsupported_roles=["Administrator", "Operator", "Editor"]),
            d["roles"].append({"name": "Viewer", "kind": "service"}),
        ),
        ["`Viewer` is a platform role at roles[1].kind\n  help: write `kind: platform`"],
    ),
    "a role twice": (
        lambda d: d["roles"].append(d["roles"][0]),
        ["duplicate role `Reader` at roles[1].name"],
    ),
    "a role without name": (
        add("roles", {"kind": "service"}),
        ["missing field `name` at roles[1]"],
    ),
    "a right of nothing": (
        put("roles", 0, "rights", [{}]),
        [
            "missing field `actions` at roles[0].rights[0]\n  help: list at least one action or pattern",
        ],
    ),
    "a right to an unknown action": (
        put("roles", 0, "rights", [{"actions": ["records.list", "records.raed"]}]),
        ["unknown action `records.raed` at roles[0].rights[0].actions[1]\n  help: did you mean `records.read`?"],
    ),
    "a pattern of nothing": (
        put("roles", 0, "rights", [{"actions": ["rec*.x"]}]),
        [
            "pattern `rec*.x` matches no action of `records` at roles[0].rights[0].actions[0]\n"
            "  help: available: `records.keep`, `records.list`, `records.read`, `records.write`"
        ],
    ),
    "a right in other words": (
        put("roles", 0, "rights", [{"actions": ["read a record"]}]),
        [
            "`read a record` is no action at roles[0].rights[0].actions[0]\n  help: an action id holds letters, "
            "digits and `.`, `_`, `:`, `-`; a pattern `*` and `?` too"
        ],
    ),
    "an unknown qualifier": (
        put("roles", 0, "rights", 0, "qualifier", "mien"),
        ["unknown qualifier `mien` at roles[0].rights[0].qualifier\n  help: did you mean `mine`?"],
    ),
    "a qualifier on an action that sees no owner": (
        put("roles", 0, "rights", 0, "actions", ["records.list"]),
        [
            "`records.list` never sees the attribute `owner` that the qualifier `mine` needs"
            " at roles[0].rights[0].actions[0]\n"
            "  help: leave the action or the qualifier out: together they grant nothing"
        ],
    ),
    "a role pattern that is none": (
        put("roles", 0, "rights", 0, "roles", ["Reader"]),
        [
            "`Reader` is no full role name at roles[0].rights[0].roles[0]\n"
            "  help: write `service/role`; `*` and `?` may stand in both",
            "`roles` says for which roles `iam.role.assign` holds, which the right does not name"
            " at roles[0].rights[0].roles",
        ],
    ),
    "another level": (
        put("roles", 0, "rights", 0, "level", "project"),
        ["expected one of `account`, got `project` at roles[0].rights[0].level"],
    ),
    "a list that is text": (
        put("roles", 0, "rights", 0, "actions", "records.read"),
        ["expected a list, got `records.read` at roles[0].rights[0].actions\n  help: write it in brackets: [ … ]"],
    ),
    "a list that is too long": (
        put("differs", [str(i) for i in range(1001)]),
        ["`differs` has 1001 elements, expected at most 1000 at differs"],
    ),
    "an empty text in a list": (put("differs", [""]), ["expected text, got nothing at differs[0]"]),
    "a text that is too long": (
        put("description", "x" * 4097),
        ["text is 4097 characters long, expected at most 4096 at description"],
    ),
    "a number as text": (put("description", 4), ["expected text, got `4` at description\n  help: quote it"]),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_service_is_refused_with_all_its_findings(case: str) -> None:
    """Every finding says what, where, and what would be right."""
    change, expected = REFUSED[case]
    assert findings_of(changed(change)) == expected
