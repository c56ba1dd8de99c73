"""Who may, which actions, and what is kept between searches, in the same small account."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.engine.searched_world import (
    F1,
    F2,
    F3,
    F4,
    F5,
    FILES,
    GROUPS,
    NOW,
    OWNER,
    PEOPLE,
    compiled,
    found,
    policy,
    request,
    search,
    who,
)

from bailiwick.engine import (
    Narrowing,
    Page,
    PrincipalSearch,
    find_actions,
    find_principals,
    granting_subjects,
    holders,
    indexes,
    prepare_searches,
    where,
)
from bailiwick.engine.search import is_found
from bailiwick.model.accounts import Membership
from bailiwick.model.conditions import Comparison, Condition, Not
from bailiwick.model.names import EVERYONE, MEMBERS
from bailiwick.model.policies import Guardrail, Policy, Scope, Window
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.model.services import Right, Role


@pytest.mark.parametrize(
    ("subject", "names"),
    [
        ("user:ann", ("user:ann", "user:root")),
        ("user:cat", ("user:root",)),
        ("user:ghost", ("user:root",)),
        ("service-id:job", ("user:root",)),
        ("group:crew", ("user:ann", "user:bob", "user:root")),
        ("group:all-crews", ("user:ann", "user:bob", "user:root")),
        ("group:ghost", ("user:root",)),
        (MEMBERS, ("user:ann", "user:bob", "user:root")),
        (EVERYONE, ("user:ann", "user:bob", "user:root")),
    ],
)
def test_who_may_follows_groups_and_windows(subject: str, names: tuple[str, ...]) -> None:
    """Whoever belongs to the subject now is found, disabled ones are not; only the owner is decided."""
    assert who(compiled(policy(subject, "Reader"))) == (names, 1)


def test_a_window_that_is_over_ends_a_membership() -> None:
    """Ann is in the crew for ten seconds."""
    asked = PrincipalSearch(replace(request("", F1, "files.read"), now=NOW + 10), "user")
    page = find_principals(compiled(policy("group:all-crews", "Reader")), asked, after=None, limit=9)
    assert page == Page(("user:bob", "user:root"), None)


def test_a_window_that_is_over_ends_the_membership_of_a_group() -> None:
    """Nobody of the crew is in all crews once the crew is not."""
    crews = replace(GROUPS[1], members=(Membership("group:crew", Window(None, NOW)), Membership("user:ann")))
    account = compiled(
        policy("group:all-crews", "Reader"), groups={one.name: one for one in (GROUPS[0], crews)}
    )
    assert who(account)[0] == ("user:ann", "user:root")


def test_many_with_the_same_role_are_looked_at_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those who hold something under one key, only those with a residue or a qualifier are decided."""
    monkeypatch.setattr(holders, "MANY", 1)
    told = Comparison("context.ok", "bool-equals", True)
    people = ("user:ann", "user:bob", "group:crew", "user:root", "service-id:job")
    account = compiled(*(policy(one, "Reader") for one in people))
    assert who(account) == (("user:ann", "user:bob", "user:root"), 1)
    assert who(compiled(*(policy(one, "Own") for one in people))) == (("user:ann", "user:root"), 3)
    account = compiled(*(policy(one, "Reader", when=told) for one in people if one != "group:crew"))
    assert who(account, context={"ok": True}) == (("user:ann", "user:bob", "user:root"), 3)
    narrow = Scope(("files",), project=("dev",))
    assert who(compiled(*(policy(one, "Whole", narrow) for one in people))) == (("user:root",), 1)


def test_whose_policies_changed_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever lost or gained a policy since the index was made is found as it is now."""
    monkeypatch.setattr(holders, "MANY", 1)
    both = {one: policy(one, "Reader") for one in ("user:ann", "user:bob")}
    before = compiled(*both.values())
    assert who(before)[0] == ("user:ann", "user:bob", "user:root")
    left = both["user:bob"]
    after = before.apply(
        replace(before.account, policies={left.name: left}), [("Policy", both["user:ann"].name)]
    )
    assert who(after)[0] == ("user:bob", "user:root")
    assert after.indexes.holders is not None
    again = after.apply(before.account, [("Policy", both["user:ann"].name)])
    assert who(again)[0] == ("user:ann", "user:bob", "user:root")
    monkeypatch.setattr(holders, "MOST_TOUCHED", 0)
    afresh = again.apply(after.account, [("Policy", both["user:ann"].name)])
    assert afresh.indexes.holders is None
    assert who(afresh)[0] == ("user:bob", "user:root")
    assert who(before)[0] == ("user:ann", "user:bob", "user:root")


def test_a_changed_role_is_looked_at_again() -> None:
    """What a custom role means is looked up when it is asked, whatever the index was made from."""
    reading = Role("files", "Mine", "service", (Right("files", ("files.read",)),), custom=True)
    before = compiled(policy("user:ann", "Mine"), roles={"Mine": reading})
    assert who(before)[0] == ("user:ann", "user:root")
    denying = replace(reading, rights=(Right("files", ("files.read",), effect="deny"),))
    after = before.apply(replace(before.account, roles={"Mine": denying}), [("Role", "Mine")])
    assert who(after)[0] == ("user:root",)
    assert found(after, search("user:ann", "files.read")) == ((), 0)


def test_other_kinds_and_beginnings_of_names() -> None:
    """A search is for one kind; `members` are users and service IDs; it may ask for names that begin so."""
    account = compiled(policy(MEMBERS, "Reader"))
    for kind, names in {"service-id": ("service-id:job",), "profile": (), "service": ()}.items():
        asked = PrincipalSearch(request("", F1, "files.read"), kind)
        assert find_principals(account, asked, after=None, limit=9) == Page(names, None)
    asked = PrincipalSearch(request("", F1, "files.read"), "user", name_prefix="b")
    assert find_principals(account, asked, after=None, limit=9) == Page(("user:bob",), None)


@pytest.mark.parametrize(
    ("when", "names", "decided"),
    [
        (Comparison("principal.properties.level", "number-equals", 3), ("user:bob", "user:root"), 3),
        (Comparison("resource.owner", "string-equals", "user:ann"), ("user:ann", "user:bob", "user:root"), 1),
        (OWNER, ("user:ann", "user:root"), 3),
        (Comparison("context.ok", "bool-equals", True), ("user:root",), 1),
        (Comparison("grant.subject", "string-equals", MEMBERS), ("user:ann", "user:bob", "user:root"), 1),
    ],
)
def test_conditions_on_the_principal_are_decided(
    when: Condition, names: tuple[str, ...], decided: int
) -> None:
    """One answer serves for everybody where nobody looks at who asks."""
    assert who(compiled(policy(MEMBERS, "Reader", when=when))) == (names, decided)


def test_qualified_rights_are_decided_for_each() -> None:
    """Whether it is theirs depends on who asks; a right of another role may be enough for everybody."""
    assert who(compiled(policy(MEMBERS, "Own"))) == (("user:ann", "user:root"), 3)
    both = replace(policy(MEMBERS, "Own"), roles=("Own", "Whole"))
    assert who(compiled(both)) == (("user:ann", "user:bob", "user:root"), 1)
    told = Comparison("principal.properties.level", "number-equals", 3)
    timed = [
        replace(policy(MEMBERS, "Own", when=told), name="one"),
        replace(policy(MEMBERS, "Reader"), name="two", window=Window(None, NOW + 5)),
    ]
    assert who(compiled(*timed)) == (("user:ann", "user:bob", "user:root"), 1)
    assert who(compiled(policy(MEMBERS, "Own", Scope(("files",), region=("?u",))))) == (
        ("user:ann", "user:root"),
        3,
    )


def test_denies_and_guardrails_keep_people_away() -> None:
    """A deny on a group takes its members out, one that reads the principal is decided; the owner is spared."""
    plain = policy(MEMBERS, "Reader")
    assert who(compiled(plain, policy("group:crew", "Reader", effect="deny"))) == (("user:root",), 1)
    level = Comparison("principal.properties.level", "number-equals", 3)
    partly = policy("group:crew", "Reader", effect="deny", when=level)
    assert who(compiled(plain, partly)) == (("user:root",), 3)
    elsewhere = policy("group:crew", "Reader", Scope(("files",), region=("us",)), effect="deny")
    assert who(compiled(plain, elsewhere)) == (("user:ann", "user:bob", "user:root"), 1)
    rail = Guardrail("rail", ("files.*",), FILES)
    assert who(compiled(plain, guardrails=[rail])) == ((), 0)
    assert who(compiled(plain, guardrails=[replace(rail, when=Not(level))])) == (("user:bob",), 3)
    assert who(compiled(plain), restrictions=(rail,)) == ((), 0)


def test_an_unknown_attribute_brings_every_deny_near() -> None:
    """Of a resource of which the region is not said, a deny for a region may be meant (rule 5.2)."""
    account = compiled(
        policy(MEMBERS, "Reader"),
        policy("user:bob", "Reader", Scope(("files",), region=("us",)), effect="deny"),
    )
    query = ResourceQuery("files", (("folder", "z"), ("file", "new")))
    asked = PrincipalSearch(Request("", "files.read", query, NOW), "user")
    assert find_principals(account, asked, after=None, limit=9) == Page(("user:ann", "user:root"), None)


def test_who_may_write_must_also_read_and_not_into_a_disabled_project() -> None:
    """Prerequisites count for everybody, and a disabled project for all but nobody."""
    account = compiled(policy(MEMBERS, "Writer"), policy("user:bob", "Reader"))
    assert who(account, action="files.write") == (("user:bob", "user:root"), 1)
    assert who(account, F3, "files.put") == ((), 0)
    assert who(account, F1, "files.put") == (("user:ann", "user:bob", "user:root"), 1)
    assert who(account, action="files.nothing") == ((), 0)


def test_those_acted_for_must_be_allowed_themselves() -> None:
    """Nobody may do for Cat, who is disabled, what she may not do herself."""
    account = compiled(policy(MEMBERS, "Reader"))
    assert who(account, chain=("user:bob",)) == (("user:ann", "user:bob", "user:root"), 1)
    assert who(account, chain=("user:cat",)) == ((), 0)


def test_who_may_follows_changes() -> None:
    """Policies, members and principals that come and go are seen at once, and the account before stays as it was."""
    before = compiled(policy("group:crew", "Reader"))
    assert who(before)[0] == ("user:ann", "user:bob", "user:root")
    crew = replace(GROUPS[0], members=(Membership("user:bob"), Membership("user:dot")))
    groups = {group.name: group for group in (crew, GROUPS[1])}
    people = {
        one.reference: one for one in (*PEOPLE[:1], *PEOPLE[2:], replace(PEOPLE[0], reference="user:dot"))
    }
    after = before.apply(
        replace(before.account, groups=groups, principals=people),
        [("Group", "crew"), ("User", "bob"), ("User", "dot")],
    )
    assert who(after)[0] == ("user:dot", "user:root")
    more = policy("user:ann", "Reader")
    granted = after.apply(
        replace(after.account, policies={**after.account.policies, more.name: more}), [("Policy", more.name)]
    )
    assert who(granted)[0] == ("user:ann", "user:dot", "user:root")
    crews = next(name for name in granted.account.policies if name != more.name)
    taken = granted.apply(replace(granted.account, policies={more.name: more}), [("Policy", crews)])
    assert who(taken)[0] == ("user:ann", "user:root")
    assert who(before)[0] == ("user:ann", "user:bob", "user:root")
    assert who(after)[0] == ("user:dot", "user:root")


def test_what_is_prepared_is_carried_along() -> None:
    """After it was prepared, neither a search nor a change makes it anew, and the answers are the same."""
    account = compiled(policy("user:ann", "Own"))
    prepare_searches(account)
    made = account.indexes
    inventory, people, held = made.inventory, made.people, made.holders
    assert None not in (inventory, people, held)
    assert found(account, search("user:ann", "files.read")) == ((F1, F3, F4), 0)
    assert who(account)[0] == ("user:ann", "user:root")
    assert (account.indexes.inventory, account.indexes.people, account.indexes.holders) == (
        inventory,
        people,
        held,
    )
    after = account.apply(account.account, [("Guardrail", "none")])
    assert after.indexes.inventory is inventory
    assert after.indexes.people is people
    assert after.indexes.holders is held


def test_large_tables_are_arranged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a subject with many policies holds is sorted once, until its policies change."""
    monkeypatch.setattr(indexes, "SMALL_TABLE", 1)
    account = compiled(
        policy("user:ann", "Own"), policy("user:ann", "Reader", Scope(("files",), region=("us",)))
    )
    for _ in range(2):
        assert found(account, search("user:ann", "files.read")) == ((F1, F3, F4), 0)
    kept = account.indexes.arranged["user:ann"]
    less = {name: one for name, one in account.account.policies.items() if one.roles != ("Own",)}
    gone = next(name for name in account.account.policies if name not in less)
    after = account.apply(replace(account.account, policies=less), [("Policy", gone)])
    assert found(after, search("user:ann", "files.read")) == ((F4,), 0)
    assert found(account, search("user:ann", "files.read")) == ((F1, F3, F4), 0)
    assert account.indexes.arranged["user:ann"] == kept


def test_many_cells_of_one_subject_are_united_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What somebody holds one by one on many resources is looked up once, and again when it changes."""
    monkeypatch.setattr(where, "MANY_CELLS", 1)
    monkeypatch.setattr(where, "MOST_UNITED", 1)

    def one(number: int, role: str = "Reader", when: Condition | None = None) -> Policy:
        return policy("user:ann", role, Scope(("files",), type=("file",), id=(f"f{number}",)), when=when)

    unmet = Comparison("context.ok", "bool-equals", True)
    account = compiled(one(1), one(3), one(2, when=unmet), one(5, "Own"), one(4, "Own"))
    for _ in range(2):
        assert found(account, search("user:ann", "files.read")) == ((F1, F3, F4), 0)
        assert len(account.indexes.united) == 1
    assert found(account, search("user:ann", "files.purge")) == ((), 0)
    more = one(5)
    after = account.apply(
        replace(account.account, policies={**account.account.policies, more.name: more}),
        [("Policy", more.name)],
    )
    assert found(after, search("user:ann", "files.read")) == ((F1, F3, F5, F4), 0)
    assert found(account, search("user:ann", "files.read")) == ((F1, F3, F4), 0)


def test_no_more_than_so_many_sets_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sets of those who hold the same are forgotten when there are too many, and made again."""
    monkeypatch.setattr(holders, "MANY", 1)
    monkeypatch.setattr(indexes, "MOST_NUMBERED", 1)
    europe = Scope(("files",), region=("eu",))
    both = [policy(one, "Reader", scope) for one in ("user:ann", "user:bob") for scope in (FILES, europe)]
    account = compiled(*both)
    for name in (F1, F2, F1):
        assert who(account, name)[0] == ("user:ann", "user:bob", "user:root")
        assert len(account.indexes.numbered) == 1


def test_what_has_no_sound_name_is_within_nothing() -> None:
    """A path that the service does not know is found by no narrowed search."""
    asked = search("user:root", "files.read", only=Narrowing(owner="user:ann"))
    for service in ("files", "ghost"):
        assert not is_found(compiled(), asked, ResourceQuery(service, (("ghost", "x"),)), "x")


def test_actions_are_found_in_order() -> None:
    """The service's own and those that span services, each as it is decided."""
    account = compiled(policy("user:ann", "Reader"), policy("user:ann", "iam/Administrator", FILES))
    assert find_actions(account, request("user:ann", F1, "")) == ("files.read", "iam.policy.create")
    assert find_actions(account, request("user:ghost", F1, "")) == ()
    nowhere = replace(request("user:ann", F1, ""), resource=ResourceQuery("ghost", ()))
    assert find_actions(account, nowhere) == ()


def test_subjects_to_which_an_allow_applies_are_found_whoever_asks() -> None:
    """Groups and principals, surely or depending on who asks; not those whose role or scope is another."""
    account = compiled(
        policy("group:crew", "Reader"),
        policy("user:cat", "Own"),
        policy("user:bob", "Writer"),
        policy("group:all-crews", "Reader", Scope(("files",), region=("us",))),
    )
    assert granting_subjects(account, request("", F1, "files.read")) == ("group:crew", "user:cat")
    assert granting_subjects(account, request("", F1, "nonsense")) == ()
