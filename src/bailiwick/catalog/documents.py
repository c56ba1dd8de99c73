"""Documents of an account: one kind, one document, one value, both ways.

`parse_document(format_document(kind, value))` gives the value again. Every finding of a document is
raised at once. Whether what a document names exists is `checks`' question.
Serves docs/spec.md sections 1 to 4 and what `apply`, `diff`, `export` and `/v1` speak.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bailiwick.catalog import document_applications as applications
from bailiwick.catalog import document_enterprises as enterprises
from bailiwick.catalog import document_federation as federation
from bailiwick.catalog import document_policies as policies
from bailiwick.catalog import document_principals as principals
from bailiwick.catalog import document_resources as resources
from bailiwick.catalog import document_security as security
from bailiwick.catalog import document_templates as templates
from bailiwick.catalog.entries import format_service, parse_service
from bailiwick.catalog.places import Collector, Locate, nowhere
from bailiwick.catalog.reading import Fields, format_value
from bailiwick.catalog.sources import SourceDocument
from bailiwick.errors import Finding, Invalid, did_you_mean
from bailiwick.model.accounts import Account, Group, Principal, Project, Resource
from bailiwick.model.applications import Application
from bailiwick.model.enterprises import AccountGroup, Enterprise, EnterpriseAccount
from bailiwick.model.federation import FederationRule, IdentityProvider
from bailiwick.model.names import parse_name
from bailiwick.model.policies import Guardrail, Policy
from bailiwick.model.security import SecuritySettings
from bailiwick.model.services import Role, Service
from bailiwick.model.templates import Template, TemplateAcceptance, TemplateAssignment

Value = (
    Account
    | Principal
    | Group
    | Project
    | Role
    | Policy
    | Guardrail
    | Resource
    | Service
    | Template
    | TemplateAssignment
    | TemplateAcceptance
    | Enterprise
    | AccountGroup
    | EnterpriseAccount
    | SecuritySettings
    | Application
    | IdentityProvider
    | FederationRule
)

Parse = Callable[[Mapping[str, object], str, Locate], Value]


@dataclass(frozen=True, slots=True)
class Kind:
    """What kind of document is it? `holder`: the mapping of an Account that holds such values; "": none."""

    name: str
    holder: str
    parse: Parse
    format: Callable[[Any], dict[str, object]]


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """Which value did a document of a file hold, of which account, and where does it stand?"""

    kind: str
    value: Value
    account: str
    source: SourceDocument


def _by_fields(names: tuple[str, ...], parse: Callable[[Fields, str], Value]) -> Parse:
    """How is a document of these fields parsed, all its findings at once?"""

    def parse_whole(data: Mapping[str, object], account: str, locate: Locate) -> Value:
        notes = Collector(locate)
        value = parse(Fields(data, (), notes, ("kind", "account", *names)), account)
        notes.raise_if_any()
        return value

    return parse_whole


def _own_service(data: Mapping[str, object], account: str, locate: Locate) -> Value:
    return parse_service(data, locate, account)


_USER = _by_fields(principals.USER_FIELDS, principals.parse_user)
_SERVICE_ID = _by_fields(principals.SERVICE_ID_FIELDS, principals.parse_service_id)
_PROFILE = _by_fields(principals.PROFILE_FIELDS, principals.parse_profile)
_GROUP = _by_fields(principals.GROUP_FIELDS, principals.parse_group)
_ACCOUNT = _by_fields(resources.ACCOUNT_FIELDS, resources.parse_account)
_PROJECT = _by_fields(resources.PROJECT_FIELDS, resources.parse_project)
_RESOURCE = _by_fields(resources.RESOURCE_FIELDS, resources.parse_resource)
_SECURITY = _by_fields(security.SECURITY_FIELDS, security.parse_security)
_APPLICATION = _by_fields(applications.APPLICATION_FIELDS, applications.parse_application)
_ROLE = _by_fields(policies.ROLE_FIELDS, policies.parse_role)
_POLICY = _by_fields(policies.POLICY_FIELDS, policies.parse_policy)
_GUARDRAIL = _by_fields(policies.GUARDRAIL_FIELDS, policies.parse_guardrail)
_TEMPLATE = _by_fields(templates.TEMPLATE_FIELDS, templates.parse_template)
_ASSIGNMENT = _by_fields(templates.ASSIGNMENT_FIELDS, templates.parse_assignment)
_ACCEPTANCE = _by_fields(templates.ACCEPTANCE_FIELDS, templates.parse_acceptance)
_PROVIDER = _by_fields(federation.PROVIDER_FIELDS, federation.parse_provider)
_RULE = _by_fields(federation.RULE_FIELDS, federation.parse_rule)
_ENTERPRISE = _by_fields(enterprises.ENTERPRISE_FIELDS, enterprises.parse_enterprise)
_ACCOUNT_GROUP = _by_fields(enterprises.ACCOUNT_GROUP_FIELDS, enterprises.parse_account_group)
_ENTERPRISE_ACCOUNT = _by_fields(enterprises.ENTERPRISE_ACCOUNT_FIELDS, enterprises.parse_enterprise_account)

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("Account", "", _ACCOUNT, resources.format_account),
        Kind("User", "principals", _USER, principals.format_principal),
        Kind("ServiceId", "principals", _SERVICE_ID, principals.format_principal),
        Kind("Profile", "principals", _PROFILE, principals.format_principal),
        Kind("Group", "groups", _GROUP, principals.format_group),
        Kind("Project", "projects", _PROJECT, resources.format_project),
        Kind("Service", "services", _own_service, format_service),
        Kind("Role", "roles", _ROLE, policies.format_role),
        Kind("Policy", "policies", _POLICY, policies.format_policy),
        Kind("Guardrail", "guardrails", _GUARDRAIL, policies.format_guardrail),
        Kind("Resource", "resources", _RESOURCE, resources.format_resource),
        Kind("SecuritySettings", "security", _SECURITY, security.format_security),
        Kind("Application", "applications", _APPLICATION, applications.format_application),
        Kind("IdentityProvider", "identity_providers", _PROVIDER, federation.format_provider),
        Kind("FederationRule", "federation_rules", _RULE, federation.format_rule),
        Kind("Template", "templates", _TEMPLATE, templates.format_template),
        Kind("TemplateAssignment", "template_assignments", _ASSIGNMENT, templates.format_assignment),
        Kind("TemplateAcceptance", "template_acceptances", _ACCEPTANCE, templates.format_acceptance),
        Kind("Enterprise", "enterprises", _ENTERPRISE, enterprises.format_enterprise),
        Kind("AccountGroup", "account_groups", _ACCOUNT_GROUP, enterprises.format_node),
        Kind("EnterpriseAccount", "enterprise_accounts", _ENTERPRISE_ACCOUNT, enterprises.format_node),
    )
}
PRINCIPAL_KINDS: Mapping[str, str] = {"user": "User", "service-id": "ServiceId", "profile": "Profile"}
_KIND_OF_TYPE: Mapping[type, str] = {
    Account: "Account", Group: "Group", Project: "Project", Service: "Service", Role: "Role",
    Policy: "Policy", Guardrail: "Guardrail", Resource: "Resource", Template: "Template",
    TemplateAssignment: "TemplateAssignment", TemplateAcceptance: "TemplateAcceptance",
    SecuritySettings: "SecuritySettings", IdentityProvider: "IdentityProvider", FederationRule: "FederationRule",
    Application: "Application",
    Enterprise: "Enterprise", AccountGroup: "AccountGroup", EnterpriseAccount: "EnterpriseAccount",
}  # fmt: skip


def parse_document(
    data: Mapping[str, object], account: str | None = None, locate: Locate = nowhere
) -> tuple[str, Value]:
    """Which kind of document is this, and which value does it hold?

    `account` is the one that it must be of; None: the one that the document names.
    Raises: Invalid, with every finding.
    """
    notes = Collector(locate)
    kind = _parse_kind(data, notes)
    of = _parse_account_of(data, kind, account, notes)
    return kind.name, kind.parse(data, of, locate)


def format_document(kind: str, value: Value, account: str | None = None) -> dict[str, object]:
    """Which document parses to this value? `account` is written where the value does not hold it itself."""
    out: dict[str, object] = {"kind": kind}
    if account is not None and kind != "Account":
        out["account"] = account
    return {**out, **KINDS[kind].format(value)}


def parse_all(sources: Iterable[SourceDocument], account: str | None = None) -> list[ParsedDocument]:
    """Which values do these documents hold, in order?

    Raises: Invalid, with every finding of all, and one for each object that is described twice.
    """
    out: list[ParsedDocument] = []
    findings: list[Finding] = []
    first: dict[tuple[str, str, str], SourceDocument] = {}
    for source in sources:
        try:
            kind, value = parse_document(source.data, account, source.locate)
        except Invalid as error:
            findings.extend(error.findings)
            continue
        parsed = ParsedDocument(kind, value, _account_of(source, account, value), source)
        other = first.setdefault((parsed.account, kind, key_of(value)), source)
        if other is not source:
            notes = Collector(source.locate)
            notes.add(
                ("name",), f"{kind} `{name_of(value)}` is given twice", f"first at {other.file}:{other.line}"
            )
            findings.extend(notes.findings)
        out.append(parsed)
    if findings:
        raise Invalid(findings)
    return out


def kind_of(value: Value) -> str:
    """Which kind of document holds this value?"""
    if isinstance(value, Principal):
        return PRINCIPAL_KINDS[value.reference.partition(":")[0]]
    return _KIND_OF_TYPE[type(value)]


def name_of(value: Value) -> str:
    """What does the document of this value call it? (A principal's name is without its kind.)"""
    return value.reference.partition(":")[2] if isinstance(value, Principal) else value.name


def key_of(value: Value) -> str:
    """Under which key does an Account hold this value? (A principal's is its reference.)"""
    return value.reference if isinstance(value, Principal) else value.name


def assemble_account(account: Account, values: Iterable[Value]) -> Account:
    """Which account holds these values besides what it already holds? A later value replaces an earlier one.

    An Account among the values gives its own fields.
    """
    held: dict[str, dict[str, Value]] = {}
    head = account
    for value in values:
        holder = KINDS[kind_of(value)].holder
        if isinstance(value, Account):
            head = value
        else:
            held.setdefault(holder, dict(getattr(account, holder)))[key_of(value)] = value
    named: dict[str, Any] = dict(held)
    return replace(
        account,
        owner=head.owner,
        suspended=head.suspended,
        description=head.description,
        enterprise=head.enterprise,
        shares_reports=head.shares_reports,
        project_quota=head.project_quota,
        **named,
    )


def _account_of(source: SourceDocument, account: str | None, value: Value) -> str:
    if isinstance(value, Account):
        return value.name
    return account or str(source.data["account"])


def _parse_kind(data: Mapping[str, object], notes: Collector) -> Kind:
    if not isinstance(data, Mapping):
        notes.add((), f"expected a document with fields, got {format_value(data)}")
    elif data.get("kind") is None:
        notes.add((), "missing field `kind`", did_you_mean("", KINDS, most=40))
    elif not isinstance(data["kind"], str) or data["kind"] not in KINDS:
        notes.add(
            ("kind",),
            f"unknown kind {format_value(data['kind'])}",
            did_you_mean(str(data["kind"]), KINDS, most=40),
        )
    notes.raise_if_any()
    return KINDS[str(data["kind"])]


def _parse_account_of(data: Mapping[str, object], kind: Kind, account: str | None, notes: Collector) -> str:
    """Of which account is the document?"""
    field = "name" if kind.name == "Account" else "account"
    written = Fields({field: data.get(field)}, (), notes, (field,)).parsed(field, parse_name)
    if written is None and account is None and data.get(field) is None:
        notes.add((), f"missing field `{field}`")
    if written is not None and account is not None and written != account:
        notes.add((field,), f"document is of account `{written}`, expected `{account}`")
    notes.raise_if_any()
    return account or written or ""
