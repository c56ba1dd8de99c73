"""The catalog: roles; catalog list, show, check. What is shipped is read here, without a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from bailiwick.catalog.catalog import Catalog
from bailiwick.catalog.checks import check_account
from bailiwick.catalog.documents import format_document
from bailiwick.catalog.entries import KIND, parse_service
from bailiwick.catalog.matrix import ordered_roles, role_matrix
from bailiwick.catalog.sources import SourceDocument, parse_documents
from bailiwick.cli.output import (
    Output,
    OutputOption,
    output_width,
    print_json,
    print_lines,
    print_paragraph,
    print_table,
    reporting,
)
from bailiwick.cli.services import get_service
from bailiwick.cli.sources import read_text
from bailiwick.errors import Finding, Invalid
from bailiwick.model.accounts import Account, Principal
from bailiwick.model.services import Operation, Service
from bailiwick.service.catalog_files import load_system_catalog

catalog_app = typer.Typer(help="The catalog of services: list, show, check.", no_args_is_help=True)

ServiceArgument = Annotated[str, typer.Argument(help="the service's name, such as container-registry")]
MARK = "✓"
_NOBODY = "user:nobody"


@reporting
def roles(service: ServiceArgument, output: OutputOption = Output.TABLE) -> None:
    """Which roles of SERVICE have which actions? The matrix, as the documents print it."""
    matrix = role_matrix(get_service(service))
    if output is Output.JSON:
        print_json(matrix)
        return
    _print_matrix(service, matrix)
    for role in matrix["roles"]:
        if role["explicit"]:
            print_lines([f"{role['name']}: assigned only by name, implied for nobody"])


def _print_matrix(service: str, matrix: dict[str, Any]) -> None:
    """The matrix with names over its columns where the width allows, else with numbers."""
    names = [role["name"] for role in matrix["roles"]]
    longest = max((len(action["id"]) for action in matrix["actions"]), default=0)
    width = output_width()
    if width is not None and longest + 13 + sum(len(name) + 2 for name in names) > width:
        print_lines([f"{number:>2} {name}" for number, name in enumerate(names, start=1)])
        typer.echo("")
        heads = [str(number) for number in range(1, len(names) + 1)]
    else:
        heads = names
    rows = [
        [action["id"], action["access"], *(MARK if name in action["roles"] else "" for name in names)]
        for action in matrix["actions"]
    ]
    print_table(["action", "access", *heads], rows, empty=f"{service} has no actions")


@catalog_app.command("list")
@reporting
def list_(output: OutputOption = Output.TABLE) -> None:
    """List the services that are shipped."""
    rows = [
        [s.name, s.title, len(s.resource_types), len(s.actions), len(s.operations), len(s.roles)]
        for s in load_system_catalog().values()
    ]
    columns = ["service", "title", "resource types", "actions", "operations", "roles"]
    if output is Output.JSON:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
        return
    print_table(columns, rows, empty="the catalog is empty", whole=("service",))


@catalog_app.command("show")
@reporting
def show(service: ServiceArgument, output: OutputOption = Output.TABLE) -> None:
    """Show one service: its resource types, actions, operations and roles."""
    entry = get_service(service)
    if output is Output.JSON:
        print_json(format_document(KIND, entry))
        return
    about = f": {entry.description}" if entry.description else ""
    print_paragraph(f"{entry.title} ({entry.name}){about}")
    for source in entry.source:
        print_paragraph(f"source: {source}")
    for differs in entry.differs:
        print_paragraph(f"differs: {differs}")
    _print_parts(entry)


def _print_parts(entry: Service) -> None:
    typer.echo("")
    print_table(
        ["resource type", "below", "attributes"],
        [[t.name, t.parents, sorted(t.attributes)] for t in entry.resource_types.values()],
        empty="no resource types: every action is asked of the service itself",
    )
    typer.echo("")
    print_table(
        ["action", "title", "of", "access", "source"],
        [
            [a.id, a.title, a.resource_type or "(the service)", a.access, a.source]
            for a in entry.actions.values()
        ],
        empty="no actions",
    )
    typer.echo("")
    print_table(
        ["operation", "needs"],
        [[o.id, _needs(o)] for o in entry.operations.values()],
        empty="no operations",
    )
    typer.echo("")
    print_table(
        ["role", "kind", "description"],
        [[r.name, r.kind, r.description] for r in ordered_roles(entry)],
        empty="no roles",
    )


def _needs(operation: Operation) -> Sequence[str]:
    if operation.discontinued:
        successor = f", use {operation.successor}" if operation.successor else ""
        return [f"discontinued since {operation.discontinued}{successor}"]
    return [f"{action} on {on}" for action, on in operation.actions] or ["no action"]


@catalog_app.command("check")
@reporting
def check(file: Annotated[Path, typer.Argument(help="a YAML file with service entries")]) -> None:
    """Check service entries: every finding with file, line and the nearest right word."""
    checked: list[str] = []
    findings: list[Finding] = []
    for source in parse_documents(read_text(file), str(file)):
        try:
            entry = _parse_entry(source)
        except Invalid as error:
            findings.extend(error.findings)
        else:
            checked.append(f"{entry.name}: {len(entry.actions)} actions, {len(entry.roles)} roles")
    if findings:
        raise Invalid(findings)
    if not checked:
        raise Invalid.at(
            "", f"`{file}` holds no service entry", "an entry is a document with `kind: Service`"
        )
    print_lines([*checked, "no findings"])


def _parse_entry(source: SourceDocument) -> Service:
    """Which service is it? One that names an account is checked as that account's own. Raises Invalid."""
    account = source.data.get("account")
    if not isinstance(account, str):
        return parse_service(source.data, source.locate)
    entry = parse_service(source.data, source.locate, account)
    findings = list(_own_findings(load_system_catalog(), entry, account, source))
    if findings:
        raise Invalid(findings)
    return entry


def _own_findings(
    catalog: Catalog, entry: Service, account: str, source: SourceDocument
) -> Iterator[Finding]:
    """What would apply find wrong with this service in an account that holds nothing else?"""
    alone = Account(account, _NOBODY, principals={_NOBODY: Principal(_NOBODY)}, services={entry.name: entry})
    yield from check_account(
        catalog, alone, only=[(KIND, entry.name)], locate=lambda kind, name, path: source.locate(path)
    )
