"""Pages of federation: signing in through identity providers, identities, providers and rules."""

from __future__ import annotations

from bailiwick.console.pages.federation.own_identities import own_identity_entries
from bailiwick.console.pages.federation.providers import provider_entries
from bailiwick.console.pages.federation.rules import rule_entries
from bailiwick.console.pages.federation.signing_in import provider_sign_in_entries
from bailiwick.console.pages.federation.user_identities import user_identity_entries
from bailiwick.console.routes import Entry


def federation_entries() -> list[Entry]:
    """Which lines have these subjects?"""
    return [
        *provider_sign_in_entries(),
        *own_identity_entries(),
        *user_identity_entries(),
        *provider_entries(),
        *rule_entries(),
    ]
