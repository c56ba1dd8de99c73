"""The keys under which secrets are encrypted, on the machine of the key file: master-key list, add, use, drop.

No key is printed, only its id. Over many nodes the file is brought to each of them between `add` and `use`
(docs/operations.md).
"""

from __future__ import annotations

from typing import Annotated

import typer

from bailiwick.cli.addresses import Data, MasterKey, Store, open_named
from bailiwick.cli.output import Output, OutputOption, print_json, print_lines, print_table, reporting

master_keys_app = typer.Typer(
    help="Keys under which secrets are encrypted: list, add, use, drop. On the machine of the key file.",
    no_args_is_help=True,
)

KeyId = Annotated[str, typer.Argument(metavar="KEY", help="the id of a key in the file, as `add` prints it")]


@master_keys_app.command("list")
@reporting
def list_(
    data: Data = None,
    store: Store = None,
    master_key: MasterKey = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """List the keys of this machine's file, and how many secrets and kept answers are under each."""
    with open_named(data, store, master_key) as opened:
        keys = opened.master_keys.list()
    if output is Output.JSON:
        print_json(
            [
                {"key": key.key_id, "current": key.is_current, "in_file": key.is_here, "secrets": key.rows}
                for key in keys
            ]
        )
        return
    print_table(
        ["key", "state", "in the file", "secrets"],
        [
            [
                key.key_id,
                "current" if key.is_current else "",
                "yes" if key.is_here else "NO",
                str(key.rows),
            ]
            for key in keys
        ],
        empty="",
        whole=("key",),
    )


@master_keys_app.command("add")
@reporting
def add(data: Data = None, store: Store = None, master_key: MasterKey = None) -> None:
    """Add a new key to this machine's file. Nothing is encrypted under it before `use`."""
    with open_named(data, store, master_key) as opened:
        key_id = opened.master_keys.add()
    print_lines(
        [
            f"added master key {key_id}",
            "bring the file to every node and to a safe place; then: bailiwick master-key use " + key_id,
        ]
    )


@master_keys_app.command("use")
@reporting
def use(key: KeyId, data: Data = None, store: Store = None, master_key: MasterKey = None) -> None:
    """Encrypt every secret under this key, those that come too. Servers go on meanwhile.

    Each node must have the key in its file first: one that does not refuses until it has.
    Broken off, run it again.
    """
    with open_named(data, store, master_key) as opened:
        opened.master_keys.use(key)
    print_lines([f"all secrets are under master key {key}"])


@master_keys_app.command("drop")
@reporting
def drop(data: Data = None, store: Store = None, master_key: MasterKey = None) -> None:
    """Leave only the key in use in this machine's file. Older backups need the older keys: keep them elsewhere."""
    with open_named(data, store, master_key) as opened:
        gone = opened.master_keys.drop()
    print_lines(
        [f"dropped master key {key_id}" for key_id in gone] or ["there is no other key than the one in use"]
    )
