"""Registered resources one by one: resource list, show, register, set, move, remove.

What they mean is the server's to say; nothing is checked twice. Files of many are inventory.py's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

import typer

from bailiwick.cli import inventory
from bailiwick.cli.client import Client
from bailiwick.cli.output import Output, OutputOption, cell, print_json, print_lines, print_table, reporting
from bailiwick.cli.questions import parse_pairs
from bailiwick.errors import Invalid

PAGE = 1000
_SHOWN = ("name", "project", "owner", "groups", "budget", "tags", "properties", "description", "attached_to")
_COLUMNS = ("name", "project", "owner", "groups", "budget", "tags")

resource_app = typer.Typer(
    help="Registered resources: list, show, register, set, move, remove; load and sync files of them.",
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(help="brn:ACCOUNT:SERVICE:REGION:INSTANCE:TYPE/ID…")]
ProjectOption = Annotated[str | None, typer.Option(help="the project that holds it")]
OwnerOption = Annotated[str | None, typer.Option(help="user:NAME, or another principal")]
GroupOption = Annotated[list[str] | None, typer.Option(help="group:NAME; repeatable")]
BudgetOption = Annotated[str | None, typer.Option(help="what pays for it")]
TagOption = Annotated[list[str] | None, typer.Option(help="NAME=VALUE; repeatable")]
PropertyOption = Annotated[list[str] | None, typer.Option(help="NAME=VALUE, as JSON where it is; repeatable")]
DescriptionOption = Annotated[str | None, typer.Option(help="what it is")]


@resource_app.command("list")
@reporting
def list_(
    service: Annotated[str | None, typer.Option(help="only resources of this service")] = None,
    type: Annotated[str | None, typer.Option(help="only resources of this type")] = None,
    region: Annotated[str | None, typer.Option(help="only resources in this region")] = None,
    project: Annotated[str | None, typer.Option(help="only resources in this project")] = None,
    owner: Annotated[
        str | None, typer.Option(help="only what this principal owns, such as user:alice")
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="only what belongs to this group, such as group:dev")
    ] = None,
    budget: Annotated[str | None, typer.Option(help="only what this budget pays for")] = None,
    tag: Annotated[str | None, typer.Option(help="only what has this tag: NAME or NAME=VALUE")] = None,
    prefix: Annotated[str | None, typer.Option(help="only names that begin so")] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """List the registered resources that you may see, by name."""
    wanted = {
        "service": service, "type": type, "region": region, "project": project, "owner": owner,
        "group": group, "budget": budget, "tag": tag, "prefix": prefix,
    }  # fmt: skip
    with Client.from_environment() as client:
        found = list(client.pages(client.account_path("resources"), "items", limit=PAGE, **wanted))
    if output is Output.JSON:
        print_json(found)
        return
    rows = [[cell(one.get(column)) for column in _COLUMNS] for one in found]
    print_table(_COLUMNS, rows, empty="no such resource is registered", whole=("name",))


@resource_app.command("show")
@reporting
def show(name: Name, output: OutputOption = Output.TABLE) -> None:
    """Show what is registered of one resource."""
    with Client.from_environment() as client:
        _print(client.get(client.account_path("resources", name)), output)


@resource_app.command("register")
@reporting
def register(
    name: Name,
    project: ProjectOption = None,
    owner: OwnerOption = None,
    group: GroupOption = None,
    budget: BudgetOption = None,
    tag: TagOption = None,
    property: PropertyOption = None,
    description: DescriptionOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Register a resource; what it is not given, it has not."""
    document = {
        "name": name,
        "project": project,
        "owner": owner,
        "groups": group or None,
        "budget": budget,
        "tags": dict(_pairs(tag, "--tag")) or None,
        "properties": parse_pairs(property or [], "--property") or None,
        "description": description,
    }
    with Client.from_environment() as client:
        said = {field: value for field, value in document.items() if value is not None}
        _done("registered", client.post(client.account_path("resources"), said), output)


@resource_app.command("set")
@reporting
def set_(
    name: Name,
    owner: OwnerOption = None,
    group: GroupOption = None,
    budget: BudgetOption = None,
    tag: TagOption = None,
    property: PropertyOption = None,
    description: DescriptionOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Change what is registered of a resource. Nothing after the `=` (or an empty value) takes it away.

    Groups are set as a whole: `--group ""` takes all away.
    """
    patch: dict[str, Any] = {
        field: value or None
        for field, value in (("owner", owner), ("budget", budget), ("description", description))
        if value is not None
    }
    if group is not None:
        patch["groups"] = [one for one in group if one] or None
    if tag:
        patch["tags"] = {key: text or None for key, text in _pairs(tag, "--tag")}
    if property:
        said = parse_pairs(property, "--property")
        patch["properties"] = {key: None if value == "" else value for key, value in said.items()}
    if not patch:
        raise Invalid.at("", "nothing to change is given", "see `bailiwick resource set --help`")
    _patch(name, patch, "changed", output)


@resource_app.command("move")
@reporting
def move(
    name: Name,
    project: Annotated[str, typer.Argument(help="the project that takes it")],
    output: OutputOption = Output.TABLE,
) -> None:
    """Move a resource to another project; both must allow it."""
    _patch(name, {"project": project}, "moved", output)


@resource_app.command("remove")
@reporting
def remove(name: Name) -> None:
    """Remove a resource from the inventory; the thing itself is not touched."""
    with Client.from_environment() as client:
        client.call("DELETE", client.account_path("resources", name))
    print_lines([f"removed {name}"])


resource_app.command("load")(inventory.load)
resource_app.command("sync")(inventory.sync)


def _patch(name: str, patch: Mapping[str, Any], word: str, output: Output) -> None:
    with Client.from_environment() as client:
        _done(word, client.call("PATCH", client.account_path("resources", name), json=patch), output)


def _done(word: str, document: Mapping[str, Any], output: Output) -> None:
    if output is Output.JSON:
        print_json(document)
    else:
        print_lines([f"{word} {document['name']}"])


def _print(document: Mapping[str, Any], output: Output) -> None:
    if output is Output.JSON:
        print_json(document)
        return
    rows = [[field, document[field]] for field in _SHOWN if document.get(field) is not None]
    print_table(["attribute", "value"], rows, empty="", whole=("value",))


def _pairs(texts: Iterable[str] | None, option: str) -> Iterator[tuple[str, str]]:
    """Which names and texts do these give? Raises Invalid."""
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise Invalid.at(option, f"expected NAME=VALUE, got `{text}`")
        yield name, value
