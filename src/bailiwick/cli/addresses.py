"""Which store a command works on: `--data DIR`, or `--store URL` with `--master-key FILE`.

SECURITY: a password in a URL is seen by whoever lists processes; libpq's PGPASSWORD and PGPASSFILE are not.
"""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from bailiwick.errors import Invalid

if TYPE_CHECKING:
    from bailiwick.store.address import Address
    from bailiwick.store.sql.store import SqlStore

Data = Annotated[Path | None, typer.Option("--data", help="the data directory")]
Store = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        envvar="BAILIWICK_STORE",
        help="in place of a data directory: postgresql://USER@HOST/DATABASE",
    ),
]
MasterKey = Annotated[
    Path | None,
    typer.Option(
        "--master-key", envvar="BAILIWICK_MASTER_KEY", help="the file of the master keys of a store at a URL"
    ),
]
WhichStore = Annotated[
    str, typer.Argument(metavar="STORE", help="the data directory of the store, or its URL")
]
KeyOfStore = Annotated[
    Path | None,
    typer.Option(
        "--master-key",
        envvar="BAILIWICK_MASTER_KEY",
        help="where its master keys lie, if not in the directory",
    ),
]


def located(text: str, master_key: Path | None) -> tuple[Address, Path | None]:
    """Which store does this argument name, and where do a directory's keys lie? Raises Invalid."""
    from bailiwick.store.address import is_url, parse_address

    address = parse_address(text, master_key=master_key)
    return address, None if is_url(text) else master_key


def target_of(text: str, master_key: Path | None) -> Address:
    """Which new store does this argument name? Raises Invalid for a database without a file for its master keys."""
    from bailiwick.store.address import is_url, parse_address

    if is_url(text) and master_key is None:
        raise Invalid.at(
            "to_master_key",
            "a store in a database needs a file of its master keys",
            "name by --to-master-key where it lies, or is to be written",
        )
    return parse_address(text, master_key=master_key)


def key_file_of(text: str, master_key: Path | None) -> Path:
    """Where lie the master keys of the store that this argument names?"""
    from bailiwick.store.directory import DataDirectory

    return master_key or DataDirectory(Path(text)).master_key


def address_of(data: Path | None, store: str | None, master_key: Path | None) -> Address:
    """Which store do these options name? Raises Invalid."""
    from bailiwick.store.address import is_url, parse_address

    if data is not None and store is not None:
        raise Invalid.at(
            "store", "both `--data` and `--store` (or BAILIWICK_STORE) name a store", "name one of them"
        )
    if data is not None and master_key is not None:
        raise Invalid.at(
            "master_key",
            "a data directory has its master keys in itself, and `--master-key` (or BAILIWICK_MASTER_KEY) names a file",
            "leave it away (or unset it for this command), or name a database by --store",
        )
    if data is not None:
        return data
    if store is None:
        raise Invalid.at("store", "no store is named", "name a data directory by --data, or a URL by --store")
    if not is_url(store):
        raise Invalid.at(
            "store", f"`{store}` is no URL", "write postgresql://USER@HOST/DATABASE, or use --data"
        )
    return parse_address(store, master_key=master_key)


def open_named(data: Path | None, store: str | None, master_key: Path | None) -> SqlStore:
    """The store that these options name, for a `with` block. Raises Invalid, Unavailable."""
    from bailiwick.store.opening import open_store

    return open_store(address_of(data, store, master_key))


def options_of(address: Address) -> str:
    """Which options name this store in a command that is shown? The password is left out."""
    from bailiwick.store.address import DatabaseAddress

    if isinstance(address, DatabaseAddress):
        return f"--store {quote(str(address))} --master-key {quote(str(address.master_key))}"
    return f"--data {quote(str(address))}"
