"""Identity providers and federation rules against what they name. Serves docs/spec.md section 32."""

from __future__ import annotations

from bailiwick.catalog.check_world import ObjectNotes, World
from bailiwick.model.federation import FederationRule, IdentityProvider
from bailiwick.model.names import BUILT_IN_GROUPS


def check_provider(provider: IdentityProvider, notes: ObjectNotes, world: World) -> None:
    """Does the provider ask for what makes an answer one of OpenID Connect?"""
    if "openid" not in provider.scopes:
        notes.add(
            ("scopes",), "scope `openid` is missing", "without it a provider says nothing of who signs in"
        )


def check_rule(rule: FederationRule, notes: ObjectNotes, world: World) -> None:
    """Are the provider and the groups there, and is none of the groups built in?"""
    if rule.provider not in world.account.identity_providers:
        known = world.account.identity_providers if world.tells("IdentityProvider") else ()
        help = world.nearest(rule.provider, known) if known else None
        notes.add(("provider",), f"unknown identity provider `{rule.provider}`", help)
    for index, reference in enumerate(rule.groups):
        name = reference.removeprefix("group:")
        if name in BUILT_IN_GROUPS:
            notes.add(("groups", index), f"group `{name}` is built in", "everybody is in it anyway")
        else:
            world.check_reference(reference, ("groups", index), notes)
