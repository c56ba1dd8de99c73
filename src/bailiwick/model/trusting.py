"""Whom a profile trusts, and the question whether somebody may assume it.

Implements the grammar of docs/spec.md 22.3 and the question of 22.2. Pure values; who is who and what holds is the
engine's to say (engine/assuming.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from bailiwick.errors import Invalid
from bailiwick.model.accounts import Property
from bailiwick.model.names import ANONYMOUS, BUILT_IN_GROUPS, EVERYONE, parse_name, parse_subject
from bailiwick.model.policies import Guardrail

ASSUME = "iam.profile.assume"
ACT_AS = "iam.service.act-as"
PROFILE = "profile:"
STORED_KINDS = ("user", "service-id", "profile")
_ACCOUNT = "account:"
_FOREIGN_KINDS = (*STORED_KINDS, "group")
_UID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Trusted:
    """Whom does one entry of a trust list mean?

    `account` is empty for the profile's own account; `subject` is empty for everybody who is stored in `account`.
    `uid` says which holder of a foreign name is meant; without one a foreign name means nobody (rule 22.3).
    """

    account: str
    subject: str
    uid: str = ""

    @property
    def is_unbound(self) -> bool:
        """Is it a name of another account that nobody has looked up yet?"""
        return bool(self.account and self.subject and not self.uid)

    def bound(self, uid: str) -> Trusted:
        """The same name, meaning the one who has this uid."""
        return replace(self, uid=uid)


def parse_trusted(text: str, place: str = "trust") -> Trusted:
    """Whom does this entry mean? `user:alice`, `service:ims`, `account:dev`, `account:dev/group:ops[:uid]`."""
    if not text.startswith(_ACCOUNT):
        if text in (ANONYMOUS, EVERYONE):
            raise Invalid.at(place, f"`{text}` cannot be trusted", "name those who may assume the profile")
        return Trusted("", parse_subject(text, place))
    account, slash, rest = text.removeprefix(_ACCOUNT).partition("/")
    parse_name(account, place, "account name")
    if not slash:
        return Trusted(account, "")
    kind, _, named = rest.partition(":")
    name, colon, uid = named.partition(":")
    if kind not in _FOREIGN_KINDS or (kind == "group" and name in BUILT_IN_GROUPS):
        expected = ", ".join(f"`{one}:`" for one in _FOREIGN_KINDS)
        raise Invalid.at(
            place,
            f"`{text}` cannot be trusted",
            f"of another account, expected `account:NAME` or one of {expected} and a name after `account:NAME/`",
        )
    parse_name(name, place)
    if colon and not _UID.fullmatch(uid):
        raise Invalid.at(place, f"`{uid}` is no uid", "leave it out: it is filled in from the name")
    return Trusted(account, f"{kind}:{name}", uid)


def format_trusted(trusted: Trusted) -> str:
    """Which text parses to this entry?"""
    if not trusted.account:
        return trusted.subject
    tail = f"/{trusted.subject}" if trusted.subject else ""
    return f"{_ACCOUNT}{trusted.account}{tail}" + (f":{trusted.uid}" if trusted.uid else "")


def foreign_reference(account: str, reference: str) -> str:
    """How is a principal or group of another account called? `account:dev/user:alice` (rule 22.4)."""
    return f"{_ACCOUNT}{account}/{reference}"


def profile_id(home: str, account: str, profile: str) -> str:
    """Under which id is the profile asked about in `home`? Of another account: `//account/name` (rule 22.2).

    SECURITY: no name holds a slash, so neither a name nor a pattern such as `dep*` means a foreign profile by chance.
    """
    return profile if account == home else f"//{account}/{profile}"


@dataclass(frozen=True, slots=True)
class AssumeQuestion:
    """May this principal, of its home account, assume that profile, of the same or another account?

    `account` is the profile's, `profile` its bare name. `context` is what the connection says. `uids` holds the uids
    of those at home whom the profile's trust list names, as far as they exist.
    """

    principal: str
    account: str
    profile: str
    now: float
    context: Mapping[str, Property] = field(default_factory=dict)
    restrictions: tuple[Guardrail, ...] = ()
    uids: Mapping[str, str] = field(default_factory=dict)


class TrustReason(str, Enum):
    """Why does a profile let somebody assume it, or not? In the order in which rules are tried (rule 22.2)."""

    HOME = "not_allowed_at_home"
    ACCOUNT_SUSPENDED = "account_suspended"
    UNKNOWN_PROFILE = "unknown_profile"
    PROFILE_DISABLED = "profile_disabled"
    NOT_TRUSTED = "not_trusted"
    TRUST_CONDITION = "trust_condition"
    TRUSTED = "trusted"


@dataclass(frozen=True, slots=True)
class Assumption:
    """May the profile be assumed, and why? `home` is the reason of the decision at home, `entry` what trusts.

    `valid_until`: as of a decision. `bool(assumption)` is `allowed`.
    """

    reason: TrustReason
    home: str
    entry: str = ""
    valid_until: float | None = None

    @property
    def allowed(self) -> bool:
        """Does everything hold?"""
        return self.reason is TrustReason.TRUSTED

    def __bool__(self) -> bool:
        return self.allowed
