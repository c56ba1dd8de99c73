"""Put the console's front-end files in their places: the copying half of `scripts/install-frontend.sh`.

What is copied stands in `frontend/files.txt`, which icons the sprite holds in `frontend/icons.txt`. The vendor folder
is made afresh and holds nothing else. A stamp in the environment says from which lists and which lock it was made.
Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FRONTEND = ROOT / "frontend"
VENDOR = ROOT / "src/bailiwick/console/static/vendor"
AXE = ROOT / ".venv/axe/axe.min.js"  # only the tests load it, so it stays outside the package
STAMP = ROOT / ".venv/.frontend-files"
SPRITE = "icons.svg"
SPRITE_SOURCE = "@tabler/icons-sprite/dist/tabler-sprite.svg"
AXE_SOURCE = "axe-core/axe.min.js"
SYMBOL = re.compile(r'(<symbol id="tabler-([a-z0-9-]+)".*?</symbol>)', re.DOTALL)


def read_lines(path: Path) -> list[str]:
    """The lines of a list, without blank ones and comments."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def read_files() -> dict[str, str]:
    """What is copied: {name in the vendor folder: path in node_modules}."""
    pairs = (line.split() for line in read_lines(FRONTEND / "files.txt"))
    return {target: source for source, target in pairs}


def list_names() -> list[str]:
    """Every file that the vendor folder holds when all is there."""
    licences = [path.name for path in (FRONTEND / "licences").iterdir()]
    return sorted([*read_files(), *licences, SPRITE])


def cut_sprite(sprite: str, icons: Iterable[str]) -> str:
    """The sprite with only these icons. Raises: KeyError, an icon is not in it."""
    symbols = {name: symbol for symbol, name in SYMBOL.findall(sprite)}
    chosen = "\n".join(symbols[name] for name in sorted(set(icons)))
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{chosen}\n</svg>\n'


def digest_inputs() -> str:
    """What the files depend on, in one word."""
    inputs = [path for path in sorted(FRONTEND.rglob("*")) if path.is_file()]
    digest = hashlib.sha256()
    for path in [*inputs, Path(__file__)]:
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def is_installed() -> bool:
    """Is every file there, made from the lists and the lock as they are now?"""
    if not STAMP.exists() or STAMP.read_text(encoding="utf-8") != digest_inputs():
        return False
    return AXE.exists() and all((VENDOR / name).exists() for name in list_names())


def install(node_modules: Path) -> None:
    """Make the vendor folder afresh from what npm brought."""
    STAMP.unlink(missing_ok=True)
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    for target, source in read_files().items():
        shutil.copyfile(node_modules / source, VENDOR / target)
    for licence in (FRONTEND / "licences").iterdir():
        shutil.copyfile(licence, VENDOR / licence.name)
    sprite = (node_modules / SPRITE_SOURCE).read_text(encoding="utf-8")
    (VENDOR / SPRITE).write_text(cut_sprite(sprite, read_lines(FRONTEND / "icons.txt")), encoding="utf-8")
    AXE.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(node_modules / AXE_SOURCE, AXE)
    STAMP.write_text(digest_inputs(), encoding="utf-8")


def main() -> int:
    """`--is-installed` answers by the exit code; `--from NODE_MODULES` installs."""
    parser = argparse.ArgumentParser(description=__doc__)
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--is-installed", action="store_true")
    choice.add_argument("--from", dest="node_modules", type=Path)
    arguments = parser.parse_args()
    if arguments.is_installed:
        return 0 if is_installed() else 1
    try:
        install(arguments.node_modules)
    except KeyError as error:
        print(f"no icon {error} in Tabler's sprite; frontend/icons.txt names it", file=sys.stderr)
        return 1
    except FileNotFoundError as error:
        print(f"no file `{error.filename}`; frontend/files.txt names it", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
