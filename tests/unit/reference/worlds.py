"""One small world written by hand, and short ways to say what the tests change in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests import reference

from bailiwick.model.accounts import Account, Group, Membership, Principal, Project, Resource
from bailiwick.model.conditions import parse_condition
from bailiwick.model.policies import Policy, Scope, Window
from bailiwick.model.requests import AuthorityQuestion, Decision, Request, ResourceQuery
from bailiwick.model.services import Action, Qualifier, ResourceType, Right, Role, Service

NOW = 1000.0
OWNS = {"key": "resource.owner", "operator": "string-equals", "value": {"ref": "principal.id"}}

STORE = Service(
    "store",
    "Store",
    {
        "space": ResourceType("space"),
        "image": ResourceType("image", parents=("space",), inherits=frozenset({"owner"})),
        "area": ResourceType("area", stands_for_project=True),
        "part": ResourceType("part", parents=("area",)),
        "plain": ResourceType("plain", attributes=frozenset({"owner"})),
        "folder": ResourceType("folder", parents=("space", "folder")),
    },
    {
        "pull": Action("pull", "Pull", "read", "image"),
        "push": Action("push", "Push", "write", "image", requires=("pull",)),
        "make": Action("make", "Make", "create"),
        "take": Action("take", "Take", "create", "image", takes_into_project=True),
        "burn": Action("burn", "Burn", "delete", "image"),
        "see": Action("see", "See", "read", "space", ignores_qualifiers=True),
        "look": Action("look", "Look", "read", "space", decided_on=frozenset({"region", "type"})),
    },
    {
        "Reader": Role("store", "Reader", "service", (Right("store", ("pull", "see", "look")),)),
        "Writer": Role("store", "Writer", "service", (Right("store", ("pu*", "make", "take")),)),
        "Mine": Role("store", "Mine", "service", (Right("store", ("pull", "see"), qualifier="mine"),)),
        "Burner": Role("store", "Burner", "service", (Right("store", ("burn",)),), explicit=True),
        "Narrow": Role("store", "Narrow", "service", (Right("store", ("push",)),)),
        "Administrator": Role(
            "store",
            "Administrator",
            "platform",
            (
                Right("store", ("pull",)),
                Right("iam", ("iam.policy.*",)),
                Right("iam", ("iam.role.assign",), roles=("store/*",)),
                Right("iam", ("iam.user.invite",), level="account"),
            ),
        ),
    },
    qualifiers={"mine": Qualifier("mine", "Mine", frozenset({"owner"}), parse_condition(OWNS))},
)
VAULT = Service(
    "vault",
    "Vault",
    {"instance": ResourceType("instance"), "key": ResourceType("key")},
    {"use": Action("use", "Use", "use", "key"), "make": Action("make", "Make", "create", "key")},
    {"Reader": Role("vault", "Reader", "service", (Right("vault", ("use",)),))},
    regional=False,
    instances=True,
)
IAM = Service(
    "iam",
    "Access",
    {"user": ResourceType("user"), "policy": ResourceType("policy")},
    {
        "iam.policy.create": Action(
            "iam.policy.create", "Create", "permissions", "policy", spans_services=True
        ),
        "iam.role.assign": Action("iam.role.assign", "Assign", "permissions", spans_services=True),
        "iam.user.invite": Action("iam.user.invite", "Invite", "create"),
    },
    {"Administrator": Role("iam", "Administrator", "platform", (Right("iam", ("*",)),))},
    regional=False,
)
SERVICES = {"store": STORE, "vault": VAULT, "iam": IAM}
ACCOUNT = Account(
    "acme",
    owner="user:olga",
    principals={
        name: Principal(name)
        for name in ("user:olga", "user:ann", "user:bea", "service-id:ci", "profile:runner")
    },
    groups={
        "staff": Group("staff", (Membership("group:crew"),)),
        "crew": Group("crew", (Membership("user:ann", Window(None, 2000.0)), Membership("group:staff"))),
    },
    projects={"dev": Project("dev"), "old": Project("old", disabled=True)},
)


def account(*policies: Policy, **changes: Any) -> Account:
    """Which account has these policies, and these fields instead?"""
    return replace(ACCOUNT, policies={policy.name: policy for policy in policies}, **changes)


def policy(role: str, subject: str = "user:ann", name: str = "p", **changes: Any) -> Policy:
    """Which policy gives this role to this subject?"""
    scope = changes.pop("scope", Scope())
    return Policy(name, (subject,), (role,), scope, **changes)


def image(project: str | None = "dev", **said: Any) -> ResourceQuery:
    """Which image is asked about?"""
    path = said.pop("path", (("space", "s"), ("image", "i")))
    return ResourceQuery("store", path, region=said.pop("region", "eu"), project=project, **said)


def space(ident: str | None = "s", **said: Any) -> ResourceQuery:
    """Which space is asked about?"""
    return ResourceQuery("store", (("space", ident),), region=said.pop("region", "eu"), **said)


def ask(
    world: Account, action: str, resource: ResourceQuery, principal: str = "user:ann", **more: Any
) -> Decision:
    """What does the reference decide?"""
    return reference.decide(
        SERVICES, world, Request(principal, action, resource, more.pop("now", NOW), **more)
    )


def reason(
    world: Account, action: str, resource: ResourceQuery, principal: str = "user:ann", **more: Any
) -> str:
    """Which reason does the reference give?"""
    return ask(world, action, resource, principal, **more).reason.value


def holds(world: Account, action: str, scope: Scope, principal: str = "user:ann", **more: Any) -> bool:
    """Does the reference say that the action is held over the scope?"""
    return reference.decide_over(SERVICES, world, AuthorityQuestion(principal, action, scope, NOW, **more))


def registered(path: str, region: str = "eu", **stored: Any) -> dict[str, Resource]:
    """Which resources are registered: one of the store with this path?"""
    name = f"brn:acme:store:{region}::{path}"
    return {name: Resource(name, **stored)}
