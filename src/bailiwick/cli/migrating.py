"""A store of another schema: store migrate."""

from __future__ import annotations

from typing import Annotated

import typer

from bailiwick.cli.addresses import KeyOfStore, WhichStore, located
from bailiwick.cli.output import print_lines, reporting


@reporting
def migrate(
    store: WhichStore,
    master_key: KeyOfStore = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="REVISION", help="such as 0001, for an older bailiwick")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="say what would be done, and change nothing")
    ] = False,
) -> None:
    """Bring a store to the schema of this program, or with --to back to that of an older one.

    Stop what uses the store, and back it up first.
    """
    from bailiwick.service.locating import locate
    from bailiwick.store.migrating import migrate_store

    address, key = located(store, master_key)
    steps = migrate_store(address, master_key=key, to=to, dry_run=dry_run, locate=locate)
    done = "would go" if dry_run else "went"
    print_lines(
        f"{step.part}: revision {step.before}, nothing to do"
        if step.before == step.after
        else f"{step.part}: {done} from revision {step.before} to {step.after}"
        for step in steps
    )
