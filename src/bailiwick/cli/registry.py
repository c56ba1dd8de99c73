"""Container registries on the machine of the data: their certificates, the rotation of the keys that they trust.

Nothing here reaches a registry; what it prints or writes is carried there by whoever runs it.
Serves the guide on container registries and docs/spec.md 10.2.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bailiwick.authn.signing import KeyPurpose, KeySet
from bailiwick.cli.output import reporting
from bailiwick.service.keyring import load_key_sets, rotate
from bailiwick.store.opening import open_store

registry_app = typer.Typer(
    help="Container registries: the certificates that they trust, and new keys for their tokens.",
    no_args_is_help=True,
)

Data = Annotated[Path, typer.Option("--data", help="the data directory")]
ACTOR_UID = "system"


@registry_app.command("bundle")
@reporting
def bundle(data: Data) -> None:
    """Print the certificates for a registry's `rootcertbundle`: of the key that signs, the next one, and recent ones.

    A registry reads them once, at its start. No secret is among them; a running server is not disturbed.
    """
    now = datetime.now(UTC)
    with open_store(data) as store:
        keys = load_key_sets(store)[KeyPurpose.REGISTRY]
    typer.echo(keys.certificate_bundle(now), nl=False)


@registry_app.command("rotate")
@reporting
def rotate_keys(
    data: Data,
    leaked: Annotated[
        bool, typer.Option("--leaked", help="the key that signs was stolen: end its tokens at once")
    ] = False,
) -> None:
    """Let the next key sign from now on, and publish another one after it.

    Registries must have started with the next key's certificate before: they have, if they were given the newest
    bundle and restarted since the last rotation. A running server signs with the new key at its next token.
    """
    now = datetime.now(UTC)
    with open_store(data) as store:
        keys = rotate(store, KeyPurpose.REGISTRY, now, ACTOR_UID, leaked=leaked)
    typer.echo(format_rotation(keys, data))


def format_rotation(keys: KeySet, data: Path) -> str:
    """What has the rotation done, and what is to be done now?"""
    coming = keys.find_next()
    return (
        f"registry tokens are signed by {keys.current().kid}\n"
        f"the next key is {coming.kid if coming else '(none)'}\n"
        f"now give every registry the new bundle and restart it: bailiwick registry bundle --data {data}"
    )
