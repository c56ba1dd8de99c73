"""Each guide of docs/guides once more, through the console: what `browser` blocks say is done by a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.browser.steps import People, parse_step
from tests.e2e.guide import GUIDES, GuideShell, list_blocks, make_room, read_guide, run_guide, value_of
from tests.e2e.registry_server import build_oci_image

IN_CONSOLE = [
    path.stem for path in sorted(GUIDES.glob("*.md")) if "```browser" in path.read_text(encoding="utf-8")
]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[GuideShell]:
    """A shell in a folder that is empty but for an image, which one guide uploads."""
    folder, environment = make_room(tmp_path)
    build_oci_image(folder / "image", {"etc/motd": b"hello\n"})
    # WHY: root's blob cache is the system's; an ordinary user's is in its own XDG_DATA_HOME.
    with GuideShell(folder, environment | {"_CONTAINERS_ROOTLESS_UID": "1000"}) as running:
        yield running


@pytest.mark.parametrize("name", IN_CONSOLE)
def test_a_guide_does_in_the_console_what_it_says(browser: Browser, shell: GuideShell, name: str) -> None:
    """Every step in the console can be done, and shows what is written."""
    people: list[People] = []

    def do(person: str, steps: str) -> None:
        if not people:
            of_shell = partial(value_of, shell)
            people.append(People(browser, of_shell("BAILIWICK_URL"), of_shell))
        people[0].do(person, steps)

    try:
        done = [block.words for block in run_guide(read_guide(name), shell, do)]
    finally:
        for page in people[0].pages.values() if people else ():
            page.context.close()
    assert len([words for words in done if words.startswith("browser")]) >= 3


@pytest.mark.parametrize("name", IN_CONSOLE)
def test_every_line_of_a_guide_for_the_console_is_a_step(name: str) -> None:
    """So that a slip of the pen is found without a browser."""
    for block in list_blocks(read_guide(name)):
        if block.words.startswith("browser"):
            for line in block.text.splitlines():
                parse_step(line)
