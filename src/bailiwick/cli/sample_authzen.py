"""The AuthZEN certification's fixture, served: what `bailiwick sample authzen` does.

It is made as any account is, by `init` and by applying documents as the owner; whoever runs the certification may serve
the same directory with `bailiwick serve`, behind TLS.
"""

from __future__ import annotations

import threading
from importlib.resources import files
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory

import typer

from bailiwick.errors import NotFound

ACCOUNT = "acme"
OWNER = "owner@acme.example"
DOCUMENTS = "authzen.yaml"
DATA = Path("data-authzen")
READY_SECONDS = 60.0


def serve_fixture(data: Path, listen: str) -> None:
    """Make the fixture where it is not yet there, serve it, and say how the harness signs in."""
    from bailiwick.api.serve import bind, serve
    from bailiwick.service.host import open_host
    from bailiwick.service.settings import Settings

    key_file = data.parent / f"{data.name}-owner.key"
    socket, address = bind(listen)
    with socket, TemporaryDirectory(prefix="bailiwick-") as folder:
        if not data.exists():
            typer.echo(f"Making the AuthZEN certification's fixture in {data} ...")
            make_fixture(data, key_file)
        elif not key_file.exists():
            raise NotFound(
                f"its owner's key `{key_file}` is missing",
                "name a new directory with --data, or use bailiwick serve",
            )
        host = open_host(data, Settings(f"http://{address}"))
        try:
            ready = Path(folder) / "ready"
            lines = introduction(host.public_url, key_file)
            threading.Thread(target=_announce, args=(ready, lines), daemon=True).start()
            serve(host, socket, ready)
        finally:
            host.close()


def make_fixture(data: Path, key_file: Path) -> None:
    """Make the account, and apply the fixture's documents as its owner."""
    from bailiwick.service.applying import Source, apply_wanted, parse_wanted
    from bailiwick.service.host import open_host
    from bailiwick.service.initial import initialise
    from bailiwick.service.settings import Settings

    initialise(data, ACCOUNT, OWNER, key_file)
    host = open_host(data, Settings("http://127.0.0.1"))
    try:
        session, _ = host.authenticator.session_of_key(key_file.read_text(encoding="utf-8").strip())
        apply_wanted(host, session, parse_wanted(ACCOUNT, [Source(DOCUMENTS, read_fixture())]), via="sample")
    finally:
        host.close()


def read_fixture() -> str:
    """Which documents make the fixture?"""
    return (files("bailiwick.sample") / DOCUMENTS).read_text(encoding="utf-8")


def _announce(ready: Path, lines: list[str]) -> None:
    """Once the server answers, say what it is and how to ask."""
    waited = threading.Event()
    for _ in range(int(READY_SECONDS / 0.02)):
        if ready.exists():
            typer.echo("\n".join(lines))
            return
        waited.wait(0.02)


def introduction(public_url: str, key_file: Path) -> list[str]:
    """What is said to whoever has just started the fixture, line by line?"""
    return [
        "",
        f"Bailiwick answers at {public_url} with the AuthZEN certification's fixture.",
        f"Its metadata: {public_url}/.well-known/authzen-configuration",
        "In another terminal, a token for the harness, which asks as service-id:harness:",
        "",
        f"  export BAILIWICK_URL={public_url}",
        f"  export BAILIWICK_API_KEY=$(cat {quote(str(key_file.resolve()))})",
        "  export BAILIWICK_API_KEY=$(bailiwick key create --owner service-id:harness)",
        "  bailiwick token",
        "",
        "Ctrl-C stops the server; the next start takes the same data.",
    ]
