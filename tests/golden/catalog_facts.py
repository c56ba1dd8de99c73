"""What the tables say of the catalog itself: which actions an API needs, and texts that are no decision.

Reads the catalog, asks nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import UNSET
from tests.golden.tables import ApiRow, ApiTable, CatalogTable, Document, Fact, RowMatrix
from tests.golden.worlds import build_account

from bailiwick.catalog.catalog import Catalog
from bailiwick.errors import Invalid
from bailiwick.model.services import Action, Operation, Service

Finding = tuple[str, object, object]
"""What was looked at, what the table says of it, what the catalog says."""

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def findings_of(table: CatalogTable, catalog: Catalog) -> list[Finding]:
    """What do table and catalog say, fact by fact?"""
    service = catalog[table.service]
    if isinstance(table, ApiTable):
        return [finding for row in table.rows for finding in _of_api(row, service)]
    return [_of_fact(fact, service, catalog) for fact in table.rows]


def findings_of_rows(table: RowMatrix, catalog: Catalog) -> list[Finding]:
    """Is each row an operation of the catalog, in the row's words and of the row's table?

    What stands in a cell (`of`) is a summary of other tables' operations and none itself.
    """
    operations = catalog[table.service].operations.values()
    findings: list[Finding] = []
    for row in table.rows:
        head = f"table {row.table},"
        found = [o for o in operations if o.title == row.title and any(s.startswith(head) for s in o.source)]
        got = [sorted(dict(operation.actions)) for operation in found]
        if not row.of:
            findings.append((f"actions of the operation `{row.title}`", [sorted(row.actions)], got))
    return findings


def faults_of(findings: list[Finding]) -> list[str]:
    """In which facts do they differ?"""
    return [f"{words}: expected {said}, got {got}" for words, said, got in findings if said != got]


def _of_api(row: ApiRow, service: Service) -> Iterator[Finding]:
    words = f"{row.operation} ({row.form})" if row.form else row.operation
    forms = [operation for operation in service.operations.values() if _is_form(operation, row.operation)]
    needs = [sorted(operation.actions) for operation in forms if _needs_exactly(operation, row)]
    yield f"operations of {words} with its actions", 1, len(needs)
    for one in row.actions:
        action = service.actions.get(one.action)
        if action is None:
            yield one.action, "an action", "no action of the service"
            continue
        if one.action in row.depends_on:
            said, got = row.depends_on[one.action], action.depends_on
            yield f"what {one.action} of {words} depends on", _folded(said), _folded(got)
        if row.region_level is not None:
            got_region = is_decided_on(action, "region", service)
            yield f"{one.action} of {words} is decided on region", row.region_level, got_region
        if row.project_level is not None:
            got_project = is_decided_on(action, "project", service)
            yield f"{one.action} of {words} is decided on project", row.project_level, got_project


def _is_form(operation: Operation, api: str) -> bool:
    """Is it the operation of this API, or of one form of it? Names of path parameters do not matter."""
    return _PLACEHOLDER.sub("{}", operation.id.split(" (", 1)[0]) == _PLACEHOLDER.sub("{}", api)


def _needs_exactly(operation: Operation, row: ApiRow) -> bool:
    sides = {side for one in row.actions if (side := one.on)}
    needed = {(action, side if sides else "") for action, side in operation.actions}
    return needed == {(one.action, one.on) for one in row.actions}


def _folded(words: tuple[str, ...]) -> list[str]:
    return sorted({word.casefold() for word in words})


def is_decided_on(action: Action, attribute: str, service: Service) -> bool:
    """May a policy on this attribute grant the action? (rules 2.3, 2.6 and 3.1)"""
    if attribute == "region" and not service.regional:
        return False
    if action.decided_on is not None:
        return attribute in action.decided_on
    if action.resource_type is None:
        return attribute == "region"
    return attribute == "region" or attribute in service.resource_types[action.resource_type].attributes


def _of_fact(fact: Fact, service: Service, catalog: Catalog) -> Finding:
    if fact.supported is not UNSET:
        return (
            f"the role {fact.role} is supported",
            fact.supported,
            _is_supported(fact.role, service, catalog),
        )
    if fact.grant_explicit is not UNSET:
        role = service.roles[fact.role]
        return f"the role {fact.role} is granted by name only", fact.grant_explicit, role.explicit
    if fact.discontinued is not UNSET:
        said = (fact.discontinued.date, fact.discontinued.successor)
        operation = service.operations[fact.operation]
        return f"{fact.operation} is discontinued", said, (operation.discontinued, operation.successor)
    if fact.resource_type:
        return _of_type(fact, service, catalog)
    action = service.actions[fact.action]
    if fact.ignores_qualifiers is not UNSET:
        return f"{fact.action} ignores qualifiers", fact.ignores_qualifiers, action.ignores_qualifiers
    if fact.requires is not UNSET:
        return f"{fact.action} requires", sorted(fact.requires), sorted(action.requires)
    using = {o.performed_by for o in service.operations.values() if fact.action in dict(o.actions)}
    said_by = {"" if fact.performed_by in (None, UNSET) else fact.performed_by}
    return f"operations with {fact.action} are performed by", said_by, using


def _of_type(fact: Fact, service: Service, catalog: Catalog) -> Finding:
    kind = fact.resource_type
    if fact.actions is not UNSET:
        actions = sorted(name for name, one in service.actions.items() if one.resource_type == kind)
        return f"actions of {kind}", sorted(fact.actions), actions
    said = [] if fact.qualifiers is UNSET else sorted(fact.qualifiers)
    got = sorted(name for name in service.qualifiers if _is_accepted(name, kind, service, catalog))
    return f"qualifiers of a right on {kind}", said, got


def _is_accepted(qualifier: str, kind: str, service: Service, catalog: Catalog) -> bool:
    """Is a right with this qualifier accepted for every action of the type that does not ignore it?"""
    actions = [
        name
        for name, one in service.actions.items()
        if one.resource_type == kind and not one.ignores_qualifiers
    ]
    rights = [{"actions": actions, "qualifier": qualifier}]
    return _is_built([{"kind": "Role", "name": "r", "service": service.name, "rights": rights}], catalog)


def _is_supported(role: str, service: Service, catalog: Catalog) -> bool:
    """Does the service have the role, and is a policy that grants it accepted?"""
    policy = {
        "kind": "Policy",
        "name": "p",
        "subjects": ["user:owner"],
        "roles": [role],
        "scope": {"service": service.name},
    }
    return _is_built([policy], catalog) and role in service.roles


def _is_built(documents: list[Document], catalog: Catalog) -> bool:
    """Does `bailiwick apply` accept these documents?"""
    try:
        build_account(catalog, documents)
    except Invalid:
        return False
    return True
