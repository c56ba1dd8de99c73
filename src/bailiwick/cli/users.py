"""People: user invite, reset-password, remove-second-factor, unlock; invitation list, withdraw.

A link is printed once, where it was asked for, and nowhere else.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bailiwick.cli.client import Client
from bailiwick.cli.output import Output, OutputOption, print_json, print_lines, print_table, reporting
from bailiwick.cli.times import minute_of
from bailiwick.errors import Invalid, NotFound

users_app = typer.Typer(
    help="People: invite, reset-password, remove-second-factor, unlock.", no_args_is_help=True
)
invitations_app = typer.Typer(help="Open invitations: list, withdraw.", no_args_is_help=True)

User = Annotated[str, typer.Argument(metavar="NAME", help="the user's name")]
Days = Annotated[int | None, typer.Option(min=1, max=7, help="how long the link is good; none: 7")]


@users_app.command("invite")
@reporting
def invite(
    name: User,
    email: Annotated[str, typer.Option(help="the user's email address")] = "",
    group: Annotated[list[str], typer.Option("--group", help="a group to be a member of")] = [],  # noqa: B006 - typer reads the default
    policy: Annotated[
        list[str],
        typer.Option(
            "--policy", metavar="ROLE@SERVICE", help="a role on a service: Reader@container-registry"
        ),
    ] = [],  # noqa: B006 - typer reads the default
    days: Days = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Invite somebody by a link: they choose a password, and have from then on what you give them."""
    body: dict[str, Any] = {"name": name, "email": email or None, "groups": group}
    body["policies"] = [_policy(name, text, at) for at, text in enumerate(policy)]
    with Client.from_environment() as client:
        made = client.post(client.account_path("invitations"), {**_said(body), **_lifetime(days)})
    _print_link(made, output)


def _policy(user: str, text: str, at: int) -> dict[str, Any]:
    role, mark, service = text.rpartition("@")
    if not mark or not role or not service:
        raise Invalid.at(f"policy[{at}]", f"`{text}` names no role on a service", "write ROLE@SERVICE")
    return {
        "name": f"{user}-{role}-{service}".replace(" ", "-"),
        "roles": [role],
        "scope": {"service": service},
    }


def _said(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value}


def _lifetime(days: int | None) -> dict[str, int]:
    return {} if days is None else {"seconds": days * 86_400}


def _print_link(made: dict[str, Any], output: Output) -> None:
    if output is Output.JSON:
        print_json(made)
        return
    print_lines([made["link"]])
    typer.echo(
        f"for {made['name']}, good once, until {minute_of(made['expires_at'])} UTC; "
        "this is the only time that the link is shown",
        err=True,
    )


@users_app.command("reset-password")
@reporting
def reset_password(name: User, days: Days = None, output: OutputOption = Output.TABLE) -> None:
    """Let a user choose a new password by a link. The old one is good until then."""
    with Client.from_environment() as client:
        made = client.post(client.account_path("users", name, "reset-password"), _lifetime(days))
    _print_link(made, output)


@users_app.command("remove-second-factor")
@reporting
def remove_second_factor(name: User) -> None:
    """Remove a user's second factor, because it is lost."""
    with Client.from_environment() as client:
        client.call("DELETE", client.account_path("users", name, "second-factor"))
    print_lines([f"removed the second factor of {name}"])


@users_app.command("unlock")
@reporting
def unlock(name: User) -> None:
    """Let a user who is locked out try again."""
    with Client.from_environment() as client:
        found = client.get(client.account_path("lockouts"))["items"]
        known = next((one for one in found if one["name"] == name), None)
        if known is None:
            raise NotFound(f"user `{name}` is not locked out", "it may be over already")
        client.call("DELETE", client.account_path("lockouts", known["id"]))
    print_lines([f"{name} may try again"])


@invitations_app.command("list")
@reporting
def list_invitations(output: OutputOption = Output.TABLE) -> None:
    """List open invitations, the next to end first, with times in UTC."""
    with Client.from_environment() as client:
        found = client.get(client.account_path("invitations"))["items"]
    if output is Output.JSON:
        print_json(found)
        return
    print_table(
        ["id", "for", "to", "by", "until"],
        [
            [one["id"], one["name"], _purpose(one), one["inviter"], minute_of(one["expires_at"])]
            for one in found
        ],
        empty="no open invitations: bailiwick user invite NAME",
        whole=("id",),
    )


def _purpose(one: dict[str, Any]) -> str:
    return "become a user" if one["purpose"] == "user" else "choose a password"


@invitations_app.command("withdraw")
@reporting
def withdraw(invitation: Annotated[str, typer.Argument(help="its id, as the list shows it")]) -> None:
    """Withdraw an invitation: its link is good for nothing any more."""
    with Client.from_environment() as client:
        client.call("DELETE", client.account_path("invitations", invitation))
    print_lines([f"withdrew {invitation}"])
