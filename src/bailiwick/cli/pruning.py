"""Activity that is old enough to be forgotten: store prune-activity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bailiwick.cli.addresses import KeyOfStore, WhichStore, located
from bailiwick.cli.output import (
    EXIT_ERROR,
    Output,
    OutputOption,
    confirm,
    print_error,
    print_json,
    print_table,
    progress_bar,
    reporting,
)
from bailiwick.errors import Invalid, NotFound, Unavailable, did_you_mean

if TYPE_CHECKING:
    from bailiwick.store.pruning import Pruned
    from bailiwick.store.sql.store import SqlStore


Before = Annotated[
    str,
    typer.Option(
        "--before",
        metavar="DATE",
        help="such as 2026-01-31 (UTC), a week ago or more: what happened before it goes",
    ),
]
Logs = Annotated[
    list[str] | None,
    typer.Option("--log", help="only of this log, such as account:acme; may be repeated; default: of all"),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="say how much would go, and change nothing")]
Yes = Annotated[bool, typer.Option("--yes", help="do not ask")]


@reporting
def prune_activity(
    store: WhichStore,
    before: Before,
    log: Logs = None,
    master_key: KeyOfStore = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Forget old activity; what is kept still verifies, servers may go on meanwhile. The change log is not touched.

    It goes in whole batches, as it was written, so that a few events older than DATE may stay.
    """
    from bailiwick.store.opening import open_store
    from bailiwick.store.pruning import find_prunable, prune_activity

    if output is Output.JSON and not (yes or dry_run):
        raise Invalid.at("", "who reads JSON is asked nothing", "say `--yes`, or look first with `--dry-run`")
    end, now = parse_date(before), datetime.now(UTC)
    address, key = located(store, master_key)
    with open_store(address, master_key=key) as opened:
        found = _followed(find_prunable(opened, _chosen(opened, log), end, now), "looking at what is there")
        logs = [one.log for one in found if one.events]
        if dry_run or not logs:
            _show(found, "would go", output)
            return
        if output is Output.TABLE:
            _print(found, "to go")
        confirm(yes=yes)
        done = _followed(prune_activity(opened, logs, end, now), "forgetting")
        _show([*done, *(one for one in found if one.problem)], "gone", output)


def parse_date(text: str) -> datetime:
    """Which instant is this date's beginning, in UTC, or is this instant? Raises Invalid."""
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid.at("before", f"expected a date, got `{text}`", "such as 2026-01-31") from None


def _chosen(store: SqlStore, wanted: list[str] | None) -> tuple[str, ...]:
    """Of which logs? Raises NotFound."""
    known = store.activity.list_logs()
    for log in wanted or ():
        if log not in known:
            raise NotFound(f"there is no log `{log}`", did_you_mean(log, known))
    return known if wanted is None else tuple(sorted(set(wanted)))


def _followed(found: Iterator[Pruned], what: str) -> list[Pruned]:
    """What comes, while a bar shows that something does?"""
    with progress_bar() as progress:
        return list(progress.track(found, description=what))


def _show(found: Iterable[Pruned], word: str, output: Output) -> None:
    """Say what came of each log. Ends with exit code 2 where one could not be pruned."""
    rows = list(found)
    if output is Output.JSON:
        print_json([{"log": one.log, "events": one.events, "problem": one.problem} for one in rows])
    else:
        _print(rows, word)
    damaged = [one for one in rows if one.problem]
    for one in damaged:
        print_error(Unavailable(one.problem))
    if damaged:
        raise typer.Exit(EXIT_ERROR)


def _print(found: Iterable[Pruned], word: str) -> None:
    cells = [[one.log, f"{one.events:,}"] for one in found if one.events]
    print_table(["log", f"events {word}"], cells, empty="no batch of events is old enough")
