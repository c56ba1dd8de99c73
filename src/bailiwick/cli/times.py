"""Instants as people read them in tables: UTC, to the minute. JSON keeps them as they are."""

from __future__ import annotations

from datetime import UTC, datetime


def parse_time(text: object) -> datetime | None:
    """Which instant does the server mean? None: none, or no instant."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if isinstance(text, str) and text else None
    except ValueError:
        return None


def minute_of(text: object) -> str:
    """How is this instant shown in a table?"""
    instant = parse_time(text)
    return "" if instant is None else f"{instant:%Y-%m-%d %H:%M}"


def second_of(text: object) -> str:
    """How is this instant shown where seconds matter?"""
    instant = parse_time(text)
    return "" if instant is None else f"{instant:%Y-%m-%d %H:%M:%S}"
