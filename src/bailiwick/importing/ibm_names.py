"""Names of IBM Cloud as those of this installation: accounts, services, subjects, roles.

Serves docs/spec.md 23.2. Source: IBM Cloud, IAM Policy Management API (2026-04).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bailiwick.errors import did_you_mean
from bailiwick.importing.findings import Refusals
from bailiwick.importing.globs import Tokens, is_literal, text_of
from bailiwick.importing.mapping import ImportMapping
from bailiwick.importing.produced import Drafts
from bailiwick.model.services import IAM

ROLES: Mapping[str, str] = {
    "KeyPurge": "KMS Key Purge",
    "VMWareKMIPManager": "VMware KMIP Manager",
    "CertificateManager": "Certificate Manager",
}
_CRN = re.compile(
    r"crn:v1:(?:bluemix|ibmcloud):public:([a-z0-9-]+):::(a/[^:]*)?:(role|serviceRole|customRole):(.+)"
)


@dataclass(frozen=True, slots=True)
class Ibm:
    """What does one import of their policies know?"""

    mapping: ImportMapping
    drafts: Drafts
    narrow_edges: bool = False

    @property
    def refusals(self) -> Refusals:
        """Where do refusals go?"""
        return self.drafts.refusals


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of subject or resource: its values as patterns, and where it stands."""

    name: str
    values: tuple[Tokens, ...]
    pointer: str

    @property
    def texts(self) -> list[str]:
        """Which texts are the values, where none is a pattern?"""
        return [text_of(tokens) for tokens in self.values]


def subjects_of(task: Ibm, type: str, attributes: list[Attribute], pointer: str) -> tuple[str, ...]:
    """Whom does the policy name?"""
    if type == "authorization":
        return _authorized(task, attributes, pointer)
    out = []
    if len(attributes) > 1:
        task.refusals.add("malformed", pointer, "a subject has either `iam_id` or `access_group_id`")
    for one in attributes:
        if one.name not in ("iam_id", "access_group_id"):
            task.refusals.add(
                "attribute_unknown", one.pointer, f"unknown attribute `{one.name}` of a subject"
            )
            continue
        for text in literals(task, one):
            if text in task.mapping.subjects:
                out.append(task.mapping.subjects[text])
            else:
                help = f"map `{text}` under `subjects`, such as to `user:alice` or `group:readers`"
                task.refusals.add("subject_unmapped", one.pointer, f"`{text}` is mapped to nobody", help)
    return tuple(dict.fromkeys(out))


def _authorized(task: Ibm, attributes: list[Attribute], pointer: str) -> tuple[str, ...]:
    """Which service may act on another? Only a whole service can be a subject here."""
    out = []
    for one in attributes:
        if one.name == "accountId":
            check_account(task, one)
        elif one.name == "serviceName":
            out = [
                f"service:{name}"
                for text in literals(task, one)
                if (name := find_service(task, text, one.pointer))
            ]
        else:
            message = f"a service cannot be narrowed by `{one.name}` as a subject"
            task.refusals.add(
                "attribute_unknown", one.pointer, message, "authorize the whole service, or a profile"
            )
    if not out and not task.refusals.found:
        task.refusals.add("subject_unmapped", pointer, "an authorization names no service")
    return tuple(out)


def literals(task: Ibm, attribute: Attribute) -> list[str]:
    if all(is_literal(tokens) for tokens in attribute.values):
        return attribute.texts
    task.refusals.add("value", attribute.pointer, f"`{attribute.name}` takes whole values, no patterns")
    return []


def check_account(task: Ibm, attribute: Attribute) -> None:
    for text in literals(task, attribute):
        if text != task.mapping.account:
            help = "say which account is imported under `account` in the mapping"
            task.refusals.add(
                "foreign_account", attribute.pointer, f"account `{text}` is not the imported one", help
            )


def find_service(task: Ibm, text: str, pointer: str) -> str | None:
    mapped = task.mapping.services.get(text)
    name = mapped.service if mapped is not None else text
    if name in task.drafts.known.services and name != IAM:
        return name
    help = did_you_mean(text, task.drafts.known.services)
    task.refusals.add("service_unmapped", pointer, f"IBM service `{text}` is mapped to no service", help)
    return None


def roles_of(task: Ibm, ids: list[tuple[str, str]], services: Iterable[str]) -> tuple[str, ...]:
    """Which roles of the policy's services are they?"""
    out = []
    listed = list(services)
    for id, pointer in ids:
        name = _role(task, id, pointer)
        if name is None:
            continue
        if not any(task.drafts.known.find_role(name, service) for service in listed):
            known = {role for service in listed for role in task.drafts.known.services[service].roles}
            help = did_you_mean(name.partition("/")[2] or name, known) or "map it under `roles`"
            task.refusals.add("role_unknown", pointer, f"no service of the policy has a role `{name}`", help)
            continue
        out.append(name)
    return tuple(dict.fromkeys(out))


def _role(task: Ibm, id: str, pointer: str) -> str | None:
    if id in task.mapping.roles:
        return task.mapping.roles[id]
    found = _CRN.fullmatch(id)
    if found is None:
        help = "expected such as `crn:v1:bluemix:public:iam::::serviceRole:Reader`"
        task.refusals.add("role_unknown", pointer, f"`{id}` is no role", help)
        return None
    owner, _, kind, name = found.groups()
    if kind == "customRole":
        role = task.drafts.known.account.roles.get(name)
        if role is None:
            help = f"make it as a role of the account, or map `{id}` under `roles`"
            task.refusals.add("role_unknown", pointer, f"custom role `{name}` is mapped to no role", help)
            return None
        return role.reference
    if owner == "iam":
        return name
    service = find_service(task, owner, pointer)
    return None if service is None else f"{service}/{ROLES.get(name, name)}"
