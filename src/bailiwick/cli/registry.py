"""Container registries on the machine of the data: their certificates, the rotation of the keys that they trust.

Nothing here reaches a registry; what it prints or writes is carried there by whoever runs it.
Serves the guide on container registries and docs/spec.md 10.2.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from bailiwick.cli.addresses import Data, MasterKey, Store, address_of, open_named, options_of
from bailiwick.cli.output import print_lines, reporting
from bailiwick.cli.signing_keys import Leaked, turn_keys

if TYPE_CHECKING:
    from bailiwick.authn.signing import KeySet
    from bailiwick.store.address import Address

registry_app = typer.Typer(
    help="Container registries: the certificates that they trust, and new keys for their tokens.",
    no_args_is_help=True,
)


@registry_app.command("bundle")
@reporting
def bundle(data: Data = None, store: Store = None, master_key: MasterKey = None) -> None:
    """Print the certificates for a registry's `rootcertbundle`: of the key that signs, the next one, and recent ones.

    A registry reads them once, at its start.

    No secret is among them; a running server is not disturbed.
    """
    from bailiwick.authn.signing import KeyPurpose
    from bailiwick.service.keyring import load_key_sets

    now = datetime.now(UTC)
    with open_named(data, store, master_key) as opened:
        keys = load_key_sets(opened)[KeyPurpose.REGISTRY]
    typer.echo(keys.certificate_bundle(now), nl=False)


@registry_app.command("rotate")
@reporting
def rotate_keys(
    data: Data = None,
    store: Store = None,
    master_key: MasterKey = None,
    leaked: Leaked = False,
) -> None:
    """Let the next key sign from now on, and publish another one after it.

    Every registry must have been given the newest bundle and restarted since the last rotation.

    A running server signs with the new key at its next token.
    """
    from bailiwick.authn.signing import KeyPurpose

    address = address_of(data, store, master_key)
    print_lines(format_rotation(turn_keys(address, KeyPurpose.REGISTRY, leaked=leaked), address))


def format_rotation(keys: KeySet, address: Address) -> list[str]:
    """What has the rotation done, and what is to be done now?"""
    coming = keys.find_next()
    return [
        f"registry tokens are signed by {keys.current().kid}",
        f"the next key is {coming.kid if coming else '(none)'}",
        f"now give every registry the new bundle and restart it: bailiwick registry bundle {options_of(address)}",
    ]
