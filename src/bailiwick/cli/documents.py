"""Documents: apply, diff, export, and the documents' own commands for policies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bailiwick.cli.client import Client
from bailiwick.cli.output import (
    EXIT_DENIED,
    Output,
    OutputOption,
    console,
    print_json,
    print_table,
    reporting,
)
from bailiwick.errors import Invalid, NotFound
from bailiwick.service.initial import owner_name

Files = Annotated[
    list[Path], typer.Option("--file", "-f", help="a YAML file, or a directory of them; repeatable")
]
SMALL_BYTES = 1_000_000
_NO_NAME = str.maketrans({" ": "-", "/": "-", ":": "-", "?": "-"})


@reporting
def apply(
    file: Files,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="show what would change, change nothing")
    ] = False,
    prune: Annotated[bool, typer.Option("--prune", help="remove what the documents do not name")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Make the account match documents: all of them in one transaction, or nothing."""
    answer = send(Client.from_environment(), read_sources(file), dry_run=dry_run, prune=prune)
    if output is Output.JSON:
        print_json(answer)
        return
    print_differences(answer)
    verb = "would change" if dry_run else "changed"
    typer.echo(f"{len(answer['differences'])} {verb}, {answer['unchanged']} unchanged")


@reporting
def diff(
    file: Files,
    prune: Annotated[
        bool, typer.Option("--prune", help="count what the documents do not name as removed")
    ] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show what apply would change. Exit code 0: nothing, 1: something, 2: error."""
    answer = send(Client.from_environment(), read_sources(file), dry_run=True, prune=prune)
    if output is Output.JSON:
        print_json(answer)
    else:
        print_differences(answer)
        typer.echo(f"{len(answer['differences'])} would change, {answer['unchanged']} unchanged")
    raise typer.Exit(EXIT_DENIED if answer["differences"] else 0)


@reporting
def export(
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="write here instead of standard output")
    ] = None,
) -> None:
    """Write the account as documents that apply accepts."""
    client = Client.from_environment()
    text = str(client.get(client.account_path("export")))
    if file is None:
        typer.echo(text, nl=False)
    else:
        file.write_text(text, encoding="utf-8")


def read_sources(paths: list[Path]) -> list[dict[str, str]]:
    """Which texts are in these files and directories, in the order of their names?"""
    sources = []
    for path in paths:
        files = sorted(_yaml_files(path)) if path.is_dir() else [path]
        if not files:
            raise NotFound(f"no .yaml or .yml file in `{path}`")
        for file in files:
            try:
                sources.append({"file": str(file), "text": file.read_text(encoding="utf-8")})
            except OSError as error:
                raise NotFound(f"cannot read `{file}`: {error.strerror}") from None
            except UnicodeDecodeError:
                raise Invalid.at(str(file), "the file is not UTF-8 text") from None
    return sources


def _yaml_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.suffix in (".yaml", ".yml") and path.is_file())


def send(client: Client, sources: list[dict[str, str]], *, dry_run: bool, prune: bool) -> dict[str, Any]:
    """What does the server say to these documents? Large input shows its progress on standard error."""
    body = {"sources": sources, "dry_run": dry_run, "prune": prune}
    size = sum(len(source["text"]) for source in sources)
    path = client.account_path("apply")
    if size < SMALL_BYTES:
        return dict(client.post(path, body))
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        count = sum(source["text"].count("\nkind:") + 1 for source in sources)
        progress.add_task(f"applying {count:,} documents ({size / 1e6:.0f} MB)", total=None)
        return dict(client.post(path, body))


def print_differences(answer: dict[str, Any]) -> None:
    """Show created, changed (before → after) and deleted objects."""
    for difference in answer["differences"]:
        mark = {"created": "+", "changed": "~", "deleted": "-"}[difference["op"]]
        console().print(f"{mark} {difference['kind']} {difference['name']}", markup=False)
        if difference["op"] == "changed":
            for field, before, after in _changed_fields(
                difference["before"] or {}, difference["after"] or {}
            ):
                console().print(f"    {field}: {before} → {after}", markup=False)


def _changed_fields(before: dict[str, Any], after: dict[str, Any]) -> Iterator[tuple[str, object, object]]:
    for field in {**before, **after}:
        if before.get(field) != after.get(field):
            yield field, before.get(field, "(nothing)"), after.get(field, "(nothing)")


Roles = Annotated[str, typer.Option("--roles", help="role names, separated by commas")]
ServiceName = Annotated[
    str | None, typer.Option("--service-name", help="the service; none: every service but iam")
]
Region = Annotated[str | None, typer.Option("--region", help="the region; none: every region")]
ResourceType = Annotated[str | None, typer.Option("--resource-type", help="such as namespace")]
ResourceId = Annotated[str | None, typer.Option("--resource", help="the id of that type")]
ResourceGroup = Annotated[
    str | None, typer.Option("--resource-group-name", "--resource-group", help="the project")
]
Instance = Annotated[str | None, typer.Option("--service-instance", help="the service instance")]
Name = Annotated[
    str | None, typer.Option("--name", help="the policy's name; none: one is made from its parts")
]


@reporting
def user_policy_create(
    email: Annotated[str, typer.Argument(help="the user's email address (or name)")],
    roles: Roles,
    service_name: ServiceName = None,
    region: Region = None,
    resource_type: ResourceType = None,
    resource: ResourceId = None,
    resource_group: ResourceGroup = None,
    service_instance: Instance = None,
    name: Name = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Grant a user roles on a service, a region, a resource or a resource group."""
    client = Client.from_environment()
    scope = scope_of(service_name, region, resource_type, resource, resource_group, service_instance)
    create_policy(client, f"user:{find_user(client, email)}", roles, scope, name, output)


@reporting
def service_policy_create(
    service_id: Annotated[str, typer.Argument(help="the service ID's name")],
    roles: Roles,
    service_name: ServiceName = None,
    region: Region = None,
    resource_type: ResourceType = None,
    resource: ResourceId = None,
    resource_group: ResourceGroup = None,
    service_instance: Instance = None,
    name: Name = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Grant a service ID roles."""
    client = Client.from_environment()
    scope = scope_of(service_name, region, resource_type, resource, resource_group, service_instance)
    create_policy(client, f"service-id:{service_id}", roles, scope, name, output)


@reporting
def access_group_policy_create(
    group: Annotated[str, typer.Argument(help="the group's name")],
    roles: Roles,
    service_name: ServiceName = None,
    region: Region = None,
    resource_type: ResourceType = None,
    resource: ResourceId = None,
    resource_group: ResourceGroup = None,
    service_instance: Instance = None,
    name: Name = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Grant a group roles."""
    client = Client.from_environment()
    scope = scope_of(service_name, region, resource_type, resource, resource_group, service_instance)
    create_policy(client, f"group:{group}", roles, scope, name, output)


def scope_of(
    service: str | None,
    region: str | None,
    kind: str | None,
    ident: str | None,
    project: str | None,
    instance: str | None,
) -> dict[str, str]:
    """Which scope do the options name?"""
    named = {
        "service": service,
        "region": region,
        "instance": instance,
        "project": project,
        "type": kind,
        "id": ident,
    }
    return {word: value for word, value in named.items() if value}


def find_user(client: Client, email: str) -> str:
    """Which user has this address, or this name?"""
    if "@" not in email:
        return email
    for user in client.pages(client.account_path("users"), "items", q=email):
        if user.get("email") == email:
            return str(user["name"])
    raise NotFound(f"no user has the address `{email}`", f"invite `{owner_name(email)}` first")


def create_policy(
    client: Client, subject: str, roles: str, scope: dict[str, str], name: str | None, output: Output
) -> None:
    """Create one policy and show it."""
    names = [role.strip() for role in roles.split(",") if role.strip()]
    policy = {
        "name": name or policy_name(subject, names, scope),
        "subjects": [subject],
        "roles": names,
        "scope": scope,
    }
    created = client.post(client.account_path("policies"), policy)
    if output is Output.JSON:
        print_json(created)
        return
    print_table(
        ["policy", "subjects", "roles", "scope"],
        [[policy["name"], subject, names, yaml.safe_dump(scope, default_flow_style=True).strip()]],
        empty="",
    )


def policy_name(subject: str, roles: list[str], scope: dict[str, str]) -> str:
    """Which name says what the policy is, without a character that names refuse?"""
    parts = [subject.partition(":")[2], *roles, *scope.values()]
    return "-".join(
        part.replace("*", "any").replace(" ", "-").replace("/", "-").replace(":", "-") for part in parts
    )[:250]
