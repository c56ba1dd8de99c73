"""How answers are shown: tables for people, JSON for machines; errors in one form.

Nothing here knows what it shows. On a terminal tables are as wide as it is; into a pipe goes one line a row.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from functools import wraps
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, get_args, get_type_hints

import typer
from typer.models import OptionInfo

from bailiwick.cli.tables import format_paragraph, format_table, printable
from bailiwick.errors import BailiwickError, Invalid

if TYPE_CHECKING:
    from rich.progress import Progress

Arguments = ParamSpec("Arguments")
EXIT_OK, EXIT_DENIED, EXIT_ERROR = 0, 1, 2


class Output(str, Enum):
    """In which form is the answer wanted?"""

    TABLE = "table"
    JSON = "json"


OutputOption = Annotated[Output, typer.Option("--output", "-o", help="table for people, json for machines")]


def output_width() -> int | None:
    """How wide is what is written to? None: a pipe or file, where lines are as long as they need be."""
    if sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit():
        return max(shutil.get_terminal_size().columns, 20)
    return None


def print_json(value: Any) -> None:
    """Show a value as JSON."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_lines(lines: Iterable[str]) -> None:
    """Show lines of text."""
    typer.echo("".join(f"{printable(line)}\n" for line in lines), nl=False)


def print_paragraph(text: str) -> None:
    """Show a text that may be longer than a line."""
    print_lines(format_paragraph(printable(text), output_width()))


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str, whole: Collection[str] = ()
) -> None:
    """Show rows under headings; `empty` is said when there are none. Cells of `whole` columns are not folded."""
    listed = [[printable(cell(value)) for value in row] for row in rows]
    if not listed:
        print_lines([empty])
        return
    heading, lines = format_table(columns, listed, output_width(), whole=whole)
    typer.echo(
        "".join(f"{typer.style(line, bold=True) if is_styled() else line}\n" for line in heading), nl=False
    )
    print_lines(lines)


def is_styled() -> bool:
    """Is bold type wanted? Not by pipes, nor by who says so (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def cell(value: object) -> str:
    """How does a person read this value?"""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return ", ".join(f"{name} {_inner(item)}" for name, item in value.items())
        case list() | tuple():
            return ", ".join(_inner(item) for item in value)
    return str(value)


def _inner(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_inner(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_inner(item) for item in value) + "]"
    if isinstance(value, bool):
        # WHY: within a value stands what a document says.
        return "true" if value else "false"
    return cell(value)


def print_error(error: BailiwickError, options: Mapping[str, str] = MappingProxyType({})) -> None:
    """Say on standard error what went wrong: one message, or one a finding.

    `options`: as what was typed which of these places, where no file is meant.
    """
    findings = [
        one if one.file else replace(one, place=options.get(one.place, one.place))
        for one in (error.findings if isinstance(error, Invalid) else ())
    ]
    for text in [finding.format() for finding in findings] or [str(error)]:
        typer.echo(printable(f"error: {text}", keep="\n"), err=True)
    for told in _told_by_the_database(error):
        typer.echo(printable(f"  the database's driver says: {told}"), err=True)


def _told_by_the_database(error: BailiwickError) -> Iterator[str]:
    """Why could no connection be made, in the words of PostgreSQL and its driver?

    SECURITY: only on the machine of the store, and only of connections: these words name host, role and database, and
    no password. What failed in a statement has an SQLSTATE, may quote values, and is not shown.
    """
    cause = error.__cause__
    while cause is not None:
        kind = type(cause)
        if kind.__module__.startswith("psycopg") and getattr(cause, "sqlstate", None) is None:
            if kind.__name__ in ("OperationalError", "ConnectionTimeout"):
                yield " ".join(str(cause).split())
            return
        cause = cause.__cause__


def confirm(*, yes: bool) -> None:
    """Does whoever sits there agree to what was shown, or has said so? Else the command ends. Raises Invalid."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Invalid.at("", "nobody is there to be asked", "say `--yes`, or look first with `--dry-run`")
    if not typer.confirm("go on?", err=True):
        raise typer.Exit(EXIT_ERROR)


def progress_bar() -> Progress:
    """Which bar shows long work: on standard error, while that is a terminal, and gone when it is done?"""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def reporting(command: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Errors of the product become a message on standard error and exit code 2."""

    @wraps(command)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except BailiwickError as error:
            print_error(error, typed_names(command))
            raise typer.Exit(EXIT_ERROR) from None

    return run


def typed_names(command: Callable[..., None]) -> dict[str, str]:
    """As what is each option of this command typed, by the name of what it sets? Arguments are not among them."""
    found = {}
    for name, hint in get_type_hints(command, include_extras=True).items():
        for said in get_args(hint)[1:]:
            if isinstance(said, OptionInfo):
                found[name] = _long_name(said) or f"--{name.replace('_', '-')}"
    return found


def _long_name(option: OptionInfo) -> str:
    """By which long name is it typed, if one is given? In an annotation the first name stands where a default would."""
    given = (option.default, *(option.param_decls or ()))
    return next((one.partition("/")[0] for one in given if isinstance(one, str) and one.startswith("--")), "")
