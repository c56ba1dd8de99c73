"""The guide to container registries does what it says, from its first command to its last, with a real registry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.guide import GuideShell, make_room, read_guide, run_guide
from tests.e2e.registry_server import build_oci_image, find_program


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[GuideShell]:
    """A shell in an empty folder but for the image."""
    for program in ("docker-registry", "skopeo"):
        find_program(program)
    folder, environment = make_room(tmp_path)
    build_oci_image(folder / "image", {"etc/motd": b"hello\n"})
    # WHY: root's blob cache is the system's; an ordinary user's is in its own XDG_DATA_HOME.
    with GuideShell(folder, environment | {"_CONTAINERS_ROOTLESS_UID": "1000"}) as running:
        yield running


def test_the_guide_does_what_it_says(shell: GuideShell) -> None:
    """Every command succeeds or is refused as written, and prints what is written."""
    done = [block.words for block in run_guide(read_guide("container-registry"), shell)]
    assert done.count("sh") >= 15
    assert done.count("sh refused") >= 8
