"""The log of a server: one event a line on stderr, as JSON or as text, whoever of the process says it.

The project's loggers, uvicorn's and SQLAlchemy's all end here. docs/operations.md says what stands in a line.
SECURITY: of an exception its kind and places are said, and its text only where it is the operating system's or the
database's, first line, without values: any other may quote what a request brought. What looks like a secret is
covered everywhere, in case somebody logs one all the same.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import msgspec
import structlog

from bailiwick.service.carrying import carried_request

Event = MutableMapping[str, Any]
COVER = "[hidden]"
MOST_FRAMES = 60
MOST_CHARACTERS = 8_192
_SAFE_ERRORS = ("sqlalchemy", "psycopg", "sqlite3")
_SECRETS = re.compile(
    r"(?<=://)[^/\s@]*:[^/\s@]*(?=@)"
    r"|(?i:(?<=bearer )|(?<=basic ))[A-Za-z0-9._~+/=-]{8,}"
    r"|\bbwk_[A-Za-z0-9_-]{20,}"
    r"|\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?"
    r"|(?i:(?<=password=)|(?<=secret=)|(?<=token=))[^\s&'\"]+"
)


def write_lines(shape: str | None = None, stream: TextIO | None = None) -> None:
    """From now on every event of this process is a line on stderr, `json` or `text`. None: text on a terminal."""
    target = sys.stderr if stream is None else stream
    if shape is None:
        shape = "text" if target.isatty() else "json"
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_stamp, _add_who_says_it, _add_said, _add_request],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _say_exception,
                _cover,
                _as_json if shape == "json" else _as_text,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("bailiwick").setLevel(logging.INFO)
    logging.captureWarnings(True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "sqlalchemy"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True


_stamp = structlog.processors.TimeStamper(fmt="iso", utc=True, key="at")


def _add_who_says_it(_: Any, level: str, event: Event) -> Event:
    record: logging.LogRecord = event["_record"]
    event["level"], event["logger"] = record.levelname.lower(), record.name
    return event


def _add_said(_: Any, level: str, event: Event) -> Event:
    said = getattr(event["_record"], "said", None)
    if isinstance(said, Mapping):
        event.update(said)
    return event


def _add_request(_: Any, level: str, event: Event) -> Event:
    """For which request, and whose is it, as far as that is known?"""
    request = carried_request()
    if request is not None:
        event["request_id"] = request.id
        if request.account:
            event["account"] = request.account
        if request.principal:
            event["principal"] = request.principal
    return event


def _say_exception(_: Any, level: str, event: Event) -> Event:
    info = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["exception"] = describe_exception(error)
    return event


def describe_exception(error: BaseException) -> list[str]:
    """What is said of an exception: its kind and where, and of those before it; innermost place last."""
    said: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(said) < MOST_FRAMES:
        seen.add(id(current))
        said.append(_kind(current))
        frames = traceback.extract_tb(current.__traceback__)
        said += [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return said[:MOST_FRAMES]


def _kind(error: BaseException) -> str:
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    is_safe = isinstance(error, OSError) or kind.__module__.partition(".")[0] in _SAFE_ERRORS
    text = str(error).partition("\n")[0] if is_safe else ""
    return f"{name}: {text}" if text else name


def _cover(_: Any, level: str, event: Event) -> Event:
    return {name: _covered(value) for name, value in event.items()}


def _covered(value: Any) -> Any:
    if isinstance(value, str):
        return _SECRETS.sub(COVER, value[:MOST_CHARACTERS])
    if isinstance(value, list):
        return [_covered(one) for one in value]
    return value if isinstance(value, int | float | None) else _covered(str(value))


_FIRST = ("at", "level", "event", "request_id")


def _as_json(_: Any, level: str, event: Event) -> str:
    ordered = {name: event.pop(name) for name in _FIRST if name in event}
    return msgspec.json.encode({**ordered, **event}).decode()


def _as_text(_: Any, level: str, event: Event) -> str:
    """A line for a person: time, level, what happened, the rest as name=value; control characters as escapes."""
    exception = event.pop("exception", [])
    at, severity, what = event.pop("at"), event.pop("level"), event.pop("event")
    rest = " ".join(f"{name}={value}" for name, value in event.items())
    lines = [f"{at} {severity:<7} {what}  {rest}".rstrip(), *exception]
    return "\n".join(_printable(line) for line in lines)


def _printable(text: str) -> str:
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
