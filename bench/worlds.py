"""Fixed, named worlds of any size: the same policies, principals and resources on every run and machine.

Everything is a pure function of a number, so that a million policies can be streamed without being kept
and any of them made again. Nothing here measures. The semantics are those of docs/spec.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bailiwick.model.accounts import Account, Group, Membership, Principal, Project, Resource
from bailiwick.model.conditions import Comparison
from bailiwick.model.names import ResourceName, format_resource_name
from bailiwick.model.policies import ALWAYS, Policy, Scope, Window
from bailiwick.model.requests import ResourceQuery
from bailiwick.model.services import IAM, PLATFORM_ROLES, Action, ResourceType, Right, Role, Service

NOW = 1_800_000_000.0
NEXT_MONTH = NOW + 30 * 86400
REGIONS = tuple(f"region-{number}" for number in range(8))
VERBS = ("list", "read", "use", "write", "create", "delete")
NEIGHBOURS = 50  # resources that share service, parent and project
REGISTERED_EVERY = 5  # of the resources, beginning with the first, so that every parent is registered
MOST_REGISTERED = 100_000
MOST_IN_ONE_GROUP = 100_000
HUB_GROUPS = 200

ROLE_VERBS = {
    "Reader": ("list", "read"),
    "Writer": ("list", "read", "use", "write", "create"),
    "Manager": VERBS,
    "Viewer": ("list", "read"),
    "Operator": ("list", "read", "use", "write"),
    "Editor": VERBS,
    "Administrator": VERBS,
}
ROLES = tuple(ROLE_VERBS)
# service -> (type of its outer resources or "", type of the resources that are asked about)
KINDS = {
    "images": ("", "image"),
    "registry": ("namespace", "repository"),
    "servers": ("", "server"),
    "keys": ("ring", "key"),
    "buckets": ("bucket", "object"),
    "networks": ("network", "subnet"),
    "volumes": ("", "volume"),
    "clusters": ("cluster", "node"),
    "databases": ("", "database"),
    "queues": ("", "queue"),
}
_SERVICES = tuple(KINDS)
# form of a scope -> how many of a hundred policies have it
_FORMS = {
    "service": 6, "region": 8, "project": 14, "type": 4, "id": 34, "region-id": 6, "project-type": 6,
    "prefix": 6, "within": 5, "everywhere": 4, "two-ids": 5, "wildcard": 2,
}  # fmt: skip
_FORM_OF = tuple(form for form, share in _FORMS.items() for _ in range(share))


def mix(number: int, salt: int) -> int:
    """Which well-spread number follows from these two? (splitmix64)"""
    value = (number * 0x9E3779B97F4A7C15 + salt * 0xD1B54A32D192ED03 + 0x632BE59BD9B4E019) & (2**64 - 1)
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & (2**64 - 1)
    return value ^ (value >> 31)


def services() -> dict[str, Service]:
    """Which services does every world have? Ten with the usual roles, and `iam`."""
    return {IAM: _iam(), **{name: _service(name, *kinds) for name, kinds in KINDS.items()}}


def _service(name: str, outer: str, inner: str) -> Service:
    types = {inner: ResourceType(inner, parents=(outer,) if outer else ())}
    if outer:
        types[outer] = ResourceType(outer)
    actions = {
        f"{name}.{kind}.{verb}": Action(f"{name}.{kind}.{verb}", verb, verb, kind)
        for kind in types
        for verb in VERBS
    }
    return Service(
        name, name, types, actions, {role: _role(name, role) for role in ROLES}, instances=name == "keys"
    )


def _role(service: str, name: str) -> Role:
    rights = [Right(service, tuple(f"{service}.*.{verb}" for verb in ROLE_VERBS[name]))]
    if name == "Administrator":
        rights += [
            Right(IAM, ("iam.policy.*",)),
            Right(IAM, ("iam.role.assign",), roles=(f"{service}/*",)),
            Right(IAM, ("iam.user.invite",), level="account"),
        ]
    return Role(service, name, "platform" if name in PLATFORM_ROLES else "service", tuple(rights))


def _iam() -> Service:
    spanning = ("iam.policy.list", "iam.policy.create", "iam.policy.delete", "iam.role.assign")
    actions = {ident: Action(ident, ident, "permissions", spans_services=True) for ident in spanning}
    actions["iam.user.invite"] = Action("iam.user.invite", "Invite a user", "permissions")
    roles = {"Administrator": Role(IAM, "Administrator", "platform", (Right(IAM, ("*",)),))}
    return Service(IAM, "Identity and access", {}, actions, roles, regional=False)


@dataclass(frozen=True, slots=True)
class Target:
    """Which resource has this number? Its neighbours share its service, its parent and its project."""

    number: int
    projects: int

    @property
    def service(self) -> str:
        """Which service does it belong to?"""
        return _SERVICES[self.number // NEIGHBOURS % len(_SERVICES)]

    @property
    def path(self) -> tuple[tuple[str, str], ...]:
        """Under which nodes does it stand, itself the last?"""
        outer, inner = KINDS[self.service]
        own = (inner, f"{inner}-{self.number}")
        return ((outer, f"{outer}-{self.number // NEIGHBOURS}"), own) if outer else (own,)

    @property
    def region(self) -> str:
        """In which region is it?"""
        return REGIONS[mix(self.number // NEIGHBOURS, 1) % len(REGIONS)]

    @property
    def instance(self) -> str:
        """In which instance of its service is it? Empty where the service has none."""
        return f"instance-{self.number // (8 * NEIGHBOURS)}" if self.service == "keys" else ""

    @property
    def project(self) -> str:
        """In which project is it?"""
        return f"project-{mix(self.number // NEIGHBOURS, 2) % self.projects}"

    def name(self, account: str) -> ResourceName:
        """Under which name is it registered?"""
        return ResourceName(account, self.service, self.region, self.instance, self.path)

    def query(self, *, described: bool) -> ResourceQuery:
        """How is it asked about: by name, or described with its project?"""
        return ResourceQuery(
            self.service, self.path, self.region, self.instance or None, self.project if described else None
        )


class World:
    """One account of the given number of policies: five for each principal, one group for ten.

    `wide` is its name in reports: many principals, many policies, each small.
    """

    name = "wide"
    account_name = "bench"

    def __init__(self, policies: int) -> None:
        self.policies = policies
        self.principals = max(200, policies // 5)
        self.groups = max(2 * HUB_GROUPS, self.principals // 10)
        self.departments = max(4, self.groups // 50)
        self.projects = max(10, policies // 1000)
        self.resources = max(20 * NEIGHBOURS, policies // 2)
        self.direct = policies * 90 // 100
        self.staff = min(10, policies // 100)
        self.hub = self.principals // 3
        self.in_everyones_group = min(MOST_IN_ONE_GROUP, self.principals // 2)

    def user(self, number: int) -> str:
        """Who is the principal of this number?"""
        return f"user:u{number}"

    def groups_of(self, user: int) -> list[int]:
        """In which small groups is this user? The hub is in two hundred, the others in none to three."""
        if user == self.hub:
            return [number * (self.groups // HUB_GROUPS) for number in range(HUB_GROUPS)]
        return [mix(user, 10 + turn) % self.groups for turn in range(mix(user, 3) % 4)]

    def policies_of(self, user: int) -> list[int]:
        """Which policies name this user itself?"""
        return list(range(user, self.direct, self.principals))

    def policies_of_group(self, group: int) -> list[int]:
        """Which policies name this small group?"""
        return list(range(self.direct + group, self.policies - self.staff, self.groups))

    def target(self, number: int) -> Target:
        """Which resource has this number?"""
        return Target(number, self.projects)

    def target_in(self, service: str, number: int, *, registered: bool) -> Target:
        """Which resource of this service, registered or not, has this number among its like?"""
        size = NEIGHBOURS * len(_SERVICES)
        blocks = min(self.resources, REGISTERED_EVERY * MOST_REGISTERED) // size
        block, place = number % blocks, number // blocks % (NEIGHBOURS // REGISTERED_EVERY)
        first = block * size + _SERVICES.index(service) * NEIGHBOURS + place * REGISTERED_EVERY
        return self.target(first if registered else first + 1)

    def is_registered(self, target: Target) -> bool:
        """Is this resource registered?"""
        return target.number % REGISTERED_EVERY == 0 and target.number < REGISTERED_EVERY * MOST_REGISTERED

    def target_of(self, policy: int) -> Target:
        """At which resource does this policy point? Its scope matches it."""
        return self.target(mix(policy, 4) % self.resources)

    def role_of(self, policy: int) -> str:
        """Which role does this policy give?"""
        return ROLES[mix(policy, 5) % len(ROLES)]

    def policy(self, number: int) -> Policy:
        """Which policy has this number?"""
        chance = mix(number, 7) % 100
        return Policy(
            name=f"policy-{number}",
            subjects=(self._subject(number),),
            roles=(self.role_of(number),),
            scope=_scope(_FORM_OF[mix(number, 6) % 100], self.target_of(number)),
            when=Comparison("context.network", "string-equals", "private") if chance < 3 else None,
            window=Window(None, NEXT_MONTH) if chance in (3, 4) else ALWAYS,
            effect="deny" if chance == 5 else "allow",
        )

    def _subject(self, policy: int) -> str:
        if policy < self.direct:
            return self.user(policy % self.principals)
        group = (policy - self.direct) % self.groups
        return "group:staff" if policy >= self.policies - self.staff else f"group:team-{group}"

    def every_policy(self) -> Iterator[Policy]:
        """Which policies are there, one after the other?"""
        return (self.policy(number) for number in range(self.policies))

    def account(self) -> Account:
        """Which account is it? Its policies are made when they are read, not kept."""
        return Account(
            name=self.account_name,
            owner="user:owner",
            principals={reference: Principal(reference) for reference in self._references()},
            groups=self._groups(),
            policies=StreamedPolicies(self),
            projects={f"project-{number}": Project(f"project-{number}") for number in range(self.projects)},
            resources=self._registered(),
        )

    def _references(self) -> list[str]:
        return ["user:owner", *(self.user(number) for number in range(self.principals))]

    def _groups(self) -> dict[str, Group]:
        members: dict[str, list[Membership]] = {"staff": []}
        for user in range(self.principals):
            reference = self.user(user)
            for number in dict.fromkeys(self.groups_of(user)):
                members.setdefault(f"team-{number}", []).append(Membership(reference))
            if user < self.in_everyones_group:
                members["staff"].append(Membership(reference))
        for number in range(0, self.groups, 2):
            department = f"department-{number % self.departments}"
            members.setdefault(department, []).append(Membership(f"group:team-{number}"))
        return {name: Group(name, tuple(found)) for name, found in members.items()}

    def _registered(self) -> dict[str, Resource]:
        names: dict[str, Resource] = {}
        for target in filter(self.is_registered, map(self.target, range(self.resources))):
            number = target.number
            path = target.name(self.account_name)
            if number % NEIGHBOURS == 0 and KINDS[target.service][0]:
                outer = ResourceName(path.account, path.service, path.region, path.instance, path.path[:1])
                text = format_resource_name(outer)
                names[text] = Resource(text, project=target.project)
            text = format_resource_name(path)
            names[text] = Resource(text, project=target.project, owner=self.user(number % self.principals))
        return names


class StreamedPolicies(Mapping[str, Policy]):
    """The policies of a world by name, each made when it is asked for."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __getitem__(self, name: str) -> Policy:
        return self._world.policy(int(name.removeprefix("policy-")))

    def __iter__(self) -> Iterator[str]:
        return (f"policy-{number}" for number in range(self._world.policies))

    def __len__(self) -> int:
        return self._world.policies


def _scope(form: str, target: Target) -> Scope:
    """Which scope of this form matches the resource?"""
    kind, ident = target.path[-1]
    service, region, project = (target.service,), (target.region,), (target.project,)
    if form == "within" and len(target.path) == 1:
        form = "id"
    outer = target.path[0]
    return {
        "service": lambda: Scope(service),
        "region": lambda: Scope(service, region=region),
        "project": lambda: Scope(service, project=project),
        "type": lambda: Scope(service, type=(kind,)),
        "id": lambda: Scope(service, type=(kind,), id=(ident,)),
        "region-id": lambda: Scope(service, region=region, type=(kind,), id=(ident,)),
        "project-type": lambda: Scope(service, project=project, type=(kind,)),
        "prefix": lambda: Scope(service, type=(kind,), id=(f"{ident[:-1]}*",)),
        "within": lambda: Scope(service, within=(outer,)),
        "everywhere": lambda: Scope(project=project),
        "two-ids": lambda: Scope(service, type=(kind,), id=(ident, f"{ident}x")),
        "wildcard": lambda: Scope(service, type=(kind,), id=(f"{kind}*{ident[-1]}",)),
    }[form]()
