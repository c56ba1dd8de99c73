"""Documents: apply, diff, export. What they mean is the server's to say; nothing is checked twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from bailiwick.cli.client import Client
from bailiwick.cli.effects import print_effects
from bailiwick.cli.output import (
    EXIT_DENIED,
    EXIT_OK,
    Output,
    OutputOption,
    cell,
    print_json,
    print_lines,
    progress_bar,
    reporting,
)
from bailiwick.cli.sources import read_sources, write_text

Files = Annotated[
    list[Path],
    typer.Option(
        "--file", "-f", help="a YAML file, a directory of them, or - for standard input; repeatable"
    ),
]
SMALL_BYTES = 1_000_000
_MARKS = {"created": "+", "changed": "~", "deleted": "-"}
_DONE = ("created", "changed", "deleted")
_PLANNED = ("to create", "to change", "to delete")
_KIND = re.compile(r"^kind:", re.MULTILINE)


@reporting
def apply(
    file: Files,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="show what would change, change nothing")
    ] = False,
    prune: Annotated[bool, typer.Option("--prune", help="remove what the documents do not name")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Make the account match documents: all of them in one transaction, or nothing."""
    with Client.from_environment() as client:
        answer = send(client, read_sources(file), dry_run=dry_run, prune=prune)
    print_answer(answer, output)


@reporting
def diff(
    file: Files,
    prune: Annotated[
        bool, typer.Option("--prune", help="count what the documents do not name as removed")
    ] = False,
    effects: Annotated[
        bool, typer.Option("--effects", help="show also who gains what, who loses what, and what to mind")
    ] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show what apply would change. Exit code 0: nothing, 1: something, 2: error."""
    with Client.from_environment() as client:
        if effects:
            body = {"sources": read_sources(file), "prune": prune}
            answer = dict(client.post(client.account_path("effects"), body))
        else:
            answer = send(client, read_sources(file), dry_run=True, prune=prune)
    print_answer(answer, output)
    if effects and output is not Output.JSON:
        print_effects(answer)
    raise typer.Exit(EXIT_DENIED if answer["differences"] else EXIT_OK)


@reporting
def export(
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="write here instead of standard output")
    ] = None,
) -> None:
    """Write the account as documents that apply accepts."""
    with Client.from_environment() as client:
        text = str(client.get(client.account_path("export")))
    if file is None:
        typer.echo(text, nl=False)
    else:
        write_text(file, text)


def send(client: Client, sources: list[dict[str, str]], *, dry_run: bool, prune: bool) -> dict[str, Any]:
    """What does the server say to these documents? Large input shows its progress on standard error."""
    body = {"sources": sources, "dry_run": dry_run, "prune": prune}
    size = sum(len(source["text"]) for source in sources)
    path = client.account_path("apply")
    if size < SMALL_BYTES:
        return dict(client.post(path, body))
    with progress_bar() as progress:
        count = sum(len(_KIND.findall(source["text"])) for source in sources)
        progress.add_task(f"applying {count:,} documents ({size / 1e6:.0f} MB)", total=None)
        return dict(client.post(path, body))


def print_answer(answer: Mapping[str, Any], output: Output) -> None:
    """Show what has changed, or would."""
    if output is Output.JSON:
        print_json(answer)
        return
    counts = Counter(difference["op"] for difference in answer["differences"])
    words = _PLANNED if answer["dry_run"] else _DONE
    parts = [f"{counts[op]} {word}" for op, word in zip(_DONE, words, strict=True)]
    print_lines(line for difference in answer["differences"] for line in difference_lines(difference))
    print_lines([", ".join([*parts, f"{answer['unchanged']} unchanged"])])


def difference_lines(difference: Mapping[str, Any]) -> Iterator[str]:
    """How is one difference shown: created, deleted, or changed with each field before and after?"""
    yield f"{_MARKS[difference['op']]} {difference['kind']} {difference['name']}"
    if difference["op"] != "changed":
        return
    if difference["before"] is None:
        yield "    what it was is not yours to see"
        return
    for line in changed_fields("", difference["before"], difference["after"] or {}):
        yield f"    {line}"


def changed_fields(prefix: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Which fields differ, and how? Inside of mappings by their path, in lists by what comes and goes."""
    for name in {**before, **after}:
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            yield from changed_fields(f"{prefix}{name}.", old, new)
        elif isinstance(old, list) and isinstance(new, list) and (moved := _moved(old, new)):
            yield from (f"{prefix}{name}: {mark} {cell(item)}" for mark, item in moved)
        else:
            yield f"{prefix}{name}: {_said(old)} → {_said(new)}"


def _moved(old: list[Any], new: list[Any]) -> list[tuple[str, Any]]:
    """What goes from the list, and what comes? Empty where only the order differs."""
    gone = [("-", item) for item in old if item not in new]
    return gone + [("+", item) for item in new if item not in old]


def _said(value: object) -> str:
    return "(nothing)" if value in (None, "", [], {}) else cell(value)
