"""Each guide of docs/guides does what it says, from its first command to its last.

The guide to container registries needs a registry and has a test of its own; the longest two run in
`test_long_guides`, beside this file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from tests.e2e.guide import GUIDES, LONG, GuideShell, list_blocks, make_room, read_guide, run_guide, run_whole

ALL = sorted(path.stem for path in GUIDES.glob("*.md"))
ELSEWHERE = {"container-registry", *LONG}


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[GuideShell]:
    """A shell in an empty folder."""
    with GuideShell(*make_room(tmp_path)) as running:
        yield running


@pytest.mark.parametrize("name", [name for name in ALL if name not in ELSEWHERE])
def test_a_guide_does_what_it_says(shell: GuideShell, name: str) -> None:
    """Every command succeeds or is refused as written, and prints what is written."""
    run_whole(name, shell)


def test_there_is_a_guide_for_each_document() -> None:
    """The five systems that the catalog describes have one each."""
    assert set(ALL) >= {
        "open-telekom-cloud",
        "container-registry",
        "hyper-protect-crypto-services",
        "cloud-manager",
        "enterprise-projects",
    }


@pytest.mark.parametrize("name", ALL)
def test_a_guide_leaves_no_block_unread(name: str) -> None:
    """Every fence of the page belongs to a block that is run, written or compared."""
    guide = read_guide(name)
    assert len(re.findall(r"^```", guide, re.MULTILINE)) == 2 * len(list_blocks(guide))


@pytest.mark.parametrize("name", ALL)
def test_a_guide_shows_why_something_is_refused(name: str) -> None:
    """What must be refused could be refused for a slip of the pen; so the page shows the words of the refusal."""
    words = [block.words for block in list_blocks(read_guide(name))]
    assert not [
        after
        for before, after in pairwise([*words, ""])
        if before == "sh refused" and not after.startswith("text")
    ]


@pytest.mark.parametrize("name", ALL)
def test_a_guide_has_one_sentence_a_line(name: str) -> None:
    """Prose is written so that a change touches the lines of its sentences only."""
    prose = re.sub(r"^```.*?^```$", "", read_guide(name), flags=re.MULTILINE | re.DOTALL)
    lines = [line for line in prose.splitlines() if line and line[0] not in "#|"]
    crowded = [line for line in lines if re.search(r"[a-z`)]\. [A-Z]", line)]
    assert not crowded


@pytest.mark.parametrize(
    ("guide", "message"),
    [
        ("```sh\nfalse\ntrue\n```\n", "exit code 1 at line 1"),
        ("```sh\nvalue=$(exit 3)\necho on\n```\n", "exit code 3 at line 1"),
        ("\n```sh refused\ntrue\n```\n", "exit code 0 at line 2"),
        ("```sh\necho one; echo two\n```\n```text\ntwo\none\n```\n", "`one` was not printed at line 4"),
        ("```sh\necho one; echo two\n```\n```text whole\none\n```\n", "more was printed at line 4"),
        ("```bash\ntrue\n```\n", "unknown block `bash` at line 1"),
    ],
)
def test_a_guide_that_is_wrong_is_caught(shell: GuideShell, guide: str, message: str) -> None:
    """A command that fails anywhere in its block, one that is not refused, words not printed, a block not known."""
    with pytest.raises(AssertionError, match=message):
        list(run_guide(guide, shell))
