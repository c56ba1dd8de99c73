"""How much memory held accounts may take, as it is said or as the machine has it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bailiwick.errors import Invalid
from bailiwick.service.holding.bounds import LEAST_BYTES, parse_memory, usual_memory


def test_a_size_has_a_unit() -> None:
    """Mebibytes or gibibytes."""
    assert (parse_memory("512M"), parse_memory("2G"), parse_memory("16M")) == (
        512 << 20,
        2 << 30,
        LEAST_BYTES,
    )


@pytest.mark.parametrize("text", ["", "2", "2g", "2GB", "-1G", "1.5G", "0G", "15M", "٢G", "9999999G", " 2G"])
def test_what_is_no_size_is_refused(text: str) -> None:
    """Nor one in which no account has room."""
    with pytest.raises(Invalid) as refused:
        parse_memory(text)
    assert refused.value.findings[0].message == (
        f"expected a size such as 512M or 2G, from 16M on, got `{text}`"
    )


def test_the_usual_bound_is_half_of_what_there_is(tmp_path: Path) -> None:
    """Of the container's memory where it has a limit, of the machine's where it has none."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit, none = tmp_path / "limit", tmp_path / "none"
    limit.write_text(f"{64 << 20}\n")
    none.write_text("max\n")
    assert usual_memory((limit,)) == 32 << 20
    assert usual_memory((none, tmp_path / "absent")) == machine // 2
    limit.write_text(f"{1 << 20}\n")
    assert usual_memory((limit, none)) == LEAST_BYTES
