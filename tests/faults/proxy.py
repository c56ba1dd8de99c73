"""A TCP proxy on loopback that breaks what it carries: cut, silent, slow, healed, switched to another server.

It runs in a thread of the test. What it drops while silent it has only kept: a network that heals carries on likewise.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

CHUNK = 65_536
_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """Carries connections from its own port to `target` (host and port), for a `with` block."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_cut = False
        self._delay = 0.0
        self._carrying = asyncio.Event()
        self.accepted = 0
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._carrying.set()
        self._server = self._do(asyncio.start_server(self._accept, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """Reset every connection, and each new one at once, until healed."""
        self._do(self._set(is_cut=True))

    def silence(self) -> None:
        """Carry nothing any more, without a word, until healed. New connections are taken, and that is all."""
        self._do(self._set(silent=True))

    def slow(self, seconds: float) -> None:
        """Carry each piece so much later, in both directions, until healed."""
        self._do(self._set(delay=seconds))

    def heal(self) -> None:
        """Carry everything as it comes."""
        self._do(self._set())

    def switch(self, target: tuple[str, int]) -> None:
        """From now on carry to another server; connections to the one before are reset."""
        self._target = target
        self._do(self._reset_all())

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _set(self, *, is_cut: bool = False, silent: bool = False, delay: float = 0.0) -> None:
        self._is_cut, self._delay = is_cut, delay
        if silent:
            self._carrying.clear()
        else:
            self._carrying.set()
        if is_cut:
            await self._reset_all()

    async def _reset_all(self) -> None:
        for pair in list(self._pairs):
            for writer in pair:
                _reset(writer)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._carrying.wait()
            if self._is_cut:
                _reset(writer)
                return
            try:
                far_reader, far_writer = await asyncio.open_connection(*self._target)
            except OSError:
                _reset(writer)
                return
            pair = (writer, far_writer)
            self._pairs.add(pair)
            try:
                await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))
            finally:
                self._pairs.discard(pair)
                for one in pair:
                    _reset(one)
        finally:
            self._tasks.discard(task)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(CHUNK):
                if self._delay:
                    await asyncio.sleep(self._delay)
                await self._carrying.wait()
                writer.write(data)
                await writer.drain()
            writer.write_eof()
        except OSError:
            _reset(writer)

    async def _end(self) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _reset(writer: asyncio.StreamWriter) -> None:
    """End it with RST rather than FIN, as a network does that forgets a connection."""
    if writer.transport.is_closing():
        return
    raw: socket.socket = writer.get_extra_info("socket")
    if raw is not None and raw.fileno() >= 0:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
