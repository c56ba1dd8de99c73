"""Security settings: which change makes them less strict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bailiwick.model.security import (
    DEFAULT_SECURITY,
    PASSWORD_NUMBERS,
    SIGN_IN_NUMBERS,
    PasswordPolicy,
    SecuritySettings,
    SignInPolicy,
    find_loosened,
)

STRICT = SecuritySettings(
    passwords=PasswordPolicy(4, 32, 1, 10, True, 1, 1440),
    sign_in=SignInPolicy(15, 15, 3, 60, 30, 1),
    require_second_factor=True,
)
NUMBERS = [
    *(("passwords", name) for name in PASSWORD_NUMBERS),
    *(("sign_in", name) for name in SIGN_IN_NUMBERS),
]


def test_nothing_is_loosened_by_staying_or_by_getting_stricter() -> None:
    """From the defaults to the strictest, every step is up."""
    assert list(find_loosened(STRICT, STRICT)) == []
    assert list(find_loosened(DEFAULT_SECURITY, STRICT)) == []


@pytest.mark.parametrize(("place", "name"), NUMBERS)
def test_each_number_that_is_less_strict_is_named(place: str, name: str) -> None:
    """The default is less strict than the strictest, and 0 than anything where it switches a rule off."""
    numbers = PASSWORD_NUMBERS if place == "passwords" else SIGN_IN_NUMBERS
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
    for number in (*PASSWORD_NUMBERS.values(), *SIGN_IN_NUMBERS.values()):
        assert number.least <= number.default <= number.most
    assert (PASSWORD_NUMBERS["minimum_length"].least, PASSWORD_NUMBERS["minimum_length"].most) == (6, 32)
    assert (SIGN_IN_NUMBERS["lockout_minutes"].least, SIGN_IN_NUMBERS["lockout_minutes"].most) == (15, 30)
