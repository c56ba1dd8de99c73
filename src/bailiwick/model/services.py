"""Services as values: resource types, actions, operations, roles and their rights.

Implements docs/spec.md section 3. Where they come from (YAML, an account's own documents) is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bailiwick.model.conditions import Condition

ACCESS_LEVELS = ("list", "read", "use", "write", "create", "delete", "permissions")
BUILT_IN_ATTRIBUTES = ("project", "owner", "groups", "budget", "tags")
GOVERNABLE_ATTRIBUTES = ("owner", "groups", "budget", "tags")
PLATFORM_ROLES = ("Viewer", "Operator", "Editor", "Administrator")
IAM = "iam"


@dataclass(frozen=True, slots=True)
class ResourceType:
    """What kind of thing is it? `attributes` are those of BUILT_IN_ATTRIBUTES that such resources have;
    `inherits` are taken from the nearest registered ancestor; `project` says whether its project may change.
    A type that `stands_for_project` has resources that are projects: their project is their own id.
    `attached_to`: the types of this service to whose resources such ones may be attached, to move with them.
    `governed_by`: which action of the service changes which attribute of a registered resource (rule 18.4)."""

    name: str
    title: str = ""
    parents: tuple[str, ...] = ()
    attributes: frozenset[str] = frozenset(BUILT_IN_ATTRIBUTES)
    inherits: frozenset[str] = frozenset()
    project: str = "free"
    stands_for_project: bool = False
    attached_to: tuple[str, ...] = ()
    governed_by: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Qualifier:
    """Which relation between principal, resource and grant does this word name?"""

    name: str
    title: str
    needs: frozenset[str]
    when: Condition
    differs: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """What can be done? `resource_type` None: asked of the service itself.

    `decided_on`: the attributes that policies may match; None: all of them.
    `spans_services`: only for `iam`: asked over resources and scopes of any service.
    """

    id: str
    title: str
    access: str
    resource_type: str | None = None
    source: tuple[str, ...] = ()
    decided_on: frozenset[str] | None = None
    ignores_qualifiers: bool = False
    requires: tuple[str, ...] = ()
    takes_into_project: bool = False
    depends_on: tuple[str, ...] = ()
    spans_services: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """Which command or API is it, and which actions does it need, each on which named resource?"""

    id: str
    title: str
    kind: str
    actions: tuple[tuple[str, str], ...]
    source: tuple[str, ...] = ()
    performed_by: str = ""
    discontinued: str = ""
    successor: str = ""


@dataclass(frozen=True, slots=True)
class Right:
    """What does a role give? `actions` are ids or patterns of `service`.

    `level` "account": only under a policy that constrains neither project nor type nor id.
    `roles`: for `iam.role.assign`, which roles (`service/name`); None: any.
    """

    service: str
    actions: tuple[str, ...]
    effect: str = "allow"
    qualifier: str | None = None
    when: Condition | None = None
    level: str | None = None
    roles: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """Which rights go together? `custom` roles belong to an account, the others to the catalog.

    `managed_by` names the template that manages a custom role, if any.
    """

    service: str
    name: str
    kind: str
    rights: tuple[Right, ...]
    custom: bool = False
    explicit: bool = False
    title: str = ""
    description: str = ""
    held_by: str = ""
    managed_by: str = ""

    @property
    def reference(self) -> str:
        """What is the role called where its name alone would be ambiguous? `service/name`."""
        return f"{self.service}/{self.name}"


@dataclass(frozen=True, slots=True)
class Service:
    """What may be done to which things of this service, and which roles does it offer?"""

    name: str
    title: str
    resource_types: Mapping[str, ResourceType]
    actions: Mapping[str, Action]
    roles: Mapping[str, Role]
    operations: Mapping[str, Operation] = field(default_factory=dict)
    qualifiers: Mapping[str, Qualifier] = field(default_factory=dict)
    scope_attributes: frozenset[str] = frozenset({"region", "instance", "project", "type", "id", "within"})
    regional: bool = True
    instances: bool = False
    unsupported_roles: frozenset[str] = frozenset()
    case_insensitive_ids: bool = False
    source: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    description: str = ""
    account: str | None = None
