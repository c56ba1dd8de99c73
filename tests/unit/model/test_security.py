"""Security settings: which change makes them less strict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bailiwick.model.networks import AllowedNetwork, NetworkPolicy
from bailiwick.model.security import (
    DEFAULT_SECURITY,
    NUMBERS,
    PASSWORD_NUMBERS,
    SIGN_IN_NUMBERS,
    KeyPolicy,
    PasswordPolicy,
    SecuritySettings,
    SelfPolicy,
    ServiceIdPolicy,
    SessionPolicy,
    SignInPolicy,
    StalenessPolicy,
    find_loosened,
)

STRICT = SecuritySettings(
    passwords=PasswordPolicy(4, 32, 1, 10, True, 1, 1440),
    sign_in=SignInPolicy(15, 15, 3, 60, 30, 1),
    require_second_factor=True,
    networks=NetworkPolicy((AllowedNetwork("192.0.2.0/24"),), (AllowedNetwork("192.0.2.0/24"),)),
    sessions=SessionPolicy(1, 900),
    keys=KeyPolicy("granted", 1, 1),
    service_ids=ServiceIdPolicy("owner"),
    may_change=SelfPolicy(password=False, email=False),
    staleness=StalenessPolicy(1, "refuse"),
)
EACH = [(place, name) for place, numbers in NUMBERS.items() for name in numbers]


def test_nothing_is_loosened_by_staying_or_by_getting_stricter() -> None:
    """From the defaults to the strictest, every step is up."""
    assert list(find_loosened(STRICT, STRICT)) == []
    assert list(find_loosened(DEFAULT_SECURITY, STRICT)) == []


@pytest.mark.parametrize(("place", "name"), EACH)
def test_each_number_that_is_less_strict_is_named(place: str, name: str) -> None:
    """The default is less strict than the strictest, and 0 than anything where it switches a rule off."""
    numbers = NUMBERS[place]
    for value in {numbers[name].default, 0 if numbers[name].off else numbers[name].default}:
        looser = replace(STRICT, **{place: replace(getattr(STRICT, place), **{name: value})})
        assert list(find_loosened(STRICT, looser)) == [f"{place}.{name}"]


def test_flags_that_fall_are_named_and_words_are_not() -> None:
    """What is shown to people makes nothing stricter."""
    looser = replace(
        STRICT, passwords=replace(STRICT.passwords, name_refused=False), require_second_factor=False
    )
    assert list(find_loosened(STRICT, looser)) == ["passwords.name_refused", "require_second_factor"]
    told = replace(STRICT, sign_in=replace(STRICT.sign_in, notice="x", show_last_sign_in=True))
    assert list(find_loosened(STRICT, told)) == list(find_loosened(told, STRICT)) == []


def test_every_default_is_in_its_range() -> None:
    """And the ranges are those of the document."""
    for number in (one for numbers in NUMBERS.values() for one in numbers.values()):
        assert number.least <= number.default <= number.most
    assert (PASSWORD_NUMBERS["minimum_length"].least, PASSWORD_NUMBERS["minimum_length"].most) == (6, 32)
    assert (SIGN_IN_NUMBERS["lockout_minutes"].least, SIGN_IN_NUMBERS["lockout_minutes"].most) == (15, 30)


@pytest.mark.parametrize(
    ("looser", "named"),
    [
        (replace(STRICT, networks=replace(STRICT.networks, console=())), "networks.console"),
        (
            replace(STRICT, networks=replace(STRICT.networks, api=(AllowedNetwork("192.0.0.0/16"),))),
            "networks.api",
        ),
        (replace(STRICT, keys=replace(STRICT.keys, who_may_create="everyone")), "keys.who_may_create"),
        (replace(STRICT, staleness=StalenessPolicy(1, "answer")), "staleness.then"),
        (replace(STRICT, service_ids=ServiceIdPolicy("granted")), "service_ids.who_may_create"),
        (replace(STRICT, may_change=SelfPolicy(password=True, email=False)), "may_change.password"),
        (replace(STRICT, may_change=SelfPolicy(password=False, email=True)), "may_change.email"),
    ],
)
def test_each_door_that_opens_wider_is_named(looser: SecuritySettings, named: str) -> None:
    """Networks by what they let in; who may do more by themselves."""
    assert list(find_loosened(STRICT, looser)) == [named]
    assert list(find_loosened(looser, STRICT)) == []
