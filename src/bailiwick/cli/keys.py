"""API keys: key create, list, show, change, rotate, disable, enable, delete, report-leak.

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

keys_app = typer.Typer(
    help="API keys: create, list, show, change, rotate, disable, enable, delete, report-leak.",
    no_args_is_help=True,
)

Networks = Annotated[
    list[str] | None, typer.Option("--network", help="from where it may be used; may be given several times")
]
WhenLeaked = Annotated[
    str | None, typer.Option(help="what a report of its text does: none, disable (the default) or delete")
]
KeyId = Annotated[str, typer.Argument(help="the key's id, as `bailiwick key list` shows it")]


@keys_app.command("create")
@reporting
def create(
    owner: Annotated[str | None, typer.Option(help="user:NAME or service-id:NAME; none: yourself")] = None,
    description: Annotated[str, typer.Option(help="what the key is for")] = "",
    expires_at: Annotated[str | None, typer.Option(help="such as 2027-01-01T00:00:00Z; none: never")] = None,
    network: Networks = None,
    when_leaked: WhenLeaked = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Make a key. Its secret is shown once, now."""
    body = {
        "owner": owner,
        "description": description or None,
        "expires_at": expires_at,
        "networks": network,
        "when_leaked": when_leaked,
    }
    with Client.from_environment() as client:
        made = client.post(client.account_path("api-keys"), {k: v for k, v in body.items() if v is not None})
    _print_made(made, output)


def _print_made(made: Mapping[str, Any], output: Output) -> None:
    """SECURITY: the secret alone on standard output, so that a script can take it."""
    if output is Output.JSON:
        print_json(made)
        return
    print_lines([made["apikey"]])
    until = minute_of(made["expires_at"])
    ends = f"; works until {until}" if made["expires_at"] else ""
    typer.echo(f"id {made['id']}{ends}; this is the only time that the key is shown", err=True)


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


@keys_app.command("show")
@reporting
def show(key: KeyId, output: OutputOption = Output.TABLE) -> None:
    """Show one key: its state, from where it may be used, and its last uses."""
    with Client.from_environment() as client:
        found = client.get(client.account_path("api-keys", key))
    if output is Output.JSON:
        print_json(found)
        return
    facts = {
        "id": found["id"],
        "owner": found["owner"],
        "key": f"{found['prefix']}…",
        "description": found["description"],
        "state": state_of(found, datetime.now(UTC)),
        "created": minute_of(found["created_at"]),
        "rotated": minute_of(found["rotated_at"]),
        "secret before": f"works until {minute_of(found['earlier_until'])}" if found["earlier_until"] else "",
        "expires": minute_of(found["expires_at"]),
        "networks": ", ".join(found["networks"]) or "everywhere",
        "when leaked": found["when_leaked"],
        "leaked": minute_of(found["leaked_at"]),
        "last used": minute_of(found["last_used_at"]),
    }
    print_lines([f"{name + ':':<15}{value}" for name, value in facts.items() if value])
    print_lines(
        [
            f"  {minute_of(one['at'])}  {one['address'] or 'unknown address':<24} {one['for']}"
            for one in found["uses"]
        ]
    )


@keys_app.command("change")
@reporting
def change(
    key: KeyId,
    description: Annotated[str | None, typer.Option(help="what the key is for")] = None,
    expires_at: Annotated[str | None, typer.Option(help="such as 2027-01-01T00:00:00Z, or never")] = None,
    network: Networks = None,
    everywhere: Annotated[bool, typer.Option("--everywhere", help="let it be used from everywhere")] = False,
    when_leaked: WhenLeaked = None,
    locked: Annotated[bool | None, typer.Option("--lock/--unlock", help="keep it from being changed")] = None,
) -> None:
    """Change what a key is for, its end, its networks, its lock."""
    body: dict[str, Any] = {
        "description": description,
        "networks": [] if everywhere else network,
        "when_leaked": when_leaked,
        "locked": locked,
    }
    said = {name: value for name, value in body.items() if value is not None}
    if expires_at is not None:
        said["expires_at"] = None if expires_at == "never" else expires_at
    with Client.from_environment() as client:
        client.call("PATCH", client.account_path("api-keys", key), json=said)
    print_lines([f"changed {key}"])


@keys_app.command("rotate")
@reporting
def rotate(
    key: KeyId,
    overlap: Annotated[int, typer.Option(help="for how many seconds the old secret works as well")] = 0,
    leaked: Annotated[
        bool, typer.Option("--leaked", help="end everything that was made from it, now")
    ] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Give a key another secret, shown once; one that leaked is replaced by a key with another id."""
    with Client.from_environment() as client:
        body = {"overlap_seconds": overlap, "leaked": leaked}
        made = client.post(client.account_path("api-keys", key, "rotate"), body)
    _print_made(made, output)


@keys_app.command("report-leak")
@reporting
def report_leak() -> None:
    """Report a key that was found somewhere: its text is read from standard input, and needs no other credential."""
    text = typer.get_text_stream("stdin").readline().strip()
    with Client.for_anybody() as client:
        client.post_public("/v1/api-keys/report-leak", {"apikey": text})
    print_lines(["reported; whatever was settled for this key has been done"])


def state_of(key: Mapping[str, Any], now: datetime) -> str:
    """Does the key work?"""
    expires = parse_time(key.get("expires_at"))
    state = "disabled" if key["disabled"] else "expired" if expires and expires <= now else "enabled"
    words = [state, *(["leaked"] if key.get("leaked_at") else []), *(["locked"] if key.get("locked") else [])]
    return ", ".join(words)


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
