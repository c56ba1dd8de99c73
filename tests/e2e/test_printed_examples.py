"""What README.md and docs/ print of the sample company is what it answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.guide import GuideShell, make_room

ROOT = Path(__file__).parents[2]
OF_THE_SAMPLE = ("README.md", "docs/inventory.md", "docs/importing.md")
OF_ITS_ACCOUNT = 4
"""So many blocks of docs/documents.md are of the sample's account; the last is of an enterprise."""
START = """
bailiwick sample --data sample --listen 127.0.0.1:0 > started 2>&1 &
until grep -q "Ctrl-C" started; do sleep 0.1; done
export BAILIWICK_URL=$(grep -o 'http://127.0.0.1:[0-9]*' started | head -1) BAILIWICK_API_KEY=$(cat sample-owner.key)
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuideShell]:
    """A shell beside the running sample, in which the files of docs/ are."""
    folder, environment = make_room(tmp_path_factory.mktemp("sample"))
    (folder / "docs").symlink_to(ROOT / "docs")
    with GuideShell(folder, environment) as running:
        code, printed = running.run(START)
        assert code == 0, printed
        yield running


def blocks(page: str, words: str) -> list[str]:
    """Which fenced blocks of this kind has the page?"""
    return re.findall(rf"^```{words}\n(.*?)^```$", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", OF_THE_SAMPLE)
def test_a_page_prints_what_the_command_prints(shell: GuideShell, page: str) -> None:
    """Each command of its examples, in their order, and all of its answer."""
    commands = [
        part for block in blocks(page, "console") for part in re.split(r"^\$ ", block, flags=re.M)[1:]
    ]
    assert commands
    for command, _, expected in (part.partition("\n") for part in commands):
        _, printed = shell.run(command)
        assert lines(printed) == lines(expected), command


def lines(text: str) -> list[str]:
    """The lines without what one cannot see."""
    return [line.rstrip() for line in text.strip().splitlines()]


@pytest.mark.parametrize("number", range(OF_ITS_ACCOUNT))
def test_the_documents_of_the_page_can_be_applied(shell: GuideShell, number: int) -> None:
    """Each example is a document as it stands there."""
    (shell.folder / "example.yaml").write_text(blocks("docs/documents.md", "yaml")[number], encoding="utf-8")
    code, printed = shell.run("bailiwick apply --dry-run -f example.yaml")
    assert code == 0, printed
