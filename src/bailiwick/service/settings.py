"""What an installation is told about itself. A half-set option refuses to start.

It holds addresses and the registries that obey this installation; it must not read files or look anything up.
Serves docs/spec.md 10.2: what is set here is never taken from a request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_network

from bailiwick.authn.operator_tokens import OperatorToken
from bailiwick.errors import Finding, Invalid
from bailiwick.model.names import parse_name
from bailiwick.service.rates import Rate

NETWORKS = ("private", "public")
_REGISTRY_SERVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}", re.ASCII)
_REGISTRY_FORM = "write SERVICE=ACCOUNT/REGION or SERVICE=ACCOUNT/REGION/private"


@dataclass(frozen=True, slots=True)
class Registry:
    """Which container registry is it, whose is it, and where?

    `service` is the name in the registry's own configuration and the audience of its tokens. A registry serves one
    region of one account. `network` is what `context.network` says of its clients ("private" or "public").
    """

    service: str
    account: str
    region: str
    network: str = "public"

    def __post_init__(self) -> None:
        if not _REGISTRY_SERVICE.fullmatch(self.service):
            raise Invalid.at(
                "registry",
                f"`{self.service}` is no registry service name",
                "a service name has letters, digits, `.`, `_`, `-` and `:`, 128 characters at most",
            )
        parse_name(self.account, "registry", "account name")
        parse_name(self.region, "registry", "region")
        if self.network not in NETWORKS:
            raise Invalid.at("registry", f"expected network private or public, got `{self.network}`")


def parse_registry(text: str) -> Registry:
    """Which registry does `SERVICE=ACCOUNT/REGION` or `SERVICE=ACCOUNT/REGION/private` name? Raises Invalid."""
    service, _, rest = text.partition("=")
    parts = rest.split("/")
    if len(parts) not in (2, 3) or not all((service, *parts)):
        raise Invalid.at("registry", f"`{text}` names no registry", _REGISTRY_FORM)
    return Registry(service, *parts)


def parse_proxy(text: str) -> str:
    """Which network of proxies does the text name, in one spelling? Raises Invalid.

    SECURITY: a network of everybody would let every client say where it comes from.
    """
    try:
        network = ip_network(text)
    except ValueError:
        raise Invalid.at(
            "trusted_proxy",
            f"expected an address or a network, got `{text}`",
            "such as 10.0.0.7 or 10.0.0.0/24",
        ) from None
    if network.prefixlen == 0:
        raise Invalid.at("trusted_proxy", f"`{text}` is everybody", "name the proxies' own addresses")
    return str(network)


def parse_provider_network(text: str) -> str:
    """In which network may identity providers be, though it is not the Internet's? Raises Invalid."""
    try:
        return str(ip_network(text))
    except ValueError:
        raise Invalid.at(
            "provider_network",
            f"expected an address or a network, got `{text}`",
            "such as 10.0.0.7 or 10.0.0.0/24",
        ) from None


@dataclass(frozen=True, slots=True)
class Settings:
    """How is this installation reached, whom do its tokens name, and which registries obey it?

    `public_url` is the only source of absolute addresses. `audience` is what access tokens are for. `proxies` are the
    networks of those whose `X-Forwarded-For` is believed, `provider_networks` those in which identity providers may be
    besides the Internet. `rate` limits what one credential, or one address without any, may send. `metrics_token`
    opens the metrics of the process; None: nothing does. `most_held_bytes`: about so much memory may the accounts take
    that are held; None: all that were asked about are held.
    """

    public_url: str
    audience: str = "bailiwick"
    registries: tuple[Registry, ...] = ()
    proxies: tuple[str, ...] = ()
    provider_networks: tuple[str, ...] = ()
    rate: Rate | None = None
    metrics_token: OperatorToken | None = None
    most_held_bytes: int | None = None

    def __post_init__(self) -> None:
        if not self.public_url.startswith(("http://", "https://")) or self.public_url.endswith("/"):
            raise Invalid.at(
                "public_url",
                f"`{self.public_url}` is no public address",
                "write https://host[:port], no final slash",
            )
        if not self.audience:
            raise Invalid.at(
                "audience", "`audience` is empty", "tokens for nobody in particular are tokens for everybody"
            )
        findings = [*self._doubled(), *self._mistakable()]
        if findings:
            raise Invalid(findings)

    def _doubled(self) -> list[Finding]:
        """INVARIANT: a service name means one account and region, so nothing chooses between two."""
        names = [registry.service for registry in self.registries]
        twice = sorted({name for name in names if names.count(name) > 1})
        return [Finding(f"registry `{name}` is given twice", "registry") for name in twice]

    def _mistakable(self) -> list[Finding]:
        """SECURITY: a registry under the access tokens' audience could take one kind of token for the other."""
        return [
            Finding(f"registry `{registry.service}` has the name of the access tokens' audience", "registry")
            for registry in self.registries
            if registry.service == self.audience
        ]

    @property
    def issuer(self) -> str:
        """Whose tokens are they?"""
        return self.public_url

    def find_registry(self, service: str) -> Registry | None:
        """Which registry calls itself so?"""
        return next((registry for registry in self.registries if registry.service == service), None)
