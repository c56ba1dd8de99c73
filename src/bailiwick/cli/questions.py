"""Questions: check, explain, can, roles."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from bailiwick.catalog.matrix import role_matrix
from bailiwick.cli.client import Client
from bailiwick.cli.output import (
    EXIT_DENIED,
    EXIT_OK,
    Output,
    OutputOption,
    console,
    print_json,
    print_table,
    reporting,
)
from bailiwick.errors import Invalid
from bailiwick.model.names import parse_principal, parse_resource_name, split_reference
from bailiwick.service.catalog_files import load_system_catalog

Principal = Annotated[
    str, typer.Argument(help="user:NAME, service-id:NAME, profile:NAME, service:NAME or anonymous")
]
Action = Annotated[str, typer.Argument(help="the action's id, such as container-registry.image.push")]
Resource = Annotated[str, typer.Argument(help="brn:ACCOUNT:SERVICE:REGION:INSTANCE:TYPE/ID…")]
Context = Annotated[list[str], typer.Option("--context", help="K=V; V is read as JSON where it is JSON")]
Said = Annotated[
    list[str], typer.Option("--property", help="K=V about the resource: project, owner, tags, …")
]


@reporting
def check(
    principal: Principal,
    action: Action,
    resource: Resource,
    context: Context = [],  # noqa: B006 - typer reads the default
    said: Said = [],  # noqa: B006 - typer reads the default
    output: OutputOption = Output.TABLE,
) -> None:
    """May PRINCIPAL do ACTION to RESOURCE? Exit code 0 allowed, 1 denied, 2 error."""
    answer = ask(
        Client.from_environment(), principal, action, resource, parse_pairs(context), parse_pairs(said)
    )
    if output is Output.JSON:
        print_json(answer)
    else:
        typer.echo(f"{'allowed' if answer['decision'] else 'denied'}  {answer['context'].get('reason', '')}")
    raise typer.Exit(EXIT_OK if answer["decision"] else EXIT_DENIED)


@reporting
def explain(
    principal: Principal,
    action: Action,
    resource: Resource,
    context: Context = [],  # noqa: B006 - typer reads the default
    said: Said = [],  # noqa: B006 - typer reads the default
    output: OutputOption = Output.TABLE,
) -> None:
    """Why may PRINCIPAL do ACTION to RESOURCE, or why not? Exit codes as for check."""
    client = Client.from_environment()
    answer = ask(client, principal, action, resource, parse_pairs(context), parse_pairs(said), explained=True)
    explanation = answer["context"].get("explanation", {})
    if output is Output.JSON:
        print_json(answer)
    else:
        typer.echo(explanation.get("text") or answer["context"].get("reason", ""))
        considered = explanation.get("considered", [])
        if considered:
            typer.echo("")
            print_table(
                ["policy", "effect", "held through", "applies", "because"],
                [[c["policy"], c["effect"], c["subject"], c["applies"], c["text"]] for c in considered],
                empty="",
            )
    raise typer.Exit(EXIT_OK if answer["decision"] else EXIT_DENIED)


@reporting
def can(
    principal: Principal,
    operation: Annotated[
        str, typer.Argument(help="a command or API of a service, such as 'ibmcloud cr retention-run'")
    ],
    resources: Annotated[
        list[str], typer.Argument(help="RESOURCE (the target), or source=RESOURCE target=RESOURCE")
    ],
    service: Annotated[
        str | None, typer.Option(help="the service, where several have this operation")
    ] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """May PRINCIPAL do a whole OPERATION, and which roles would suffice? Exit codes as for check."""
    client = Client.from_environment()
    named = dict(_named_resource(text) for text in resources)
    body = {"principal": principal, "operation": operation, "resources": named}
    answer = client.post(
        client.account_path("operations/check"), body | ({"service": service} if service else {})
    )
    if output is Output.JSON:
        print_json(answer)
    else:
        _print_operation(operation, answer)
    raise typer.Exit(EXIT_OK if answer["decision"] else EXIT_DENIED)


def _print_operation(operation: str, answer: Mapping[str, Any]) -> None:
    typer.echo(f"{operation}: {'allowed' if answer['decision'] else 'denied'}")
    print_table(
        ["action", "on", "decision", "reason"],
        [
            [a["action"], a["on"], "allowed" if a["decision"] else "denied", a["reason"]]
            for a in answer["actions"]
        ],
        empty="this operation needs no action",
    )
    enough = [" and ".join(names) for names in answer.get("sufficient_roles", [])]
    typer.echo(f"\nenough: {', or '.join(enough) or 'no role'}")


def _named_resource(text: str) -> tuple[str, str]:
    name, equals, resource = text.partition("=")
    return (name, resource) if equals and not name.startswith("brn:") else ("target", text)


@reporting
def roles(
    service: Annotated[str, typer.Argument(help="the service, such as container-registry")],
    output: OutputOption = Output.TABLE,
) -> None:
    """Which roles of SERVICE have which actions? The matrix of roles and actions, as the documents print it."""
    matrix = role_matrix(load_system_catalog().get_service(service))
    if output is Output.JSON:
        print_json(matrix)
        return
    names = [role["name"] for role in matrix["roles"]]
    rows = [
        [a["id"], a["access"], *("✓" if n in a["roles"] else "" for n in names)] for a in matrix["actions"]
    ]
    print_table(["action", "access", *names], rows, empty=f"{service} has no actions")
    for role in matrix["roles"]:
        if role["explicit"]:
            console().print(f"{role['name']}: assigned only by name, implied for nobody")


def ask(
    client: Client,
    principal: str,
    action: str,
    resource: str,
    context: Mapping[str, Any],
    said: Mapping[str, Any],
    *,
    explained: bool = False,
) -> dict[str, Any]:
    """What does the server decide?"""
    kind, name = split_reference(parse_principal(principal))
    parsed = parse_resource_name(resource)
    body = {
        "subject": {"type": kind, "id": name},
        "action": {"name": action},
        "resource": {"type": f"{parsed.service}/{parsed.type}", "id": resource, "properties": dict(said)},
        "context": dict(context),
    }
    answer: dict[str, Any] = client.post(
        "/access/v1/evaluation" + ("?explain=true" if explained else ""), body
    )
    return answer


def parse_pairs(pairs: list[str]) -> dict[str, Any]:
    """Which values do these K=V texts give? `mfa=true` a boolean, `ip=10.0.0.1` a text."""
    values: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise Invalid.at("--context", f"`{pair}` is not K=V")
        try:
            values[key] = json.loads(text)
        except ValueError:
            values[key] = text
    return values
