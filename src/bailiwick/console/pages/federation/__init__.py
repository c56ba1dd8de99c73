"""Pages of federation: signing in through identity providers, one's own identities, providers and rules."""

from __future__ import annotations

from bailiwick.console.pages.federation.signing_in import provider_sign_in_entries
from bailiwick.console.routes import Entry


def federation_entries() -> list[Entry]:
    """Which lines have these subjects?"""
    return provider_sign_in_entries()
