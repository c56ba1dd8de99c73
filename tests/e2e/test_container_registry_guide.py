"""The guide to container registries does what it says, from its first command to its last."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.guide import GuideShell, list_blocks, run_guide
from tests.e2e.registry_server import build_oci_image, find_program

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "container-registry.md"
PORTS = ("8470", "5000", "5001")


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[GuideShell]:
    """A shell in an empty folder but for the image, with this checkout's `bailiwick` and a home of its own."""
    for program in ("docker-registry", "skopeo"):
        find_program(program)
    folder, home = tmp_path / "folder", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    build_oci_image(folder / "image", {"etc/motd": b"hello\n"})
    environment = {
        "PATH": f"{write_command(tmp_path)}:{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_RUNTIME_DIR": str(home),
        # WHY: root's blob cache is the system's; an ordinary user's is in its own XDG_DATA_HOME.
        "_CONTAINERS_ROOTLESS_UID": "1000",
        "LANG": "C.UTF-8",
    }
    with GuideShell(folder, environment) as running:
        yield running


def write_command(folder: Path) -> Path:
    """The folder of a command `bailiwick` that runs this checkout."""
    programs = folder / "programs"
    programs.mkdir()
    command = programs / "bailiwick"
    command.write_text(f"#!{sys.executable}\nfrom bailiwick.cli.main import main\nmain()\n", encoding="utf-8")
    command.chmod(0o755)
    return programs


def with_free_ports(guide: str) -> str:
    """The guide with ports that nobody uses in place of its own."""
    for port in PORTS:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            guide = guide.replace(f"127.0.0.1:{port}", f"127.0.0.1:{probe.getsockname()[1]}")
    return guide


def test_the_guide_does_what_it_says(shell: GuideShell) -> None:
    """Every command succeeds or is refused as written, and prints what is written."""
    guide = GUIDE.read_text(encoding="utf-8")
    done = [block.words for block in run_guide(with_free_ports(guide), shell)]
    assert done.count("sh") >= 15
    assert done.count("sh refused") >= 8


def test_the_guide_leaves_no_block_unread() -> None:
    """Every fence of the page belongs to a block that is run, written or compared."""
    guide = GUIDE.read_text(encoding="utf-8")
    assert len(re.findall(r"^```", guide, re.MULTILINE)) == 2 * len(list_blocks(guide))


def test_the_guide_has_one_sentence_a_line() -> None:
    """Prose is written so that a change touches the lines of its sentences only."""
    prose = re.sub(r"^```.*?^```$", "", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
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
        ("```bash\ntrue\n```\n", "unknown block `bash` at line 1"),
    ],
)
def test_a_guide_that_is_wrong_is_caught(shell: GuideShell, guide: str, message: str) -> None:
    """A command that fails anywhere in its block, one that is not refused, words not printed, a block not known."""
    with pytest.raises(AssertionError, match=message):
        list(run_guide(guide, shell))
