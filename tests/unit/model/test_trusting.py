"""Entries of trust lists, and the id under which a foreign profile is asked about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.errors import Invalid
from bailiwick.model.names import parse_name
from bailiwick.model.trusting import (
    Assumption,
    Trusted,
    TrustReason,
    format_trusted,
    parse_trusted,
    profile_id,
)

NAMES = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/:"), min_size=1, max_size=12
)
KINDS = st.sampled_from(["user", "service-id", "profile"])


@pytest.mark.parametrize(
    ("text", "trusted"),
    [
        ("user:alice", Trusted("", "user:alice")),
        ("group:members", Trusted("", "group:members")),
        ("service:ims", Trusted("", "service:ims")),
        ("account:dev", Trusted("dev", "")),
        ("account:dev/user:alice", Trusted("dev", "user:alice")),
        ("account:dev/group:ops:group-1", Trusted("dev", "group:ops", "group-1")),
    ],
)
def test_an_entry_is_read_and_written_alike(text: str, trusted: Trusted) -> None:
    """Each form means one thing, and is written as it was read."""
    assert parse_trusted(text) == trusted
    assert format_trusted(trusted) == text


@given(NAMES, KINDS, NAMES, st.from_regex(r"[a-z]{1,8}-[0-9a-f]{1,20}", fullmatch=True) | st.just(""))
def test_every_foreign_entry_is_read_back(account: str, kind: str, name: str, uid: str) -> None:
    """Whatever the names hold, nothing of one part becomes another."""
    if account != account.strip() or name != name.strip():
        return
    entry = Trusted(account, f"{kind}:{name}", uid)
    assert parse_trusted(format_trusted(entry)) == entry
    assert entry.is_unbound is not bool(uid)
    assert entry.bound("u-1") == Trusted(account, f"{kind}:{name}", "u-1")


FOREIGN = "of another account, expected `account:NAME` or one of `user:`, `service-id:`, `profile:`, `group:` and a name after `account:NAME/`"  # noqa: E501 - one sentence


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("anonymous", "`anonymous` cannot be trusted", "name those who may assume the profile"),
        ("group:everyone", "`group:everyone` cannot be trusted", "name those who may assume the profile"),
        ("account:dev/service:ims", "`account:dev/service:ims` cannot be trusted", FOREIGN),
        ("account:dev/group:members", "`account:dev/group:members` cannot be trusted", FOREIGN),
        ("account:dev/alice", "`account:dev/alice` cannot be trusted", FOREIGN),
        ("account:dev/", "`account:dev/` cannot be trusted", FOREIGN),
        ("account:dev/user:alice:", "`` is no uid", "leave it out: it is filled in from the name"),
        ("account:dev/user:alice:U 1", "`U 1` is no uid", "leave it out: it is filled in from the name"),
        ("account:", "expected a account name, got nothing", None),
        ("account:dev/user:", "expected a name, got nothing", None),
        (
            "account:a:b/user:alice",
            "`a:b` is no account name",
            "a name holds no `/`, `:` or control character and does not begin or end with a space",
        ),
    ],
)
def test_what_is_no_entry_is_refused(text: str, message: str, help: str | None) -> None:
    """With what would be one."""
    with pytest.raises(Invalid) as caught:
        parse_trusted(text, "trust[0]")
    [finding] = caught.value.findings
    assert (finding.message, finding.place, finding.help) == (message, "trust[0]", help)


@given(NAMES, NAMES, NAMES)
def test_no_name_is_the_id_of_a_foreign_profile(home: str, account: str, name: str) -> None:
    """A local profile is asked about by its name; a foreign one by what no name can be."""
    assert profile_id(home, home, name) == name
    if account != home:
        with pytest.raises(Invalid):
            parse_name(profile_id(home, account, name), "name")


def test_an_assumption_is_as_true_as_it_is_allowed() -> None:
    """Every reason but one is a no."""
    assert [bool(Assumption(reason, "allowed")) for reason in TrustReason].count(True) == 1
    assert Assumption(TrustReason.TRUSTED, "allowed")
