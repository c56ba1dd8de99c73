"""Bailiwick as people run it: the command `bailiwick` in this process or in one of its own, and a server in one.

Commands see an environment of their own, so that nothing of whoever runs the tests gets in. Must not be used where the
server's clock matters: tests/e2e/server.py has one that moves.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from unittest.mock import patch

from tests.e2e.forks import Fork
from tests.e2e.server import Client, RunningServer

from bailiwick.cli.client import KEY, URL
from bailiwick.cli.client import Client as CommandClient
from bailiwick.cli.main import main

ACCOUNT = "acme"
OWNER = "user:owner"
COMMAND_SECONDS = 60
START_SECONDS = 30
STOP_SECONDS = 20
# WHY: whoever runs the tests may have logged in somewhere.
NO_FOLDER, NO_KEYRING = "/nowhere/at/all", "keyring.backends.fail.Keyring"


@dataclass(frozen=True, slots=True)
class Done:
    """How did a command end, and what has it printed?"""

    code: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """Which environment does a command see: a plain one, and what is said here."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    python = os.pathsep.join(path for path in sys.path if path)
    apart = {
        "XDG_CONFIG_HOME": NO_FOLDER,
        "PYTHON_KEYRING_BACKEND": NO_KEYRING,
        "BAILIWICK_DRAIN_SECONDS": "0",
    }
    return {**kept, "LANG": "C.UTF-8", "PYTHONPATH": python, **apart, **more}


def signed_in(address: str, key: str) -> dict[str, str]:
    """Which variables say where the server is, and who asks?"""
    return {URL: address, KEY: key}


def call(*arguments: str, variables: Mapping[str, str] | None = None, stdin: str = "") -> Done:
    """Run a command in this process: its code, from its arguments to its exit code."""
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, environment(**(variables or {})), clear=True))
        stack.enter_context(patch.object(sys, "argv", ["bailiwick", *arguments]))
        stack.enter_context(patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()))))
        stack.enter_context(redirect_stdout(out))
        stack.enter_context(redirect_stderr(err))
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
    assert isinstance(code, int), code
    return Done(code, out.getvalue(), err.getvalue())


def run(*arguments: str, variables: Mapping[str, str] | None = None, folder: Path | None = None) -> Done:
    """Run a command in a process of its own, without a terminal."""
    done = subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        env=environment(**(variables or {})),
        cwd=folder,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def command(*arguments: str) -> list[str]:
    """Which words start this checkout's `bailiwick`?"""
    return [sys.executable, "-c", "from bailiwick.cli.main import main; main()", *arguments]


def write_program(folder: Path) -> Path:
    """The folder, to be put on a PATH, of a program `bailiwick` that runs this checkout."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "bailiwick"
    program.write_text(f"#!{sys.executable}\nfrom bailiwick.cli.main import main\nmain()\n", encoding="utf-8")
    program.chmod(0o755)
    return folder


def end(process: Fork | subprocess.Popen[str]) -> None:
    """End this process, kindly at first."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def running(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """A process that is ended with the block, kindly at first."""
    with process:
        try:
            yield process
        finally:
            end(process)


class ServerProcess:
    """`bailiwick init`, then `bailiwick serve` in a process of its own, for a `with` block. `options`: of `serve`."""

    def __init__(self, folder: Path, public_url: str | None = None, options: Sequence[str] = ()) -> None:
        self.folder = folder
        self._more = [*(["--public-url", public_url] if public_url is not None else []), *options]
        self._stack = ExitStack()
        self._clients: list[Client] = []

    @property
    def data(self) -> Path:
        """In which directory is its data?"""
        return self.folder / "data"

    @property
    def key_file(self) -> Path:
        """In which file is the owner's API key?"""
        return self.folder / "owner.key"

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.data.exists():
            made = run("init", "--data", str(self.data), "--account", ACCOUNT, "--owner", "owner@acme.example",
                       "--key-file", str(self.key_file))  # fmt: skip
            assert made.code == 0, made.err
        self.key = self.key_file.read_text(encoding="utf-8").strip()
        ready = self.folder / "ready"
        ready.unlink(missing_ok=True)
        words = command(
            "serve",
            "--data",
            str(self.data),
            "--listen",
            "127.0.0.1:0",
            "--ready-file",
            str(ready),
            *self._more,
        )
        with (self.folder / "server.log").open("a", encoding="utf-8") as log:
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment(), text=True
            )
        self.process = self._stack.enter_context(running(process))
        wait_for(ready, process)
        self.address = ready.read_text(encoding="utf-8").strip()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients:
            client.close()
        self._clients.clear()
        self._stack.close()

    def owner(self) -> Client:
        """A caller as the account's owner."""
        client = Client(self.address, token_of(self.address, self.key))
        self._clients.append(client)
        return client

    @property
    def variables(self) -> dict[str, str]:
        """Which variables let the owner use the command line?"""
        return signed_in(self.address, self.key)


@contextmanager
def company(folder: Path) -> Iterator[RunningServer]:
    """A server in this process that holds the sample company."""
    text = (files("bailiwick.sample") / "company.yaml").read_text(encoding="utf-8")
    with RunningServer(folder) as server:
        reply = server.owner().apply_text(text)
        assert reply.status == 200, reply.text
        yield server


def asking(server: RunningServer, principal: str = OWNER) -> Callable[..., Done]:
    """A function that runs a command in this process as this principal of the server."""
    server.client(principal)
    variables = signed_in(server.address, server.key(principal))

    def ask(*arguments: str, stdin: str = "", **more: str) -> Done:
        return call(*arguments, variables={**variables, **more}, stdin=stdin)

    return ask


def token_of(address: str, key: str) -> str:
    """Which access token does this API key give?"""
    with CommandClient(address, key) as client:
        return client.token


def wait_for(file: Path, process: subprocess.Popen[Any]) -> None:
    """Wait until the file is there, which the process writes once it answers."""
    deadline = time.monotonic() + START_SECONDS
    while not file.exists():
        assert process.poll() is None, f"the server has ended with {process.returncode}"
        assert time.monotonic() < deadline, "the server does not answer"
        time.sleep(0.01)
