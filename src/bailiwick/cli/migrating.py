"""A store of another schema: store migrate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bailiwick.cli.addresses import KeyOfStore, WhichStore, located
from bailiwick.cli.output import print_lines, reporting

if TYPE_CHECKING:
    from bailiwick.store.migrating import Step


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

    --dry-run says of each step whether servers may go on meanwhile. Back the store up first.
    """
    from bailiwick.service.locating import locate
    from bailiwick.store.migrating import migrate_store

    address, key = located(store, master_key)
    steps = migrate_store(address, master_key=key, to=to, dry_run=dry_run, locate=locate)
    print_lines(_told(step, dry_run=dry_run) for step in steps)


def _told(step: Step, *, dry_run: bool) -> str:
    """Which line tells of this step?"""
    if step.before == step.after:
        return f"{step.part}: revision {step.before}, nothing to do"
    done = f"{step.part}: {'would go' if dry_run else 'went'} from revision {step.before} to {step.after}"
    if step.keeps is None:
        return f"{done}: stop every server first" if dry_run else f"{done}: start servers of this program"
    return f"{done}: servers of revision {step.keeps} or newer may go on, and be replaced one by one"
