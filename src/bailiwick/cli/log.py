"""The change log: log show, log undo, log verify."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bailiwick.cli.addresses import MasterKey, address_of
from bailiwick.cli.client import Client
from bailiwick.cli.documents import print_answer
from bailiwick.cli.output import (
    EXIT_DENIED,
    EXIT_OK,
    Output,
    OutputOption,
    print_json,
    print_lines,
    print_table,
    progress_bar,
    reporting,
)
from bailiwick.cli.times import second_of
from bailiwick.errors import Invalid

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from bailiwick.store.address import Address
    from bailiwick.store.ports import VerifyReport

log_app = typer.Typer(help="The change log: show, undo, verify.", no_args_is_help=True)
MOST_ON_A_PAGE = 1000


@log_app.command("show")
@reporting
def show(
    limit: Annotated[int, typer.Option(help="how many changes, newest first", min=1)] = 50,
    kind: Annotated[str | None, typer.Option(help="only this kind, such as Policy")] = None,
    name: Annotated[str | None, typer.Option(help="only the object of this name (with --kind)")] = None,
    actor: Annotated[
        str | None, typer.Option(help="only changes by this principal, such as user:alice")
    ] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show who changed what, when (UTC), newest first."""
    if name is not None and kind is None:
        raise Invalid.at("--name", "`--name` needs `--kind`", "such as --kind Policy")
    with Client.from_environment() as client:
        wanted = {"kind": kind, "name": name, "actor": actor, "limit": min(limit, MOST_ON_A_PAGE)}
        rows = list(islice(client.pages(client.account_path("log"), "items", **wanted), limit))
    if output is Output.JSON:
        print_json(rows)
        return
    print_table(
        ["revision", "at", "actor", "via", "op", "kind", "name"],
        [
            [
                row["revision"],
                second_of(row["at"]),
                _actor(row),
                _via(row),
                row["op"],
                row["kind"],
                row["name"],
            ]
            for row in rows
        ],
        whole=("at",),
        empty="no such change" if kind or actor else "nothing has changed yet",
    )


@log_app.command("undo")
@reporting
def undo(
    revision: Annotated[int, typer.Argument(help="which revision, as `log show` names it", min=1)],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="show what would change, change nothing")
    ] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Make what a revision changed what it was before, all of it or nothing; an undo is undone like any other."""
    with Client.from_environment() as client:
        path = client.account_path("log", str(revision), "undo")
        answer = client.call("POST", path, json={}, params={"dry_run": "true"} if dry_run else {})
    print_answer(answer, output)
    if output is not Output.JSON:
        print_lines(f"left as it is: {one['kind']} {one['name']}" for one in answer["kept"])


def _via(row: Mapping[str, Any]) -> str:
    """By which surface, and what does it undo?"""
    return str(row["via"]) if row["undoes"] is None else f"{row['via']}, undoes {row['undoes']}"


def _actor(row: Mapping[str, Any]) -> str:
    """Who was it, through whom, and for whom?"""
    through = [f" by {', '.join(row['through'])}"] if row["through"] else []
    acts_for = [f" for {', '.join(row['for'])}"] if row["for"] else []
    return "".join((str(row["actor"]), *through, *acts_for))


@log_app.command("verify")
@reporting
def verify(
    data: Annotated[
        Path | None,
        typer.Option(help="verify every log of this data directory, and its activity, without a server"),
    ] = None,
    store: Annotated[
        str | None, typer.Option("--store", metavar="URL", help="the same, of a store in a database")
    ] = None,
    master_key: MasterKey = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Is the log as it was written? Names any changed, missing or reordered row. Exit code 1: it is not."""
    if data is None and store is None:
        with Client.from_environment() as client:
            found = client.post(client.account_path("log", "verify"), {})
        activity = found.pop("activity", None)
        reports = [{**found, "rows_are": "changes"}]
        if activity is not None:  # a server of an older version does not verify it
            reports.append({"log": found["log"], **activity, "rows_are": "events"})
    else:
        reports = verify_store(address_of(data, store, master_key))
    show_reports(reports, output)


def show_reports(reports: Sequence[Mapping[str, Any]], output: Output) -> None:
    """Say what verification found. Always exits: code 1 where something is not as it was written."""
    if output is Output.JSON:
        print_json(reports)
    else:
        for report in reports:
            print_lines(_report_lines(report))
    raise typer.Exit(EXIT_OK if all(report["ok"] for report in reports) else EXIT_DENIED)


def _report_lines(report: Mapping[str, Any]) -> Iterator[str]:
    verdict = "intact" if report["ok"] else "NOT INTACT"
    rows_are = report.get("rows_are", "changes")
    what = report["log"] if rows_are == "changes" else f"{report['log']} activity"
    yield f"{what}: {verdict}, {report['rows']} {rows_are}"
    yield from (f"  {finding}" for finding in report["findings"])
    if report["truncated"]:
        yield "  and more"


def _show_progress(progress: Progress, task: TaskID, done: int, total: int) -> None:
    progress.update(task, completed=done, total=total)


def verify_store(address: Address, master_key: Path | None = None) -> list[dict[str, Any]]:
    """What does verification say of every log of this store, and of the activity of each?"""
    from bailiwick.service.locating import locate
    from bailiwick.store.opening import open_store

    reports = []
    with open_store(address, master_key=master_key, locate=locate) as store, progress_bar() as progress:
        for log in store.list_logs():
            task = progress.add_task(f"verifying {log}", total=store.change_count(log))
            reports.append(_plain(store.verify(log, partial(_show_progress, progress, task)), "changes"))
        for log in sorted({*store.list_logs(), *store.activity.list_logs()}):
            reports.append(_plain(store.activity.verify(log), "events"))
    return reports


def _plain(report: VerifyReport, rows: str) -> dict[str, Any]:
    return {"log": report.log, **report.told(), "rows_are": rows}
