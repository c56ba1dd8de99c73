"""An enterprise on the command line: its tree, its accounts, and one's own place in it.

The server decides who may; nothing here does. A node is written `enterprise:NAME`, `account-group:NAME` or
`account:NAME`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from bailiwick.cli.client import Client
from bailiwick.cli.output import Output, OutputOption, print_json, print_lines, print_table, reporting

enterprise_app = typer.Typer(
    help="An enterprise: its tree of account groups and accounts.", no_args_is_help=True
)

Group = Annotated[str, typer.Argument(help="the account group's name")]
Member = Annotated[str, typer.Argument(help="the account's name")]
Parent = Annotated[str, typer.Option("--parent", help="enterprise:NAME or account-group:NAME")]
Description = Annotated[str, typer.Option("--description", help="what it is for")]
_STATES = {
    "alone": "in no enterprise",
    "manages": "holds an enterprise",
    "invited": "lets an enterprise take it in, which has not",
    "in_tree": "below an enterprise",
}


@enterprise_app.command("show")
@reporting
def show(output: OutputOption = Output.TABLE) -> None:
    """Show where your account stands, and the guardrails that bind it from above."""
    with Client.from_environment() as client:
        place = client.get(client.account_path("enterprise"))
        account = client.account
    if output is Output.JSON:
        print_json(place)
        return
    print_lines([f"account {account}: {_STATES[place['state']]}"])
    if place["management_account"]:
        print_lines([f"management account: {place['management_account']}"])
    if place["path"]:
        print_lines([f"place: {' > '.join(place['path'])}"])
    if place["state"] == "in_tree":
        print_guardrails(place["guardrails"], empty="no guardrail binds it from above")


@enterprise_app.command("tree")
@reporting
def tree(output: OutputOption = Output.TABLE) -> None:
    """Show the tree of your enterprise, with the guardrails of its nodes."""
    with Client.from_environment() as client:
        answer = client.get(client.account_path("enterprise", "tree"))
    if output is Output.JSON:
        print_json(answer)
        return
    rows = [
        ["  " * one["depth"] + one["node"], one["guardrails"], one["description"]] for one in answer["nodes"]
    ]
    print_table(["node", "guardrails", "description"], rows, empty="no enterprise", whole=("node",))


@enterprise_app.command("create")
@reporting
def create(
    name: Annotated[str, typer.Argument(help="the enterprise's name")],
    title: Annotated[str, typer.Option("--title", help="its title")] = "",
    description: Description = "",
) -> None:
    """Let your account hold an enterprise."""
    _make("enterprises", {"name": name, "title": title, "description": description})


@enterprise_app.command("group-create")
@reporting
def group_create(group: Group, parent: Parent, description: Description = "") -> None:
    """Make an account group below a node."""
    _make("account-groups", {"name": group, "parent": parent, "description": description})


@enterprise_app.command("group-move")
@reporting
def group_move(group: Group, parent: Parent) -> None:
    """Put an account group, with all below it, below another node."""
    _move("account-groups", group, parent)


@enterprise_app.command("group-delete")
@reporting
def group_delete(group: Group) -> None:
    """Delete an account group that nothing is below."""
    _delete("account-groups", group)
    print_lines([f"deleted account group {group}"])


@enterprise_app.command("account-create")
@reporting
def account_create(
    account: Member,
    parent: Parent,
    owner: Annotated[str, typer.Option("--owner", help="the owner's email address")],
    description: Description = "",
    key_file: Annotated[
        Path | None, typer.Option("--key-file", help="write the owner's key here instead of showing it")
    ] = None,
) -> None:
    """Make a new account below a node. Its owner's first key is shown once, now."""
    from bailiwick.service.initial import keep_text, new_private_file

    body = {"name": account, "parent": parent, "owner_email": owner, "description": description or None}
    said = {name: value for name, value in body.items() if value is not None}
    with Client.from_environment() as client:
        path = client.account_path("enterprise", "accounts")
        if key_file is None:
            made = client.post(path, said)
            print_lines([made["apikey"]])
        else:
            with new_private_file(key_file) as file:
                made = client.post(path, said)
                keep_text(file, key_file, made["apikey"] + "\n")
    typer.echo(
        f"account {made['account']} below {made['parent']}, owned by {made['owner']}; "
        "this is the only time that the owner's key is shown",
        err=True,
    )


@enterprise_app.command("account-add")
@reporting
def account_add(account: Member, parent: Parent, description: Description = "") -> None:
    """Take an account in whose owner has named yours as its enterprise."""
    _make("enterprise-accounts", {"name": account, "parent": parent, "description": description})


@enterprise_app.command("account-move")
@reporting
def account_move(account: Member, parent: Parent) -> None:
    """Put an account below another node: other guardrails bind it from then on."""
    _move("enterprise-accounts", account, parent)


@enterprise_app.command("account-remove")
@reporting
def account_remove(account: Member) -> None:
    """Let an account go; it stays as it is, without the guardrails of the tree."""
    _delete("enterprise-accounts", account)
    print_lines([f"let account {account} go"])


def print_guardrails(guardrails: list[dict[str, Any]], *, empty: str) -> None:
    """Show guardrails, one a row."""
    print_table(
        ["guardrail", "node", "state", "actions", "but", "scope", "when"],
        [
            [
                one["name"],
                one.get("node"),
                one.get("state", "enabled"),
                one["actions"],
                one.get("except_actions"),
                one.get("scope") or "every service but iam",
                one.get("when"),
            ]
            for one in guardrails
        ],
        empty=empty,
        whole=("guardrail",),
    )


def _make(path: str, document: Mapping[str, str]) -> None:
    said = {name: text for name, text in document.items() if text}
    with Client.from_environment() as client:
        made = client.post(client.account_path(path), said)
    place = f" below {made['parent']}" if "parent" in made else ""
    print_lines([f"{made['kind']} {made['name']}{place}"])


def _move(path: str, name: str, parent: str) -> None:
    with Client.from_environment() as client:
        moved = client.call("PATCH", client.account_path(path, name), json={"parent": parent})
    print_lines([f"{moved['kind']} {moved['name']} below {moved['parent']}"])


def _delete(path: str, name: str) -> None:
    with Client.from_environment() as client:
        client.call("DELETE", client.account_path(path, name))
