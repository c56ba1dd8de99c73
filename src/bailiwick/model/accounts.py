"""An account as one value: its principals, groups, roles, policies, guardrails, projects and resources.

Implements docs/spec.md sections 1 and 2. This is what both evaluators are given; nothing in it follows from the rest.
All references are by name; the store keeps uids and translates at its edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bailiwick.model.applications import COMMAND_LINE, COMMAND_LINE_APPLICATION, Application
from bailiwick.model.conditions import Condition
from bailiwick.model.enterprises import AccountGroup, Enterprise, EnterpriseAccount
from bailiwick.model.federation import FederationRule, IdentityProvider
from bailiwick.model.policies import ALWAYS, Guardrail, Policy, Window
from bailiwick.model.protection import protecting_guardrails
from bailiwick.model.security import DEFAULT_SECURITY, SECURITY_NAME, SecuritySettings
from bailiwick.model.services import Role, Service

if TYPE_CHECKING:
    from bailiwick.model.templates import Template, TemplateAcceptance, TemplateAssignment
PROJECT_TYPES = ("prod", "poc")
DEFAULT_PROJECT_QUOTA = 100
CONSOLE, PROGRAMMATIC, BOTH = "console", "programmatic", "both"
ACCESS_KINDS = (BOTH, CONSOLE, PROGRAMMATIC)

Property = str | int | float | bool | tuple[str, ...] | Mapping[str, "Property"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts? `reference` is `user:alice`, `service-id:ci`, `profile:deployer` or `service:ims`.

    `access`: how a user comes in at all. `locked`: a service ID that nobody changes, deletes or grants anything.
    `provisioned_by`: the service ID that keeps this user in step with a directory elsewhere (rule 33.4).
    """

    reference: str
    disabled: bool = False
    properties: Mapping[str, Property] = field(default_factory=dict)
    budgets: tuple[str, ...] = ()
    email: str = ""
    description: str = ""
    trust: tuple[str, ...] = ()
    trust_when: Condition | None = None
    maximum_session_seconds: int = 3600
    owner: str | None = None
    access: str = BOTH
    locked: bool = False
    provisioned_by: str | None = None

    @property
    def may_visit(self) -> bool:
        """May it sign in and visit pages?"""
        return self.access != PROGRAMMATIC

    @property
    def may_use_keys(self) -> bool:
        """Are API keys of it honoured?"""
        return self.access != CONSOLE


@dataclass(frozen=True, slots=True)
class Membership:
    """Who is in the group, when, and who keeps it so? `member` is a principal or a `group:` reference."""

    member: str
    window: Window = ALWAYS
    managed_by: str = "document"


@dataclass(frozen=True, slots=True)
class Group:
    """Which members share what is granted to this group? `managed_by` names the template that manages it, if any.

    `provisioned_by`: the service ID that decides who is in it; `external_id`: how that one's directory knows it.
    """

    name: str
    members: tuple[Membership, ...] = ()
    description: str = ""
    managed_by: str = ""
    provisioned_by: str | None = None
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class Project:
    """Which container of resources is it? A disabled one takes nothing new. `type`: one of PROJECT_TYPES."""

    name: str
    disabled: bool = False
    default: bool = False
    description: str = ""
    type: str = "prod"


@dataclass(frozen=True, slots=True)
class Resource:
    """What is registered about one resource? None: it has none of that attribute (absent, not unknown).

    `attached_to` names the registered resource that it belongs to and moves with, as a volume to a server; no
    decision reads it.
    """

    name: str
    project: str | None = None
    owner: str | None = None
    groups: tuple[str, ...] | None = None
    budget: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, Property] = field(default_factory=dict)
    description: str = ""
    attached_to: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """What does this tenant hold? `owner` is a principal reference. Keys are names (resources: canonical names).

    `project_quota`: how many projects it may have besides the default one.
    `enterprise`: the management account of the enterprise that its owner lets it join; `shares_reports`: it is told in
    numbers what a guardrail would stop here. `enterprises`, `account_groups`
    and `enterprise_accounts` are the tree, where this is a management account.
    `security` holds its security settings, where they are not the defaults.
    `guardrails_above` are not this account's own: they bind it by its place in the tree, and come from its enterprise.
    """

    name: str
    owner: str
    suspended: bool = False
    principals: Mapping[str, Principal] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    guardrails: Mapping[str, Guardrail] = field(default_factory=dict)
    projects: Mapping[str, Project] = field(default_factory=dict)
    resources: Mapping[str, Resource] = field(default_factory=dict)
    services: Mapping[str, Service] = field(default_factory=dict)
    templates: Mapping[str, Template] = field(default_factory=dict)
    template_assignments: Mapping[str, TemplateAssignment] = field(default_factory=dict)
    template_acceptances: Mapping[str, TemplateAcceptance] = field(default_factory=dict)
    description: str = ""
    project_quota: int = DEFAULT_PROJECT_QUOTA
    enterprise: str | None = None
    shares_reports: bool = False
    enterprises: Mapping[str, Enterprise] = field(default_factory=dict)
    account_groups: Mapping[str, AccountGroup] = field(default_factory=dict)
    enterprise_accounts: Mapping[str, EnterpriseAccount] = field(default_factory=dict)
    security: Mapping[str, SecuritySettings] = field(default_factory=dict)
    applications: Mapping[str, Application] = field(default_factory=dict)
    identity_providers: Mapping[str, IdentityProvider] = field(default_factory=dict)
    federation_rules: Mapping[str, FederationRule] = field(default_factory=dict)
    guardrails_above: Mapping[str, Guardrail] = field(default_factory=dict)

    @property
    def security_settings(self) -> SecuritySettings:
        """How do people sign in to it?"""
        return self.security.get(SECURITY_NAME, DEFAULT_SECURITY)

    def application(self, name: str) -> Application | None:
        """Which application has this name? The command line's is there without being stored."""
        found = self.applications.get(name)
        return COMMAND_LINE_APPLICATION if found is None and name == COMMAND_LINE else found

    @property
    def guardrails_implied(self) -> tuple[Guardrail, ...]:
        """Which guardrails follow from its security settings? (rule 30.9)"""
        return protecting_guardrails(self.security_settings.operation_protection)
