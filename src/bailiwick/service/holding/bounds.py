"""How much memory may held accounts take? As somebody said it, else half of what the process may have."""

from __future__ import annotations

import os
import re
from pathlib import Path

from bailiwick.errors import Invalid

UNITS = {"M": 1 << 20, "G": 1 << 30}
LEAST_BYTES = 16 << 20
_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def parse_memory(text: str) -> int:
    """How many bytes does `512M` or `2G` say? Raises Invalid."""
    found = re.fullmatch(r"([0-9]{1,6})([MG])", text, re.ASCII)
    size = int(found[1]) * UNITS[found[2]] if found else 0
    if size < LEAST_BYTES:
        raise Invalid.at("memory", f"expected a size such as 512M or 2G, from 16M on, got `{text}`")
    return size


def usual_memory(limits: tuple[Path, ...] = _LIMITS) -> int:
    """How many bytes are half of what this process may have: the machine's memory, or its container's if less?"""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    said = (limit.read_text(encoding="ascii").strip() for limit in limits if limit.is_file())
    return max(LEAST_BYTES, min([machine, *(int(text) for text in said if text.isdigit())]) // 2)
