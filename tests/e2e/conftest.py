"""Fixtures of the end-to-end tests: a fresh server for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.server import Client, RunningServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """A server of its own."""
    with RunningServer(tmp_path / "server") as running:
        yield running


@pytest.fixture
def owner(server: RunningServer) -> Client:
    """A caller as the owner of the server's account."""
    return server.owner()
