"""Federation: which identity providers an account believes, and into which groups rules bring those who come from them.

Values only, and which way a provider is stricter, said here once, so that whoever loosens one can be asked for the
authority that this needs. Implements docs/spec.md section 32.
Source: IBM Cloud, Access groups, dynamic rules (operators, conditions, expiration in hours); OpenID Connect Core 1.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

CLAIM_OPERATORS = (
    "EQUALS",
    "NOT_EQUALS",
    "EQUALS_IGNORE_CASE",
    "NOT_EQUALS_IGNORE_CASE",
    "IN",
    "CONTAINS",
)
REFUSE, CREATE = "refuse", "create"
NEW_USERS = (REFUSE, CREATE)
MEMBERSHIP_HOURS = (1, 720)
MAXIMUM_AGE_MINUTES = (0, 43_200)
DEFAULT_HOURS = 12
DEFAULT_SCOPES = ("openid", "profile", "email")
NAME_CLAIM, EMAIL_CLAIM = "preferred_username", "email"


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """Which OpenID Connect provider does the account believe, as which client, and about whom?

    `name_claim` and `email_claim` say where a new user's name and email are. `email_domains`: only whose verified
    email is in one of these; none: everybody. `trusts_mfa`: where the provider says that it saw a second factor, one
    was shown. `maximum_age_minutes`: how long ago people may have signed in there; 0: any time. The client's secret is
    kept apart.
    """

    name: str
    issuer: str
    client_id: str
    title: str = ""
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    name_claim: str = NAME_CLAIM
    email_claim: str = EMAIL_CLAIM
    new_users: str = REFUSE
    email_domains: tuple[str, ...] = ()
    trusts_mfa: bool = False
    maximum_age_minutes: int = 0
    disabled: bool = False
    description: str = ""

    @property
    def shown(self) -> str:
        """How is it called on a page?"""
        return self.title or self.name


@dataclass(frozen=True, slots=True)
class ClaimCondition:
    """What must a claim be? `claim` is a path such as `groups` or `realm_access.roles`; `values`: one, but for IN."""

    claim: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FederationRule:
    """Into which groups, for how many hours, does signing in through the provider bring whom all conditions fit?

    `groups` are references such as `group:readers`.
    """

    name: str
    provider: str
    groups: tuple[str, ...]
    conditions: tuple[ClaimCondition, ...] = ()
    hours: int = DEFAULT_HOURS
    disabled: bool = False
    description: str = ""


def find_loosened_provider(old: IdentityProvider | None, new: IdentityProvider | None) -> Iterator[str]:
    """Which fields of a provider let somebody in, now or as somebody else, who could not come so before?

    SECURITY: a provider that is believed can say of anybody who they are; so whatever changes whom it names counts.
    """
    if new is None or new.disabled:
        return
    if old is None or old.disabled:
        yield "disabled"
        return
    for field in ("issuer", "client_id", "name_claim", "email_claim"):
        if getattr(old, field) != getattr(new, field):
            yield field
    if new.new_users == CREATE and old.new_users != CREATE:
        yield "new_users"
    if old.email_domains and not (new.email_domains and set(new.email_domains) <= set(old.email_domains)):
        yield "email_domains"
    if new.trusts_mfa and not old.trusts_mfa:
        yield "trusts_mfa"
    if old.maximum_age_minutes and not 0 < new.maximum_age_minutes <= old.maximum_age_minutes:
        yield "maximum_age_minutes"


def is_rule_narrowed(old: FederationRule | None, new: FederationRule | None) -> bool:
    """Does the rule bring nobody into a group whom it did not bring there before, nor for longer?"""
    if new is None or new.disabled:
        return True
    return (
        old is not None
        and not old.disabled
        and old.provider == new.provider
        and set(new.groups) <= set(old.groups)
        and set(new.conditions) >= set(old.conditions)
        and new.hours <= old.hours
    )
