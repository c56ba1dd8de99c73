"""Federation: identity-provider list, show, set-secret; federation-rule list; user identities, link, unlink.

Providers and rules are written by `apply`. A secret is read from standard input, so that no list of processes and no
history of commands holds it.
"""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from bailiwick.cli.client import Client
from bailiwick.cli.output import Output, OutputOption, print_json, print_lines, print_table, reporting
from bailiwick.cli.times import minute_of
from bailiwick.cli.users import User, users_app
from bailiwick.errors import Invalid

providers_app = typer.Typer(help="Identity providers: list, show, set-secret.", no_args_is_help=True)
rules_app = typer.Typer(help="Federation rules: list.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="the identity provider's name")]


@providers_app.command("list")
@reporting
def list_providers(output: OutputOption = Output.TABLE) -> None:
    """List the identity providers by which people sign in."""
    with Client.from_environment() as client:
        found = list(client.pages(client.account_path("identity-providers"), "items"))
    if output is Output.JSON:
        print_json(found)
        return
    print_table(
        ["name", "issuer", "new users", "state", "title"],
        [
            [one["name"], one["issuer"], one.get("new_users", "refuse"), _state(one), one.get("title")]
            for one in found
        ],
        empty="no identity providers yet: write one with kind: IdentityProvider, and bailiwick apply",
        whole=("name",),
    )


@providers_app.command("show")
@reporting
def show_provider(name: Name, output: OutputOption = Output.TABLE) -> None:
    """Show an identity provider, without its client secret."""
    with Client.from_environment() as client:
        found = client.get(client.account_path("identity-providers", name))
    if output is Output.JSON:
        print_json(found)
        return
    print_lines(
        [f"{field}: {_shown(value)}" for field, value in found.items() if field not in ("kind", "account")]
    )


@providers_app.command("set-secret")
@reporting
def set_secret(
    name: Name,
    none: Annotated[bool, typer.Option("--none", help="take it away instead")] = False,
) -> None:
    """Give the client secret, from standard input; it is never shown again."""
    with Client.from_environment() as client:
        path = client.account_path("identity-providers", name, "client-secret")
        if none:
            client.call("DELETE", path)
        else:
            client.call("PUT", path, json={"secret": _read_secret()})
    print_lines([f"{name} has no client secret any more" if none else f"the client secret of {name} is kept"])


def _read_secret() -> str:
    """Which secret stands on the first line? Raises Invalid where there is none."""
    if sys.stdin.isatty():
        return str(typer.prompt("client secret", hide_input=True))
    secret = sys.stdin.readline().rstrip("\r\n")
    if not secret:
        raise Invalid.at("secret", "expected a secret on standard input, got nothing", "--none takes it away")
    return secret


@rules_app.command("list")
@reporting
def list_rules(output: OutputOption = Output.TABLE) -> None:
    """List which rules bring whom into which groups, and for how long."""
    with Client.from_environment() as client:
        found = list(client.pages(client.account_path("federation-rules"), "items"))
    if output is Output.JSON:
        print_json(found)
        return
    print_table(
        ["name", "provider", "conditions", "groups", "hours", "state"],
        [
            [
                one["name"],
                one["provider"],
                [_condition(each) for each in one.get("conditions", [])] or "everybody",
                [group.removeprefix("group:") for group in one["groups"]],
                one["hours"],
                _state(one),
            ]
            for one in found
        ],
        empty="no federation rules yet: write one with kind: FederationRule, and bailiwick apply",
        whole=("name",),
    )


@users_app.command("identities")
@reporting
def list_identities(name: User, output: OutputOption = Output.TABLE) -> None:
    """List by which identities of providers a user signs in, with times in UTC."""
    with Client.from_environment() as client:
        found = client.get(client.account_path("users", name, "identities"))["items"]
    if output is Output.JSON:
        print_json(found)
        return
    print_table(
        ["id", "provider", "subject", "known as", "linked"],
        [
            [one["id"], one["provider"], one["subject"], one["shown"], minute_of(one["linked_at"])]
            for one in found
        ],
        empty=f"{name} signs in by no identity of a provider",
        whole=("id",),
    )


@users_app.command("link-identity")
@reporting
def link_identity(
    name: User,
    provider: Annotated[str, typer.Argument(help="an identity provider in use")],
    subject: Annotated[str, typer.Argument(help="what the provider calls the person in `sub`")],
) -> None:
    """Let a user sign in by a subject of a provider. It hands over all that the user holds."""
    with Client.from_environment() as client:
        path = client.account_path("users", name, "identities")
        made = client.post(path, {"provider": provider, "subject": subject})
    print_lines([f"linked {made['id']}: {name} signs in as {subject} of {provider}"])


@users_app.command("unlink-identity")
@reporting
def unlink_identity(
    name: User, identity: Annotated[str, typer.Argument(help="its id, as the list shows it")]
) -> None:
    """Take an identity away from a user; what was begun by it ends."""
    with Client.from_environment() as client:
        client.call("DELETE", client.account_path("users", name, "identities", identity))
    print_lines([f"unlinked {identity} from {name}"])


def _state(one: dict[str, Any]) -> str:
    return "disabled" if one.get("disabled") else "enabled"


def _condition(one: dict[str, Any]) -> str:
    value = one["value"] if isinstance(one["value"], str) else "|".join(one["value"])
    return f"{one['claim']} {one['operator']} {value}"


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
