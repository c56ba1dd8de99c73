"""The sample company, served: what `make run` does.

It is made as any company is, by `init` and by applying documents as the owner. The owner's key is drawn on the spot,
written to a file that only its user can read, and never printed.
"""

from __future__ import annotations

import shutil
import sysconfig
import threading
import time
from enum import Enum
from importlib.resources import files
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from bailiwick.cli.output import reporting
from bailiwick.cli.sample_authzen import DATA, serve_fixture
from bailiwick.cli.sample_enterprise import enterprise_keys_of, load_enterprise
from bailiwick.cli.servers import Listen, require_folder
from bailiwick.errors import Conflict, NotFound, Unavailable
from bailiwick.model.names import parse_resource_name
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.sample.questions import QUESTIONS

if TYPE_CHECKING:
    from bailiwick.service.host import Host
    from bailiwick.store.address import Address

Data = Annotated[Path, typer.Option("--data", help="the data directory")]
ACCOUNT = "acme"
OWNER = "owner@acme.example"
REGISTRY = f"bailiwick-registry={ACCOUNT}/eu-de"
DOCUMENTS = "company.yaml"
READY_SECONDS = 60.0
ANOTHER_PORT = (
    "an earlier start may still run; another port: --listen HOST:PORT, or make run LISTEN=HOST:PORT"
)


class Which(str, Enum):
    """Which sample is wanted?"""

    COMPANY = "company"
    AUTHZEN = "authzen"


@reporting
def sample(
    which: Annotated[
        Which, typer.Argument(help="company, or authzen: the fixture of its certification (in data-authzen)")
    ] = Which.COMPANY,
    data: Data = Path("data"),
    listen: Listen = "127.0.0.1:8470",
) -> None:
    """Start a server with the sample company, and say what to do next."""
    from bailiwick.api.serve import bind, serve

    if which is Which.AUTHZEN:
        return serve_fixture(DATA if data == Path("data") else data, listen)
    try:
        socket, address = bind(listen)
    except Unavailable as error:
        raise Unavailable(error.message, ANOTHER_PORT) from None
    with socket, TemporaryDirectory(prefix="bailiwick-") as folder:
        key_file = key_file_of(data)
        if not data.exists():
            typer.echo(f"Making the sample company in {data} ...")
            make_sample(data, key_file)
        host = _open_sample(data, key_file, f"http://{address}")
        try:
            ready = Path(folder) / "ready"
            threading.Thread(target=_announce, args=(host, key_file, ready), daemon=True).start()
            serve(host, socket, ready)
        finally:
            host.close()


def key_file_of(data: Path) -> Path:
    """Where is the key of the owner of this sample company?"""
    return data.parent / f"{data.name}-owner.key"


def make_sample(data: Path, key_file: Path) -> None:
    """Make the company in a directory beside, and give it its name when it is whole.

    Raises Conflict where a key file is there already: it may be the key of something.
    """
    from bailiwick.service.initial import initialise

    for one in (key_file, enterprise_keys_of(data)):
        if one.exists():
            raise Conflict(f"`{one}` exists but `{data}` does not", "remove the key file and start again")
    require_folder(data)
    new, new_key = data.parent / f".{data.name}.new", data.parent / f".{data.name}.new.key"
    # WHY: an earlier start that was killed half-way leaves both.
    shutil.rmtree(new, ignore_errors=True)
    new_key.unlink(missing_ok=True)
    enterprise_keys_of(new).unlink(missing_ok=True)
    initialise(new, ACCOUNT, OWNER, new_key)
    load_sample(new, new_key, enterprise_keys_of(new))
    new_key.replace(key_file)
    enterprise_keys_of(new).replace(enterprise_keys_of(data))
    new.replace(data)


def load_sample(address: Address, key_file: Path, keys_file: Path) -> None:
    """Apply the sample company's documents as its owner, and make the enterprise beside it, with its keys in a file."""
    from bailiwick.service.applying import Source, apply_wanted, parse_wanted
    from bailiwick.service.host import open_host
    from bailiwick.service.initial import keep_text, new_private_file
    from bailiwick.service.settings import Settings

    text = (files("bailiwick.sample") / DOCUMENTS).read_text(encoding="utf-8")
    host = open_host(address, Settings("http://127.0.0.1"))
    try:
        session, _ = host.authenticator.session_of_key(key_file.read_text(encoding="utf-8").strip())
        apply_wanted(host, session, parse_wanted(ACCOUNT, [Source(DOCUMENTS, text)]), via="sample")
        with new_private_file(keys_file) as file:
            lines = [f"{account} {key}\n" for account, key in load_enterprise(host).items()]
            keep_text(file, keys_file, "".join(lines))
    finally:
        host.close()


def _open_sample(data: Path, key_file: Path, public_url: str) -> Host:
    """Which host answers for the company in this directory? Raises NotFound where there is none."""
    from bailiwick.service.host import open_host
    from bailiwick.service.settings import Settings, parse_registry

    host = open_host(data, Settings(public_url, registries=(parse_registry(REGISTRY),)))
    if ACCOUNT in host.accounts() and key_file.exists():
        return host
    host.close()
    missing = (
        f"its owner's key `{key_file}` is missing" if ACCOUNT in host.accounts() else "it has no such account"
    )
    raise NotFound(
        f"`{data}` holds no sample company that can be used: {missing}",
        "name a new directory with --data, or use bailiwick serve",
    )


def _announce(host: Host, key_file: Path, ready: Path) -> None:
    """Once the server answers, say where it is, how to sign in, and what three questions come to."""
    deadline = time.monotonic() + READY_SECONDS
    while not ready.exists():
        if time.monotonic() > deadline:
            return
        time.sleep(0.02)
    typer.echo("\n".join(introduction(host, key_file)))


def introduction(host: Host, key_file: Path) -> list[str]:
    """What is said to whoever has just started the sample company, line by line?"""
    from bailiwick.service.people.own_link import make_owner_link

    programs = Path(sysconfig.get_path("scripts"))
    lines = [
        "",
        f"Bailiwick answers at {host.public_url} for the sample company `{ACCOUNT}`.",
        f"The API is described at {host.public_url}/docs.",
        "In another terminal, sign in as the account's owner:",
        "",
        f"  export PATH={quote(str(programs))}:$PATH",
        f"  export BAILIWICK_URL={host.public_url}",
        f"  export BAILIWICK_API_KEY=$(cat {quote(str(key_file.resolve()))})",
        "",
        "Three questions, and why they are answered so:",
    ]
    for question, command, verdict in answer_sample(host):
        lines += ["", f"  {question}", f"    bailiwick explain {command}", f"    {verdict}"]
    link = make_owner_link(host, ACCOUNT)
    if link is not None:
        lines += [
            "",
            "In a browser, choose the owner's password for the console, by a link that is good once:",
        ]
        lines += ["", f"  {link}"]
    else:
        lines += [
            "",
            f"In a browser, sign in at {host.public_url}/console as `owner` of the account `{ACCOUNT}`.",
        ]
    keys = enterprise_keys_of(key_file.with_name(key_file.name.removesuffix("-owner.key")))
    if keys.exists():
        lines += ["", f"The keys of the accounts of its enterprise are in {quote(str(keys.resolve()))}."]
    return [*lines, "", "Ctrl-C stops the server; the next start takes the same data."]


def answer_sample(host: Host) -> list[tuple[str, str, str]]:
    """What do the sample questions come to: the question, its command, the answer with its reason?"""
    from bailiwick.engine import explain

    compiled = host.snapshot(ACCOUNT).compiled
    answers = []
    for question, (principal, action, resource) in QUESTIONS:
        query = ResourceQuery.of(parse_resource_name(resource))
        explained = explain(compiled, Request(principal, action, query, host.now()))
        answers.append((question, f"{principal} {action} {resource}", explained.text))
    return answers
