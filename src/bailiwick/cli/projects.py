"""Projects: list, show, create, update, enable, disable, delete; what is in them; who is attached; what was moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Annotated, Any

import typer

from bailiwick.cli.client import Client
from bailiwick.cli.output import Output, OutputOption, print_json, print_lines, print_table, reporting
from bailiwick.cli.times import minute_of, second_of
from bailiwick.errors import Invalid

projects_app = typer.Typer(
    help="Projects: what they are, what is in them, who is attached, what was moved.", no_args_is_help=True
)

MOST_ON_A_PAGE = 1000

Project = Annotated[str, typer.Argument(help="the project's name")]
Resources = Annotated[
    list[str], typer.Argument(help="resource names, such as brn:acme:ims:eu-de::image/web-1")
]
Associated = Annotated[
    bool, typer.Option("--associated", help="with what belongs to them: below them, or attached to them")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="show what would change, change nothing")]
Description = Annotated[str | None, typer.Option(help="at most 512 characters")]
Type = Annotated[str | None, typer.Option(help="prod or poc; poc may become prod")]
Subject = Annotated[str, typer.Argument(help="such as group:images, user:alice or service-id:ci")]
Roles = Annotated[
    str, typer.Option("--roles", help="role names, separated by commas; SERVICE/ROLE if need be")
]


@projects_app.command("list")
@reporting
def list_(output: OutputOption = Output.TABLE) -> None:
    """List the projects that you may see."""
    with Client.from_environment() as client:
        projects = list(client.pages(client.account_path("projects"), "items"))
    if output is Output.JSON:
        print_json(projects)
        return
    _print_projects(projects)


@projects_app.command("show")
@reporting
def show(project: Project, output: OutputOption = Output.TABLE) -> None:
    """Show one project."""
    with Client.from_environment() as client:
        found = client.get(client.account_path("projects", project))
    _print_project(found, output)


@projects_app.command("create")
@reporting
def create(
    project: Project, description: Description = None, type: Type = None, output: OutputOption = Output.TABLE
) -> None:
    """Create a project."""
    body = {"name": project, "description": description, "type": type}
    with Client.from_environment() as client:
        made = client.post(client.account_path("projects"), {k: v for k, v in body.items() if v is not None})
    _print_project(made, output)


@projects_app.command("update")
@reporting
def update(
    project: Project, description: Description = None, type: Type = None, output: OutputOption = Output.TABLE
) -> None:
    """Change a project's description or type."""
    said = {k: v for k, v in {"description": description, "type": type}.items() if v is not None}
    if not said:
        raise Invalid.at("", "nothing is to be changed", "give --description or --type")
    with Client.from_environment() as client:
        changed = client.call("PATCH", client.account_path("projects", project), json=said)
    _print_project(changed, output)


@projects_app.command("enable")
@reporting
def enable(project: Project, output: OutputOption = Output.TABLE) -> None:
    """Let a disabled project take things again."""
    _act(project, "enable", output)


@projects_app.command("disable")
@reporting
def disable(project: Project, output: OutputOption = Output.TABLE) -> None:
    """Let a project take nothing new; what is in it stays usable."""
    _act(project, "disable", output)


def _act(project: str, verb: str, output: Output) -> None:
    with Client.from_environment() as client:
        changed = client.call("POST", client.account_path("projects", project, verb))
    _print_project(changed, output)


@projects_app.command("delete")
@reporting
def delete(project: Project) -> None:
    """Delete a project in which nothing is, and which no policy names."""
    with Client.from_environment() as client:
        client.call("DELETE", client.account_path("projects", project))
    print_lines([f"deleted {project}"])


@projects_app.command("resources")
@reporting
def resources(
    project: Project,
    service: Annotated[str | None, typer.Option(help="only of this service")] = None,
    type: Annotated[str | None, typer.Option(help="only of this type")] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """List what is in a project."""
    with Client.from_environment() as client:
        path = client.account_path("projects", project, "resources")
        found = list(client.pages(path, "items", service=service, type=type, limit=MOST_ON_A_PAGE))
    if output is Output.JSON:
        print_json(found)
        return
    print_table(
        ["resource", "owner", "attached to", "description"],
        [[one["name"], one.get("owner"), one.get("attached_to"), one.get("description")] for one in found],
        empty="nothing is in it",
        whole=("resource",),
    )


@projects_app.command("add")
@reporting
def add(
    project: Project,
    resources: Resources,
    associated: Associated = False,
    dry_run: DryRun = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Move resources into a project, from wherever they are."""
    _move(project, "add", {"resources": resources, "associated": associated}, dry_run, output)


@projects_app.command("remove")
@reporting
def remove(
    project: Project,
    resources: Resources,
    associated: Associated = False,
    dry_run: DryRun = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Move resources from a project into the default one."""
    _move(project, "remove", {"resources": resources, "associated": associated}, dry_run, output)


@projects_app.command("move")
@reporting
def move(
    project: Project,
    resources: Resources,
    to: Annotated[str, typer.Option(help="the project into which they go")],
    associated: Associated = False,
    dry_run: DryRun = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Move resources from a project into another."""
    _move(project, "move", {"resources": resources, "to": to, "associated": associated}, dry_run, output)


def _move(project: str, verb: str, body: Mapping[str, Any], dry_run: bool, output: Output) -> None:
    with Client.from_environment() as client:
        path = client.account_path("projects", project, "resources", verb)
        answer = client.call("POST", path, json=body, params={"dry_run": str(dry_run).lower()})
    if output is Output.JSON:
        print_json(answer)
        return
    print_table(
        ["resource", "from", "to"],
        [[one["resource"], one["from"], one["to"]] for one in answer["moved"]],
        empty="they are there already",
        whole=("resource",),
    )


@projects_app.command("attach")
@reporting
def attach(
    project: Project,
    subject: Subject,
    roles: Roles,
    dry_run: DryRun = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Give a group, user or service ID roles on a project."""
    _attach(project, "attach", {"subject": subject, "roles": _split(roles)}, dry_run, output)


@projects_app.command("detach")
@reporting
def detach(
    project: Project,
    subject: Subject,
    roles: Annotated[
        str | None, typer.Option("--roles", help="only these; none: all that it has there")
    ] = None,
    dry_run: DryRun = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Take its roles on a project from a group, user or service ID."""
    body = {"subject": subject, **({} if roles is None else {"roles": _split(roles)})}
    _attach(project, "detach", body, dry_run, output)


def _split(roles: str) -> list[str]:
    names = [role.strip() for role in roles.split(",") if role.strip()]
    if not names:
        # SECURITY: an unset variable in a script must not mean all roles.
        raise Invalid.at(
            "--roles", "expected role names, got nothing", "such as --roles 'EPS ReadOnlyAccess'"
        )
    return names


def _attach(project: str, verb: str, body: Mapping[str, Any], dry_run: bool, output: Output) -> None:
    with Client.from_environment() as client:
        path = client.account_path("projects", project, verb)
        answer = client.call("POST", path, json=body, params={"dry_run": str(dry_run).lower()})
    if output is Output.JSON:
        print_json(answer)
        return
    print_table(
        ["policy", "op", "subjects", "roles"],
        [
            [one["name"], one["op"], *_of(one["after"] or one["before"] or {})]
            for one in answer["differences"]
        ],
        empty="it is so already",
    )


def _of(policy: Mapping[str, Any]) -> tuple[object, object]:
    return policy.get("subjects"), policy.get("roles")


@projects_app.command("attached")
@reporting
def attached(
    project: Project,
    subject: Annotated[str | None, typer.Option(help="only this subject")] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """List who has which roles on a project."""
    with Client.from_environment() as client:
        path = client.account_path("projects", project, "attached")
        found = list(client.pages(path, "items", subject=subject))
    if output is Output.JSON:
        print_json(found)
        return
    print_table(
        ["subject", "roles", "services", "policy", "state", "until"],
        [
            [
                one["subject"],
                one["roles"],
                one["services"],
                one["policy"],
                one["state"],
                minute_of(one["expires_at"]),
            ]
            for one in found
        ],
        empty="nobody is attached",
        whole=("subject",),
    )


@projects_app.command("records")
@reporting
def records(
    project: Annotated[str | None, typer.Option(help="only moves from or to this project")] = None,
    resource: Annotated[str | None, typer.Option(help="only moves of this resource")] = None,
    since: Annotated[str | None, typer.Option(help="not before, such as 2026-11-01T00:00:00Z")] = None,
    until: Annotated[str | None, typer.Option(help="before this instant")] = None,
    refused: Annotated[bool, typer.Option("--refused", help="attempts that were refused instead")] = False,
    limit: Annotated[int, typer.Option(help="how many, newest first", min=1)] = 50,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show who moved which resource where, when (UTC), newest first."""
    wanted = {
        "project": project, "resource": resource, "since": since, "until": until,
        "result": "refused" if refused else None, "limit": min(limit, MOST_ON_A_PAGE),
    }  # fmt: skip
    with Client.from_environment() as client:
        found = list(islice(client.pages(client.account_path("project-moves"), "items", **wanted), limit))
    if output is Output.JSON:
        print_json(found)
        return
    print_table(
        ["at", "by", "resource", "from", "to", "because" if refused else "revision"],
        [_record(one) for one in found],
        empty="nobody tried in vain" if refused else "nothing was moved",
        whole=("at",),
    )


def _record(one: Mapping[str, Any]) -> list[object]:
    resource = one.get("resource") or one.get("resources")
    last = one.get("because") or one.get("revision")
    return [second_of(one["at"]), one["by"], resource, one.get("from"), one.get("to"), last]


@projects_app.command("quota")
@reporting
def quota(output: OutputOption = Output.TABLE) -> None:
    """Show how many projects there may be besides the default one, and how many there are."""
    with Client.from_environment() as client:
        found = client.get(client.account_path("project-quota"))
    if output is Output.JSON:
        print_json(found)
        return
    print_lines([f"{found['used']} of {found['quota']} projects"])


def _print_project(project: Mapping[str, Any], output: Output) -> None:
    if output is Output.JSON:
        print_json(project)
    else:
        _print_projects([project])


def _print_projects(projects: Iterable[Mapping[str, Any]]) -> None:
    print_table(
        ["project", "type", "state", "description"],
        [
            [
                one["name"],
                one.get("type", "prod"),
                "default" if one.get("default") else "disabled" if one.get("disabled") else "enabled",
                one.get("description"),
            ]
            for one in projects
        ],
        empty="no project yet: bailiwick project create",
        whole=("project",),
    )
