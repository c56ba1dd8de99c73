"""How an account is entered: passwords, lock-outs, visits, networks, API keys, and what people change of themselves.

Values only. Defaults and ranges follow the document; which way a setting is stricter is said here once, so that
whoever loosens one can be asked for the authority that this needs.
Source: Open Telekom Cloud, Identity and Access Management, User Guide, Security Settings (password policy, login
policy, access control); API OS-SECURITYPOLICY; of keys, sessions and tokens IBM Cloud, IAM settings.
`longest_visit_minutes`, `longest_days`, `require_second_factor` and `staleness` are Bailiwick's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bailiwick.model.networks import NetworkPolicy, find_wider

SECURITY_NAME = "security"
MAX_NOTICE_LENGTH = 1000
PROMPT_DAYS = 15
EVERYONE, GRANTED, OWNER = "everyone", "granted", "owner"
# Who makes keys for themselves, and who makes service IDs; the strictest last.
WHO_MAKES = {"keys": (EVERYONE, GRANTED), "service_ids": (GRANTED, OWNER)}
# What is done where the store was not heard of for too long; the strictest last.
ANSWER, REFUSE = "answer", "refuse"
WHAT_THEN = (ANSWER, REFUSE)
MOST_KEYS = 20


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number of a policy: its default, its range, and which way it is stricter.

    `off`: whether 0 switches the rule off, which is the loosest.
    """

    default: int
    least: int
    most: int
    stricter_is_less: bool
    off: bool = False

    def strictness(self, value: int) -> int:
        """How strict is this value, to be compared with another's?"""
        if self.off and value == 0:
            return -self.most - 1
        return -value if self.stricter_is_less else value


PASSWORD_NUMBERS = {
    "kinds_of_characters": Whole(2, 2, 4, stricter_is_less=False),
    "minimum_length": Whole(6, 6, 32, stricter_is_less=False),
    "most_identical_in_a_row": Whole(0, 0, 32, stricter_is_less=True, off=True),
    "recent_passwords_refused": Whole(1, 0, 10, stricter_is_less=False),
    "validity_days": Whole(0, 0, 180, stricter_is_less=True, off=True),
    "minimum_age_minutes": Whole(0, 0, 1440, stricter_is_less=False),
}
SIGN_IN_NUMBERS = {
    "idle_minutes": Whole(60, 15, 1440, stricter_is_less=True),
    "longest_visit_minutes": Whole(720, 15, 1440, stricter_is_less=True),
    "failures_before_lockout": Whole(5, 3, 10, stricter_is_less=True),
    "failure_period_minutes": Whole(15, 15, 60, stricter_is_less=False),
    "lockout_minutes": Whole(15, 15, 30, stricter_is_less=False),
    "unused_days": Whole(0, 0, 240, stricter_is_less=True, off=True),
}
PROTECTION_NUMBERS = {"minutes": Whole(15, 5, 60, stricter_is_less=True)}
SESSION_NUMBERS = {
    "most_for_one_identity": Whole(0, 0, 100, stricter_is_less=True, off=True),
    "access_token_seconds": Whole(3600, 900, 3600, stricter_is_less=True),
}
KEY_NUMBERS = {
    "longest_days": Whole(0, 0, 730, stricter_is_less=True, off=True),
    "most_for_one_identity": Whole(MOST_KEYS, 1, MOST_KEYS, stricter_is_less=True),
}
STALENESS_NUMBERS = {"longest_seconds": Whole(30, 1, 3600, stricter_is_less=True)}
NUMBERS = {
    "passwords": PASSWORD_NUMBERS,
    "sign_in": SIGN_IN_NUMBERS,
    "sessions": SESSION_NUMBERS,
    "keys": KEY_NUMBERS,
    "staleness": STALENESS_NUMBERS,
}


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """What must a password of the account be, and how long may it stay? Kinds: upper, lower, digit, other."""

    kinds_of_characters: int = PASSWORD_NUMBERS["kinds_of_characters"].default
    minimum_length: int = PASSWORD_NUMBERS["minimum_length"].default
    most_identical_in_a_row: int = PASSWORD_NUMBERS["most_identical_in_a_row"].default
    recent_passwords_refused: int = PASSWORD_NUMBERS["recent_passwords_refused"].default
    name_refused: bool = True
    validity_days: int = PASSWORD_NUMBERS["validity_days"].default
    minimum_age_minutes: int = PASSWORD_NUMBERS["minimum_age_minutes"].default


@dataclass(frozen=True, slots=True)
class SignInPolicy:
    """How do people of the account sign in, and when are they kept out?

    `unused_days`: who has not signed in for so long can no more; 0: never. `notice` is shown after signing in.
    """

    idle_minutes: int = SIGN_IN_NUMBERS["idle_minutes"].default
    longest_visit_minutes: int = SIGN_IN_NUMBERS["longest_visit_minutes"].default
    failures_before_lockout: int = SIGN_IN_NUMBERS["failures_before_lockout"].default
    failure_period_minutes: int = SIGN_IN_NUMBERS["failure_period_minutes"].default
    lockout_minutes: int = SIGN_IN_NUMBERS["lockout_minutes"].default
    unused_days: int = SIGN_IN_NUMBERS["unused_days"].default
    show_last_sign_in: bool = False
    notice: str = ""


@dataclass(frozen=True, slots=True)
class OperationProtection:
    """Must whoever signed in prove again who they are before critical operations, and for how long does that count?"""

    enabled: bool = True
    minutes: int = PROTECTION_NUMBERS["minutes"].default


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """How many visits may one user have at once (0: any number), and how long is an access token good?"""

    most_for_one_identity: int = SESSION_NUMBERS["most_for_one_identity"].default
    access_token_seconds: int = SESSION_NUMBERS["access_token_seconds"].default


@dataclass(frozen=True, slots=True)
class KeyPolicy:
    """Who makes API keys for themselves, how long may any key be good (0: for good), how many may somebody have?"""

    who_may_create: str = EVERYONE
    longest_days: int = KEY_NUMBERS["longest_days"].default
    most_for_one_identity: int = KEY_NUMBERS["most_for_one_identity"].default


@dataclass(frozen=True, slots=True)
class ServiceIdPolicy:
    """Who makes service IDs: whoever was granted that, or the account's owner only?"""

    who_may_create: str = GRANTED


@dataclass(frozen=True, slots=True)
class StalenessPolicy:
    """How long may a process answer for the account without having heard of the store, and what then?"""

    longest_seconds: int = STALENESS_NUMBERS["longest_seconds"].default
    then: str = REFUSE


@dataclass(frozen=True, slots=True)
class SelfPolicy:
    """What may people change of themselves without being granted it?"""

    password: bool = True
    email: bool = False


SELF_FLAGS = ("password", "email")


@dataclass(frozen=True, slots=True)
class SecuritySettings:
    """How is this account entered? An account has one of these, or the defaults."""

    name: str = SECURITY_NAME
    passwords: PasswordPolicy = field(default_factory=PasswordPolicy)
    sign_in: SignInPolicy = field(default_factory=SignInPolicy)
    require_second_factor: bool = False
    operation_protection: OperationProtection = field(default_factory=OperationProtection)
    networks: NetworkPolicy = field(default_factory=NetworkPolicy)
    sessions: SessionPolicy = field(default_factory=SessionPolicy)
    keys: KeyPolicy = field(default_factory=KeyPolicy)
    service_ids: ServiceIdPolicy = field(default_factory=ServiceIdPolicy)
    may_change: SelfPolicy = field(default_factory=SelfPolicy)
    staleness: StalenessPolicy = field(default_factory=StalenessPolicy)


DEFAULT_SECURITY = SecuritySettings()


def find_loosened(old: SecuritySettings, new: SecuritySettings) -> Iterator[str]:
    """Which settings are less strict afterwards?"""
    for place, numbers in NUMBERS.items():
        was, is_ = getattr(old, place), getattr(new, place)
        for name, number in numbers.items():
            if number.strictness(getattr(is_, name)) < number.strictness(getattr(was, name)):
                yield f"{place}.{name}"
    if old.passwords.name_refused and not new.passwords.name_refused:
        yield "passwords.name_refused"
    if old.require_second_factor and not new.require_second_factor:
        yield "require_second_factor"
    yield from _protects_less(old.operation_protection, new.operation_protection)
    for surface in ("console", "api"):
        was, is_ = ((one.network for one in getattr(who.networks, surface)) for who in (old, new))
        if find_wider(was, is_):
            yield f"networks.{surface}"
    for place, words in WHO_MAKES.items():
        was_at, is_at = (words.index(getattr(who, place).who_may_create) for who in (old, new))
        if is_at < was_at:
            yield f"{place}.who_may_create"
    if WHAT_THEN.index(new.staleness.then) < WHAT_THEN.index(old.staleness.then):
        yield "staleness.then"
    for name in SELF_FLAGS:
        if getattr(new.may_change, name) and not getattr(old.may_change, name):
            yield f"may_change.{name}"


def _protects_less(old: OperationProtection, new: OperationProtection) -> Iterator[str]:
    if old.enabled and not new.enabled:
        yield "operation_protection.enabled"
    number = PROTECTION_NUMBERS["minutes"]
    if old.enabled and number.strictness(new.minutes) < number.strictness(old.minutes):
        yield "operation_protection.minutes"
