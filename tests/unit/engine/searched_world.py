"""One small account that is searched: a service with folders, owners and tags, and one whose resources are projects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bailiwick.engine import (
    CompiledAccount,
    PrincipalSearch,
    ResourceSearch,
    compile_account,
    count_principals,
    count_resources,
    find_principals,
    find_resources,
)
from bailiwick.engine.where import find_extents
from bailiwick.engine.who import find_crowds
from bailiwick.model.accounts import Account, Group, Membership, Principal, Project, Resource
from bailiwick.model.conditions import Comparison, Condition, Ref
from bailiwick.model.names import parse_resource_name
from bailiwick.model.policies import Guardrail, Policy, Scope, Window
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.model.services import IAM, Action, Qualifier, ResourceType, Right, Role, Service

NOW = 1_800_000_000.0
EVERY = frozenset({"project", "owner", "groups", "budget", "tags"})


def service() -> Service:
    """Files in folders, in regions."""
    types = {
        "folder": ResourceType("folder", attributes=EVERY),
        "file": ResourceType("file", parents=("folder",), attributes=EVERY),
    }
    actions = [
        Action("files.read", "Read", "read", "file"),
        Action("files.write", "Write", "write", "file", requires=("files.read",)),
        Action("files.put", "Put", "write", "file", takes_into_project=True),
        Action("files.purge", "Purge", "delete", "file", decided_on=frozenset({"region"})),
        Action("files.setting", "Set", "write"),
        Action("files.itself", "Keep", "write", decided_on=frozenset({"region", "type", "id"})),
        Action("files.list", "List", "list", "folder"),
    ]
    roles = [
        Role("files", "Reader", "service", (Right("files", ("files.read",)),)),
        Role("files", "Writer", "service", (Right("files", ("files.write", "files.put")),)),
        Role("files", "Manager", "service", (Right("files", ("*",)),)),
        Role("files", "Own", "service", (Right("files", ("files.*",), qualifier="mine"),)),
        Role("files", "Ours", "service", (Right("files", ("files.*",), qualifier="my groups"),)),
        Role("files", "Whole", "service", (Right("files", ("files.*",), level="account"),)),
    ]
    mine = Comparison("resource.owner", "string-equals", Ref("principal.id"))
    ours = Comparison("resource.groups", "contains-any", Ref("principal.groups"))
    return Service(
        "files",
        "Files",
        types,
        {action.id: action for action in actions},
        {role.name: role for role in roles},
        qualifiers={
            "mine": Qualifier("mine", "Mine", frozenset({"owner"}), mine),
            "my groups": Qualifier("my groups", "Ours", frozenset({"groups"}), ours),
        },
    )


def projects() -> Service:
    """A service whose one type stands for projects."""
    types = {"project": ResourceType("project", attributes=EVERY, stands_for_project=True)}
    action = Action("projects.get", "Get", "read", "project")
    roles = {"Viewer": Role("projects", "Viewer", "service", (Right("projects", ("*",)),))}
    return Service("projects", "Projects", types, {action.id: action}, roles, regional=False)


def iam() -> Service:
    """One action over every service."""
    action = Action("iam.policy.create", "Grant", "permissions", spans_services=True)
    roles = {"Administrator": Role(IAM, "Administrator", "platform", (Right(IAM, ("*",)),))}
    return Service(IAM, IAM, {}, {action.id: action}, roles, regional=False)


CATALOG = {entry.name: entry for entry in (service(), projects(), iam())}


def file(number: int, *, region: str = "eu", folder: str = "a") -> str:
    """Which name has the file of this number?"""
    return f"brn:acme:files:{region}::folder/{folder}/file/f{number}"


def resource(name: str, **attributes: object) -> Resource:
    """Which resource is registered?"""
    return Resource(name, **attributes)  # type: ignore[arg-type]  # the attributes are the remaining fields


RESOURCES = [
    resource(file(1), project="dev", owner="user:ann", tags={"env": "test"}),
    resource(file(2), project="dev", owner="user:bob", groups=("group:crew",)),
    resource(file(3), project="old", owner="user:ann", tags={"env": "live"}),
    resource(file(4, region="us"), owner="user:ann", properties={"size": 5}),
    resource(file(5, folder="b"), project="dev", budget="b1"),
    resource("brn:acme:files:eu::folder/a", project="dev"),
]
PEOPLE = [
    Principal("user:ann"),
    Principal("user:bob", properties={"level": 3}),
    Principal("user:cat", disabled=True),
    Principal("user:root"),
    Principal("service-id:job"),
    Principal("profile:robot"),
]
GROUPS = [
    Group("crew", (Membership("user:bob"), Membership("user:ann", Window(NOW, NOW + 10)))),
    Group("all-crews", (Membership("group:crew"), Membership("service-id:job"), Membership("user:ghost"))),
]


def compiled(*policies: Policy, guardrails: Iterable[Guardrail] = (), **changes: object) -> CompiledAccount:
    """Which account has these policies?"""
    account = Account(
        "acme",
        "user:root",
        principals={one.reference: one for one in PEOPLE},
        groups={group.name: group for group in GROUPS},
        projects={name: Project(name, disabled=name == "old") for name in ("dev", "old")},
        resources={one.name: one for one in RESOURCES},
        policies={policy.name: policy for policy in policies},
        guardrails={rail.name: rail for rail in guardrails},
    )
    return compile_account(CATALOG, replace(account, **changes))  # type: ignore[arg-type]  # fields of it


FILES = Scope(("files",))


def policy(
    subject: str, role: str, scope: Scope = FILES, *, when: Condition | None = None, effect: str = "allow"
) -> Policy:  # fmt: skip
    """Which policy, named by what it says?"""
    return Policy(f"{effect} {subject} {role} {scope}", (subject,), (role,), scope, when, effect=effect)


def search(principal: str, action: str, **more: object) -> ResourceSearch:
    """Which search for files?"""
    return ResourceSearch(principal, action, "files", "file", NOW, **more)  # type: ignore[arg-type]  # fields of it


F1, F2, F3, F4, F5 = file(1), file(2), file(3), file(4, region="us"), file(5, folder="b")
EVERY_FILE = (F1, F2, F3, F5, F4)  # in the order of their names

OWNER = Comparison("resource.owner", "string-equals", Ref("principal.id"))


def found(account: CompiledAccount, asked: ResourceSearch) -> tuple[tuple[str, ...], int]:
    """What is found, and how many had to be decided one by one?"""
    page = find_resources(account, asked, after=None, limit=100)
    assert count_resources(account, asked) == len(page.found)
    assert page.after is None
    return page.found, sum(len(maybe - sure) for _, (sure, maybe) in find_extents(account, asked))


def who(
    account: CompiledAccount, name: str = F1, action: str = "files.read", **more: object
) -> tuple[tuple[str, ...], int]:
    """Which users are found, and how many had to be decided one by one?"""
    asked = PrincipalSearch(request("", name, action, **more), "user")
    page = find_principals(account, asked, after=None, limit=100)
    assert count_principals(account, asked) == len(page.found)
    return page.found, sum(len(maybe - sure) for _, (sure, maybe) in find_crowds(account, asked))


def request(principal: str, name: str, action: str, **more: object) -> Request:
    """Which request about a registered file?"""
    query = ResourceQuery.of(parse_resource_name(name))
    return Request(principal, action, query, NOW, **more)  # type: ignore[arg-type]  # fields of a request
