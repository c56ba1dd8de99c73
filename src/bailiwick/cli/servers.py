"""What runs on the machine of the data: init, serve, sample."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Annotated

import typer

from bailiwick.cli.output import reporting
from bailiwick.engine import explain
from bailiwick.errors import Conflict, Invalid
from bailiwick.model.names import parse_resource_name
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.sample.questions import QUESTIONS
from bailiwick.service.host import Host, open_host
from bailiwick.service.initial import initialise
from bailiwick.service.settings import Settings, parse_registry

Data = Annotated[Path, typer.Option("--data", help="the data directory")]
Listen = Annotated[str, typer.Option("--listen", help="HOST:PORT; port 0 picks a free one")]
ReadyFile = Annotated[Path | None, typer.Option(help="written with the address once the server answers")]
PublicUrl = Annotated[str | None, typer.Option(help="how clients reach this server; default: http://LISTEN")]
Registries = Annotated[
    list[str],
    typer.Option(
        "--registry",
        help="SERVICE=ACCOUNT/REGION[/private|public], a container registry that trusts this server",
    ),
]

SAMPLE_ACCOUNT = "acme"
SAMPLE_OWNER = "owner@acme.example"


@reporting
def init(
    data: Data,
    account: Annotated[str, typer.Option(help="the first account's name")],
    owner: Annotated[str, typer.Option(help="the owner's email address")],
    key_file: Annotated[Path, typer.Option(help="where the owner's API key is written (mode 0600)")],
) -> None:
    """Create a data directory with an account, its owner and the owner's API key."""
    initialise(data, account, owner, key_file)
    typer.echo(f"created account {account} in {data}; the owner's API key is in {key_file}")


@reporting
def serve(
    data: Data,
    listen: Listen = "127.0.0.1:8470",
    ready_file: ReadyFile = None,
    public_url: PublicUrl = None,
    registry: Registries = [],  # noqa: B006 - typer reads the default
) -> None:
    """Answer over HTTP from a data directory until stopped."""
    run_server(data, listen, ready_file, public_url, registry)


def run_server(
    data: Path, listen: str, ready_file: Path | None, public_url: str | None, registries: list[str]
) -> None:
    """Serve until stopped; a port of 0 is replaced by a free one before anything is promised."""
    from bailiwick.api.serve import bind
    from bailiwick.api.serve import serve as serve_app

    socket, address = bind(listen)
    settings = Settings(
        public_url=(public_url or f"http://{address}").rstrip("/"),
        registries=tuple(parse_registry(text) for text in registries),
    )
    host = open_host(data, settings)
    try:
        serve_app(host, socket, ready_file)
    finally:
        host.close()


@reporting
def sample(data: Data = Path("data"), listen: Listen = "127.0.0.1:8470") -> None:
    """Start a server with the sample company, and say what to do next."""
    key_file = data.parent / f"{data.name}-owner.key"
    if not data.exists():
        if key_file.exists():
            raise Conflict(
                f"`{key_file}` exists but `{data}` does not", "remove the key file and start again"
            )
        initialise(data, SAMPLE_ACCOUNT, SAMPLE_OWNER, key_file)
        load_sample(data, key_file)
    elif not key_file.exists():
        raise Invalid.at(
            "--data", f"`{data}` holds no sample company", "name a new directory, or use bailiwick serve"
        )
    ready = data.parent / f".{data.name}.ready"
    ready.unlink(missing_ok=True)
    threading.Thread(target=_announce, args=(data, key_file, ready), daemon=True).start()
    run_server(data, listen, ready, None, [f"bailiwick-registry={SAMPLE_ACCOUNT}/eu-de"])


def load_sample(data: Path, key_file: Path) -> None:
    """Apply the sample company's documents as its owner."""
    from importlib.resources import files

    from bailiwick.service.applying import apply_sources

    host = open_host(data, Settings(public_url="http://127.0.0.1"))
    try:
        session, _ = host.authenticator.session_of_key(key_file.read_text(encoding="utf-8").strip())
        text = (files("bailiwick.sample") / "company.yaml").read_text(encoding="utf-8")
        apply_sources(host, session, [("company.yaml", text)], via="sample")
    finally:
        host.close()


def _announce(data: Path, key_file: Path, ready: Path) -> None:
    """Once the server answers, say where it is, how to sign in, and what three questions come to."""
    for _ in range(600):
        if ready.exists():
            break
        time.sleep(0.1)
    else:
        return
    address = ready.read_text(encoding="utf-8").strip()
    ready.unlink(missing_ok=True)
    typer.echo(
        f"\nBailiwick answers at {address} for the sample company `{SAMPLE_ACCOUNT}`."
        f"\nThe API is described at {address}/docs. In another terminal, sign in as the account's owner:\n"
        f"\n  export PATH=$PWD/.venv/bin:$PATH"
        f"\n  export BAILIWICK_URL={address}"
        f"\n  export BAILIWICK_API_KEY=$(cat {key_file})\n"
        "\nThree questions, and why they are answered so:\n"
    )
    host = open_host(data, Settings(public_url=address))
    try:
        for question, command, verdict in answer_sample(host):
            typer.echo(f"  {question}\n    bailiwick explain {command}\n    {verdict}\n")
    finally:
        host.close()
    typer.echo("Stop the server with Ctrl-C; `make run` starts it again with the same data.")


def answer_sample(host: Host) -> list[tuple[str, str, str]]:
    """What do the sample questions come to: the question, its command, the answer with its reason?"""
    compiled = host.snapshot(SAMPLE_ACCOUNT).compiled
    answers = []
    for question, (principal, action, resource) in QUESTIONS:
        query = ResourceQuery.of(parse_resource_name(resource))
        explained = explain(compiled, Request(principal, action, query, host.now()))
        answers.append((question, f"{principal} {action} {resource}", explained.text))
    return answers
