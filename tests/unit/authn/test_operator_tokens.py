"""The operator's token: which texts are one, and when it is shown."""

from __future__ import annotations

import pytest

from bailiwick.authn.operator_tokens import parse_operator_token
from bailiwick.errors import Invalid

TEXT = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("text", [TEXT, f"{TEXT}\n", f"{TEXT}\r\n", "A-Za.z_9~+/==" * 4, "x" * 512])
def test_a_token_is_one_long_line(text: str) -> None:
    """The end of the line is no part of it."""
    token = parse_operator_token(text, "file")
    assert token.is_shown(f"Bearer {text.strip()}")
    assert token.is_shown(f"bearer {text.strip()}")


@pytest.mark.parametrize(
    "text", ["", "\n", TEXT[:-1], f"{TEXT} ", f"{TEXT}\n\n", f"{TEXT}\n{TEXT}", f"{TEXT}ä", "x" * 513]
)
def test_what_is_no_token_is_refused_without_repeating_it(text: str) -> None:
    """A short one could be guessed; anything beside it may be a mistake."""
    with pytest.raises(Invalid) as refused:
        parse_operator_token(text, "metrics.token")
    assert refused.value.findings[0].place == "metrics.token"
    assert TEXT[:-1] not in f"{refused.value} {refused.value.findings}"


@pytest.mark.parametrize(
    "header",
    [
        None, "", "Bearer", "Bearer ", TEXT, f"Basic {TEXT}", f"Bearer {TEXT}x", f"Bearer {TEXT[:-1]}",
        f"Bearer  {TEXT}", f"Bearer {TEXT.upper()}", f"Bearer {TEXT}\udcff", "Bearer ä",
    ],
)  # fmt: skip
def test_anything_else_does_not_show_it(header: str | None) -> None:
    """Whole, as it is, as a bearer token."""
    assert not parse_operator_token(TEXT, "file").is_shown(header)


def test_nobody_reads_it_off() -> None:
    """Not even its digest is in a text about it."""
    token = parse_operator_token(TEXT, "file")
    assert repr(token) == "OperatorToken()"
