"""User codes: what a person reads on a device without a keyboard and types into a browser.

Eight letters without vowels, so that they spell nothing and none looks like a digit; 20^8 are 2.5 * 10^10.
Source: RFC 8628, 6.1 (character set, entropy) and 5.1 (guessing).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH = 8
GROUP = 4
MAX_TYPED = 40

Choose = Callable[[Sequence[str]], str]


def make_user_code(choose: Choose = secrets.choice) -> str:
    """What is a new user code, without its hyphen?"""
    return "".join(choose(LETTERS) for _ in range(LENGTH))


def format_user_code(code: str) -> str:
    """How is it shown? `WDJB-MJHT`."""
    return f"{code[:GROUP]}-{code[GROUP:]}"


def find_user_code(typed: str) -> str | None:
    """Which user code did somebody type: in any case, with hyphens, dots or spaces, or none? None: it can be none."""
    if len(typed) > MAX_TYPED:
        return None
    code = "".join(letter for letter in typed.upper() if letter not in " -._\t")
    is_one = len(code) == LENGTH and all(letter in LETTERS for letter in code)
    return code if is_one else None
