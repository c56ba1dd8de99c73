"""The store itself, without a server: store copy, store backup, store restore, store verify, store migrate.

The first three are one deed, `store/copying`; what differs is which keys come along, and what to do next.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from bailiwick.cli import migrating
from bailiwick.cli.addresses import KeyOfStore, WhichStore, located
from bailiwick.cli.log import show_reports, verify_store
from bailiwick.cli.output import Output, OutputOption, print_lines, progress_bar, reporting

if TYPE_CHECKING:
    from bailiwick.store.copying import Copied, CopyProgress

store_app = typer.Typer(
    help="The store, without a server: copy, backup, restore, verify, migrate.", no_args_is_help=True
)

Source = Annotated[Path, typer.Argument(metavar="FROM", help="the data directory of the store")]
Target = Annotated[Path, typer.Argument(metavar="TO", help="a new or empty directory")]
MasterKey = Annotated[
    Path | None, typer.Option("--master-key", help="where the master keys of FROM lie, if not in it")
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
    new_key: NewKey = False,
    again: Again = False,
) -> None:
    """Copy everything into an empty store, verified on both sides; FROM may be in use, and stays as it is."""
    from bailiwick.store.copying import copy_store

    with _shown() as progress:
        copied = copy_store(
            source,
            target,
            master_key=master_key,
            key="new" if new_key else "same",
            again=again,
            progress=progress,
        )
    print_lines(_copied(copied, source, target))
    print_lines(_next(target))


@store_app.command("backup")
@reporting
def backup(
    source: Source,
    target: Target,
    master_key: MasterKey = None,
    with_key: Annotated[
        bool,
        typer.Option("--with-key", help="with the master keys: whoever has the backup then has every secret"),
    ] = False,
    again: Again = False,
) -> None:
    """Write a backup, itself a data directory, while the store is in use; without the master key."""
    from bailiwick.store.copying import copy_store
    from bailiwick.store.directory import DataDirectory

    with _shown() as progress:
        copied = copy_store(
            source,
            target,
            master_key=master_key,
            key="same" if with_key else "none",
            again=again,
            progress=progress,
        )
    print_lines(_copied(copied, source, target))
    key = DataDirectory(source, master_key).master_key
    if with_key:
        print_lines([f"the master keys are in {target}: whoever has it has every secret"])
    else:
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
    new_key: NewKey = False,
    again: Again = False,
) -> None:
    """Make a store of a backup, in an empty directory; the backup stays as it is."""
    from bailiwick.store.copying import copy_store

    with _shown() as progress:
        copied = copy_store(
            source,
            target,
            master_key=master_key,
            key="new" if new_key else "same",
            again=again,
            progress=progress,
        )
    print_lines(_copied(copied, source, target))
    print_lines(_next(target))


@store_app.command("verify")
@reporting
def verify(
    store: WhichStore,
    master_key: KeyOfStore = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Is every log, and the activity, as it was written? Exit code 1: it is not. The same as `log verify --data`."""
    show_reports(verify_store(*located(store, master_key)), output)


store_app.command("migrate")(migrating.migrate)


def _copied(copied: Copied, source: Path, target: Path) -> Iterator[str]:
    yield (
        f"copied {len(copied.heads)} logs with {copied.changes} changes, and {copied.events} events, "
        f"from {source} to {target}; verified on both sides"
    )
    yield from (f"  {head.log} is at {head.vector}" for head in copied.heads)


def _next(target: Path) -> Iterator[str]:
    yield f"next: bailiwick serve --data {quote(str(target))}"
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
