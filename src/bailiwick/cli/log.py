"""The change log: log show, log verify."""

from __future__ import annotations

from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, TaskID

from bailiwick.cli.client import Client
from bailiwick.cli.output import EXIT_DENIED, Output, OutputOption, print_json, print_table, reporting
from bailiwick.store.opening import open_store

log_app = typer.Typer(help="The change log: show, verify.", no_args_is_help=True)


@log_app.command("show")
@reporting
def show(
    limit: Annotated[int, typer.Option(help="how many changes, newest first")] = 50,
    kind: Annotated[str | None, typer.Option(help="only this kind, such as Policy")] = None,
    name: Annotated[str | None, typer.Option(help="only the object of this name (with --kind)")] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show who changed what, when, newest first."""
    client = Client.from_environment()
    rows = list(islice(client.pages(client.account_path("log"), "items", kind=kind, name=name), limit))
    if output is Output.JSON:
        print_json(rows)
        return
    columns = ("revision", "at", "actor", "via", "op", "kind", "name")
    print_table(columns, [[row.get(c) for c in columns] for row in rows], empty="nothing has changed yet")


@log_app.command("verify")
@reporting
def verify(
    data: Annotated[
        Path | None, typer.Option(help="verify every log of this data directory, without a server")
    ] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Is the log as it was written? Names any changed, missing or reordered row. Exit code 1: it is not."""
    if data is None:
        client = Client.from_environment()
        reports = [client.post(client.account_path("log/verify"), {})]
    else:
        reports = _verify_directory(data)
    if output is Output.JSON:
        print_json(reports)
    else:
        for report in reports:
            typer.echo(
                f"{report['log']}: {'intact' if report['ok'] else 'NOT INTACT'}, {report['rows']} changes"
            )
            for finding in report["findings"]:
                typer.echo(f"  {finding}")
    raise typer.Exit(0 if all(report["ok"] for report in reports) else EXIT_DENIED)


def _show_progress(progress: Progress, task: TaskID, done: int, total: int) -> None:
    progress.update(task, completed=done, total=total)


def _verify_directory(data: Path) -> list[dict[str, object]]:
    reports = []
    with open_store(data) as store, Progress(console=Console(stderr=True), transient=True) as progress:
        for log in store.list_logs():
            task = progress.add_task(f"verifying {log}", total=store.change_count(log))
            found = store.verify(log, partial(_show_progress, progress, task))
            reports.append(
                {
                    "log": log,
                    "ok": found.ok,
                    "rows": found.rows,
                    "findings": [f.format() for f in found.findings],
                }
            )
    return reports
