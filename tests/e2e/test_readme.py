"""The README says what is printed: its commands are run against the sample company, and compared to the letter.

So are its document and its other commands; and every command that docs/cli.md names exists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.guide import Block, list_blocks
from tests.e2e.processes import call
from tests.e2e.test_sample import Sample, sample
from typer.main import get_command

from bailiwick.cli.main import app

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
COMMANDS = ROOT / "docs" / "cli.md"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sample, Path]]:
    """The sample company and the folder that it runs in."""
    folder = tmp_path_factory.mktemp("readme")
    with sample(folder) as started:
        yield started, folder


def blocks(words: str) -> list[Block]:
    """Which fenced blocks of the README have these words after the fence?"""
    return [block for block in list_blocks(README.read_text(encoding="utf-8")) if block.words == words]


def shown(block: Block) -> list[tuple[str, str]]:
    """Which commands does a console block hold, each with what it prints?"""
    parts = re.split(r"^\$ (.*)\n", block.text, flags=re.MULTILINE)
    assert parts[0] == "", f"line {block.line}: a console block begins with a command"
    return list(zip(parts[1::2], parts[2::2], strict=True))


def test_every_command_prints_what_the_readme_shows(company: tuple[Sample, Path]) -> None:
    """Each command of a console block, run as the owner after the printed lines, prints exactly what follows it."""
    started, folder = company
    commands = [pair for block in blocks("console") for pair in shown(block)]
    assert len(commands) == 4
    for words, printed in commands:
        done = started.shell(words, folder)
        assert done.stderr == ""
        assert done.stdout.strip("\n") == printed.strip("\n"), words


def test_the_readmes_document_is_the_companys(company: tuple[Sample, Path]) -> None:
    """The document that explains the answer changes nothing when it is applied; another region would be a change."""
    started, folder = company
    [document] = blocks("yaml")
    (folder / "FILE").write_text(document.text, encoding="utf-8")
    same = started.shell("bailiwick diff -f FILE", folder)
    assert (same.returncode, same.stdout) == (0, "0 to create, 0 to change, 0 to delete, 1 unchanged\n")
    (folder / "FILE").write_text(document.text.replace("eu-de}", "eu-nl}"), encoding="utf-8")
    other = started.shell("bailiwick diff -f FILE", folder)
    assert other.returncode == 1
    assert other.stdout == (
        "~ Policy image-readers-eu-de\n"
        "    scope.region: eu-de → eu-nl\n"
        "0 to create, 1 to change, 0 to delete, 0 unchanged\n"
    )


def test_the_other_blocks_name_what_there_is() -> None:
    """The blocks without output hold targets of the Makefile, and commands that take the options shown."""
    lines = [line for block in blocks("") for line in block.text.splitlines()]
    assert len(lines) == 4
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for line in lines:
        program, name, *options = line.split()
        if program == "make":
            assert re.search(rf"^{name}:", makefile, re.MULTILINE), line
        else:
            assert program == "bailiwick"
            done = call(name, "--help")
            assert done.code == 0
            assert all(option in done.out for option in options if option.startswith("--")), line


def test_no_block_is_left_out() -> None:
    """Every fenced block of the README is of a kind that one of these tests reads."""
    text = README.read_text(encoding="utf-8")
    read = sum(len(blocks(words)) for words in ("console", "yaml", ""))
    assert read == len(list_blocks(text)) == len(re.findall(r"^```", text, re.MULTILINE)) / 2


def test_every_documented_command_exists() -> None:
    """Each row of the table in docs/cli.md names a command that explains itself, with its arguments and options."""
    rows = re.findall(r"^\| `bailiwick ([^`]*)` \|", COMMANDS.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) > 20
    for row in rows:
        words = re.findall(r"(?:^| )([a-z][a-z-]*)", row)
        done = call(*words, "--help")
        assert done.code == 0, row
        usage = " ".join(done.out.split("\n\n")[0].split())
        assert usage.startswith(f"Usage: bailiwick {' '.join(words)} "), row
        arguments = re.findall(r"\b([A-Z]+)\b", re.sub(r" --?[a-z-]+ [A-Z]+| \[[A-Z]+\]", "", row))
        assert usage.count("{") >= len(arguments), row
        assert all(option in done.out for option in re.findall(r" (--?[a-z-]+)\b", row)), row


def test_every_command_is_documented_once() -> None:
    """The table in docs/cli.md names each command, and none twice in the same words."""
    rows = re.findall(r"^\| `bailiwick ([^`]*)` \|", COMMANDS.read_text(encoding="utf-8"), re.MULTILINE)
    named = [" ".join(re.findall(r"(?:^| )([a-z][a-z-]*)", row)) for row in rows]
    assert set(list_commands(get_command(app))) <= set(named)
    assert len(rows) == len(set(rows))


def list_commands(command: Any, before: str = "") -> Iterator[str]:
    """Which commands are there, in full words?"""
    for name, part in command.commands.items():
        words = f"{before} {name}".strip()
        if hasattr(part, "commands"):
            yield from list_commands(part, words)
        elif not part.hidden:
            yield words


def test_every_page_of_the_documentation_is_linked() -> None:
    """Each page in docs is a link of the README."""
    text = README.read_text(encoding="utf-8")
    assert [page.name for page in (ROOT / "docs").glob("*.md") if f"(docs/{page.name})" not in text] == []
