"""Nodes as real processes over one store, and the ways in which processes break: killed, stopped, started again."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.e2e.forks import Fork, Program
from tests.e2e.processes import (
    ACCOUNT,
    COMMAND_SECONDS,
    Done,
    call,
    command,
    end,
    environment,
    token_of,
)
from tests.faults.history import revision_of
from tests.faults.load import NotSent, Reply, documents, send

from bailiwick.cli.main import main

Process = Fork | subprocess.Popen[str]
PUBLIC_URL = "https://iam.acme.example"
READY_SECONDS = 90.0


class Installation:
    """A store with one account, made by `bailiwick init`, and how nodes are started on it.

    `options` name the store (`--data DIR`, or `--store URL --master-key FILE`), `variables` go with them.
    """

    def __init__(
        self, folder: Path, options: Sequence[str], variables: Mapping[str, str] | None = None
    ) -> None:
        self.folder, self.options = folder, tuple(options)
        self.variables = dict(variables or {})
        self.key_file = folder / "owner.key"

    def initialise(self) -> None:
        """Make the account and its owner's key."""
        self.folder.mkdir(parents=True, exist_ok=True)
        done = self.call("init", "--account", ACCOUNT, "--owner", "owner@acme.example",
                         "--key-file", str(self.key_file))  # fmt: skip
        assert done.code == 0, done.err

    def call(self, *words: str) -> Done:
        """Run a command on the store, in this process; `words` begin with the command's name."""
        return call(*words, *self.options, variables=self.variables)

    def call_by(self, program: Program, *words: str) -> str:
        """What does a command of another version print, in a process of its own? It must succeed."""
        log = self.folder / "another.log"
        log.unlink(missing_ok=True)
        code = Fork(words, environment(**self.variables), log, program).wait(COMMAND_SECONDS)
        said = log.read_text(encoding="utf-8")
        assert code == 0, said
        return said

    def verify(self) -> None:
        """Does the chain verify?"""
        done = self.call("log", "verify")
        assert done.code == 0, done.out + done.err

    @property
    def key(self) -> str:
        """The owner's API key."""
        return self.key_file.read_text(encoding="utf-8").strip()


class NodeProcess:
    """`bailiwick serve` in a process of its own, on a port that it keeps. For a `with` block.

    `variables` are for a process that the loader begins; without them it is forked. `program`: of another version.
    """

    def __init__(
        self,
        installation: Installation,
        name: str,
        *,
        options: Sequence[str] | None = None,
        variables: Mapping[str, str] | None = None,
        program: Program = main,
    ) -> None:
        self.installation, self.name = installation, name
        self.program = program
        self._options = tuple(options) if options is not None else installation.options
        self._variables = dict(variables or {})
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = installation.folder / f"{name}.log"
        self._begun: list[Process] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._begun:
            process.send_signal(signal.SIGCONT)
            end(process)

    def start(self, *, wait: bool = True) -> None:
        """Start it, again on its port, and wait until it is ready."""
        words = ["serve", *self._options, "--listen", f"127.0.0.1:{self.port}", "--public-url", PUBLIC_URL]
        seen = environment(**{**self.installation.variables, **self._variables})
        self.process = self._begin(words, seen)
        self._begun.append(self.process)
        if wait:
            self.wait_until_ready()

    def _begin(self, words: Sequence[str], seen: Mapping[str, str]) -> Process:
        if not self._variables:
            return Fork(words, seen, self.log, self.program)
        with self.log.open("a", encoding="utf-8") as log:
            return subprocess.Popen(
                command(*words), stdin=subprocess.DEVNULL, stdout=log, stderr=log, text=True, env=seen
            )

    def stop(self) -> None:
        """Stop it as an operator does, and wait for the end."""
        end(self.process)

    def kill(self) -> None:
        """SIGKILL, and wait for the end."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        self.start()

    def suspend(self) -> None:
        """SIGSTOP: it does nothing any more, and does not know it."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT, where it lives."""
        self.process.send_signal(signal.SIGCONT)

    def ask(self, path: str = "/readyz", seconds: float = 5.0) -> Reply | None:
        """What does it answer to anybody? None: nothing."""
        try:
            return send(self.address, "GET", path, seconds=seconds)
        except (OSError, NotSent, http.client.HTTPException):
            return None

    @property
    def is_ready(self) -> bool:
        """Does it say that it is ready?"""
        reply = self.ask()
        return reply is not None and reply.status == 200

    def wait_until_ready(self, seconds: float = READY_SECONDS) -> float:
        """Wait until it is ready by itself: how long did it take? It must not have ended."""
        begun = time.monotonic()
        while not self.is_ready:
            assert self.process.poll() is None, f"{self.name} has ended: {self.last_lines()}"
            assert time.monotonic() - begun < seconds, f"{self.name} is not ready: {self.last_lines()}"
            time.sleep(0.05)
        return time.monotonic() - begun

    def wait_until_not_ready(self, seconds: float = READY_SECONDS) -> None:
        """Wait until it says by itself that it is not ready. It must not have ended."""
        deadline = time.monotonic() + seconds
        while (reply := self.ask()) is None or reply.status != 503:
            assert self.process.poll() is None, f"{self.name} has ended: {self.last_lines()}"
            assert time.monotonic() < deadline, f"{self.name} still is ready: {self.last_lines()}"
            time.sleep(0.1)

    def token(self) -> str:
        """An access token of the owner."""
        return token_of(self.address, self.installation.key)

    def last_lines(self) -> str:
        """What did it say last?"""
        return "\n".join(self._lines()[-15:])

    def errors(self) -> list[str]:
        """Which errors did it tell with a traceback?"""
        return [line for line in self._lines() if '"exception"' in line]

    def _lines(self) -> list[str]:
        return self.log.read_text(encoding="utf-8").splitlines()


@contextmanager
def started(nodes: Sequence[NodeProcess]) -> Iterator[None]:
    """The nodes, started beside each other, and ready; ended with the block."""
    with ExitStack() as stack:
        for node in nodes:
            stack.push(node)
            node.start(wait=False)
        for node in nodes:
            node.wait_until_ready()
        yield


def prepare(node: NodeProcess, token: str) -> str:
    """Make the world of the load; on which revision does it stand?"""
    reply = send(node.address, "POST", f"/v1/accounts/{ACCOUNT}/apply", token=token,
                 body={"documents": documents()}, headers={"Idempotency-Key": "prepare"})  # fmt: skip
    assert reply.status == 200, reply.body
    vector = str(reply.json["revision"]["account"])
    assert revision_of(vector) > 0
    return vector


def free_port() -> int:
    """A port on loopback on which nobody listens."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def is_root() -> bool:
    """May the tests mount, and start processes as others?"""
    return os.geteuid() == 0
