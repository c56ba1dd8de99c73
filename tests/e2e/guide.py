"""A guide of docs/guides as something that is run: its blocks in their order, in one shell and one folder.

Blocks of a guide: `sh` is run and must succeed; `sh refused` is run and must fail; `yaml file=NAME` is written to a
file; `text` is what the block before it has printed, line by line, among other lines; `text whole` is all of it.
`browser as NAME` is the same step done in the console, `browser also as NAME` a look at what the commands did there.
Any other block is an error, so that none is left out by a slip. A guide's ports are replaced by free ones.

A guide is run by commands, and once more through the console: then what `browser` blocks do is not done by commands.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
# Those that run the most commands: in a file of tests of their own, so that another worker may have them.
LONG = ("enterprise-projects", "hyper-protect-crypto-services")
BLOCK_SECONDS = 120
STOP_SECONDS = 10
_ADDRESS = re.compile(r"127\.0\.0\.1:(\d+)")
_BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"yaml file=([A-Za-z0-9._-]+)")
_BROWSER = re.compile(r"browser( also)? as ([a-z]+)")
_TEXTS = ("text", "text whole")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: the words after the fence, its text, and the line of the guide where it begins."""

    words: str
    text: str
    line: int


def list_blocks(guide: str) -> list[Block]:
    """Which blocks does the guide have, in order?"""
    return [
        Block(match.group(1).strip(), match.group(2), guide.count("\n", 0, match.start()) + 1)
        for match in _BLOCK.finditer(guide)
    ]


def leave_out_commands(blocks: list[Block]) -> list[Block]:
    """The blocks without the commands that a `browser` block after them does in the console, and what they print.

    Nor are commands tried that must be refused: they change nothing, and the run by commands tries them.
    """
    kept: list[Block] = []
    for block in blocks:
        if kept and kept[-1].words == "sh refused":
            kept.pop()
            if block.words in _TEXTS:
                continue
        found = _BROWSER.fullmatch(block.words)
        if found and not found.group(1):
            while kept[-1].words in _TEXTS:
                kept.pop()
            assert kept.pop().words == "sh", f"no command to do in the console at line {block.line}"
        kept.append(block)
    return kept


def read_guide(name: str) -> str:
    """The guide's text, with ports that nobody uses in place of its own."""
    guide = (GUIDES / f"{name}.md").read_text(encoding="utf-8")
    for port in sorted(set(_ADDRESS.findall(guide))):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            guide = guide.replace(f"127.0.0.1:{port}", f"127.0.0.1:{probe.getsockname()[1]}")
    return guide


def make_room(place: Path) -> tuple[Path, dict[str, str]]:
    """An empty folder, and an environment with a home of its own and this checkout's `bailiwick`."""
    folder, home, programs = (place / name for name in ("folder", "home", "programs"))
    for each in (folder, home, programs):
        each.mkdir()
    command = programs / "bailiwick"
    command.write_text(f"#!{sys.executable}\nfrom bailiwick.cli.main import main\nmain()\n", encoding="utf-8")
    command.chmod(0o755)
    return folder, {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_RUNTIME_DIR": str(home),
        "LANG": "C.UTF-8",
    }


class GuideShell:
    """A shell in `folder` that runs a guide's blocks one after the other; what they start ends with it."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self._environment = dict(environment)
        self._count = 0

    def __enter__(self) -> Self:
        self._shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            env=self._environment,
            text=True,
            start_new_session=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the shell and everything that it has started, and nothing else."""
        assert self._shell.stdin is not None
        if self._shell.poll() is None:
            self._shell.stdin.write("\nkill $(jobs -p); wait; exit\n")
        self._shell.stdin.close()
        try:
            self._shell.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._shell.pid, signal.SIGKILL)
            self._shell.wait(STOP_SECONDS)

    def run(self, text: str) -> tuple[int, str]:
        """Exit code of the last command that failed (0: none did), and what the block has printed."""
        self._count += 1
        output, code = (self.folder / f".block-{self._count}.{name}" for name in ("output", "code"))
        assert self._shell.stdin is not None
        self._shell.stdin.write(
            f"FAILED=0; trap 'FAILED=$?' ERR\n{{\n{text}\n}} >{output} 2>&1\n"
            f"trap - ERR; echo $FAILED >{code}.new; mv {code}.new {code}\n"
        )
        self._shell.stdin.flush()
        deadline = time.monotonic() + BLOCK_SECONDS
        while not code.exists():
            printed = output.read_text(errors="replace") if output.exists() else ""
            assert self._shell.poll() is None, f"the shell has ended:\n{printed}"
            assert time.monotonic() < deadline, f"still running after {BLOCK_SECONDS} seconds:\n{printed}"
            time.sleep(0.02)
        return int(code.read_text()), output.read_text(errors="replace")


def value_of(shell: GuideShell, name: str) -> str:
    """What does this variable of the shell hold?"""
    return shell.run(f'printf %s "${name}"')[1]


def run_guide(
    guide: str, shell: GuideShell, in_console: Callable[[str, str], None] | None = None
) -> Iterator[Block]:
    """Run the guide; gives each block once it has done what the guide says. Raises AssertionError where it has not.

    `in_console`: lets this person do these steps; None: everything is done by commands.
    """
    printed = ""
    blocks = list_blocks(guide)
    for block in leave_out_commands(blocks) if in_console else blocks:
        where = f"line {block.line}:\n{block.text}"
        file, browser = _FILE.fullmatch(block.words), _BROWSER.fullmatch(block.words)
        if file:
            (shell.folder / file.group(1)).write_text(block.text, encoding="utf-8")
        elif browser:
            _visit(in_console, browser.group(2), block)
        elif block.words in ("sh", "sh refused"):
            code, printed = shell.run(block.text)
            assert (code == 0) == (block.words == "sh"), f"exit code {code} at {where}\n{printed}"
        else:
            assert block.words in _TEXTS, f"unknown block `{block.words}` at {where}"
            _check_printed(block.text, printed, where)
            assert block.words == "text" or printed.split() == block.text.split(), (
                f"more was printed at {where}\n{printed}"
            )
        yield block


def run_whole(name: str, shell: GuideShell) -> None:
    """Run this guide by commands; it tries, is refused and shows enough to be one."""
    done = [block.words for block in run_guide(read_guide(name), shell)]
    assert done.count("sh") >= 5
    assert done.count("sh refused") >= 3
    assert done.count("text") + done.count("text whole") >= 5


def _visit(in_console: Callable[[str, str], None] | None, person: str, block: Block) -> None:
    """Let this person do the block's steps, if there is a browser."""
    try:
        if in_console:
            in_console(person, block.text)
    except AssertionError as error:
        raise AssertionError(f"as {person}, at line {block.line}: {error}") from None


def _check_printed(expected: str, printed: str, where: str) -> None:
    """Does every expected line stand in what was printed, in order?"""
    place = 0
    for line in expected.splitlines():
        place = printed.find(line.strip(), place)
        assert place >= 0, f"`{line.strip()}` was not printed at {where}\n{printed}"
