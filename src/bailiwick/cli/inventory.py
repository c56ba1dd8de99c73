"""The inventory from files: resource load, resource sync.

A file is read whole before any of it is sent, and sent in parts, each one transaction. What is so already is left
alone by the server, so what was cut off is simply started again (docs/spec.md section 18).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from bailiwick.cli.client import Client
from bailiwick.cli.inventory_files import InventoryFile, Part, opened, parts_of, read_entries
from bailiwick.cli.inventory_plans import Plan, Scope, check_share, make_plan, plan_lines
from bailiwick.cli.output import (
    Output,
    OutputOption,
    confirm,
    print_json,
    print_lines,
    progress_bar,
    reporting,
)
from bailiwick.errors import BailiwickError

OPS = ("created", "changed", "deleted", "unchanged")
PAGE = 1000

FileArgument = Annotated[Path, typer.Argument(help="a file of JSON lines, or - for standard input")]


@reporting
def load(
    file: FileArgument,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="show what would change, change nothing; each part by itself")
    ] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Register and change what a file names; remove nothing. A broken line stops it before anything is sent."""
    with Client.from_environment() as client, opened(file) as lines:
        for _ in _read(client, lines):
            pass
        done = _send(client, lines.name, parts_of(lines.lines()), dry_run=dry_run, total=lines.size)
    _print_done(done, output)


@reporting
def sync(
    file: FileArgument,
    service: Annotated[str | None, typer.Option(help="only resources of this service")] = None,
    type: Annotated[str | None, typer.Option(help="only resources of this type")] = None,
    project: Annotated[str | None, typer.Option(help="only resources in this project")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show the plan, change nothing")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    remove_at_most: Annotated[
        int, typer.Option(help="refuse to remove more than so many of 100 in the scope", min=0, max=100)
    ] = 20,
    output: OutputOption = Output.TABLE,
) -> None:
    """Make the inventory match a file: register, change, and remove what the file lacks (within the scope)."""
    scope = Scope(service, type, project)
    with Client.from_environment() as client, opened(file) as lines:
        wanted = scope.digests(_read(client, lines), lines.name)
        plan = make_plan(client.account, wanted, _list(client, scope))
        check_share(plan, remove_at_most)
        if output is Output.TABLE:
            print_lines(plan_lines(plan))
        if dry_run or not plan.differs:
            if output is Output.JSON:
                print_json(plan.summary())
            return
        confirm(yes=yes)
        done = _carry_out(client, lines, plan)
    _print_done(done, output)


def _read(client: Client, lines: InventoryFile) -> Iterator[Any]:
    """Every resource of the file, with its progress. Raises Invalid where a line is broken."""
    account = client.account
    with progress_bar() as progress:
        task = progress.add_task(f"reading {lines.name}", total=lines.size)
        for entry in read_entries(lines, account):
            progress.advance(task, entry.size)
            yield entry


def _list(client: Client, scope: Scope) -> Iterator[dict[str, Any]]:
    with progress_bar() as progress:
        task = progress.add_task("listing what is registered", total=None)
        path = client.account_path("resources")
        for document in client.pages(path, "items", limit=PAGE, **scope.parameters()):
            progress.advance(task)
            yield document


def _carry_out(client: Client, lines: InventoryFile, plan: Plan) -> dict[str, Any]:
    """Send what differs, then what is removed: what others are attached to is removed last."""
    named = ((number, line) for number, line in lines.lines() if plan.is_different(number))
    done = _send(client, lines.name, parts_of(named), dry_run=False, total=None)
    gone = _send(client, "what is removed", parts_of(plan.removal_lines()), dry_run=False, total=None)
    return {**gone, **{op: done.get(op, 0) + gone.get(op, 0) for op in OPS}, **_latest(done, gone)}


def _latest(*answers: dict[str, Any]) -> dict[str, Any]:
    found = [answer["revision"] for answer in answers if "revision" in answer]
    return {"revision": found[-1]} if found else {}


def _send(
    client: Client, name: str, parts: Iterable[Part], *, dry_run: bool, total: int | None
) -> dict[str, Any]:
    """Send part after part; what it came to. Where one is refused, what was done before is said."""
    counts: Counter[str] = Counter(dict.fromkeys(OPS, 0))
    answer: dict[str, Any] = {}
    last = 0
    with progress_bar() as progress:
        task = progress.add_task(f"sending {name}", total=total)
        for part in parts:
            try:
                answer = part.send(client, name, dry_run=dry_run)
            except BailiwickError:
                if last and not dry_run:
                    typer.echo(f"everything up to line {last} is done, nothing after it", err=True)
                raise
            counts.update({op: answer[op] for op in OPS})
            last = part.numbers[-1]
            progress.advance(task, part.size)
    found: dict[str, Any] = {**counts, "dry_run": dry_run}
    return {**found, "revision": answer["revision"]} if answer else found


def _print_done(done: dict[str, Any], output: Output) -> None:
    if output is Output.JSON:
        print_json(done)
        return
    words = ("to create", "to change", "to delete") if done["dry_run"] else ("created", "changed", "deleted")
    parts = [f"{done[op]} {word}" for op, word in zip(OPS, words, strict=False)]
    print_lines([", ".join([*parts, f"{done['unchanged']} unchanged"])])
