"""Container registries on the machine of the data: their certificates, the rotation of the keys that they trust.

Nothing here reaches a registry; what it prints or writes is carried there by whoever runs it.
Serves the guide on container registries and docs/spec.md 10.2.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bailiwick.cli.output import print_lines, reporting

if TYPE_CHECKING:
    from bailiwick.authn.signing import KeySet

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

    A registry reads them once, at its start.

    No secret is among them; a running server is not disturbed.
    """
    from bailiwick.authn.signing import KeyPurpose
    from bailiwick.service.keyring import load_key_sets
    from bailiwick.store.opening import open_store

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

    Every registry must have been given the newest bundle and restarted since the last rotation.

    A running server signs with the new key at its next token.
    """
    from bailiwick.authn.signing import KeyPurpose
    from bailiwick.service.keyring import rotate
    from bailiwick.store.opening import open_store

    now = datetime.now(UTC)
    with open_store(data) as store:
        keys = rotate(store, KeyPurpose.REGISTRY, now, ACTOR_UID, leaked=leaked)
    print_lines(format_rotation(keys, data))


def format_rotation(keys: KeySet, data: Path) -> list[str]:
    """What has the rotation done, and what is to be done now?"""
    coming = keys.find_next()
    return [
        f"registry tokens are signed by {keys.current().kid}",
        f"the next key is {coming.kid if coming else '(none)'}",
        f"now give every registry the new bundle and restart it: bailiwick registry bundle --data {data}",
    ]
