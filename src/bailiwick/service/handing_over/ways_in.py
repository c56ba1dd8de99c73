"""What a way in hands over, which people and programs come in by: security settings, applications, providers, rules.

Implements docs/spec.md rules 24.2, 28.3 and 32.4.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bailiwick.model.applications import Application, is_trusted_more
from bailiwick.model.federation import (
    FederationRule,
    IdentityProvider,
    find_loosened_provider,
    is_rule_narrowed,
)
from bailiwick.model.security import DEFAULT_SECURITY, SecuritySettings, find_loosened
from bailiwick.service.handing_over.handover import Handover, all_of_everybody
from bailiwick.service.handing_over.holding import Holding
from bailiwick.service.kinds import FEDERATION_RULE, IDENTITY_PROVIDER, SECURITY

WAYS_IN = (SECURITY, IDENTITY_PROVIDER, FEDERATION_RULE, "Application")


def ways_in(holding: Holding, word: str, old: Any, new: Any) -> Iterator[Handover]:
    """What does this change of a way in hand over?"""
    if word == SECURITY:
        return _security(old, new)
    if word == "Application":
        return _application(holding, old, new)
    return _provider(old, new) if word == IDENTITY_PROVIDER else _rule(holding, old, new)


def _security(old: SecuritySettings | None, new: SecuritySettings | None) -> Iterator[Handover]:
    """A way in that is guarded less: somebody who should not could come to hold all that anybody holds."""
    loosened = list(find_loosened(old or DEFAULT_SECURITY, new or DEFAULT_SECURITY))
    if loosened:
        yield from all_of_everybody(f"security setting `{loosened[0]}` is loosened", unguards=True)


def _application(holding: Holding, old: Application | None, new: Application | None) -> Iterator[Handover]:
    """As whom can whoever runs it newly act: as a service ID, or unasked as whoever signs in there? (28.3)"""
    if new is None:
        return
    acts_as = new.acting_as
    principal = None if acts_as is None else holding.after.principals.get(acts_as)
    if principal is not None and (old is None or old.acting_as != acts_as):
        yield from holding.all_of(principal.reference, principal, f"is acted as by application `{new.name}`")
    if is_trusted_more(old, new):
        yield from all_of_everybody(f"application `{new.name}` is trusted by all who sign in to it")


def _provider(old: IdentityProvider | None, new: IdentityProvider | None) -> Iterator[Handover]:
    """A provider that is believed says who people are: of anybody who is linked to it, or comes anew."""
    loosened = list(find_loosened_provider(old, new))
    if loosened and new is not None:
        what = "is believed" if loosened[0] == "disabled" else f"is believed more by its `{loosened[0]}`"
        yield from all_of_everybody(f"identity provider `{new.name}` {what}", unguards=True)


def _rule(holding: Holding, old: FederationRule | None, new: FederationRule | None) -> Iterator[Handover]:
    """Whom it brings into its groups nobody knows yet: what the groups hold is handed over without end.

    What a group is granted later, whoever grants it hands over, as to any member who may come. (rule 32.4)
    """
    if new is not None and not is_rule_narrowed(old, new):
        yield from _brought(holding, new, "brings people into")
    if old is not None and not old.disabled and not is_rule_narrowed(new, old):
        for group in old.groups:
            for policy in holding.reaching.policies_of(holding.reaching.groups_above(group)):
                if holding.reaching.denies(policy):
                    because = f"rule `{old.name}` no longer brings people into `{group}`"
                    yield holding.of(policy, f"{because}, and policy `{policy.name}` denies")
        yield from holding.reading_groups(f"rule `{old.name}`")


def _brought(holding: Holding, rule: FederationRule, what: str) -> Iterator[Handover]:
    for group in rule.groups:
        above = holding.reaching.with_profiles(holding.reaching.groups_above(group))
        for policy in holding.reaching.policies_of(above):
            if policy.effect == "allow":
                yield holding.of(policy, f"rule `{rule.name}` {what} `{group}`")
    yield from holding.reading_groups(f"rule `{rule.name}`")
