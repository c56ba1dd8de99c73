"""The keys that sign access tokens, on the machine of the data: signing-key list, rotate, rotate-identity.

Keys for registries turn by `bailiwick registry rotate`, because registries must be told. No secret is printed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bailiwick.cli.addresses import Data, MasterKey, Store, address_of, open_named
from bailiwick.cli.output import Output, OutputOption, print_json, print_lines, print_table, reporting
from bailiwick.cli.times import minute_of

if TYPE_CHECKING:
    from bailiwick.authn.signing import KeyPurpose, KeySet
    from bailiwick.store.address import Address

signing_keys_app = typer.Typer(
    help="Keys that sign access tokens: list, rotate. On the machine of the data.", no_args_is_help=True
)

Leaked = Annotated[
    bool, typer.Option("--leaked", help="the key that signs was stolen: end its tokens at once")
]
ACTOR_UID = "system"


@signing_keys_app.command("list")
@reporting
def list_(
    data: Data = None,
    store: Store = None,
    master_key: MasterKey = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """List the keys whose signatures are believed: the one that signs, the next, and retired ones until their end."""
    from bailiwick.authn.signing import KeyPurpose
    from bailiwick.service.keyring import load_key_sets

    with open_named(data, store, master_key) as opened:
        rows = rows_of(load_key_sets(opened)[KeyPurpose.ACCESS], datetime.now(UTC))
    if output is Output.JSON:
        print_json(rows)
        return
    print_table(
        ["kid", "state", "made", "signs since", "believed until"],
        [
            [
                one["kid"],
                one["state"],
                minute_of(one["created_at"]),
                minute_of(one["activated_at"]),
                minute_of(one["not_after"]),
            ]
            for one in rows
        ],
        empty="",
        whole=("kid",),
    )


@signing_keys_app.command("rotate")
@reporting
def rotate_keys(
    data: Data = None,
    store: Store = None,
    master_key: MasterKey = None,
    leaked: Leaked = False,
) -> None:
    """Let the next key sign from now on, and publish another one after it.

    The next key must have been published for a day, so that whoever verifies tokens has seen it.

    A running server signs with the new key at its next token. Tokens of the old one are good for two hours more;
    with --leaked they are not, and everybody signs in again.
    """
    from bailiwick.authn.signing import KeyPurpose

    keys = turn_keys(address_of(data, store, master_key), KeyPurpose.ACCESS, leaked=leaked)
    print_lines(format_rotation(keys, leaked=leaked))


def turn_keys(address: Address, purpose: KeyPurpose, *, leaked: bool) -> KeySet:
    """Which keys of this purpose are there, after the next one has taken over?"""
    from bailiwick.service.keyring import rotate
    from bailiwick.store.opening import open_store

    with open_store(address) as store:
        return rotate(store, purpose, datetime.now(UTC), ACTOR_UID, leaked=leaked)


@signing_keys_app.command("rotate-identity")
@reporting
def rotate_identity(
    data: Data = None,
    store: Store = None,
    master_key: MasterKey = None,
    leaked: Annotated[
        bool, typer.Option("--leaked", help="the key was stolen: what it signed is not believed any more")
    ] = False,
) -> None:
    """Let a new key sign ID tokens from now on.

    Applications find it among the published keys. What the old one signed is believed here for a day more.
    """
    from bailiwick.service.oauth.identity_keys import rotate_identity_key

    with open_named(data, store, master_key) as opened:
        key = rotate_identity_key(opened, datetime.now(UTC), ACTOR_UID, leaked=leaked)
    print_lines([f"ID tokens are signed by {key.kid}"])


def rows_of(keys: KeySet, now: datetime) -> list[dict[str, str | None]]:
    """What is shown of each key that is believed?"""
    return [
        {
            "kid": key.kid,
            "state": key.state.value,
            "created_at": key.created_at.isoformat(),
            "activated_at": None if key.activated_at is None else key.activated_at.isoformat(),
            "not_after": None if key.not_after is None else key.not_after.isoformat(),
        }
        for key in keys.list_trusted(now)
    ]


def format_rotation(keys: KeySet, *, leaked: bool) -> list[str]:
    """What has the rotation done?"""
    coming = keys.find_next()
    old = "nobody believes the old key any more" if leaked else "tokens of the old key are good for two hours"
    return [
        f"access tokens are signed by {keys.current().kid}",
        f"the next key is {coming.kid if coming else '(none)'}",
        old,
    ]
