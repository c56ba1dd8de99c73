"""Sessions as values: what the log is told of those through whom something was changed."""

from __future__ import annotations

from bailiwick.authn.links import Link
from bailiwick.service.sessions import MOST_IN_LOG, Session
from bailiwick.store.chain import check_texts

ALICE = Link("dev", "user-1", "user:alice", "key-1")
BOB = Link("acme", "user-2", "user:bob", "key-2")


def session(*by: Link, acts_for: tuple[Link, ...] = ()) -> Session:
    """A session as a profile that these assumed."""
    chain = tuple(link.principal for link in acts_for)
    return Session("acme", "profile:ops", "profile-1", "key-1", 0.0, by=by, acts_for=acts_for, chain=chain)


def test_a_plain_session_says_the_surface_alone() -> None:
    """Who acts as themselves is the actor, and nothing else is to say."""
    assert Session("acme", "user:bob", "user-2", "key-2", 0.0).via("api") == "api"


def test_the_log_names_those_in_between_by_account_and_uid() -> None:
    """Nearest first; then for whom. No name of a person is in it, and spaces of an account's name divide nothing."""
    hop = Link("a b", "profile-9", "profile:hop", by=(ALICE,))
    assert session(hop, acts_for=(BOB,)).via("api") == "api by a%20b/profile-9 dev/user-1 for acme/user-2"


def test_a_long_chain_keeps_its_ends_and_fits() -> None:
    """The nearest and the root are always said, however long names are and however many there are."""
    link = ALICE
    for number in range(14):
        link = Link("ü/" * 100, f"profile-{number}", "profile:p", by=(link,))
    text = session(link, acts_for=(BOB, ALICE)).via("api")
    check_texts((("via", text),))
    words = text.split(" ")
    assert len(words) == MOST_IN_LOG + 3
    assert words[2].endswith("/profile-13")
    assert words[-3:] == ["dev/user-1", "for", "acme/user-2"]


def test_what_may_do_less_is_not_whole() -> None:
    """A chain makes a session less than its principal."""
    assert session().is_whole
    assert not session(acts_for=(BOB,)).is_whole
