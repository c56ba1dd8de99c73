"""Conditions of a request: `If-Match` and `If-None-Match` against the tag that an object has.

Source: RFC 9110, sections 8.8.3, 13.1.1 and 13.1.2 (strong comparison). It must not know objects.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bailiwick.api.answers import etag_of
from bailiwick.api.calls import Call
from bailiwick.api.problems import PreconditionFailed
from bailiwick.errors import Invalid
from bailiwick.service.snapshots import Identity

_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e]*")')


@dataclass(frozen=True, slots=True)
class Preconditions:
    """What must be true of the object? `match`: tags of which it must have one, `("*",)`: any; None: nothing."""

    match: tuple[str, ...] | None = None
    must_be_new: bool = False

    @property
    def any(self) -> bool:
        """Is there any condition?"""
        return self.match is not None or self.must_be_new

    def check(self, identity: Identity | None) -> None:
        """Is the object so? Raises PreconditionFailed."""
        if self.must_be_new and identity is not None:
            raise PreconditionFailed("the object exists already", "leave `If-None-Match` out to replace it")
        if self.match is None:
            return
        if identity is None:
            raise PreconditionFailed("the object does not exist")
        if self.match != ("*",) and etag_of(identity) not in self.match:
            raise PreconditionFailed(
                f"the object has changed: its tag is `{etag_of(identity)}`", "read it again and try again"
            )


def preconditions_of(call: Call) -> Preconditions:
    """Which conditions does the request make? Raises Invalid."""
    none_match = call.header("if-none-match")
    if none_match is not None and none_match.strip() != "*":
        raise Invalid.at("if-none-match", f"expected `*`, got `{none_match[:80]}`")
    match = call.header("if-match")
    return Preconditions(None if match is None else _tags(match), must_be_new=none_match is not None)


def _tags(text: str) -> tuple[str, ...]:
    if text.strip() == "*":
        return ("*",)
    found = []
    for part in text.split(","):
        tag = _TAG.fullmatch(part.strip())
        if tag is None:
            raise Invalid.at("if-match", f"expected `*` or tags in quotes, got `{text[:80]}`")
        # WHY: a weak tag never matches strongly.
        found.append(tag[2] if tag[1] is None else "")
    return tuple(found)
