"""Front-end files that are not there are named, in a page that needs none of them."""

from __future__ import annotations

from pathlib import Path

from bailiwick.console.vendor import LOADED, format_missing_files, list_missing_files


def test_an_empty_folder_misses_every_file(tmp_path: Path) -> None:
    """A source checkout before its set-up misses all that pages load."""
    assert list_missing_files(tmp_path / "vendor") == list(LOADED)


def test_only_what_is_missing_is_named(tmp_path: Path) -> None:
    """A file that is there is not complained about."""
    for name in LOADED[1:]:
        (tmp_path / name).touch()
    assert list_missing_files(tmp_path) == ["htmx.min.js"]


def test_after_the_set_up_nothing_is_missing() -> None:
    """`make test` brings the files, so they are there while this runs."""
    assert list_missing_files() == []


def test_the_page_says_what_to_do_and_loads_nothing() -> None:
    """Whoever opens the console without its files is told the one command that brings them."""
    page = format_missing_files(["htmx.min.js"])
    assert "lacks the console's front-end files: htmx.min.js." in page
    assert "<code>scripts/install-frontend.sh</code>" in page
    assert "src=" not in page
    assert "href=" not in page
