"""The beginning: a store with its signing keys, an account with its owner and the owner's first API key.

Nothing is fixed: keys are drawn on the spot, and the owner's key is written to a file that only its user can read.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from bailiwick.authn.keys import generate_api_key
from bailiwick.catalog.documents import format_document
from bailiwick.errors import Conflict, Invalid
from bailiwick.model.accounts import Account, Principal, Project
from bailiwick.model.names import parse_name
from bailiwick.service.edits import new_uid
from bailiwick.service.keyring import create_key_sets
from bailiwick.service.kinds import ACCOUNT
from bailiwick.service.loading import ACCOUNT_UID, API_KEY, account_log
from bailiwick.store.opening import create_store
from bailiwick.store.ports import SYSTEM_LOG, Change, SecretWrite, Store

DEFAULT_PROJECT = "default"


def initialise(data_dir: Path, account: str, owner_email: str, key_file: Path) -> None:
    """Create the store, the account, its owner and the owner's API key (written to `key_file`, mode 0600).

    Raises Invalid, Conflict; a key file that exists is never overwritten.
    """
    parse_name(account, "account", "account name")
    owner = owner_name(owner_email)
    now = datetime.now(UTC)
    if key_file.exists():
        raise Conflict(f"key file `{key_file}` exists", "name one that does not, or remove it")
    with create_store(data_dir, at=now) as store:
        create_key_sets(store, now)
        text = create_account(store, account, owner, owner_email, now)
        write_private(key_file, text + "\n")


def owner_name(email: str) -> str:
    """Which user name does this address give? The part before the at sign."""
    name, at, domain = email.partition("@")
    if not at or not name or "." not in f"{domain}." or not domain:
        raise Invalid.at("owner", f"`{email}` is no email address", "write name@example.org")
    return parse_name(name, "owner", "user name")


def create_account(store: Store, account: str, owner: str, email: str, at: datetime) -> str:
    """Create an account with its owner, its default project and the owner's first key; returns the key's text."""
    log = account_log(account)
    store.create_log(log, at=at)
    system = store.head(SYSTEM_LOG)
    known = Change(ACCOUNT, new_uid(ACCOUNT), account, "create", {"log": log})
    store.append(SYSTEM_LOG, system.revision, [known], actor_uid="system", via="init", at=at)
    owner_uid, key_uid = new_uid("User"), new_uid(API_KEY)
    user = Principal(f"user:{owner}", email=email)
    account_document = format_document(ACCOUNT, Account(account, f"user:{owner}"))
    key = generate_api_key()
    store.append(
        log,
        0,
        [
            Change("User", owner_uid, owner, "create", format_document("User", user)),
            Change(
                ACCOUNT, ACCOUNT_UID, account, "create", {**account_document, "owner": {"uid": owner_uid}}
            ),
            Change(
                "Project",
                new_uid("Project"),
                DEFAULT_PROJECT,
                "create",
                format_document("Project", Project(DEFAULT_PROJECT, default=True)),
            ),
            Change(
                API_KEY,
                key_uid,
                key_uid,
                "create",
                {
                    "owner": {"uid": owner_uid},
                    "prefix": key.prefix,
                    "created_at": at.isoformat(),
                    "description": "made by bailiwick init",
                },
            ),
        ],
        actor_uid=owner_uid,
        via="init",
        at=at,
        secrets=[SecretWrite(key_uid, API_KEY, key.secret_hash)],
    )
    return key.text


def write_private(path: Path, text: str) -> None:
    """Write a file that only its user may read; never over an existing one."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
