"""Serving: one process, one application, until it is told to stop.

The port is bound before anything is promised, so that a ready file never names a port that somebody else has.
It must not hold configuration: whoever calls decides what is served and where.
"""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import uvicorn

from bailiwick.api.app import build_app
from bailiwick.api.fastpath import fast_path_protocol
from bailiwick.api.requests.events import RequestEvents
from bailiwick.api.requests.room import Room, find_room
from bailiwick.api.serving import Serving
from bailiwick.api.stopping import STOP_SECONDS, DrainingServer
from bailiwick.errors import Invalid, Unavailable
from bailiwick.service.following import following
from bailiwick.service.host import Host

BACKLOG = 2048
READY_SECONDS = 5.0
COLLECT_AFTER = (50_000, 20, 20)


def bind(listen: str) -> tuple[socket.socket, str]:
    """Which socket listens at `HOST:PORT`, and what is its address? Port 0 takes a free one.

    Raises Invalid, Unavailable.
    """
    host, port = parse_listen(listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise Unavailable(
            f"cannot listen at `{listen}`: {error.strerror or error}", "choose another host or port"
        ) from None
    bound.listen(BACKLOG)
    bound.set_inheritable(True)
    shown = f"[{host}]" if ":" in host else host
    return bound, f"{shown}:{bound.getsockname()[1]}"


def parse_listen(listen: str) -> tuple[str, int]:
    """Which host and port does this text name? Raises Invalid."""
    host, colon, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not (port.isascii() and port.isdigit()) or len(port) > 5 or int(port) > 65535:
        raise Invalid.at(
            "listen",
            f"expected HOST:PORT, got `{listen}`",
            "such as 127.0.0.1:8470, or port 0 for a free one",
        )
    return host, int(port)


def serve(
    host: Host, listen: str | socket.socket, ready_file: Path | None = None, room: Room | None = None
) -> None:
    """Answer for this host until the process is told to stop (SIGTERM, SIGINT).

    `ready_file` then holds the address, one line, from when it answers until it stops.
    """
    bound = bind(listen)[0] if isinstance(listen, str) else listen
    calm_collector()
    with bound, following(host):
        make_server(host, bound, ready_file, room).run(sockets=[bound])


def calm_collector() -> None:
    """Let the garbage collector look less often, and never again at what is loaded.

    WHY: an account of 100,000 policies is millions of small values that live on; looking at them again and again
    takes a third of the time that applying such documents takes (measured: 2.0 s instead of 3.0 s to read 43,000).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def make_server(
    host: Host, bound: socket.socket, ready_file: Path | None = None, room: Room | None = None
) -> ReadyServer:
    """Which server answers for this host at this socket?"""
    room = room or Room()
    serving = Serving()
    config = uvicorn.Config(
        RequestEvents(build_app(host, serving), host.rates, room.requests, room.traces, serving.requests),
        http=fast_path_protocol(
            host,
            proxies=host.settings.proxies,
            most_connections=room.connections or find_room(),
            traces=room.traces,
            serving=serving,
        ),
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        # SECURITY: no header of a request says who the client is, but that of a proxy which the settings name.
        proxy_headers=bool(host.settings.proxies),
        forwarded_allow_ips=list(host.settings.proxies),
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    server = ReadyServer(
        config,
        serving,
        room.drain_seconds,
        address=address_of(bound),
        ready_file=ready_file,
        is_ready=lambda: serving.readiness(host).is_ready,
    )
    serving.requests.connections = lambda: len(server.server_state.connections)
    return server


def address_of(bound: socket.socket) -> str:
    """Under which URL does this socket answer?"""
    name = bound.getsockname()
    shown = f"[{name[0]}]" if ":" in name[0] else name[0]
    return f"http://{shown}:{name[1]}"


class ReadyServer(DrainingServer):
    """A server that says when it answers, and may be sent requests. `is_ready`: whether it says so at /readyz."""

    def __init__(
        self,
        config: uvicorn.Config,
        serving: Serving,
        drain_seconds: float = 0.0,
        *,
        address: str,
        ready_file: Path | None,
        is_ready: Callable[[], bool],
    ) -> None:
        super().__init__(config, serving, drain_seconds)
        self._is_ready = is_ready
        self.address = address
        self._ready_file = ready_file

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, then say so: when it is ready, or answers for a while and is not."""
        if self._ready_file is not None:
            self._ready_file.unlink(missing_ok=True)
        await super().startup(sockets=sockets)
        patience = time.monotonic() + READY_SECONDS
        while not (self._is_ready() or self.is_told_to_stop) and time.monotonic() < patience:
            await asyncio.sleep(0.01)
        if self._ready_file is not None and self.started:
            write_atomically(self._ready_file, f"{self.address}\n")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say so no more, then stop."""
        if self._ready_file is not None:
            self._ready_file.unlink(missing_ok=True)
        await super().shutdown(sockets=sockets)


def write_atomically(path: Path, text: str) -> None:
    """Write a file that is never seen half-written."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
