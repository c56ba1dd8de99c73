"""What a registry is comes from the settings, in one spelling, and half of it is refused."""

from __future__ import annotations

import pytest

from bailiwick.errors import Invalid
from bailiwick.service.settings import Registry, Settings, parse_registry

URL = "https://iam.acme.example"


def messages(error: Invalid) -> list[str]:
    """What was wrong, each in one sentence."""
    return [finding.message for finding in error.findings]


@pytest.mark.parametrize(
    ("text", "registry"),
    [
        ("reg=acme/eu-de", Registry("reg", "acme", "eu-de", "public")),
        ("reg=acme/eu-de/public", Registry("reg", "acme", "eu-de", "public")),
        ("reg=acme/eu-de/private", Registry("reg", "acme", "eu-de", "private")),
        ("registry.acme.example:5000=acme/eu-de", Registry("registry.acme.example:5000", "acme", "eu-de")),
    ],
)
def test_a_registry_is_written_in_one_text(text: str, registry: Registry) -> None:
    """Service, account, region, and the network where it is private; a registry that says nothing is public."""
    assert parse_registry(text) == registry


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("reg", "`reg` names no registry"),
        ("reg=acme", "`reg=acme` names no registry"),
        ("reg=acme/eu-de/private/x", "`reg=acme/eu-de/private/x` names no registry"),
        ("reg=/eu-de", "`reg=/eu-de` names no registry"),
        ("reg=acme/", "`reg=acme/` names no registry"),
        ("=acme/eu-de", "`=acme/eu-de` names no registry"),
        ('a"b=acme/eu-de', '`a"b` is no registry service name'),
        ("a b=acme/eu-de", "`a b` is no registry service name"),
        ("reg=acme/eu-de/intranet", "expected network private or public, got `intranet`"),
        ("reg=acme/eu-de/", "`reg=acme/eu-de/` names no registry"),
        ("reg=ac:me/eu-de", "`ac:me` is no account name"),
    ],
)
def test_anything_else_is_refused(text: str, message: str) -> None:
    """No part has a default that could be meant differently."""
    with pytest.raises(Invalid) as refused:
        parse_registry(text)
    assert messages(refused.value) == [message]


def test_a_service_name_means_one_registry() -> None:
    """The same name twice is refused, even for the same account and region."""
    registry = Registry("reg", "acme", "eu-de")
    with pytest.raises(Invalid) as refused:
        Settings(URL, registries=(registry, registry, Registry("reg", "acme", "us-south")))
    assert messages(refused.value) == ["registry `reg` is given twice"]


def test_a_registry_does_not_share_the_access_tokens_audience() -> None:
    """Tokens for Bailiwick and tokens for a registry never have the same audience."""
    with pytest.raises(Invalid) as refused:
        Settings(URL, registries=(Registry("bailiwick", "acme", "eu-de"),))
    assert messages(refused.value) == ["registry `bailiwick` has the name of the access tokens' audience"]


def test_a_registry_is_found_by_its_exact_name() -> None:
    """No case folding and no prefix."""
    registry = Registry("reg", "acme", "eu-de")
    settings = Settings(URL, registries=(registry,))
    assert settings.find_registry("reg") is registry
    for name in ("Reg", "re", "reg ", ""):
        assert settings.find_registry(name) is None
