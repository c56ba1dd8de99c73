"""Nodes over a PostgreSQL server of a test's own: the installation, and how the store is read past the nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.cluster import Server
from tests.faults.load import STALE_SECONDS
from tests.faults.nodes import Installation, NodeProcess
from tests.faults.world import World, world

from bailiwick.store.address import parse_address
from bailiwick.store.opening import open_store
from bailiwick.store.ports import Store

# What the account allows, and not more than a moment besides: for tests in which a node hears nothing for longer.
STRICT_SECONDS = STALE_SECONDS + 1.0


def installed(folder: Path, server: Server, port: int | None = None) -> Installation:
    """An account in the server's database."""
    made = Installation(folder, store_options(folder, server, port))
    made.initialise()
    return made


def store_options(folder: Path, server: Server, port: int | None = None) -> list[str]:
    """Which options name the store, here or behind a proxy's port?"""
    return ["--store", server.url(port), "--master-key", str(folder / "master.key")]


def opening(folder: Path, server: Server) -> Callable[[], Store]:
    """How is the store read past the nodes?"""
    address = parse_address(server.url(), master_key=folder / "master.key")
    return lambda: open_store(address)


def nodes_of(installation: Installation, count: int = 2) -> list[NodeProcess]:
    """So many nodes, not yet started."""
    return [NodeProcess(installation, f"node-{number}") for number in range(count)]


@contextmanager
def nodes_over(folder: Path, server: Server, count: int = 2) -> Iterator[World]:
    """So many nodes on the server, under load."""
    installation = installed(folder, server)
    with world(installation, opening(folder, server), nodes_of(installation, count)) as it:
        yield it
