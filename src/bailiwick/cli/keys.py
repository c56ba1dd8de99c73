"""API keys and tokens: key create, list, disable, enable, delete; token; whoami."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from bailiwick.cli.client import Client
from bailiwick.cli.output import Output, OutputOption, print_json, print_table, reporting

keys_app = typer.Typer(help="API keys: create, list, disable, enable, delete.", no_args_is_help=True)

KeyId = Annotated[str, typer.Argument(help="the key's id, as `bailiwick key list` shows it")]


@keys_app.command("create")
@reporting
def create(
    owner: Annotated[str | None, typer.Option(help="user:NAME or service-id:NAME; none: yourself")] = None,
    description: Annotated[str, typer.Option(help="what the key is for")] = "",
    expires_at: Annotated[str | None, typer.Option(help="such as 2027-01-01T00:00:00Z; none: never")] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Make a key. Its secret is shown once, now."""
    client = Client.from_environment()
    body = {"owner": owner, "description": description, "expires_at": expires_at}
    made = client.post(client.account_path("api-keys"), {k: v for k, v in body.items() if v})
    if output is Output.JSON:
        print_json(made)
        return
    typer.echo(made["apikey"])
    typer.echo(f"id {made['id']}; this is the only time that the key is shown", err=True)


@keys_app.command("list")
@reporting
def list_(output: OutputOption = Output.TABLE) -> None:
    """List the keys that you may see."""
    client = Client.from_environment()
    keys = list(client.pages(client.account_path("api-keys"), "items"))
    if output is Output.JSON:
        print_json(keys)
        return
    columns = ("id", "owner", "prefix", "description", "created_at", "expires_at", "disabled", "last_used_at")
    print_table(
        columns,
        [[key.get(c) for c in columns] for key in keys],
        empty="no API keys yet: bailiwick key create",
    )


@keys_app.command("disable")
@reporting
def disable(key: KeyId) -> None:
    """Stop a key; tokens made from it stop with it."""
    _patch(key, disabled=True)


@keys_app.command("enable")
@reporting
def enable(key: KeyId) -> None:
    """Let a disabled key work again."""
    _patch(key, disabled=False)


@keys_app.command("delete")
@reporting
def delete(key: KeyId) -> None:
    """Withdraw a key for good."""
    client = Client.from_environment()
    client.call("DELETE", client.account_path(f"api-keys/{quote(key, safe='')}"))
    typer.echo(f"deleted {key}")


def _patch(key: str, *, disabled: bool) -> None:
    client = Client.from_environment()
    client.call("PATCH", client.account_path(f"api-keys/{quote(key, safe='')}"), json={"disabled": disabled})
    typer.echo(f"{'disabled' if disabled else 'enabled'} {key}")


@reporting
def token() -> None:
    """Print an access token for your API key, for use as a bearer token."""
    typer.echo(Client.from_environment().token)
