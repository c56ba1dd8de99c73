"""Passwords, codes and links: what fits and what does not, whatever is typed."""

from __future__ import annotations

from unicodedata import normalize

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.authn.codes import (
    are_consecutive,
    find_recovery_code,
    find_step,
    hash_recovery_code,
    new_recovery_codes,
    new_seed,
    seed_address,
    step_at,
)
from bailiwick.authn.invitations import is_link, new_link, parse_link
from bailiwick.authn.passwords import (
    HashCost,
    check_new_password,
    describe_policy,
    hash_password,
    is_password,
    needs_rehash,
)
from bailiwick.model.security import PasswordPolicy

CHEAP = HashCost(memory_kib=8, passes=1)
NOW = 1_795_176_000.0


@given(st.text(max_size=40), st.text(max_size=40))
def test_only_the_same_text_is_the_password(text: str, other: str) -> None:
    """Any text can be one; composed and decomposed letters are the same."""
    stored = hash_password(CHEAP, text)
    assert is_password(CHEAP, stored, text)
    assert is_password(CHEAP, stored, other) == (normalize("NFC", text) == normalize("NFC", other))


def test_letters_composed_either_way_are_one_password() -> None:
    """One keyboard sends `é`, another `e` and an accent."""
    assert is_password(CHEAP, hash_password(CHEAP, "caf\u00e9"), "cafe\u0301")
    assert not is_password(CHEAP, "no hash", "x")
    assert not is_password(CHEAP, hash_password(CHEAP, "x" * 200), "x" * 200), "too long to be one"


def test_a_hash_of_another_cost_is_told() -> None:
    """So that it can be renewed."""
    stored = hash_password(CHEAP, "x")
    assert not needs_rehash(CHEAP, stored)
    assert needs_rehash(HashCost(memory_kib=16, passes=1), stored)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Abcdef1", []),
        ("abc1", ["the password has 4 characters, expected at least 6"]),
        ("abcdef", ["the password has 1 of four kinds of characters, expected at least 2"]),
        ("alice", ["the password has 5 characters, expected at least 6",
                   "the password has 1 of four kinds of characters, expected at least 2",
                   "the password is the user's name, or that backwards"]),
        ("aaab11", ["the password has the same character 3 times in a row, expected at most 2"]),
        ("abc\n12", ["the password has characters that cannot be typed"]),
        ("a1" * 65, ["the password has 130 characters, expected at most 128"]),
    ],
)  # fmt: skip
def test_everything_that_is_wrong_with_a_password_is_said(text: str, found: list[str]) -> None:
    """In words, at its field."""
    policy = PasswordPolicy(most_identical_in_a_row=2)
    assert [one.message for one in check_new_password(policy, text, "alice")] == found


def test_a_name_is_refused_backwards_and_whatever_its_case() -> None:
    """`Ecila-99` is `99-alicE` backwards."""
    assert check_new_password(PasswordPolicy(), "Ecila-99", "99-alicE")
    assert not check_new_password(PasswordPolicy(name_refused=False), "Ecila-99", "99-alicE")


def test_a_policy_is_told_in_sentences() -> None:
    """Each rule that is on, and none that is off."""
    plain = describe_policy(PasswordPolicy(name_refused=False, recent_passwords_refused=0))
    assert len(plain) == 2
    full = describe_policy(PasswordPolicy(3, 10, 2, 5, True, 90, 30))
    assert full[2:] == [
        "The same character at most 2 times in a row.",
        "Not your user name, nor that backwards.",
        "None of your last 5 passwords.",
        "It has to be changed after 90 days.",
        "Once chosen, it stays for at least 30 minutes.",
    ]


def test_a_first_password_is_told_nothing_of_earlier_ones() -> None:
    """Whoever never had one reads no rule about the one that it replaces."""
    for refused in (1, 5):
        policy = PasswordPolicy(recent_passwords_refused=refused)
        assert len(describe_policy(policy)) == len(describe_policy(policy, is_first=True)) + 1
        assert not [
            one for one in describe_policy(policy, is_first=True) if "replaces" in one or "last" in one
        ]


@given(st.integers(min_value=-10, max_value=10))
def test_a_code_is_good_one_step_early_or_late(steps: int) -> None:
    """And says of which step it is."""
    seed = new_seed()
    code = pyotp.TOTP(seed).at(int(NOW) + 30 * steps)
    found = find_step(seed, f"{code[:3]} {code[3:]}", NOW)
    if abs(steps) <= 1:
        assert found == step_at(NOW) + steps


@given(st.text(max_size=12))
def test_no_other_text_is_a_code(text: str) -> None:
    """Digits of other scripts neither."""
    seed = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    good = {pyotp.TOTP(seed).at(int(NOW) + 30 * steps) for steps in (-1, 0, 1)}
    assert (find_step(seed, text, NOW) is not None) == (text.replace(" ", "") in good)


def test_two_codes_in_a_row_prove_a_phone() -> None:
    """The first may be from before the tolerance: whoever types two has waited."""
    totp = pyotp.TOTP(new_seed())
    at = [totp.at(int(NOW) + 30 * steps) for steps in range(-3, 3)]
    for first, second, good in (
        (1, 2, True),
        (2, 3, True),
        (3, 4, True),
        (0, 1, False),
        (3, 3, False),
        (4, 3, False),
    ):
        assert are_consecutive(totp.secret, at[first], at[second], NOW) == good


def test_recovery_codes_are_found_however_they_are_typed() -> None:
    """Ten different ones; no other text is any of them."""
    codes = new_recovery_codes()
    stored = [hash_recovery_code(one) for one in codes]
    assert len(set(stored)) == 10
    assert find_recovery_code(stored, f" {codes[3].upper().replace('-', ' ')} ") == stored[3]
    assert find_recovery_code(stored, "aaaa-bbbb-cccc") is None


def test_a_seed_names_the_user_and_the_installation() -> None:
    """As the phone will show them."""
    address = seed_address("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "alice@acme", "Bailiwick iam.example")
    assert address.startswith("otpauth://totp/Bailiwick%20iam.example:alice%40acme?secret=JBSWY3DPEHPK3PXPJB")


@given(st.text(min_size=1, max_size=60).filter(lambda text: text.isprintable()))
def test_a_link_is_found_by_its_account(account: str) -> None:
    """Whatever it is called; nothing else is the link."""
    made = new_link(account, "invitation-" + "0" * 20)
    read = parse_link(made.text)
    assert read is not None
    assert (read.account, read.uid) == (account, "invitation-" + "0" * 20)
    assert is_link(made.secret_hash, made.text)
    assert not is_link(made.secret_hash, made.text[:-1])
    assert made.text not in repr(made)


@given(st.text(max_size=80))
def test_no_text_breaks_the_reading_of_a_link(text: str) -> None:
    """It is a link's or it is none."""
    assert parse_link(text) is None or text.count(".") == 2
