"""What the console loads is pinned, listed once, licensed, and in the wheel."""

from __future__ import annotations

import json
import re
import runpy
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).resolve().parent.parent.parent
LOCK: dict[str, Any] = json.loads((ROOT / "frontend/package-lock.json").read_text(encoding="utf-8"))
SCRIPT = runpy.run_path(str(ROOT / "scripts/frontend_files.py"))
CONSOLE = ROOT / "src/bailiwick/console"
VENDOR = CONSOLE / "static/vendor"


def list_console_files() -> list[str]:
    """Every file of the console that is no Python, as the wheel names it."""
    files = (path for path in CONSOLE.rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"})
    return [path.relative_to(ROOT / "src").as_posix() for path in files]


def test_every_package_is_pinned_exactly() -> None:
    """What is asked for is a version, never a range, and the lock holds that version."""
    asked = json.loads((ROOT / "frontend/package.json").read_text(encoding="utf-8"))
    for name, version in {**asked["dependencies"], **asked["devDependencies"]}.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
        assert LOCK["packages"][f"node_modules/{name}"]["version"] == version


def test_the_lock_holds_a_hash_for_every_package_and_no_registry() -> None:
    """npm checks what it gets by the lock's hashes, from whichever registry it is set to use."""
    for name, package in LOCK["packages"].items():
        if name:
            assert package["integrity"].startswith("sha512-"), name
            assert "resolved" not in package, name


def test_the_vendor_folder_holds_exactly_what_is_listed() -> None:
    """Nothing else of the packages is shipped, and every package that is shipped has its licence beside it."""
    names = sorted(path.name for path in VENDOR.iterdir())
    assert names == SCRIPT["list_names"]()
    shipped = [name for name in names if not name.endswith(".LICENSE.txt")]
    assert shipped == ["htmx.min.js", "icons.svg", "tabler.min.css"]
    assert [name for name in names if name.endswith(".LICENSE.txt")] == [
        "htmx.LICENSE.txt",
        "tabler-icons.LICENSE.txt",
        "tabler.LICENSE.txt",
    ]


def test_the_sprite_holds_the_listed_icons() -> None:
    """Each icon of the list is a symbol of its own name, and there is no other."""
    sprite = (VENDOR / "icons.svg").read_text(encoding="utf-8")
    wanted = SCRIPT["read_lines"](ROOT / "frontend/icons.txt")
    assert re.findall(r'<symbol id="tabler-([^"]+)"', sprite) == wanted
    assert wanted == sorted(set(wanted))


def test_an_icon_that_tabler_lacks_is_refused() -> None:
    """A misspelt icon stops the set-up instead of leaving an empty square."""
    sprite = '<svg><symbol id="tabler-key" viewBox="0 0 24 24"><path /></symbol></svg>'
    assert '<symbol id="tabler-key" viewBox="0 0 24 24"><path /></symbol>' in SCRIPT["cut_sprite"](
        sprite, ["key"]
    )
    with pytest.raises(KeyError, match="kye"):
        SCRIPT["cut_sprite"](sprite, ["kye"])


def test_the_wheel_holds_the_console(tmp_path: Path) -> None:
    """Who installs the wheel needs neither npm nor a network: its pages' files are in it."""
    [wheel] = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    names = set(zipfile.ZipFile(wheel).namelist())
    missing = [name for name in list_console_files() if name not in names]
    assert missing == []
    assert "bailiwick/console/static/vendor/htmx.min.js" in names


def test_the_source_archive_holds_the_console(tmp_path: Path) -> None:
    """A wheel that is built from the source archive is whole too."""
    [archive] = SdistBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    missing = [name for name in list_console_files() if f"src/{name}" not in names]
    assert missing == []
