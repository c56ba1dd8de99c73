"""Questions: check, explain, can. The server answers; nothing here decides.

Exit code 0: allowed, 1: denied, 2: it could not be asked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isinf
from typing import Annotated, Any

import typer

from bailiwick.cli.client import Client
from bailiwick.cli.output import (
    EXIT_DENIED,
    EXIT_OK,
    Output,
    OutputOption,
    print_json,
    print_lines,
    print_paragraph,
    print_table,
    reporting,
)
from bailiwick.cli.proposals import ask_proposals, print_proposals
from bailiwick.cli.services import hint
from bailiwick.cli.tables import printable
from bailiwick.errors import Invalid
from bailiwick.model.names import parse_principal, parse_resource_name, split_reference

Principal = Annotated[
    str, typer.Argument(help="user:NAME, service-id:NAME, profile:NAME, service:NAME or anonymous")
]
Action = Annotated[str, typer.Argument(help="the action's id, such as container-registry.image.push")]
Resource = Annotated[str, typer.Argument(help="brn:ACCOUNT:SERVICE:REGION:INSTANCE:TYPE/ID…")]
Context = Annotated[
    list[str],
    typer.Option(
        "--context", metavar="K=V", help="the situation, such as mfa=true; V is read as JSON where it is JSON"
    ),
]
Said = Annotated[
    list[str],
    typer.Option(
        "--property",
        metavar="K=V",
        help="a resource that is not registered: owner=user:alice, project=dev, 'groups=[\"group:a\"]'",
    ),
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
    with Client.from_environment() as client:
        answer = ask(client, principal, action, resource, context, said)
        help = _hint(client, answer, principal, action, resource)
    if output is Output.JSON:
        print_json(answer)
    else:
        print_lines(["allowed" if answer["decision"] else f"denied  {_reason(answer)}"])
        _print_help(help)
    raise typer.Exit(EXIT_OK if answer["decision"] else EXIT_DENIED)


@reporting
def explain(
    principal: Principal,
    action: Action,
    resource: Resource,
    context: Context = [],  # noqa: B006 - typer reads the default
    said: Said = [],  # noqa: B006 - typer reads the default
    everything: Annotated[
        bool,
        typer.Option("--all", help="every policy of the principal, with what stands in its way"),
    ] = False,
    propose: Annotated[
        bool,
        typer.Option("--propose", help="where it is denied: what would grant just that, and whom to ask"),
    ] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Why may PRINCIPAL do ACTION to RESOURCE, or why not? Exit codes as for check."""
    with Client.from_environment() as client:
        if propose:
            found = ask_proposals(client, principal, asked_of(action, resource, context, said))
            print_proposals(found, output)
            raise typer.Exit(EXIT_OK if found["decision"] else EXIT_DENIED)
        answer = ask(client, principal, action, resource, context, said, explained=True)
        help = _hint(client, answer, principal, action, resource)
    if output is Output.JSON:
        print_json(answer)
    else:
        explanation = answer["context"].get("explanation", {})
        print_paragraph(explanation.get("text") or _reason(answer))
        _print_help(help)
        _print_considered(explanation.get("considered", []) if everything else _deciding(explanation))
    raise typer.Exit(EXIT_OK if answer["decision"] else EXIT_DENIED)


def _deciding(explanation: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Which policies decided, and through what are they held? (What came nearest is in the sentence.)"""
    return [
        one
        for one in explanation.get("considered", [])
        if one["applies"] and one["policy"] in explanation["deciding"]
    ]


def _print_considered(policies: list[Mapping[str, Any]]) -> None:
    if policies:
        typer.echo("")
        print_table(
            ["policy", "effect", "held through", "applies", "because"],
            [[c["policy"], c["effect"], c["subject"], c["applies"], c["text"]] for c in policies],
            empty="",
        )


def _reason(answer: Mapping[str, Any]) -> str:
    return str(answer["context"].get("reason", ""))


def _hint(
    client: Client, answer: Mapping[str, Any], principal: str, action: str, resource: str
) -> str | None:
    reason = _reason(answer)
    if reason not in _MISASKED:
        return None
    return hint(client, reason, principal, action, parse_resource_name(resource))


def _print_help(text: str | None) -> None:
    if text:
        typer.echo(printable(f"  help: {text}"), err=True)


_MISASKED = frozenset(
    {
        "unknown_principal",
        "unknown_service",
        "unknown_resource_type",
        "incomplete_resource",
        "unknown_action",
        "wrong_resource_type",
    }
)


@reporting
def can(
    principal: Principal,
    operation: Annotated[
        str, typer.Argument(help="a command or API of a service, such as 'ibmcloud cr retention-run'")
    ],
    resources: Annotated[
        list[str], typer.Argument(help="RESOURCE (the target), or source=RESOURCE target=RESOURCE")
    ],
    context: Context = [],  # noqa: B006 - typer reads the default
    service: Annotated[
        str | None, typer.Option(help="the service, where several have this operation")
    ] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """May PRINCIPAL do a whole OPERATION, and which roles would be enough? Exit codes as for check."""
    parse_principal(principal)
    body: dict[str, Any] = {"principal": principal, "operation": operation, "resources": _sides(resources)}
    if service:
        body["service"] = service
    if context:
        body["context"] = parse_pairs(context, "--context")
    with Client.from_environment() as client:
        answer = client.post(client.account_path("operations", "check"), body)
    if output is Output.JSON:
        print_json(answer)
    else:
        _print_operation(operation, answer)
    raise typer.Exit(EXIT_OK if answer["decision"] else EXIT_DENIED)


def _print_operation(operation: str, answer: Mapping[str, Any]) -> None:
    verdict = "allowed" if answer["decision"] else "denied"
    if not answer["actions"]:
        why = "it needs no action" if answer["decision"] else answer["reason"].replace("_", " ")
        print_lines([f"{operation}: {verdict}, {why}"])
        return
    print_lines([f"{operation}: {verdict}"])
    print_table(
        ["action", "on", "decision", "reason"],
        [
            [one["action"], one["on"], "allowed" if one["decision"] else "denied", one["reason"]]
            for one in answer["actions"]
        ],
        empty="",
    )
    enough = [" and ".join(names) for names in answer.get("sufficient_roles", [])]
    print_lines(["", f"enough: {', or '.join(enough) or 'no role'}"])


def _sides(texts: list[str]) -> dict[str, str]:
    """Which resource is on which side? Raises Invalid."""
    sides: dict[str, str] = {}
    for text in texts:
        name, equals, resource = text.partition("=")
        if text.startswith("brn:") or not equals:
            name, resource = "target", text
        if name in sides:
            raise Invalid.at(
                "",
                f"the {name} is named twice: `{sides[name]}` and `{resource}`",
                "write source=RESOURCE target=RESOURCE",
            )
        parse_resource_name(resource)
        sides[name] = resource
    return sides


def ask(
    client: Client,
    principal: str,
    action: str,
    resource: str,
    context: list[str],
    said: list[str],
    *,
    explained: bool = False,
) -> dict[str, Any]:
    """What does the server decide? Raises Invalid before it is asked what cannot be."""
    kind, name = split_reference(parse_principal(principal))
    body = {"subject": {"type": kind, "id": name}, **asked_of(action, resource, context, said)}
    query = "?explain=true" if explained else ""
    answer: dict[str, Any] = client.post(f"/access/v1/evaluation{query}", body)
    return answer


def asked_of(action: str, resource: str, context: list[str], said: list[str]) -> dict[str, Any]:
    """How is an action on a resource asked about, whoever does it? Raises Invalid."""
    parsed = parse_resource_name(resource)
    return {
        "action": {"name": action},
        "resource": {
            "type": f"{parsed.service}/{parsed.type}",
            "id": resource,
            "properties": parse_pairs(said, "--property"),
        },
        "context": parse_pairs(context, "--context"),
    }


def parse_pairs(pairs: list[str], option: str) -> dict[str, Any]:
    """Which values do these K=V texts give? `mfa=true` a boolean, `ip=10.0.0.1` a text. Raises Invalid."""
    values: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise Invalid.at(option, f"`{pair}` is not K=V")
        if key in values:
            raise Invalid.at(option, f"`{key}` is given twice")
        values[key] = parse_value(text)
    return values


def parse_value(text: str) -> Any:
    """Which JSON value is this text, or else the text itself?"""
    try:
        value = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return text
    return text if isinstance(value, float) and isinf(value) else value


def _no_number(word: str) -> None:
    raise ValueError(word)
