"""How answers are shown: tables for people, JSON for machines; errors in one form.

Nothing here knows what it shows.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from functools import wraps
from typing import Annotated, Any, ParamSpec

import typer
from rich.console import Console
from rich.table import Table

from bailiwick.errors import BailiwickError, Invalid

Arguments = ParamSpec("Arguments")
EXIT_OK, EXIT_DENIED, EXIT_ERROR = 0, 1, 2


class Output(str, Enum):
    """In which form is the answer wanted?"""

    TABLE = "table"
    JSON = "json"


OutputOption = Annotated[Output, typer.Option("--output", "-o", help="table for people, json for machines")]


def console() -> Console:
    """Where tables go: standard output, at a width that pipes can bear."""
    width = None if sys.stdout.isatty() else 160
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty(), width=width)


def print_json(value: Any) -> None:
    """Show a value as JSON."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Show rows under headings; `empty` is said when there are none."""
    listed = [[_cell(value) for value in row] for row in rows]
    if not listed:
        typer.echo(empty)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in listed:
        table.add_row(*row)
    console().print(table)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return str(value)


def reporting(command: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Errors of the product become one line (or one a finding) on standard error and exit code 2."""

    @wraps(command)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except Invalid as error:
            for finding in error.findings:
                typer.echo(f"error: {finding.format()}", err=True)
            raise typer.Exit(EXIT_ERROR) from None
        except BailiwickError as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(EXIT_ERROR) from None

    return run
