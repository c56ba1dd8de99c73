"""`make cluster` shows what it says: three servers behind a proxy, one of them killed, and nothing left running."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from tests.e2e.processes import environment

PROGRAM = Path(__file__).parents[2] / "scripts" / "cluster.py"
SECONDS = 180


def test_the_cluster_shows_itself_at_work_and_stops(tmp_path: Path) -> None:
    """Each server answers, a revocation reaches the others, a kill costs no question, and all of it ends."""
    done = subprocess.run(
        [sys.executable, str(PROGRAM), "--folder", str(tmp_path / "c"), "--listen", "127.0.0.1:0", "--demo"],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "yes, say node-1, node-2, node-3 through the proxy" in done.stdout
    assert re.findall(r"revoked at node-1: (node-\d) was seen to refuse", done.stdout) == ["node-2", "node-3"]
    assert "node-2 killed (-9): 30 questions right after, 30 answered, by node-1, node-3" in done.stdout
    assert "node-2 started again: it answers through the proxy" in done.stdout
    assert processes_that_name(str(tmp_path)) == []


def processes_that_name(text: str) -> list[int]:
    """Which processes have this in their command line?"""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if text in (process / "cmdline").read_text(errors="replace"):
                found.append(int(process.name))
    return found
