"""Profiles: profile list, show, assume, sessions, end.

A session's token is printed once, where it was asked for; `BAILIWICK_TOKEN` lets later commands use it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import typer

from bailiwick.cli.client import Client
from bailiwick.cli.output import Output, OutputOption, print_json, print_lines, print_table, reporting
from bailiwick.cli.times import minute_of
from bailiwick.errors import Invalid

profiles_app = typer.Typer(help="Profiles: list, show, assume, sessions, end.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="the profile's name, or ACCOUNT/NAME for one of another account")]


@profiles_app.command("list")
@reporting
def list_(output: OutputOption = Output.TABLE) -> None:
    """List the account's profiles, and whom they trust."""
    with Client.from_environment() as client:
        profiles = list(client.pages(client.account_path("profiles"), "items"))
    if output is Output.JSON:
        print_json(profiles)
        return
    print_table(
        ["name", "state", "trusts", "longest", "description"],
        [
            [
                one["name"],
                "disabled" if one.get("disabled") else "enabled",
                one["trust"],
                f"{one['maximum_session_seconds']} s",
                one.get("description"),
            ]
            for one in profiles
        ],
        empty="no profiles yet: write one with kind: Profile, and bailiwick apply",
        whole=("name",),
    )


@profiles_app.command("show")
@reporting
def show(
    name: Annotated[str, typer.Argument(help="the profile's name")], output: OutputOption = Output.TABLE
) -> None:
    """Show a profile, what it is granted, and where you may see them, its sessions."""
    with Client.from_environment() as client:
        profile = client.get(client.account_path("profiles", name))
        subject = f"profile:{name}"
        policies = list(client.pages(client.account_path("policies"), "items", subject=subject))
    if output is Output.JSON:
        print_json({**profile, "policies": policies})
        return
    print_table(
        ["field", "value"], [[field, value] for field, value in profile.items() if field != "kind"], empty=""
    )
    typer.echo("")
    print_table(
        ["policy", "roles", "scope"],
        [[one["name"], one["roles"], one.get("scope", {})] for one in policies],
        empty="no policies of its own",
    )


@profiles_app.command("assume")
@reporting
def assume(
    name: Name,
    seconds: Annotated[int | None, typer.Option(help="for how long at most", min=60)] = None,
    restrict: Annotated[
        list[str],
        typer.Option(help='what not to be able to do: {"actions": […], "scope": {…}}; several times'),
    ] = [],  # noqa: B006 - typer reads the default
    acts_for: Annotated[
        str | None,
        typer.Option("--for", metavar="TOKEN", help="the access token of whom the session acts for"),
    ] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Assume a profile: print an access token that acts as it. Use it by BAILIWICK_TOKEN."""
    body = {"seconds": seconds, "restrict": [_restriction(one) for one in restrict] or None, "for": acts_for}
    account, slash, profile = name.removeprefix("//").rpartition("/")
    with Client.from_environment() as client:
        parts = (account if slash else client.account, "profiles", profile, "assume")
        path = "/".join(("/v1/accounts", *(quote(part, safe="") for part in parts)))
        begun = client.post(path, {field: value for field, value in body.items() if value is not None})
    if output is Output.JSON:
        print_json(begun)
        return
    print_lines([begun["access_token"]])
    typer.echo(
        f"session {begun['id']} as {begun['account']}/{begun['principal']}"
        f" until {minute_of(begun['expires_at'])}; BAILIWICK_TOKEN takes the token",
        err=True,
    )


def _restriction(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise Invalid.at(
            "--restrict", f"`{text[:80]}` is no JSON", 'such as {"actions": ["ims:images:delete"]}'
        ) from None


@profiles_app.command("sessions")
@reporting
def sessions(
    profile: Annotated[str | None, typer.Argument(help="only this profile's; none: every session")] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """List sessions that are not over, newest first, with times in UTC."""
    with Client.from_environment() as client:
        principal = None if profile is None else f"profile:{profile}"
        listed = list(client.pages(client.account_path("sessions"), "items", principal=principal))
    if output is Output.JSON:
        print_json(listed)
        return
    print_table(
        ["id", "principal", "state", "through", "for", "from", "begun", "until"],
        [
            [
                one["id"],
                one["principal"],
                one["state"],
                one["through"],
                one["for"],
                _address(one),
                minute_of(one["begun_at"]),
                minute_of(one["expires_at"]),
            ]
            for one in listed
        ],
        empty="no sessions",
        whole=("id",),
    )


def _address(session: Mapping[str, Any]) -> str:
    return str(session["context"].get("ip", ""))


@profiles_app.command("end")
@reporting
def end(session: Annotated[str, typer.Argument(help="the session's id, as `sessions` shows it")]) -> None:
    """End a session, and whatever was made from it."""
    with Client.from_environment() as client:
        client.call("DELETE", client.account_path("sessions", session))
    print_lines([f"ended {session}"])
