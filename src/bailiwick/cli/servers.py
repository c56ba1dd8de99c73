"""What runs on the machine of the data: init, recover, serve.

Nothing here decides what is served; the options say it, and service/ and api/ do it.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bailiwick.cli.addresses import Data, MasterKey, Store, address_of, options_of
from bailiwick.cli.output import print_lines, reporting
from bailiwick.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from bailiwick.api.requests.traces import Traces

Listen = Annotated[str, typer.Option("--listen", help="HOST:PORT; port 0 picks a free one")]
ReadyFile = Annotated[Path | None, typer.Option(help="written with the address once the server answers")]
PublicUrl = Annotated[str | None, typer.Option(help="how clients reach this server; default: http://LISTEN")]
Registries = Annotated[
    list[str],
    typer.Option(
        "--registry",
        metavar="SERVICE=ACCOUNT/REGION",
        help="a container registry that trusts this server; with /private at the end: on a private network",
    ),
]

Proxies = Annotated[
    list[str],
    typer.Option(
        "--trusted-proxy",
        metavar="NETWORK",
        help="a proxy in front of this server: its X-Forwarded-For says where clients come from",
    ),
]


ProviderNetworks = Annotated[
    list[str],
    typer.Option(
        "--provider-network",
        metavar="NETWORK",
        help="a network, not of the Internet, in which identity providers may be asked",
    ),
]


# Longer than HAProxy takes by default to notice (three checks, two seconds apart), and than a connection may be idle.
DRAIN_SECONDS = 7.0


class LogFormat(str, Enum):
    """How a line of the log looks."""

    JSON = "json"
    TEXT = "text"


LogLines = Annotated[
    LogFormat | None, typer.Option(help="lines of the log on stderr; default: text on a terminal, else json")
]


MaxConnections = Annotated[
    int,
    typer.Option(min=0, help="connections at once; 0: what the limit of open files leaves, 10000 at most"),
]
MaxRequests = Annotated[
    int, typer.Option(min=1, help="requests at once that the fast path does not answer by itself")
]
RequestsPerSecond = Annotated[
    str | None,
    typer.Option(
        metavar="N[:BURST]",
        help="of one credential, or of an address without one; BURST: at once, default 2 N; default: no limit",
    ),
]


Memory = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE",
        help="of the accounts that are held, such as 512M or 2G; default: half of the machine's, or the container's",
    ),
]


OtlpEndpoint = Annotated[
    str | None,
    typer.Option(metavar="URL", help="a collector of OpenTelemetry traces; needs the extra `tracing`"),
]


MetricsTokenFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="holds the token that opens /metrics, one line; default: nobody sees them"
    ),
]


DrainSeconds = Annotated[
    float,
    typer.Option(
        min=0,
        max=3600,
        envvar="BAILIWICK_DRAIN_SECONDS",
        help="when told to stop (SIGTERM): says that it is not ready, and answers on for so long",
    ),
]


@reporting
def init(
    account: Annotated[str, typer.Option(help="the first account's name")],
    owner: Annotated[str, typer.Option(help="the owner's email address")],
    key_file: Annotated[Path, typer.Option(help="where the owner's API key is written (mode 0600)")],
    data: Data = None,
    store: Store = None,
    master_key: MasterKey = None,
    public_url: Annotated[
        str, typer.Option(help="how browsers will reach the server, for the link")
    ] = "http://127.0.0.1:8470",
) -> None:
    """Create a store with an account, its owner, the owner's API key, and a link to choose a password."""
    from bailiwick.service.host import open_host
    from bailiwick.service.initial import initialise
    from bailiwick.service.people.own_link import make_owner_link
    from bailiwick.service.settings import Settings

    settings = Settings(public_url)
    address = address_of(data, store, master_key)
    initialise(address, account, owner, key_file)
    host = open_host(address, settings)
    try:
        link = make_owner_link(host, account)
    finally:
        host.close()
    print_lines(
        [
            f"created account {account} in {address}; the owner's API key is in {key_file}",
            f"next: bailiwick serve {options_of(address)}",
            f"then choose the owner's password for the console, at a link that is good once: {link}",
        ]
    )


@reporting
def recover(
    owner: Annotated[str, typer.Argument(help="the name of the user who owns the account")],
    data: Data = None,
    store: Store = None,
    master_key: MasterKey = None,
    account: Annotated[str, typer.Option(help="which account, where they own several")] = "",
    public_url: Annotated[
        str, typer.Option(help="how browsers reach the server, for the link")
    ] = "http://127.0.0.1:8470",
) -> None:
    """Let an account's owner in again who has lost password, phone, recovery codes and passkeys.

    For whoever has the store and its master keys. What was lost is taken away; it is in the log and under attention.
    """
    from bailiwick.service.host import open_host
    from bailiwick.service.people.recovering import find_account, recover_owner
    from bailiwick.service.settings import Settings

    host = open_host(address_of(data, store, master_key), Settings(public_url.rstrip("/")))
    try:
        name = find_account(host, owner, account)
        link = recover_owner(host, name)
    finally:
        host.close()
    print_lines(
        [
            f"user {owner} of account {name} has no password, second factor or passkeys any more",
            f"a new password is chosen at a link that is good once: {link}",
        ]
    )


@reporting
def serve(
    data: Data = None,
    store: Store = None,
    master_key: MasterKey = None,
    listen: Listen = "127.0.0.1:8470",
    ready_file: ReadyFile = None,
    public_url: PublicUrl = None,
    registry: Registries = [],  # noqa: B006 - typer reads the default
    trusted_proxy: Proxies = [],  # noqa: B006 - typer reads the default
    provider_network: ProviderNetworks = [],  # noqa: B006 - typer reads the default
    log_format: LogLines = None,
    max_connections: MaxConnections = 0,
    max_requests: MaxRequests = 1000,
    requests_per_second: RequestsPerSecond = None,
    otlp_endpoint: OtlpEndpoint = None,
    metrics_token_file: MetricsTokenFile = None,
    memory: Memory = None,
    drain_seconds: DrainSeconds = DRAIN_SECONDS,
) -> None:
    """Answer over HTTP from a store until stopped."""
    from bailiwick.api.requests.lines import write_lines
    from bailiwick.api.requests.room import Room
    from bailiwick.api.serve import bind
    from bailiwick.api.serve import serve as serve_app
    from bailiwick.cli.operator_tokens import read_operator_token
    from bailiwick.service.holding.bounds import parse_memory, usual_memory
    from bailiwick.service.host import open_host
    from bailiwick.service.rates import parse_rate
    from bailiwick.service.settings import Settings, parse_provider_network, parse_proxy, parse_registry

    store_address = address_of(data, store, master_key)
    if ready_file is not None:
        require_folder(ready_file)
    write_lines(None if log_format is None else log_format.value)
    metrics_token = None if metrics_token_file is None else read_operator_token(metrics_token_file)
    most_held_bytes = usual_memory() if memory is None else parse_memory(memory)
    traces = None if otlp_endpoint is None else start_traces(otlp_endpoint)
    room = Room(max_connections, max_requests, traces, drain_seconds)
    socket, address = bind(listen)
    with socket:
        settings = Settings(
            public_url=(public_url or f"http://{address}").rstrip("/"),
            registries=tuple(parse_registry(text) for text in registry),
            proxies=tuple(parse_proxy(text) for text in trusted_proxy),
            provider_networks=tuple(parse_provider_network(text) for text in provider_network),
            rate=None if requests_per_second is None else parse_rate(requests_per_second),
            metrics_token=metrics_token,
            most_held_bytes=most_held_bytes,
        )
        host = open_host(store_address, settings)
        print_lines([f"listening at {address} as {settings.public_url}; Ctrl-C stops"])
        try:
            serve_app(host, socket, ready_file, room)
        finally:
            host.close()


def start_traces(endpoint: str) -> Traces:
    """Which traces are sent to this collector? Raises Invalid, Unavailable where the packages are not there."""
    try:
        from bailiwick.api.requests.traces import Traces
    except ImportError as error:
        raise Unavailable(
            f"`--otlp-endpoint` needs a package that is not there: {error.name}",
            "install `bailiwick[tracing]`, or leave the option away",
        ) from None
    return Traces(endpoint)


def require_folder(file: Path) -> None:
    """Is there a directory for this file? Raises NotFound."""
    if not file.parent.is_dir():
        raise NotFound(
            f"there is no directory `{file.parent}` for `{file.name}`", "make it, or name another file"
        )
