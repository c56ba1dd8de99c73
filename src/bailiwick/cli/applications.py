"""Applications: application list, show, rotate-secret, withdraw-secret. They are written by `apply`.

A secret is printed once, where it was asked for, and nowhere else.
"""

from __future__ import annotations

from typing import Annotated

import typer

from bailiwick.cli.client import Client
from bailiwick.cli.output import Output, OutputOption, print_json, print_lines, print_table, reporting
from bailiwick.cli.times import minute_of

applications_app = typer.Typer(
    help="Applications: list, show, rotate-secret, withdraw-secret.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="the application's name")]


@applications_app.command("list")
@reporting
def list_(output: OutputOption = Output.TABLE) -> None:
    """List the account's applications."""
    with Client.from_environment() as client:
        found = list(client.pages(client.account_path("applications"), "items"))
    if output is Output.JSON:
        print_json(found)
        return
    print_table(
        ["name", "type", "state", "grants", "acts as", "title"],
        [
            [
                one["name"],
                one["type"],
                "disabled" if one.get("disabled") else "enabled",
                one.get("grants"),
                one.get("acts_as"),
                one.get("title"),
            ]
            for one in found
        ],
        empty="no applications yet: write one with kind: Application, and bailiwick apply",
        whole=("name",),
    )


@applications_app.command("show")
@reporting
def show(name: Name, output: OutputOption = Output.TABLE) -> None:
    """Show an application, its client_id, and its secrets without themselves."""
    with Client.from_environment() as client:
        application = client.get(client.account_path("applications", name))
        kept = client.get(client.account_path("applications", name, "secrets"))
    client_id, secrets = kept["client_id"], kept["items"]
    if output is Output.JSON:
        print_json({**application, "client_id": client_id, "secrets": secrets})
        return
    print_table(
        ["field", "value"],
        [
            ["client_id", client_id],
            *([field, value] for field, value in application.items() if field != "kind"),
        ],
        empty="",
    )
    typer.echo("")
    print_table(
        ["secret", "begins", "made", "last used", "ends"],
        [
            [
                one["id"],
                one["prefix"],
                minute_of(one["created_at"]),
                minute_of(one["last_used_at"]),
                minute_of(one["expires_at"]),
            ]
            for one in secrets
        ],
        empty="no secret: bailiwick application rotate-secret makes one",
        whole=("secret",),
    )


@applications_app.command("rotate-secret")
@reporting
def rotate_secret(
    name: Name,
    overlap_seconds: Annotated[
        int, typer.Option(help="how long the secret before this one stands; 0 for one that leaked")
    ] = 86_400,
    output: OutputOption = Output.TABLE,
) -> None:
    """Make a new secret. It is shown once, now."""
    with Client.from_environment() as client:
        path = client.account_path("applications", name, "rotate-secret")
        made = client.post(path, {"overlap_seconds": overlap_seconds})
    if output is Output.JSON:
        print_json(made)
        return
    print_lines([made["client_secret"]])
    typer.echo(f"client_id {made['client_id']}; this is the only time that the secret is shown", err=True)


@applications_app.command("withdraw-secret")
@reporting
def withdraw_secret(
    name: Name, secret: Annotated[str, typer.Argument(help="the secret's id, as `application show` shows it")]
) -> None:
    """Withdraw a secret, and end what rests on it."""
    with Client.from_environment() as client:
        client.call("DELETE", client.account_path("applications", name, "secrets", secret))
    typer.echo(f"withdrawn {secret}")
