"""The log's lines: one event each, with its request, and without what must not be told."""

from __future__ import annotations

import io
import json
import logging
import sqlite3
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from bailiwick.api.requests.lines import write_lines
from bailiwick.service.carrying import Carried, carrying, note_who

SECRETS = (
    "bwk_abcdefgh_" + "x" * 43,
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl",
    "postgresql://bailiwick:hunter2hunter2@db/bailiwick",
    "Authorization: Bearer abcdefghijklmnop",
    "password=hunter2hunter2",
)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """The process's loggers are as before afterwards."""
    names = (None, "bailiwick", "uvicorn", "uvicorn.error", "uvicorn.access", "sqlalchemy")
    loggers = [logging.getLogger(name) for name in names]
    before = [(one, one.level, list(one.handlers), one.propagate) for one in loggers]
    shown = warnings.showwarning
    yield
    logging.captureWarnings(False)
    warnings.showwarning = shown
    for logger, level, handlers, propagate in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers
        logger.propagate = propagate


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """The events that were written."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_says_its_event_its_request_and_who_asked() -> None:
    """Whoever logs, by whichever logger, says nothing of it itself."""
    stream = io.StringIO()
    write_lines("json", stream)
    with carrying(Carried("r-1")):
        note_who("acme", "u-1")
        logging.getLogger("bailiwick.api").warning("%s could not be done", "something")
    logging.getLogger("uvicorn.error").error("outside")
    first, second = lines(stream)
    assert first.pop("at").endswith("Z")
    assert first == {
        "level": "warning",
        "event": "something could not be done",
        "logger": "bailiwick.api",
        "request_id": "r-1",
        "account": "acme",
        "principal": "u-1",
    }
    assert (second["event"], second["logger"], "request_id" in second) == ("outside", "uvicorn.error", False)


def test_an_exception_is_one_line_that_does_not_quote_it() -> None:
    """Its kind and places are told, those of its cause too; its text may hold what was sent."""
    stream = io.StringIO()
    write_lines("json", stream)
    try:
        try:
            raise KeyError("top secret")
        except KeyError as error:
            raise RuntimeError("other secret\nof two lines") from error
    except RuntimeError:
        logging.getLogger("bailiwick.api").exception("broken")
    [line] = lines(stream)
    said = line["exception"]
    assert said[0] == "RuntimeError"
    assert "KeyError" in said
    assert any("test_lines.py" in one for one in said)
    assert "secret" not in stream.getvalue()


def test_the_database_s_own_words_are_told_without_values() -> None:
    """An operator needs them; only the first line, which says what is wrong."""
    stream = io.StringIO()
    write_lines("json", stream)
    try:
        raise sqlite3.OperationalError("disk is full\n[parameters: ('secret',)]")
    except sqlite3.OperationalError:
        logging.getLogger("bailiwick.api").exception("broken")
    assert lines(stream)[0]["exception"][0] == "sqlite3.OperationalError: disk is full"


@pytest.mark.parametrize("shape", ["json", "text"])
@pytest.mark.parametrize("secret", SECRETS)
def test_what_looks_like_a_secret_is_covered(shape: str, secret: str) -> None:
    """In case somebody logs one all the same."""
    stream = io.StringIO()
    write_lines(shape, stream)
    logging.getLogger("sqlalchemy.pool").error("connecting: %s", secret)
    written = stream.getvalue()
    assert "[hidden]" in written
    assert secret not in written
    assert "hunter2" not in written


def test_text_is_one_line_whatever_is_in_it() -> None:
    """No input makes a second line, or colours the terminal."""
    stream = io.StringIO()
    write_lines("text", stream)
    logging.getLogger("bailiwick.api").warning("a\nb\x1b[31m")
    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()
    assert "a\\nb\\x1b[31m" in stream.getvalue()


def test_other_libraries_say_only_what_is_wrong() -> None:
    """What an HTTP client tells of its requests holds addresses with their queries."""
    stream = io.StringIO()
    write_lines("json", stream)
    logging.getLogger("httpx2").info("GET https://idp.example/?code=secret")
    assert stream.getvalue() == ""
