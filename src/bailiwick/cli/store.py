"""The store itself, without a server: store copy, backup, restore, verify, migrate, prune-activity.

The first three are one deed, `store/copying`; what differs is which keys come along, and what to do next.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bailiwick.cli import migrating, pruning
from bailiwick.cli.addresses import KeyOfStore, WhichStore, key_file_of, located, options_of, target_of
from bailiwick.cli.log import show_reports, verify_store
from bailiwick.cli.output import Output, OutputOption, print_lines, progress_bar, reporting

if TYPE_CHECKING:
    from bailiwick.store.address import Address
    from bailiwick.store.copying import Copied, CopyProgress, KeyOfCopy

store_app = typer.Typer(
    help="The store, without a server: copy, backup, restore, verify, migrate, prune-activity.",
    no_args_is_help=True,
)

Source = Annotated[str, typer.Argument(metavar="FROM", help="the data directory of the store, or its URL")]
Target = Annotated[
    str, typer.Argument(metavar="TO", help="a new or empty directory, or an empty database's URL")
]
MasterKey = Annotated[
    Path | None,
    typer.Option(
        "--master-key",
        envvar="BAILIWICK_MASTER_KEY",
        help="where the master keys of FROM lie, if not in it",
    ),
]
ToMasterKey = Annotated[
    Path | None,
    typer.Option(
        "--to-master-key",
        help="where the master keys of TO lie or are written, if it is a database; without it where FROM's lie",
    ),
]
Again = Annotated[bool, typer.Option("--again", help="over a copy in TO that was not finished")]
NewKey = Annotated[
    bool, typer.Option("--new-key", help="with a new master key, under which every secret is encrypted anew")
]


@store_app.command("copy")
@reporting
def copy(
    source: Source,
    target: Target,
    master_key: MasterKey = None,
    to_master_key: ToMasterKey = None,
    new_key: NewKey = False,
    again: Again = False,
) -> None:
    """Copy everything into an empty store, verified on both sides; FROM may be in use, and stays as it is."""
    into = target_of(target, to_master_key or master_key)
    _carry_out(source, into, master_key, "new" if new_key else "same", again)
    print_lines(_next(into))


@store_app.command("backup")
@reporting
def backup(
    source: Source,
    target: Annotated[Path, typer.Argument(metavar="TO", help="a new or empty directory")],
    master_key: MasterKey = None,
    with_key: Annotated[
        bool,
        typer.Option("--with-key", help="with the master keys: whoever has the backup then has every secret"),
    ] = False,
    again: Again = False,
) -> None:
    """Write a backup, itself a data directory, while the store is in use; without the master key."""
    _carry_out(source, target, master_key, "same" if with_key else "none", again)
    if with_key:
        print_lines([f"the master keys are in {target}: whoever has it has every secret"])
    else:
        key = key_file_of(source, master_key)
        print_lines(
            [f"the master key is not in it: keep {key} elsewhere; without it the backup is of no use"]
        )


@store_app.command("restore")
@reporting
def restore(
    source: Annotated[Path, typer.Argument(metavar="BACKUP", help="what `bailiwick store backup` wrote")],
    target: Target,
    master_key: Annotated[
        Path | None, typer.Option("--master-key", help="the file of master keys, if it is not in the backup")
    ] = None,
    to_master_key: ToMasterKey = None,
    new_key: NewKey = False,
    again: Again = False,
) -> None:
    """Make a store of a backup, in an empty directory or database; the backup stays as it is."""
    into = target_of(target, to_master_key or master_key)
    _carry_out(str(source), into, master_key, "new" if new_key else "same", again)
    print_lines(_next(into))


@store_app.command("verify")
@reporting
def verify(
    store: WhichStore,
    master_key: KeyOfStore = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Is every log, and its activity, as it was written? Exit code 1: it is not. The same as `log verify --data`."""
    show_reports(verify_store(*located(store, master_key)), output)


store_app.command("migrate")(migrating.migrate)
store_app.command("prune-activity")(pruning.prune_activity)


def _carry_out(source: str, target: Address, master_key: Path | None, key: KeyOfCopy, again: bool) -> None:
    """Copy the store, telling how far it is and what came of it."""
    from bailiwick.store.copying import copy_store

    place, key_of_directory = located(source, master_key)
    with _shown() as progress:
        copied = copy_store(
            place, target, master_key=key_of_directory, key=key, again=again, progress=progress
        )
    print_lines(_copied(copied, place, target))


def _copied(copied: Copied, source: Address, target: Address) -> Iterator[str]:
    yield (
        f"copied {len(copied.heads)} logs with {copied.changes} changes, and {copied.events} events, "
        f"from {source} to {target}; verified on both sides"
    )
    yield from (f"  {head.log} is at {head.vector}" for head in copied.heads)


def _next(target: Address) -> Iterator[str]:
    yield f"next: bailiwick serve {options_of(target)}"
    yield "what was changed after these revisions is not in it: whoever has seen that is told of a fork"


@contextmanager
def _shown() -> Iterator[CopyProgress]:
    """How is progress told? One bar for each table and each verification."""
    with progress_bar() as bars:
        tasks = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield tell
