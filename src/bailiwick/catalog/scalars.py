"""What an unquoted word in YAML means here: text, but for null, booleans and decimal or hexadecimal numbers.

Follows YAML 1.2's core schema, so `no`, `on`, `12:30` and `2027-01-01` are text; what readers of
YAML 1.1 and 1.2 take for different numbers is refused. Must not know where the word stands.
"""

from __future__ import annotations

import math
import re

MAX_INTEGER = 2**63 - 1

_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_FIRST = frozenset("~nNtTfF-+.0123456789")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_AMBIGUOUS = re.compile(r"[-+]?0[0-9]+|0o[0-7]+|0b[01]+|[-+]?[0-9][0-9_]*_[0-9_]*")
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def parse_plain(word: str) -> str | int | float | bool | None:
    """Which value is this unquoted word? Raises ValueError for a number that has no one value."""
    if word and word[0] not in _FIRST:
        return word
    if word in _WORDS:
        return _WORDS[word]
    if _INTEGER.fullmatch(word):
        return _bounded(word, 10)
    if _HEXADECIMAL.fullmatch(word):
        return _bounded(word, 16)
    if _AMBIGUOUS.fullmatch(word):
        raise ValueError(f"ambiguous number `{word[:40]}`")
    if _FLOAT.fullmatch(word) or _NO_NUMBER.fullmatch(word):
        return _finite(word)
    return word


def _bounded(word: str, radix: int) -> int:
    number = int(word, radix) if len(word) <= 20 else MAX_INTEGER + 1
    if abs(number) > MAX_INTEGER:
        raise ValueError(f"number `{word[:40]}` is out of range")
    return number


def _finite(word: str) -> float:
    number = math.inf if _NO_NUMBER.fullmatch(word) else float(word)
    if not math.isfinite(number):
        raise ValueError(f"number `{word[:40]}` is not finite")
    return number
