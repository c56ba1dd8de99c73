"""The guides that run the most commands do what they say, from their first command to their last."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.e2e.guide import LONG, GuideShell, make_room, run_whole


@pytest.mark.parametrize("name", LONG)
def test_a_long_guide_does_what_it_says(tmp_path: Path, name: str) -> None:
    """Every command succeeds or is refused as written, and prints what is written."""
    with GuideShell(*make_room(tmp_path)) as shell:
        run_whole(name, shell)
