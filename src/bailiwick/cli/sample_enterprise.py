"""The sample company's enterprise: three accounts of their own, made as any are, with each one's documents.

The management account is made first; the others begin below its nodes, so that they are never without their guardrails.
The owners' keys are drawn on the spot and written to one file that only its user can read, a line an account.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bailiwick.catalog.sources import parse_documents

if TYPE_CHECKING:
    from bailiwick.service.host import Host

MANAGEMENT = "headquarters"
DOCUMENTS = "enterprise.yaml"
OWNER = "owner@acme.example"
MEMBER = "EnterpriseAccount"
VIA = "sample"


def enterprise_keys_of(data: Path) -> Path:
    """Where are the keys of the owners of the sample enterprise's accounts?"""
    return data.parent / f"{data.name}-enterprise.keys"


def documents_by_account(text: str) -> dict[str, list[dict[str, Any]]]:
    """Which documents are for which account, in their order?"""
    found: dict[str, list[dict[str, Any]]] = {}
    for source in parse_documents(text, DOCUMENTS):
        found.setdefault(str(source.data["account"]), []).append(source.data)
    return found


def load_enterprise(host: Host) -> dict[str, str]:
    """Make the accounts with their documents; which key has each owner?"""
    from bailiwick.model.enterprises import EnterpriseAccount
    from bailiwick.service.applying import apply_wanted, parse_wanted
    from bailiwick.service.enterprise.accounts import begin_account
    from bailiwick.service.initial import create_account, owner_name

    wanted = documents_by_account((files("bailiwick.sample") / DOCUMENTS).read_text(encoding="utf-8"))
    keys = {MANAGEMENT: create_account(host.store, MANAGEMENT, owner_name(OWNER), OWNER, host.at(), via=VIA)}
    manager, _ = host.authenticator.session_of_key(keys[MANAGEMENT])
    members = [one for one in wanted[MANAGEMENT] if one["kind"] == MEMBER]
    # WHY the guardrails after the accounts: one of them names an account as its node.
    tree = [one for one in wanted[MANAGEMENT] if one["kind"] not in (MEMBER, "Guardrail")]
    apply_wanted(host, manager, parse_wanted(MANAGEMENT, documents=tree), via=VIA)
    for one in members:
        member = EnterpriseAccount(one["name"], one["parent"], one.get("description", ""))
        keys[member.name] = begin_account(host, manager, member, OWNER).key or ""
    for account, key in keys.items():
        session, _ = host.authenticator.session_of_key(key)
        apply_wanted(host, session, parse_wanted(account, documents=wanted[account]), via=VIA)
    return keys
