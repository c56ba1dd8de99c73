"""The registry document's own commands: a policy for a user, a service ID or a group, by flags.

Source: IBM Cloud Container Registry, Managing user access (2022-04-22), `user-policy-create`.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bailiwick.cli.client import Client
from bailiwick.cli.output import Output, OutputOption, print_json, print_table, reporting
from bailiwick.errors import Invalid, NotFound, did_you_mean

MAX_NAME = 250
MOST_COMPARED = 1000
_NOT_IN_NAMES = str.maketrans({" ": "-", "/": "-", ":": "-", "*": "any"})

Roles = Annotated[
    str,
    typer.Option("--roles", help="role names, separated by commas; SERVICE/ROLE where a name is not enough"),
]
ServiceName = Annotated[
    str | None, typer.Option("--service-name", help="the service; none: every service but iam")
]
Region = Annotated[str | None, typer.Option("--region", help="the region; none: every region")]
ResourceType = Annotated[str | None, typer.Option("--resource-type", help="such as namespace")]
ResourceId = Annotated[str | None, typer.Option("--resource", help="the id of that type")]
ResourceGroup = Annotated[
    str | None, typer.Option("--resource-group-name", "--resource-group", help="the project")
]
Instance = Annotated[str | None, typer.Option("--service-instance", help="the service instance")]
Name = Annotated[
    str | None, typer.Option("--name", help="the policy's name; none: one is made from its parts")
]


@reporting
def user_policy_create(
    email: Annotated[str, typer.Argument(help="the user's email address (or name)")],
    roles: Roles,
    service_name: ServiceName = None,
    region: Region = None,
    resource_type: ResourceType = None,
    resource: ResourceId = None,
    resource_group: ResourceGroup = None,
    service_instance: Instance = None,
    name: Name = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Grant a user roles on a service, a region, a resource or a resource group."""
    scope = scope_of(service_name, region, resource_type, resource, resource_group, service_instance)
    with Client.from_environment() as client:
        create_policy(client, f"user:{find_user(client, email)}", roles, scope, name, output)


@reporting
def service_policy_create(
    service_id: Annotated[str, typer.Argument(help="the service ID's name")],
    roles: Roles,
    service_name: ServiceName = None,
    region: Region = None,
    resource_type: ResourceType = None,
    resource: ResourceId = None,
    resource_group: ResourceGroup = None,
    service_instance: Instance = None,
    name: Name = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Grant a service ID roles."""
    scope = scope_of(service_name, region, resource_type, resource, resource_group, service_instance)
    with Client.from_environment() as client:
        create_policy(client, f"service-id:{service_id}", roles, scope, name, output)


@reporting
def access_group_policy_create(
    group: Annotated[str, typer.Argument(help="the group's name")],
    roles: Roles,
    service_name: ServiceName = None,
    region: Region = None,
    resource_type: ResourceType = None,
    resource: ResourceId = None,
    resource_group: ResourceGroup = None,
    service_instance: Instance = None,
    name: Name = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Grant a group roles."""
    scope = scope_of(service_name, region, resource_type, resource, resource_group, service_instance)
    with Client.from_environment() as client:
        create_policy(client, f"group:{group}", roles, scope, name, output)


def scope_of(
    service: str | None,
    region: str | None,
    kind: str | None,
    ident: str | None,
    project: str | None,
    instance: str | None,
) -> dict[str, str]:
    """Which scope do the options name? Raises Invalid: a value that is empty would widen it."""
    named = {
        "service": ("--service-name", service),
        "region": ("--region", region),
        "instance": ("--service-instance", instance),
        "project": ("--resource-group-name", project),
        "type": ("--resource-type", kind),
        "id": ("--resource", ident),
    }
    for option, value in named.values():
        if value is not None and not value.strip():
            # SECURITY: an unset variable in a script must not make the policy one for everything.
            raise Invalid.at(option, "expected a value, got nothing", "leave the option out to mean all")
    return {word: value for word, (_, value) in named.items() if value is not None}


def find_user(client: Client, email: str) -> str:
    """Which user has this address, or this name? Raises NotFound, Invalid where several have."""
    if "@" not in email:
        return email
    path = client.account_path("users")
    users = client.pages(path, "items", q=email)
    found = [str(user["name"]) for user in users if str(user.get("email", "")).casefold() == email.casefold()]
    if len(found) > 1:
        raise Invalid.at("", f"users {', '.join(found)} have the address `{email}`", "name one of them")
    if not found:
        some = client.get(path, limit=MOST_COMPARED)["items"]
        known = [str(user["email"]) for user in some if user.get("email")]
        raise NotFound(f"no user has the address `{email}`", did_you_mean(email, known))
    return found[0]


def create_policy(
    client: Client, subject: str, roles: str, scope: dict[str, str], name: str | None, output: Output
) -> None:
    """Create one policy and show it."""
    names = [role.strip() for role in roles.split(",") if role.strip()]
    if not names:
        raise Invalid.at("--roles", "expected role names, got nothing", "such as --roles Reader,Writer")
    policy: dict[str, Any] = {
        "name": name if name is not None else policy_name(subject, names, scope),
        "subjects": [subject],
        "roles": names,
        "scope": scope,
    }
    created = client.post(client.account_path("policies"), policy)
    if output is Output.JSON:
        print_json(created)
        return
    print_table(
        ["policy", "subjects", "roles", "scope"],
        [[policy["name"], subject, names, scope or "every service but iam"]],
        empty="",
    )


def policy_name(subject: str, roles: list[str], scope: dict[str, str]) -> str:
    """Which name says what the policy is, without a character that names refuse?"""
    parts = [subject.partition(":")[2], *roles, *scope.values()]
    return "-".join(part.translate(_NOT_IN_NAMES) for part in parts)[:MAX_NAME].strip()
