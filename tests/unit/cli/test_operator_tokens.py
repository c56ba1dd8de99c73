"""The file of the operator's token: who may read it, and what is said where it is no good."""

from __future__ import annotations

from pathlib import Path

import pytest

from bailiwick.cli.operator_tokens import read_operator_token
from bailiwick.errors import Invalid, NotFound, Unavailable

TEXT = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A token file as it should be."""
    made = tmp_path / "metrics.token"
    made.touch(0o600)
    made.write_text(f"{TEXT}\n", encoding="utf-8")
    return made


def test_the_token_is_read(file: Path) -> None:
    """Its last line end is no part of it."""
    assert read_operator_token(file).is_shown(f"Bearer {TEXT}")


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o660, 0o620])
def test_a_file_that_others_read_or_write_is_refused(file: Path, mode: int) -> None:
    """Nothing is read of it, and the error says what to do."""
    file.chmod(mode)
    with pytest.raises(Unavailable) as refused:
        read_operator_token(file)
    assert refused.value.message.startswith(f"`{file}` has mode `{mode:o}` and owner `")
    assert (
        refused.value.help == f"it holds the token that opens the metrics: run `chmod 600 {file}` as its user"
    )


def test_a_lost_file_is_named(tmp_path: Path) -> None:
    """So is a directory, which cannot be read."""
    with pytest.raises(NotFound) as lost:
        read_operator_token(tmp_path / "none")
    assert lost.value.message == f"there is no token file `{tmp_path / 'none'}`"
    tmp_path.chmod(0o700)
    with pytest.raises(Unavailable) as directory:
        read_operator_token(tmp_path)
    assert directory.value.message == f"cannot read `{tmp_path}`: Is a directory"


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff" * 40, b"x" * 10_000])
def test_what_is_no_token_is_refused_at_its_file(file: Path, content: bytes) -> None:
    """The server does not start with a token that could be guessed."""
    file.write_bytes(content)
    with pytest.raises(Invalid) as refused:
        read_operator_token(file)
    assert refused.value.findings[0].place == str(file)
