"""Looking for a word among all objects of a kind at once finds what looking at each of them finds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.service.accounts import Installation

from bailiwick.model.accounts import Principal
from bailiwick.service.mentions import Mentions, mentions
from bailiwick.service.reading import Filter, Reader

LETTERS = st.text("abß\nİ", max_size=4)


@given(
    st.dictionaries(LETTERS.filter(bool), st.tuples(LETTERS, LETTERS), max_size=8), LETTERS, st.text("ab", max_size=2)
)  # fmt: skip
def test_no_mention_is_missed(texts: dict[str, tuple[str, str]], word: str, begin: str) -> None:
    """Every object that mentions the word is found, in order; no other one, unless the word holds a line's end."""
    values = {
        name: Principal(f"user:{name}", email=one, description=other) for name, (one, other) in texts.items()
    }
    folded = word.casefold()
    expected = [name for name in sorted(values) if name >= begin and mentions(folded, name, values[name])]
    found = list(Mentions(sorted(values), values).find(folded, begin))
    assert found == sorted(found)
    if "\n" in folded:
        assert set(expected) <= set(found)
    else:
        assert found == expected


def test_what_changed_is_found_as_it_is_now(acme: Installation) -> None:
    """Searched before and after changes, a list is the one of a fresh start."""
    acme.apply(
        "kind: User\nname: ann\nemail: Ann@old.example\n---\nkind: User\nname: bob\ndescription: of OLD times"
    )
    assert _found(acme, "old") == ["ann", "bob"]
    acme.apply(
        "kind: User\nname: ann\nemail: ann@new.example\n---\nkind: User\nname: abe\nemail: abe@old.example"
    )
    assert _found(acme, "old") == ["abe", "bob"]
    acme.apply("kind: Project\nname: p", prune=True)
    assert _found(acme, "old") == []
    assert _found(acme, "OWN") == ["owner"]


def test_a_searched_list_goes_on_after_a_name(acme: Installation) -> None:
    """Pages of a search follow each other without a gap or a repetition."""
    acme.apply("\n---\n".join(f"kind: User\nname: u{number}" for number in range(5)))
    reader = Reader(acme.host, acme.session("user:owner"))
    first = reader.list("User", Filter(q="u"), after=None, limit=2)
    second = reader.list("User", Filter(q="u"), after="u1", limit=10)
    assert ([one.name for one in first.items], first.more) == (["u0", "u1"], True)
    assert ([one.name for one in second.items], second.more) == (["u2", "u3", "u4"], False)


def _found(acme: Installation, word: str) -> list[str]:
    reader = Reader(acme.host, acme.session("user:owner"))
    return [one.name for one in reader.list("User", Filter(q=word), after=None, limit=50).items]
