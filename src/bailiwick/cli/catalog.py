"""The catalog: catalog list, show, check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bailiwick.catalog.documents import format_document
from bailiwick.catalog.entries import parse_service
from bailiwick.catalog.matrix import ordered_roles
from bailiwick.catalog.sources import parse_documents
from bailiwick.cli.output import Output, OutputOption, print_json, print_table, reporting
from bailiwick.errors import NotFound
from bailiwick.service.catalog_files import load_system_catalog

catalog_app = typer.Typer(help="The catalog of services: list, show, check.", no_args_is_help=True)


@catalog_app.command("list")
@reporting
def list_(output: OutputOption = Output.TABLE) -> None:
    """List the services that are shipped."""
    services = list(load_system_catalog().values())
    rows = [
        [s.name, s.title, len(s.resource_types), len(s.actions), len(s.operations), len(s.roles)]
        for s in services
    ]
    columns = ["service", "title", "resource types", "actions", "operations", "roles"]
    if output is Output.JSON:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
        return
    print_table(columns, rows, empty="the catalog is empty")


@catalog_app.command("show")
@reporting
def show(
    service: Annotated[str, typer.Argument(help="the service's name")],
    output: OutputOption = Output.TABLE,
) -> None:
    """Show one service: its resource types, actions, operations and roles."""
    entry = load_system_catalog().get_service(service)
    if output is Output.JSON:
        print_json(format_document("Service", entry))
        return
    typer.echo(f"{entry.title} ({entry.name}): {entry.description}")
    for source in entry.source:
        typer.echo(f"source: {source}")
    for differs in entry.differs:
        typer.echo(f"differs: {differs}")
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
        [
            [o.id, [f"{a} on {on}" for a, on in o.actions] or o.discontinued]
            for o in entry.operations.values()
        ],
        empty="no operations",
    )
    typer.echo("")
    print_table(
        ["role", "kind", "description"],
        [[r.name, r.kind, r.description] for r in ordered_roles(entry)],
        empty="no roles",
    )


@catalog_app.command("check")
@reporting
def check(file: Annotated[Path, typer.Argument(help="a YAML file with a service entry")]) -> None:
    """Check a service entry: every finding with file, line and the nearest right word."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise NotFound(f"cannot read `{file}`: {error.strerror}") from None
    checked = []
    for source in parse_documents(text, str(file)):
        entry = parse_service(source.data, source.locate)
        checked.append(f"{entry.name}: {len(entry.actions)} actions, {len(entry.roles)} roles")
    typer.echo("\n".join(checked) + "\nno findings")
