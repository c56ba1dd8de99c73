"""Every command of the command line: it explains itself, on any terminal, and starts without what it does not need."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from inspect import unwrap
from typing import Any

import pytest
from tests.e2e.processes import call, environment
from typer.main import get_command

from bailiwick.cli.main import app
from bailiwick.cli.output import typed_names

NEEDED_BY_SERVERS = ("sqlalchemy", "fastapi", "uvicorn", "joserfc", "bailiwick.engine", "bailiwick.store.sql")


def every_command() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Which commands are there, and groups of commands, by the words that call them?"""

    def below(words: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
        yield words, command
        for name, inner in getattr(command, "commands", {}).items():
            yield from below((*words, name), inner)

    yield from below((), get_command(app))


COMMANDS = dict(every_command())
ADDED = ("help", "install_completion", "show_completion")
"""Options that no command asks for itself."""


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words) or "bailiwick")
@pytest.mark.parametrize("columns", ["60", "160"])
def test_every_command_explains_itself(words: tuple[str, ...], columns: str) -> None:
    """--help prints usage and every option, and no line is longer than the terminal."""
    done = call(*words, "--help", variables={"COLUMNS": columns, "TERMINAL_WIDTH": columns})
    assert (done.code, done.err) == (0, "")
    assert f"Usage: {' '.join(('bailiwick', *words))} " in " ".join(done.out.split())
    assert max(len(line.rstrip()) for line in done.out.splitlines()) <= int(columns)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words) or "bailiwick")
def test_every_option_and_argument_is_explained(words: tuple[str, ...]) -> None:
    """Nothing of a command is left without a help text, and a command's own text is a sentence."""
    command = COMMANDS[words]
    assert command.help
    assert command.help.strip()[-1] in ".?"
    for parameter in command.params:
        assert parameter.help, f"{' '.join(words)} {parameter.name}"
        assert "[/" not in parameter.help, "square brackets are taken for markup"


def test_every_option_is_named_in_errors_as_it_is_typed() -> None:
    """Of each command all options are found, by the names that the command line itself has for them."""
    for words, command in COMMANDS.items():
        named = {} if command.callback is None else typed_names(unwrap(command.callback))
        for parameter in command.params:
            if parameter.param_type_name == "option" and parameter.name not in ADDED:
                assert named.pop(parameter.name) in parameter.opts, words
        assert named == {}, words


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words) or "bailiwick")
def test_an_unknown_option_is_an_error(words: tuple[str, ...]) -> None:
    """A wrong option ends with exit code 2, and its name is in the message."""
    done = call(*words, "--nonsense")
    assert (done.code, done.out) == (2, "")
    assert "--nonsense" in done.err


def test_a_group_without_a_command_shows_its_commands() -> None:
    """`bailiwick key` alone lists what it can do."""
    groups = [words for words, command in COMMANDS.items() if getattr(command, "commands", None)]
    assert {(), ("enterprise",), ("guardrail",), ("key",), ("log",)} <= set(groups)
    for words in groups:
        done = call(*words)
        assert done.code == 2
        assert "Commands" in done.out + done.err or "Ask" in done.out + done.err


def test_version_is_printed_both_ways() -> None:
    """`version` and `--version` print the same."""
    assert call("version") == call("--version")
    assert call("version").out.count(".") == 2


def test_a_client_command_does_not_load_the_server() -> None:
    """Asking a server needs no database and no web framework, so it starts without them."""
    script = (
        "import sys; import bailiwick.cli.main; "
        f"print([name for name in {NEEDED_BY_SERVERS!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=60,
        check=True,
    )
    assert done.stdout == "[]\n"
