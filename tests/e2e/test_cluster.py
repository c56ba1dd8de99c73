"""`make cluster` shows what it says: nodes over PostgreSQL behind a proxy, broken and whole again, all of it ended."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from scripts.cluster import database
from tests.e2e.processes import environment
from tests.faults.cluster import SYSTEM_USER, programs

ROOT = Path(__file__).parents[2]
SECONDS = 280


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder through which PostgreSQL's user gets, if that is another."""
    programs()
    made = Path(tempfile.mkdtemp(prefix="bailiwick-test-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


def test_the_cluster_shows_itself_at_work_and_stops(folder: Path) -> None:
    """Each node answers, a revocation reaches all, a node and the database die and come back, and all of it ends."""
    place = folder / "cluster"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "scripts.cluster",
            "--folder",
            str(place),
            "--listen",
            "127.0.0.1:0",
            "--demo",
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(),
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "Yes, say node-1, node-2 and node-3, through the proxy." in done.stdout
    assert sorted(re.findall(r"(node-\d) refuses, seen \d+ ms after", done.stdout)) == ["node-2", "node-3"]
    assert (
        "node-2 is killed (kill -9). 30 questions right after: all answered, by node-1 and node-3."
        in done.stdout
    )
    assert "PostgreSQL is stopped. 30 questions: all answered, from what the nodes hold." in done.stdout
    assert "A change is refused: 503, the store cannot be read or written now." in done.stdout
    assert re.search(
        r"After (30|31|32) s all refuse: 503, account `acme` was not heard of since ", done.stdout
    )
    assert re.findall(r"(node-\d) is ready .* s later", done.stdout) == ["node-1", "node-2", "node-3"]
    assert "all verified, nothing is missing." in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 110
    assert processes_that_name(str(place)) == []
    others = {path.name: path.stat().st_mode & 0o077 for path in place.iterdir()}
    assert set(others.values()) == {0}, others


def test_data_lie_where_postgresql_gets_to(tmp_path: Path) -> None:
    """Where its user is another one and does not get to the folder, they lie elsewhere, and that is said."""
    programs()
    reached = os.geteuid() != 0
    place = database.place_of_data(tmp_path / "postgresql")
    assert (place == tmp_path / "postgresql") == reached
    assert place.name == "postgresql"


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a folder to another user")
def test_a_folder_of_somebody_else_is_not_used(folder: Path) -> None:
    """What another user made before, under the name that will be used, is refused."""
    other = folder / "bailiwick-cluster-x"
    other.mkdir()
    shutil.chown(other, "nobody")
    with pytest.raises(SystemExit, match="belongs to somebody else; remove it"):
        database.own(other / "postgresql")
    shutil.chown(other, SYSTEM_USER)
    database.own(other / "postgresql")
    assert (other / "postgresql").owner() == SYSTEM_USER


def processes_that_name(text: str) -> list[int]:
    """Which processes have this in their command line?"""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if text in (process / "cmdline").read_text(errors="replace"):
                found.append(int(process.name))
    return found
