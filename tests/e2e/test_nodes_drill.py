"""docs/nodes.md does what it says: its drill is run, command by command, on a real PostgreSQL server."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.guide import GuideShell, make_room, read_guide, run_guide
from tests.faults.cluster import SUPERUSER, primary, programs


def test_the_drill_restores_what_was_dumped(tmp_path: Path) -> None:
    """Every command succeeds or is refused as written; the restored store verifies and lacks what came later."""
    folder, environment = make_room(tmp_path)
    with primary() as server:
        environment |= {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGUSER": SUPERUSER}
        environment["PATH"] = f"{programs()}:{environment['PATH']}"
        with GuideShell(folder, environment) as shell:
            done = [block.words for block in run_guide(read_guide("../nodes"), shell)]
    assert done.count("sh refused") == 2
