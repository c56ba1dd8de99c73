"""How values, errors and widths are shown."""

from __future__ import annotations

import json
from typing import Annotated

import psycopg
import pytest
import typer
from sqlalchemy import create_engine

from bailiwick.cli.output import (
    cell,
    output_width,
    print_error,
    print_json,
    print_table,
    reporting,
)
from bailiwick.errors import Finding, Invalid, NotFound, Unavailable
from bailiwick.store.sql.database import failures_named

Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (3, "3"),
        ("text", "text"),
        (["a", "b"], "a, b"),
        ((), ""),
        ({"service": "ims", "type": ["image", "x"]}, "service ims, type [image, x]"),
        ([{"actions": ["a"], "effect": "deny", "on": None}], "{actions: [a], effect: deny, on: }"),
        ({"key": "context.mfa", "value": False}, "key context.mfa, value false"),
    ],
)
def test_values_are_shown_without_marks_of_a_program(value: object, shown: str) -> None:
    """Nothing, truth, numbers, lists and mappings read as a person writes them."""
    assert cell(value) == shown


def test_an_empty_table_says_so(capsys: Captured) -> None:
    """Where there are no rows, a sentence stands instead of headings."""
    print_table(["a", "b"], [], empty="nothing yet")
    assert capsys.readouterr().out == "nothing yet\n"


def test_json_keeps_letters_as_they_are(capsys: Captured) -> None:
    """JSON is indented and not escaped beyond need."""
    print_json({"name": "Grüße", "n": [1]})
    out = capsys.readouterr().out
    assert "Grüße" in out
    assert json.loads(out) == {"name": "Grüße", "n": [1]}


def test_every_finding_is_an_error_of_its_own(capsys: Captured) -> None:
    """Findings are printed one by one, sorted by place, on standard error."""
    later = Finding("second", "name", None, "b.yaml", 7)
    first = Finding("first `\x1b`", "kind", "did you mean `x`?", "a.yaml", 2)
    print_error(Invalid([later, first]))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "error: a.yaml:2: first `\\x1b` at kind\n  help: did you mean `x`?\nerror: b.yaml:7: second at name\n"
    )


def test_an_error_of_ours_ends_with_exit_code_2(capsys: Captured) -> None:
    """A command's error becomes a message and exit code 2."""

    @reporting
    def command() -> None:
        raise NotFound("there is no `x`", "try `y`")

    with pytest.raises(typer.Exit) as ended:
        command()
    assert ended.value.exit_code == 2
    assert capsys.readouterr().err == "error: there is no `x`\n  help: try `y`\n"


def test_a_bug_is_not_dressed_up() -> None:
    """Anything but an error of ours stays what it is."""

    @reporting
    def command() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        command()


@pytest.mark.parametrize(("columns", "width"), [(None, None), ("80", 80), ("7", 20), ("wide", None)])
def test_a_pipe_has_no_width_unless_one_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured, columns: str | None, width: int | None
) -> None:
    """COLUMNS sets the width where there is no terminal; else there is none."""
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    assert output_width() == width


def test_why_no_connection_was_made_is_said_in_the_drivers_words(capsys: Captured) -> None:
    engine = create_engine("postgresql+psycopg://somebody:hush@127.0.0.1:1/iam")
    with pytest.raises(Unavailable) as caught, failures_named():
        engine.connect()
    print_error(caught.value)
    said = capsys.readouterr().err
    assert "the database's driver says: connection failed" in said
    assert "Connection refused" in said
    assert "hush" not in said


def test_what_failed_in_a_statement_is_not_quoted(capsys: Captured) -> None:
    error = Unavailable("the store failed", "run `bailiwick store verify`")
    error.__cause__ = psycopg.errors.AdminShutdown("Key (value)=(secret) was there")
    print_error(error)
    assert capsys.readouterr().err.splitlines() == [
        "error: the store failed",
        "  help: run `bailiwick store verify`",
    ]


def test_an_option_is_named_as_it_is_typed(capsys: Captured) -> None:
    """A place that an option has set is shown as that option; an argument, a file's place and any other stay."""

    @reporting
    def command(
        store: Annotated[str, typer.Argument()],
        master_key: Annotated[str, typer.Option(help="a file")] = "",
        type_: Annotated[str, typer.Option("--type", "-t")] = "",
        flag: Annotated[bool, typer.Option("--on/--off")] = True,
    ) -> None:
        places = ("store", "master_key", "type_", "flag", "other")
        raise Invalid(
            [*(Finding("wrong", place) for place in places), Finding("wrong", "flag", file="a", line=3)]
        )

    with pytest.raises(typer.Exit):
        command("s")
    said = capsys.readouterr().err.splitlines()
    assert said == [
        *(f"error: wrong at {place}" for place in ("store", "--master-key", "--type", "--on", "other")),
        "error: a:3: wrong at flag",
    ]
