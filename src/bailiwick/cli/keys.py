"""API keys: key create, list, disable, enable, delete.

A secret is printed once, where it was asked for, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from bailiwick.cli.client import Client
from bailiwick.cli.output import Output, OutputOption, print_json, print_lines, print_table, reporting
from bailiwick.cli.times import minute_of, parse_time

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
    body = {"owner": owner, "description": description or None, "expires_at": expires_at}
    with Client.from_environment() as client:
        made = client.post(client.account_path("api-keys"), {k: v for k, v in body.items() if v is not None})
    if output is Output.JSON:
        print_json(made)
        return
    print_lines([made["apikey"]])
    typer.echo(f"id {made['id']}; this is the only time that the key is shown", err=True)


@keys_app.command("list")
@reporting
def list_(output: OutputOption = Output.TABLE) -> None:
    """List the keys that you may see, with times in UTC."""
    with Client.from_environment() as client:
        keys = list(client.pages(client.account_path("api-keys"), "items"))
    if output is Output.JSON:
        print_json(keys)
        return
    now = datetime.now(UTC)
    print_table(
        ["id", "owner", "state", "created", "last used", "expires", "description"],
        [
            [
                key["id"],
                key["owner"],
                state_of(key, now),
                minute_of(key["created_at"]),
                minute_of(key["last_used_at"]),
                minute_of(key["expires_at"]),
                key["description"],
            ]
            for key in keys
        ],
        empty="no API keys yet: bailiwick key create",
        whole=("id",),
    )


def state_of(key: Mapping[str, Any], now: datetime) -> str:
    """Does the key work?"""
    expires = parse_time(key.get("expires_at"))
    state = "disabled" if key["disabled"] else "expired" if expires and expires <= now else "enabled"
    return f"{state}, locked" if key.get("locked") else state


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
    with Client.from_environment() as client:
        client.call("DELETE", client.account_path("api-keys", key))
    print_lines([f"deleted {key}"])


def _patch(key: str, *, disabled: bool) -> None:
    with Client.from_environment() as client:
        client.call("PATCH", client.account_path("api-keys", key), json={"disabled": disabled})
    print_lines([f"{'disabled' if disabled else 'enabled'} {key}"])
