"""Documents of kinds Enterprise, AccountGroup and EnterpriseAccount: to values and back.

Implements docs/spec.md 20.1 and 20.2 (grammar), and the documents of accounts.
"""

from __future__ import annotations

from bailiwick.catalog.reading import Fields
from bailiwick.model.enterprises import AccountGroup, Enterprise, EnterpriseAccount, parse_parent
from bailiwick.model.names import parse_name

ENTERPRISE_FIELDS = ("name", "title", "description")
ACCOUNT_GROUP_FIELDS = ("name", "parent", "description")
ENTERPRISE_ACCOUNT_FIELDS = ("name", "parent", "description")


def parse_enterprise(fields: Fields, account: str) -> Enterprise:
    """Which enterprise is it?"""
    fields.require("name")
    return Enterprise(
        name=fields.parsed("name", parse_name) or "",
        title=fields.text("title"),
        description=fields.text("description"),
    )


def parse_account_group(fields: Fields, account: str) -> AccountGroup:
    """Which account group is it?"""
    fields.require("name", "parent")
    return AccountGroup(
        name=fields.parsed("name", parse_name) or "",
        parent=fields.parsed("parent", parse_parent) or "",
        description=fields.text("description"),
    )


def parse_enterprise_account(fields: Fields, account: str) -> EnterpriseAccount:
    """Which account is in the tree, and where?"""
    fields.require("name", "parent")
    return EnterpriseAccount(
        name=fields.parsed("name", parse_name) or "",
        parent=fields.parsed("parent", parse_parent) or "",
        description=fields.text("description"),
    )


def format_enterprise(enterprise: Enterprise) -> dict[str, object]:
    """Which fields parse to this enterprise?"""
    said = {"title": enterprise.title, "description": enterprise.description}
    return {"name": enterprise.name, **{field: text for field, text in said.items() if text}}


def format_node(node: AccountGroup | EnterpriseAccount) -> dict[str, object]:
    """Which fields parse to this account group or account of the tree?"""
    out: dict[str, object] = {"name": node.name, "parent": node.parent}
    return {**out, "description": node.description} if node.description else out
