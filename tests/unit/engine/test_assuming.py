"""Assuming: which profiles a policy at home reaches by its ids, and whom entries of trust mean."""

from __future__ import annotations

import pytest

from bailiwick.engine import CompiledAccount, compile_account, decide_assuming
from bailiwick.model.accounts import Account, Group, Membership, Principal
from bailiwick.model.conditions import parse_condition
from bailiwick.model.policies import Policy, Scope, Window
from bailiwick.model.trusting import AssumeQuestion, Assumption, TrustReason
from bailiwick.service.catalog_files import load_system_catalog

NOW = 1_800_000_000.0
CATALOG = load_system_catalog()
PEOPLE = ("user:alice", "service-id:ci", "profile:hop")
ALICE_UID = "user-1"


def dev(*ids: str, **more: object) -> CompiledAccount:
    """The account `dev`, where alice and others may assume the profiles of these ids."""
    scope = Scope(service=("iam",), type=("profile",), id=ids or None)
    subjects = (*PEOPLE, "service:ims")
    policy = Policy("p", subjects, ("Profile User",), scope, window=more.pop("window", Window()))  # type: ignore[arg-type]  # a window
    principals = {one: Principal(one, properties={"floor": 3}) for one in PEOPLE}
    groups = {"ops": Group("ops", (Membership("user:alice"),))}
    account = Account("dev", "user:root", principals=principals, groups=groups, policies={"p": policy})
    return compile_account(CATALOG, account)


def acme(*trust: str, name: str = "acme", **more: object) -> CompiledAccount:
    """The account `acme` with the profile `ops`, which trusts these."""
    profile = Principal("profile:ops", trust=trust, **more)  # type: ignore[arg-type]  # fields of a principal
    return compile_account(CATALOG, Account(name, "user:root", principals={"profile:ops": profile}))


def ask(
    home: CompiledAccount, trusting: CompiledAccount | None, principal: str = "user:alice", **context: object
) -> Assumption:
    """May the principal assume `ops` of `acme`?"""
    uids = {"user:alice": ALICE_UID, "group:ops": "group-1"}
    question = AssumeQuestion(principal, "acme", "ops", NOW, context, (), uids)  # type: ignore[arg-type]  # plain values
    return decide_assuming(home, trusting, question)


@pytest.mark.parametrize(
    ("ids", "is_foreign", "is_local"),
    [
        ((), True, True),
        (("*",), True, True),
        (("*ops",), True, True),
        (("ops",), False, True),
        (("o*",), False, True),
        (("acme*",), False, False),
        (("acme/ops",), False, False),
        (("//acme/ops",), True, False),
        (("//acme/*",), True, False),
        (("//*",), True, False),
        (("//acme2/*", "//other/ops"), False, False),
    ],
)
def test_an_id_reaches_profiles_at_home_or_of_others(
    ids: tuple[str, ...], is_foreign: bool, is_local: bool
) -> None:
    """What people write for their own profiles reaches no foreign one by chance, nor the other way round."""
    assert ask(dev(*ids), acme("account:dev")).allowed is is_foreign
    home = dev(*ids)
    local = compile_account(
        CATALOG,
        Account(
            "dev",
            "user:root",
            principals={**home.account.principals, "profile:ops": Principal("profile:ops", trust=PEOPLE)},
            policies=home.account.policies,
        ),
    )
    question = AssumeQuestion("user:alice", "dev", "ops", NOW)
    assert decide_assuming(local, local, question).allowed is is_local


@pytest.mark.parametrize(
    ("entry", "principal", "is_meant"),
    [
        ("account:dev", "user:alice", True),
        ("account:dev", "service-id:ci", True),
        ("account:dev", "profile:hop", True),
        ("account:dev", "service:ims", False),
        ("account:other", "user:alice", False),
        (f"account:dev/user:alice:{ALICE_UID}", "user:alice", True),
        (f"account:dev/user:alice:{ALICE_UID}", "service-id:ci", False),
        ("account:dev/user:alice:user-2", "user:alice", False),
        ("account:dev/user:alice", "user:alice", False),
        (f"account:dev/user:bob:{ALICE_UID}", "user:alice", False),
        ("account:dev/group:ops:group-1", "user:alice", True),
        ("account:dev/group:ops:group-1", "service-id:ci", False),
        ("user:alice", "user:alice", False),
    ],
)
def test_an_entry_means_whom_it_says_of_another_account(entry: str, principal: str, is_meant: bool) -> None:
    """By account, name and uid together."""
    answer = ask(dev(), acme(entry), principal)
    expected = (TrustReason.TRUSTED, entry) if is_meant else (TrustReason.NOT_TRUSTED, "")
    assert (answer.reason, answer.entry) == expected


def test_the_first_entry_that_means_somebody_is_named() -> None:
    """An explanation says through which one."""
    assert ask(dev(), acme("account:other", "account:dev", f"account:dev/user:alice:{ALICE_UID}")).entry == (
        "account:dev"
    )


def test_reasons_come_in_their_order() -> None:
    """Home, the account, the profile, the list, the condition; none after one that decides."""
    never = parse_condition({"key": "context.mfa", "operator": "bool-equals", "value": True})
    suspended = Account("acme", "user:root", suspended=True)
    nothing = Account("acme", "user:root")
    cases = [
        (dev("ops"), acme("account:dev"), TrustReason.HOME),
        (dev(), None, TrustReason.UNKNOWN_PROFILE),
        (dev(), compile_account(CATALOG, suspended), TrustReason.ACCOUNT_SUSPENDED),
        (dev(), compile_account(CATALOG, nothing), TrustReason.UNKNOWN_PROFILE),
        (dev(), acme("account:dev", disabled=True, trust_when=never), TrustReason.PROFILE_DISABLED),
        (dev(), acme("user:alice", trust_when=never), TrustReason.NOT_TRUSTED),
        (dev(), acme("account:dev", trust_when=never), TrustReason.TRUST_CONDITION),
    ]
    for home, trusting, reason in cases:
        assert ask(home, trusting).reason is reason
    assert ask(dev(), acme("account:dev", trust_when=never), mfa=True).allowed
    assert ask(dev(), acme("account:dev"), "user:ghost").home == "unknown_principal"


@pytest.mark.parametrize(
    ("key", "value", "holds"),
    [
        ("principal.id", "account:dev/user:alice", True),
        ("principal.id", "user:alice", False),
        ("principal.kind", "user", True),
        ("resource.account", "acme", True),
        ("resource.id", "ops", True),
        ("resource.service", "iam", True),
        ("grant.subject", "account:dev", False),
    ],
)
def test_a_condition_reads_caller_and_profile(key: str, value: str, holds: bool) -> None:
    """Who comes from another account is called by it, so that no local name is met by a foreign one."""
    when = parse_condition({"key": key, "operator": "string-equals", "value": value})
    assert ask(dev(), acme("account:dev", trust_when=when)).allowed is holds


def test_groups_of_another_account_are_called_by_it() -> None:
    """`group:ops` of home is no group of the profile's account."""
    for group, holds in (("account:dev/group:ops", True), ("group:ops", False)):
        when = parse_condition({"key": "principal.groups", "operator": "contains-any", "value": group})
        assert ask(dev(), acme("account:dev", trust_when=when)).allowed is holds


def test_an_answer_ends_with_the_window_at_home() -> None:
    """A permission for an hour is one to assume for an hour."""
    answer = ask(dev(window=Window(None, NOW + 3600)), acme("account:dev"))
    assert (answer.allowed, answer.valid_until) == (True, NOW + 3600)
