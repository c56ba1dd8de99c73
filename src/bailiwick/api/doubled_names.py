"""Does a JSON body say one name twice in one object? Then no two readers need to understand the same by it.

Source: RFC 8259, section 4, and RFC 7493 (I-JSON), section 2.3. `bodies.py` refuses such bodies while it reads them;
this serves the decision path, whose decoder keeps the last of them and says nothing.
"""

from __future__ import annotations

import json
from typing import Any

from bailiwick.errors import Invalid

_MEMBER = b'":'
_WHITESPACE = b" \t\r\n"


def refuse_doubled_names(body: bytes, again: bytes) -> None:
    """Does each object of this valid JSON name each member once? `again` is what was read of it, as JSON.

    Raises Invalid.
    WHY so: most bodies hold just what was read, so a count tells; only what differs is read name by name.
    INVARIANT: `again` holds no member that the body does not. Without escapes, a quote and a colon stand only after a
    name or where a text begins with a colon, so what was read has no more of them, and as many only if nothing is lost.
    """
    if b"\\" in body or body.translate(None, _WHITESPACE).count(_MEMBER) != again.count(_MEMBER):
        json.loads(
            body, object_pairs_hook=members, parse_int=str, parse_float=str, parse_constant=str, strict=False
        )


def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Which object has these members? Raises Invalid where a name is given twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise Invalid.at(name[:80], f"duplicate name `{name[:80]}`")
            seen.add(name)
    return found
