"""The beginning: a store with its signing keys, an account with its owner and the owner's first API key.

Nothing is fixed: keys are drawn on the spot, and the owner's key is written to a file that only its user can read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from bailiwick.authn.keys import GeneratedKey, generate_api_key
from bailiwick.catalog.documents import format_document
from bailiwick.errors import Conflict, Invalid, NotFound
from bailiwick.model.accounts import Account, Principal, Project
from bailiwick.model.names import parse_name
from bailiwick.service.edits import new_uid
from bailiwick.service.keyring import create_key_sets
from bailiwick.service.kinds import ACCOUNT
from bailiwick.service.loading import ACCOUNT_UID, API_KEY, account_log
from bailiwick.service.locating import locate
from bailiwick.store.address import Address, DatabaseAddress
from bailiwick.store.directory import DataDirectory
from bailiwick.store.in_database import discard_database
from bailiwick.store.opening import create_store
from bailiwick.store.ports import SYSTEM_LOG, Change, RevisionConflict, SecretWrite, Store

DEFAULT_PROJECT = "default"


def initialise(address: Address, account: str, owner_email: str, key_file: Path) -> None:
    """Create the store, the account, its owner and the owner's API key (written to `key_file`, mode 0600).

    Raises Invalid, Conflict, Unavailable; a key file that exists is never overwritten.
    INVARIANT: no account is there without its owner's key in the file. The file is opened before anything is made,
    the key is on the disk before the account is stored, and a failure takes back what was begun.
    """
    parse_name(account, "account", "account name")
    owner = owner_name(owner_email)
    now = datetime.now(UTC)
    with new_private_file(key_file) as file:
        key = generate_api_key()
        keep_text(file, key_file, key.text + "\n")
        existed, made = isinstance(address, Path) and address.exists(), False
        try:
            with create_store(address, at=now, locate=locate) as store:
                made = True
                create_key_sets(store, now)
                create_account(store, account, owner, owner_email, now, key)
        except BaseException:
            if made:
                _discard(address, itself=not existed)
            raise


def _discard(address: Address, *, itself: bool) -> None:
    """Take a store away that was begun a moment ago: nobody has its key."""
    if isinstance(address, DatabaseAddress):
        discard_database(address)
        return
    for path in DataDirectory(address).files():
        path.unlink(missing_ok=True)
    if itself:
        address.rmdir()


@contextmanager
def new_private_file(path: Path) -> Iterator[TextIO]:
    """Which new file may only its user read? It is removed where what is done with it fails.

    Raises Conflict, NotFound, Invalid.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Conflict(f"key file `{path}` exists", "name one that does not, or remove it") from None
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"there is no directory `{path.parent}`", "make it, or name another file") from None
    except OSError as error:
        raise _no_key_file(path, error) from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def keep_text(file: TextIO, path: Path, text: str) -> None:
    """Write this text so that it outlives the machine's next moment. Raises Invalid."""
    try:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    except OSError as error:
        raise _no_key_file(path, error) from None


def _no_key_file(path: Path, error: OSError) -> Invalid:
    reason = (error.strerror or "it fails").lower()
    return Invalid.at("key-file", f"key file `{path}` cannot be written: {reason}", "name another file")


def owner_name(email: str) -> str:
    """Which user name does this address give? The part before the at sign."""
    name, at, domain = email.partition("@")
    if not at or not name or "." not in f"{domain}." or not domain:
        raise Invalid.at("owner", f"`{email}` is no email address", "write name@example.org")
    return parse_name(name, "owner", "user name")


def create_account(
    store: Store,
    account: str,
    owner: str,
    email: str,
    at: datetime,
    key: GeneratedKey | None = None,
    *,
    enterprise: str | None = None,
    via: str = "init",
) -> str:
    """Create an account with its owner, its default project and the owner's first key; returns the key's text.

    `enterprise`: the management account of the enterprise that it may join. What an earlier try left of an account
    that nobody has a key of is taken up. Raises Conflict where there is such an account.
    """
    log = account_log(account)
    _begin_log(store, log, account, at, via)
    owner_uid, key_uid = new_uid("User"), new_uid(API_KEY)
    key = key or generate_api_key()
    store.append(
        log,
        0,
        [
            *_first_objects(
                Account(account, f"user:{owner}", enterprise=enterprise),
                Principal(f"user:{owner}", email=email),
                owner_uid,
            ),
            Change(API_KEY, key_uid, key_uid, "create", _first_key(key, owner_uid, at)),
        ],
        actor_uid=owner_uid,
        via=via,
        at=at,
        secrets=[SecretWrite(key_uid, API_KEY, key.secret_hash)],
    )
    return key.text


def _begin_log(store: Store, log: str, account: str, at: datetime, via: str) -> None:
    """Make the account's log and let the system log name it, each unless an earlier try has. Raises Conflict."""
    head = store.heads([log]).get(log)
    if head is None:
        store.create_log(log, at=at)
    elif head.revision > 0:
        raise Conflict(f"there is an account `{account}` already", "choose another name")
    while store.find_named(SYSTEM_LOG, ACCOUNT, account) is None:
        known = Change(ACCOUNT, new_uid(ACCOUNT), account, "create", {"log": log})
        try:
            now = store.head(SYSTEM_LOG).vector
            store.append(SYSTEM_LOG, now, [known], actor_uid="system", via=via, at=at)
        except RevisionConflict:
            continue


def _first_objects(account: Account, owner: Principal, owner_uid: str) -> Iterator[Change]:
    """What is in every account from the start: its owner, itself, its default project."""
    name = owner.reference.partition(":")[2]
    itself = {**format_document(ACCOUNT, account), "owner": {"uid": owner_uid}}
    project = format_document("Project", Project(DEFAULT_PROJECT, default=True))
    yield Change("User", owner_uid, name, "create", format_document("User", owner))
    yield Change(ACCOUNT, ACCOUNT_UID, account.name, "create", itself)
    yield Change("Project", new_uid("Project"), DEFAULT_PROJECT, "create", project)


def _first_key(key: GeneratedKey, owner_uid: str, at: datetime) -> dict[str, object]:
    """Which document says of the owner's first key what may be seen of it?"""
    return {
        "owner": {"uid": owner_uid},
        "prefix": key.prefix,
        "created_at": at.isoformat(),
        "description": "made by bailiwick init",
    }
