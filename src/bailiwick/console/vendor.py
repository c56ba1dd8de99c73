"""The front-end files that the pages load, and what to say where a checkout lacks them.

They are never committed: `make run` and `make test` bring them (`scripts/install-frontend.sh`), a wheel holds them.
"""

from __future__ import annotations

from pathlib import Path

STATIC = Path(__file__).parent / "static"
VENDOR = STATIC / "vendor"
LOADED = ("htmx.min.js", "icons.svg", "tabler.min.css")
"""What pages refer to; the folder holds the licences besides."""


def list_missing_files(folder: Path = VENDOR) -> list[str]:
    """Which of the files that the pages load are not there? Empty when the console can be served."""
    return [name for name in LOADED if not (folder / name).is_file()]


def format_missing_files(missing: list[str]) -> str:
    """The page that stands for every page of the console where files are missing: whole, without any of them."""
    # SECURITY: the names are constants of this module, so nothing here needs escaping.
    names = ", ".join(missing)
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>The console is not installed · Bailiwick</title></head>
<body>
<h1>The console is not installed</h1>
<p>This source checkout lacks the console's front-end files: {names}.</p>
<p>Stop the server, run <code>scripts/install-frontend.sh</code> (<code>make run</code> does it too),
and start the server again. The command line and the HTTP interface work without them.</p>
</body>
</html>
"""
