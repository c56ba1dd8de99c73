"""Templates: what an enterprise assigns, what an account is offered, accepts and gives up.

Templates and assignments are documents: `apply` makes and changes them. Nothing is decided here.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bailiwick.cli.client import Client
from bailiwick.cli.output import Output, OutputOption, print_json, print_lines, print_table, reporting

templates_app = typer.Typer(
    help="Templates: list, commit, assign, unassign, status, push; offers, accept, remove, release.",
    no_args_is_help=True,
)

Version = Annotated[str, typer.Argument(help="a version of a template, such as auditors@1")]
TemplateName = Annotated[str, typer.Argument(help="the template, without version")]
AssignmentName = Annotated[str, typer.Argument(help="the assignment's name")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="say what would change, change nothing")]


@templates_app.command("list")
@reporting
def list_(output: OutputOption = Output.TABLE) -> None:
    """List the versions of templates that this account defines, and where each is assigned."""
    with Client.from_environment() as client:
        templates = list(client.pages(client.account_path("templates"), "items"))
        assignments = list(client.pages(client.account_path("template-assignments"), "items"))
    if output is Output.JSON:
        print_json({"templates": templates, "assignments": assignments})
        return
    print_table(
        ["template", "state", "defines", "assigned to"],
        [
            [
                one["name"],
                one.get("state", "draft"),
                _contents(one),
                [a["node"] for a in assignments if a["template"] == one["name"]],
            ]
            for one in templates
        ],
        empty="no templates yet: write one as `kind: Template`, then bailiwick apply",
        whole=("template",),
    )


def _contents(template: dict[str, Any]) -> str:
    counted = ((len(template.get(word, [])), word) for word in ("groups", "roles", "policies"))
    return ", ".join(f"{count} {_singular(word) if count == 1 else word}" for count, word in counted if count)


def _singular(word: str) -> str:
    return "policy" if word == "policies" else word.removesuffix("s")


@templates_app.command("commit")
@reporting
def commit(template: Version) -> None:
    """Commit a version: it never changes again, and may be assigned."""
    with Client.from_environment() as client:
        client.call("PATCH", client.account_path("templates", template), json={"state": "committed"})
    print_lines([f"committed {template}"])


@templates_app.command("assign")
@reporting
def assign(
    template: Version,
    node: Annotated[str, typer.Argument(help="enterprise:NAME, account-group:NAME or account:NAME")],
    name: Annotated[str | None, typer.Option(help="the assignment's name; none: made of both")] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Offer a version to every account below a node, and take it into those that follow."""
    base = template.rpartition("@")[0] or template
    called = name or f"{base} {node.replace(':', ' ')}"
    with Client.from_environment() as client:
        path = client.account_path("template-assignments", called)
        client.call("PUT", path, json={"template": template, "node": node})
        pushed = client.post(f"{path}/push", {})["items"]
    if output is Output.JSON:
        print_json({"assignment": called, "accounts": pushed})
        return
    print_lines([f"assigned {template} to {node} as `{called}`"])
    _print_pushed(pushed)


@templates_app.command("unassign")
@reporting
def unassign(assignment: AssignmentName) -> None:
    """Withdraw an assignment; what accounts have accepted of it stays theirs to give up."""
    with Client.from_environment() as client:
        client.call("DELETE", client.account_path("template-assignments", assignment))
    print_lines([f"withdrew {assignment}"])


@templates_app.command("status")
@reporting
def status(assignment: AssignmentName, output: OutputOption = Output.TABLE) -> None:
    """Say what became of an assignment in each account below its node."""
    with Client.from_environment() as client:
        found = client.get(client.account_path("template-assignments", assignment, "status"))["items"]
    if output is Output.JSON:
        print_json(found)
        return
    print_table(
        ["account", "state", "accepted", "follows", "drift"],
        [[one["account"], one["state"], one["accepted"], one["follows"], _drift(one)] for one in found],
        empty="no account is below this assignment's node",
        whole=("account",),
    )


@templates_app.command("push")
@reporting
def push(assignment: AssignmentName, output: OutputOption = Output.TABLE) -> None:
    """Take the assigned version into the accounts that follow."""
    with Client.from_environment() as client:
        found = client.post(client.account_path("template-assignments", assignment, "push"), {})["items"]
    if output is Output.JSON:
        print_json(found)
        return
    _print_pushed(found)


@templates_app.command("offers")
@reporting
def offers(output: OutputOption = Output.TABLE) -> None:
    """List the templates that your enterprise offers to this account, and what was accepted."""
    with Client.from_environment() as client:
        found = client.get(client.account_path("template-offers"))["items"]
    if output is Output.JSON:
        print_json(found)
        return
    print_table(
        ["template", "state", "offered", "accepted", "follows", "defines", "drift"],
        [
            [
                one["template"],
                one["state"],
                None if one["assigned"] is None else one["assigned"]["name"],
                one["accepted"],
                one["follows"],
                "" if one["assigned"] is None else _contents(one["assigned"]),
                _drift(one),
            ]
            for one in found
        ],
        empty="no template is offered to this account",
        whole=("template",),
    )


@templates_app.command("accept")
@reporting
def accept(
    template: TemplateName,
    version: Annotated[int | None, typer.Option(help="the version that you have looked at")] = None,
    follow: Annotated[
        bool | None, typer.Option("--follow/--no-follow", help="take later versions without being asked")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Accept the offered version of a template: its groups, roles and policies come into this account."""
    body = {"version": version, "follows": follow}
    _change(template, "accept", {k: v for k, v in body.items() if v is not None}, dry_run=dry_run)


@templates_app.command("remove")
@reporting
def remove(template: TemplateName, dry_run: DryRun = False) -> None:
    """Give a template up, and remove what it brought."""
    _change(template, "remove", {}, dry_run=dry_run)


@templates_app.command("release")
@reporting
def release(template: TemplateName, dry_run: DryRun = False) -> None:
    """Give a template up, and keep what it brought as the account's own."""
    _change(template, "release", {}, dry_run=dry_run)


def _change(template: str, verb: str, body: dict[str, Any], *, dry_run: bool) -> None:
    with Client.from_environment() as client:
        path = client.account_path("template-offers", template, verb)
        answer = client.call("POST", path, json=body, params={"dry_run": "true"} if dry_run else None)
    print_table(
        ["kind", "name", "would be" if dry_run else "was"],
        [[one["kind"], one["name"], one["op"]] for one in answer["differences"]],
        empty="nothing to change",
    )


def _print_pushed(found: list[dict[str, Any]]) -> None:
    print_table(
        ["account", "state", "problem"],
        [[one["account"], one["state"], one["problem"]] for one in found],
        empty="no account is below this assignment's node",
        whole=("account",),
    )


def _drift(one: dict[str, Any]) -> list[str]:
    return [f"{drift['kind']} {drift['name']} {drift['what']}" for drift in one["drift"]]
