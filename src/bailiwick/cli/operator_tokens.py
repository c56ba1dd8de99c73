"""The file of the operator's token: read once, at the start, and only if nobody else can read it."""

from __future__ import annotations

from pathlib import Path

from bailiwick.authn.operator_tokens import OperatorToken, parse_operator_token
from bailiwick.errors import NotFound, Unavailable
from bailiwick.store.secret_files import check_secret_file

MOST_BYTES = 4096


def read_operator_token(file: Path) -> OperatorToken:
    """Which token does this file hold? Raises NotFound, Unavailable, Invalid; never repeats what it holds."""
    try:
        check_secret_file(file, "the token that opens the metrics")
        with file.open("rb") as opened:
            text = opened.read(MOST_BYTES).decode("utf-8", "replace")
    except FileNotFoundError:
        raise NotFound(f"there is no token file `{file}`", "write the token there, one line") from None
    except OSError as error:
        raise Unavailable(f"cannot read `{file}`: {error.strerror or error}") from None
    return parse_operator_token(text, str(file))
