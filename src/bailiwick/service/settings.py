"""What an installation is told about itself. A half-set option refuses to start."""

from __future__ import annotations

from dataclasses import dataclass

from bailiwick.errors import Invalid

ACCESS_TOKEN_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Settings:
    """How is this installation reached, and whom do its tokens name?

    `public_url` is the only source of absolute addresses. `audience` is what access tokens are for; registries
    are known by `registry_service`. `network` is what `context.network` says of registry clients
    ("private" or "public"), from this configuration and never from the client.
    """

    public_url: str
    audience: str = "bailiwick"
    registry_service: str = "bailiwick-registry"
    registry_region: str = ""
    registry_account: str = ""
    network: str = "public"

    def __post_init__(self) -> None:
        if not self.public_url.startswith(("http://", "https://")) or self.public_url.endswith("/"):
            raise Invalid.at(
                "public_url",
                f"`{self.public_url}` is no public address",
                "write https://host[:port], no final slash",
            )
        for name in ("audience", "registry_service"):
            if not getattr(self, name):
                raise Invalid.at(
                    name, f"`{name}` is empty", "tokens for nobody in particular are tokens for everybody"
                )
        if self.network not in ("private", "public"):
            raise Invalid.at("network", f"expected private or public, got `{self.network}`")

    @property
    def issuer(self) -> str:
        """Whose tokens are they?"""
        return self.public_url
