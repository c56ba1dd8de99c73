"""Golden tables as values: read from their files, checked against the schema, one class a kind.

Nothing here knows the catalog, an engine or an account; what a table asks is cells.py's.
`golden.schema.json` is the exact meaning of every field.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
from msgspec import Struct

from bailiwick.catalog.sources import parse_documents

FOLDER = Path(__file__).parent
SCHEMA = FOLDER / "golden.schema.json"
Document = Mapping[str, Any]


class Described(Struct, frozen=True, forbid_unknown_fields=True):
    """What does a case say of the resource that it asks about? None: not said."""

    service: str
    path: str
    region: str | None = None
    instance: str | None = None
    project: str | None = None
    owner: str | None = None
    groups: tuple[str, ...] | None = None
    budget: str | None = None
    tags: dict[str, Any] | None = None
    properties: dict[str, Any] = {}


class ActionRow(Struct, frozen=True, forbid_unknown_fields=True):
    """Which columns are allowed this action?"""

    action: str
    on: str
    allowed: tuple[str, ...]
    row: str = ""


class BundleRow(Struct, frozen=True, forbid_unknown_fields=True):
    """Which columns are allowed all of these actions?"""

    title: str
    table: str
    actions: tuple[str, ...]
    allowed: tuple[str, ...]
    of: str = ""


class OperationRow(Struct, frozen=True, forbid_unknown_fields=True):
    """Which smallest sets of columns are enough for this command?"""

    operation: str
    target: str
    enough: tuple[tuple[str, ...], ...]
    source: str | None = None


class Check(Struct, frozen=True, forbid_unknown_fields=True):
    """Which answer has this question?"""

    principal: str
    action: str
    resource: Described
    expect: str
    context: dict[str, Any] = {}
    deciding: tuple[str, ...] | None = None


class Grid(Struct, frozen=True, forbid_unknown_fields=True):
    """Which principals are allowed one action on which resources?"""

    action: str
    resources: dict[str, Described]
    principals: tuple[str, ...]
    allowed: dict[str, tuple[str, ...]]
    deciding: tuple[str, ...] | None = None


class ApiAction(Struct, frozen=True, forbid_unknown_fields=True):
    """Which action does an API need, and on which of its resources? "": not said."""

    action: str
    on: str = ""


class ApiRow(Struct, frozen=True, forbid_unknown_fields=True):
    """What does an API need? None: not said."""

    operation: str
    actions: tuple[ApiAction, ...]
    form: str = ""
    depends_on: dict[str, tuple[str, ...]] = {}
    region_level: bool | None = None
    project_level: bool | None = None


class Ended(Struct, frozen=True, forbid_unknown_fields=True):
    """Since when is an operation discontinued, in favour of what?"""

    date: str
    successor: str = ""


class Fact(Struct, frozen=True, forbid_unknown_fields=True):
    """Which one fact of a role, an operation, an action or a resource type is it? UNSET: the fact is another."""

    role: str = ""
    operation: str = ""
    action: str = ""
    resource_type: str = ""
    supported: bool | msgspec.UnsetType = msgspec.UNSET
    grant_explicit: bool | msgspec.UnsetType = msgspec.UNSET
    discontinued: Ended | msgspec.UnsetType = msgspec.UNSET
    performed_by: str | msgspec.UnsetType | None = msgspec.UNSET
    ignores_qualifiers: bool | msgspec.UnsetType = msgspec.UNSET
    requires: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    actions: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    qualifiers: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET


class Table(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every golden table says of itself."""

    title: str
    source: str | tuple[str, ...]
    remarks: tuple[str, ...] = ()


class Matrix(Table, frozen=True, kw_only=True):
    """What the tables with roles as columns share: service, columns, scope and example paths."""

    service: str
    columns: tuple[str, ...]
    roles: dict[str, tuple[str, ...]] = {}
    documents: tuple[dict[str, Any], ...] = ()
    region: str | None = None
    instance: str | None = None
    scope: dict[str, str] | None = None
    project: str | None = None
    owner: str = ""
    resources: dict[str, str] = {}


class RoleMatrix(Matrix, frozen=True, kw_only=True, tag_field="kind", tag="RoleMatrix"):
    """Action by role."""

    rows: tuple[ActionRow, ...]


class RowMatrix(Matrix, frozen=True, kw_only=True, tag_field="kind", tag="RowMatrix"):
    """A row that stands for several actions, by role."""

    rows: tuple[BundleRow, ...]


class OperationMatrix(Matrix, frozen=True, kw_only=True, tag_field="kind", tag="OperationMatrix"):
    """Operation by sets of roles."""

    rows: tuple[OperationRow, ...]


class Cases(Table, frozen=True, kw_only=True, tag_field="kind", tag="Cases"):
    """A small world, then questions: a list, or a grid."""

    documents: tuple[dict[str, Any], ...] = ()
    checks: tuple[Check, ...] = ()
    grid: Grid | None = None


class ApiTable(Table, frozen=True, kw_only=True, tag_field="kind", tag="ApiTable"):
    """API to actions."""

    service: str
    rows: tuple[ApiRow, ...]


class Texts(Table, frozen=True, kw_only=True, tag_field="kind", tag="Texts"):
    """Facts of the catalog that are no decision."""

    service: str
    rows: tuple[Fact, ...]


DecisionTable = RoleMatrix | RowMatrix | OperationMatrix | Cases
CatalogTable = ApiTable | Texts
GoldenTable = DecisionTable | CatalogTable


def table_names() -> Sequence[str]:
    """Which tables are there, by file name without its ending?"""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


@cache
def load_table(name: str) -> GoldenTable:
    """Which table does this file hold? Fails where it is not of the schema's form."""
    return parse_table(read_table(name))


def parse_table(data: Document) -> GoldenTable:
    """Which table is this document? Raises ValidationError where it is not of the schema's form."""
    validate(data)
    table: GoldenTable = msgspec.convert(data, GoldenTable)
    return table


def validate(data: Document) -> None:
    """Is the document of the schema's form? Raises ValidationError."""
    _validator().validate(data)


def read_table(name: str) -> dict[str, Any]:
    """Which plain document does this file hold?"""
    path = FOLDER / f"{name}.yaml"
    [document] = parse_documents(path.read_text(encoding="utf-8"), path.name)
    return document.data


@cache
def _validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)
