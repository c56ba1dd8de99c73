"""Documents as YAML text: what is written is read back, whatever it holds."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bailiwick.catalog.sources import parse_documents
from bailiwick.service.yaml_text import format_documents

_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
_names = _texts.filter(lambda text: text != "<<")
_numbers = st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
_values = st.recursive(
    st.none() | st.booleans() | _numbers | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_names, inner, max_size=4),
    max_leaves=12,
)
_documents = st.dictionaries(_names, _values, min_size=1, max_size=4)


@given(st.lists(_documents, min_size=1, max_size=3))
def test_what_is_written_is_read_back(documents: list[dict[str, Any]]) -> None:
    """Any documents of JSON values survive, one after the other in one stream."""
    text = "".join(format_documents(documents))
    assert [source.data for source in parse_documents(text)] == documents


def test_ordinary_documents_read_like_handwritten_ones() -> None:
    """Words stand without quotes, short lists in brackets, long mappings in blocks."""
    document = {
        "kind": "Policy",
        "name": "readers eu",
        "subjects": ["group:readers", "user:alice"],
        "scope": {"service": "ims", "id": "web-*"},
        "expires_at": "2027-01-01T00:00:00Z",
        "description": "on",
        "rights": [
            {"actions": [f"action-{index}" for index in range(12)], "effect": "allow"},
            {"actions": ["a"]},
        ],
    }
    assert "".join(format_documents([document])) == (
        "---\n"
        "kind: Policy\n"
        "name: readers eu\n"
        "subjects: [group:readers, user:alice]\n"
        'scope: {service: ims, id: "web-*"}\n'
        'expires_at: "2027-01-01T00:00:00Z"\n'
        'description: "on"\n'
        "rights:\n"
        "  - actions:\n" + "".join(f"      - action-{index}\n" for index in range(12)) + "    effect: allow\n"
        "  - {actions: [a]}\n"
    )
