"""The runner itself: a table that says something else than the product is found out, cell by cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from tests.golden import catalog_facts
from tests.golden.asker import EngineAsker
from tests.golden.cells import ALLOWED, REFUSED, Sheet, faults_of, sheet_of
from tests.golden.tables import ApiTable, RowMatrix, Texts, load_table, parse_table, read_table, table_names
from tests.golden.worlds import build_account

from bailiwick.catalog.catalog import Catalog
from bailiwick.engine import compile_account
from bailiwick.errors import Invalid
from bailiwick.service.catalog_files import load_system_catalog

DECISIONS = [name for name in table_names() if not isinstance(load_table(name), ApiTable | Texts)]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The shipped catalog."""
    return load_system_catalog()


def sheet_named(name: str, catalog: Catalog) -> Sheet:
    """What does this table of decisions come to?"""
    table = load_table(name)
    assert not isinstance(table, ApiTable | Texts)
    return sheet_of(table, catalog)


def faults_in(sheet: Sheet, catalog: Catalog) -> list[str]:
    """Which cells does the engine answer otherwise?"""
    asker = EngineAsker(compile_account(catalog, build_account(catalog, sheet.documents)))
    return faults_of(sheet, asker)


@pytest.mark.parametrize("name", DECISIONS)
def test_every_cell_of_a_table_turned_round_is_found_out(name: str, catalog: Catalog) -> None:
    """A table that says the contrary everywhere is at fault in every one of its cells."""
    sheet = sheet_named(name, catalog)
    turned = [replace(cell, expect=REFUSED if cell.expect == ALLOWED else ALLOWED) for cell in sheet.cells]
    assert len(faults_in(Sheet(sheet.documents, tuple(turned)), catalog)) == len(sheet.cells)


def test_a_refusal_for_another_reason_is_found_out(catalog: Catalog) -> None:
    """The message names the cell, what was expected, and what came."""
    sheet = sheet_named("ims-full-access-but-delete", catalog)
    [cell] = [cell for cell in sheet.cells if cell.words.startswith("ims:images:delete by user:fred")]
    wrong = Sheet(sheet.documents, (replace(cell, expect="guardrail"),))
    assert faults_in(wrong, catalog) == [
        "ims:images:delete by user:fred on ims:eu-de::image/example: "
        "expected guardrail, got explicit_deny (ims:images:delete)"
    ]


def test_another_deciding_policy_is_found_out(catalog: Catalog) -> None:
    """Where a table names the policies that decide, too many, too few or others are a fault."""
    sheet = sheet_named("cloud-registered-qualifier-any", catalog)
    cells = [replace(cell, deciding=(*(cell.deciding or ()), "other")) for cell in sheet.cells]
    faults = faults_in(Sheet(sheet.documents, tuple(cells)), catalog)
    assert len(faults) == len(cells)
    assert faults[0] == (
        "server.Image by user:qa on cloud:us-east::server/s1: "
        "expected allowed by qa-images-servers, other, got allowed by qa-images-servers"
    )


def test_an_asker_whose_verdict_and_reason_disagree_is_found_out(catalog: Catalog) -> None:
    """An allowed answer with the reason of a refusal is no answer."""

    class Confused:
        """Allows everything, for the reason of a refusal."""

        def ask(self, principal: str, action: str, resource: object, context: object) -> tuple[bool, str]:
            """What does it say?"""
            return True, REFUSED

        def explain(self, principal: str, action: str, resource: object, context: object) -> tuple[str, ...]:
            """Which policies does it name?"""
            return ()

    sheet = sheet_named("container-registry-table-4-actions", catalog)
    assert len(faults_of(sheet, Confused())) == len(sheet.cells)


def _rename(row: dict[str, Any]) -> None:
    row["operation"] = "GET /nowhere"


def _another_action(row: dict[str, Any]) -> None:
    row["actions"] = [{"action": "ims:images:delete"}]


def _another_side(row: dict[str, Any]) -> None:
    row["actions"] = [{"action": "ims:images:list", "on": "source"}]


def _unknown_action(row: dict[str, Any]) -> None:
    row["actions"] = [{"action": "ims:images:dream"}]


def _dependency(row: dict[str, Any]) -> None:
    row["depends_on"] = {"ims:images:list": ["obs:bucket:*"]}


def _no_region(row: dict[str, Any]) -> None:
    row["region_level"] = False


def _no_project(row: dict[str, Any]) -> None:
    row["project_level"] = False


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        (_rename, ["operations of GET /nowhere with its actions: expected 1, got 0"]),
        (
            _another_action,
            [
                "operations of GET /v2/cloudimages with its actions: expected 1, got 0",
            ],
        ),
        (_another_side, ["operations of GET /v2/cloudimages with its actions: expected 1, got 0"]),
        (
            _unknown_action,
            [
                "operations of GET /v2/cloudimages with its actions: expected 1, got 0",
                "ims:images:dream: expected an action, got no action of the service",
            ],
        ),
        (
            _dependency,
            [
                "what ims:images:list of GET /v2/cloudimages depends on: expected ['obs:bucket:*'], got []",
            ],
        ),
        (
            _no_region,
            ["ims:images:list of GET /v2/cloudimages is decided on region: expected False, got True"],
        ),
        (
            _no_project,
            ["ims:images:list of GET /v2/cloudimages is decided on project: expected False, got True"],
        ),
    ],
)
def test_a_wrong_api_row_is_found_out(
    change: Callable[[dict[str, Any]], None], faults: list[str], catalog: Catalog
) -> None:
    """Each thing that a row says of an API can be wrong, and is told apart."""
    data = read_table("ims-api")
    row = {
        "operation": "GET /v2/cloudimages",
        "actions": [{"action": "ims:images:list"}],
        "region_level": True,
        "project_level": True,
    }
    change(row)
    table = parse_table({**data, "rows": [row]})
    assert isinstance(table, ApiTable)
    assert catalog_facts.faults_of(catalog_facts.findings_of(table, catalog)) == faults


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("container-registry-table-1-roles", {"role": "Viewer", "supported": True}),
        ("container-registry-table-1-roles", {"role": "Administrator", "supported": False}),
        (
            "container-registry-discontinued",
            {"operation": "ibmcloud cr build", "discontinued": {"date": "2021-10-06"}},
        ),
        ("hs-crypto-roles-granted-by-name", {"role": "Manager", "grant_explicit": True}),
        (
            "hs-crypto-table-4-performed-by",
            {"action": "hs-crypto.registrations.list", "performed_by": "integrated service"},
        ),
        (
            "hs-crypto-table-4-performed-by",
            {"action": "hs-crypto.registrations.create", "performed_by": None},
        ),
        ("cloud-resource-types", {"resource_type": "ssh-key", "actions": ["ssh-key.Access"]}),
        ("cloud-action-qualifiers", {"action": "firewall.Create", "ignores_qualifiers": True}),
        ("cloud-action-qualifiers", {"action": "volume.Create", "ignores_qualifiers": False}),
        ("cloud-action-qualifiers", {"action": "volume.Attach", "requires": []}),
        ("cloud-action-qualifiers", {"resource_type": "ip", "qualifiers": ["mine"]}),
        ("cloud-action-qualifiers", {"resource_type": "server", "qualifiers": ["mine"]}),
    ],
)
def test_a_wrong_fact_is_found_out(name: str, row: dict[str, Any], catalog: Catalog) -> None:
    """Each kind of fact can be wrong."""
    table = parse_table({**read_table(name), "rows": [row]})
    assert isinstance(table, Texts)
    assert len(catalog_facts.faults_of(catalog_facts.findings_of(table, catalog))) == 1


def test_a_row_that_is_another_operation_is_found_out(catalog: Catalog) -> None:
    """Neither other words nor other actions pass."""
    data = read_table("ims-table-3-operations")
    rows = [
        {"title": "Dreaming of images", "table": "3", "actions": ["ims:images:delete"], "allowed": []},
        {"title": "Deleting images", "table": "3", "actions": ["ims:images:list"], "allowed": []},
        {"title": "Deleting images", "table": "4", "actions": ["ims:images:delete"], "allowed": []},
        {"title": "Deleting images", "table": "3", "actions": ["ims:images:delete"], "allowed": []},
    ]
    table = parse_table({**data, "rows": rows})
    assert isinstance(table, RowMatrix)
    faults = catalog_facts.faults_of(catalog_facts.findings_of_rows(table, catalog))
    assert faults == [
        "actions of the operation `Dreaming of images`: expected [['ims:images:delete']], got []",
        "actions of the operation `Deleting images`: expected [['ims:images:list']], got [['ims:images:delete']]",
        "actions of the operation `Deleting images`: expected [['ims:images:delete']], got []",
    ]


def test_a_table_of_another_form_is_refused() -> None:
    """A misspelt field is an error, not a cell less."""
    data = read_table("container-registry-table-4-actions")
    data["rows"][0]["alowed"] = data["rows"][0].pop("allowed")
    with pytest.raises(jsonschema.ValidationError):
        parse_table(data)


def test_a_world_that_apply_would_refuse_is_refused(catalog: Catalog) -> None:
    """The documents of a table are checked as any others."""
    with pytest.raises(Invalid):
        build_account(catalog, [{"kind": "Group", "name": "qa", "members": ["user:nobody"]}])
