"""The version of the program that comes next, as far as tests need it: this one, with one more revision of the logs.

`expanding` and `contracting` are whole programs, to be started in processes of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from alembic.script import ScriptDirectory

from bailiwick.cli.main import main
from bailiwick.store.sql.migrations import logs, running

REVISION = "9001"
Program = Callable[[], None]
_FOLDER = Path(__file__).parent / "next"
_OWN = Path(logs.__file__).parent
_known = running._scripts


def newest_now() -> str:
    """Which revision of the logs is the newest of today's program?"""
    return max(path.name[1:5] for path in _OWN.glob("v0*.py"))


def with_more(name: str) -> Callable[[running.Part], ScriptDirectory]:
    """Which revisions has the program with the one that lies in this folder?"""

    @cache
    def scripts(part: running.Part) -> ScriptDirectory:
        if part != running.LOGS_PART:
            return _known(part)
        return ScriptDirectory(str(_OWN), version_locations=[str(_OWN), str(_FOLDER / name)])

    return scripts


def expanding() -> None:
    """The next version, whose revision only adds."""
    _be("expanding")


def contracting() -> None:
    """The next version, whose revision changes what rows mean."""
    _be("contracting")


def _be(name: str) -> None:
    running._scripts = with_more(name)  # type: ignore[assignment]
    main()
