"""Effects of a change, as sessions with more and with fewer rights are told them."""

from __future__ import annotations

import pytest
from tests.unit.service.accounts import Installation, install

from bailiwick.engine.difference import Names
from bailiwick.engine.reach import Count
from bailiwick.errors import Denied, Invalid
from bailiwick.model.accounts import Property
from bailiwick.model.policies import Scope
from bailiwick.service.applying import Source, parse_wanted
from bailiwick.service.effects import Effect, Effects, Found, Limits, effects_of, touched

WORLD = """
kind: User
name: alice
---
kind: User
name: bob
---
kind: User
name: zoe
---
kind: ServiceId
name: ci
---
kind: Project
name: dev
---
kind: Project
name: prod
---
kind: Group
name: readers
members: [user:alice, user:bob]
---
kind: Policy
name: readers-read
subjects: [group:readers]
roles: [IMS ReadOnlyAccess]
scope: {service: ims, project: dev}
---
kind: Resource
name: brn:acme:ims:eu-de::image/one
project: dev
---
kind: Resource
name: brn:acme:ims:eu-de::image/two
project: prod
---
kind: Resource
name: brn:acme:ims:eu-nl::image/three
project: prod
"""
WIDER = """
kind: Policy
name: readers-read
subjects: [group:readers]
roles: [IMS ReadOnlyAccess]
scope: {service: ims}
"""
ELSEWHERE = """
kind: Policy
name: readers-read
subjects: [group:readers]
roles: [IMS ReadOnlyAccess]
scope: {service: ims, project: prod}
"""
READ = ("ims:images:get", "ims:images:list")


@pytest.fixture
def acme() -> Installation:
    """An account with readers of one project's images, and no guardrail."""
    installation = install()
    installation.apply(WORLD)
    return installation


def effects(
    acme: Installation,
    text: str,
    principal: str = "user:owner",
    *,
    context: dict[str, Property] | None = None,
    limits: Limits | None = None,
    prune: bool = False,
) -> Effects:
    """What would these documents do, told to this principal?"""
    session = acme.owner if principal == "user:owner" else acme.session(principal)
    wanted = parse_wanted("acme", [Source("change.yaml", text)], prune=prune)
    return effects_of(acme.host, session, wanted.edits_of, context=context, limits=limits)


def told(found: Found) -> list[tuple[tuple[str, ...], tuple[str, ...], object]]:
    """Who, what, and where: the last part of a resource's name, or the scope."""
    return [(tuple(one.principals), one.actions, where(one)) for one in found.effects]


def where(effect: Effect) -> object:
    """On which resources, or over which scope?"""
    if effect.scope is not None:
        return effect.scope
    names = effect.resources.first(9) if isinstance(effect.resources, Names) else list(effect.resources)
    return [name.rpartition("/")[2] for name in names]


def test_a_wider_scope_is_gained_by_all_members_at_once(acme: Installation) -> None:
    """Members who are alike stand in one row, with the resources and with the scope as a whole."""
    found = effects(acme, WIDER)
    readers = ("user:alice", "user:bob")
    assert told(found.gained) == [
        (readers, (*READ, "ims:quotas:get"), Scope(service=("ims",))),
        (readers, READ, ["two", "three"]),
        (readers, ("ims:quotas:get",), ["ims"]),
    ]
    assert (found.gained.principals, found.gained.answers) == (2, 10)
    assert found.lost.effects == []
    assert found.complete
    assert found.outcome.dry_run
    assert [(one.principals, one.resources) for one in found.reached] == [(Count(2), Count(3))]


def test_what_moves_is_gained_and_lost(acme: Installation) -> None:
    """Another project: the readers lose the old one's image and gain the new one's, each with why."""
    found = effects(acme, ELSEWHERE)
    assert [where(one) for one in found.gained.effects if one.scope is None] == [["two", "three"]]
    assert [where(one) for one in found.lost.effects if one.scope is None] == [["one"]]
    lost = found.lost.effects[-1]
    assert (lost.policies, lost.reason, lost.because_of) == (("readers-read",), "no_matching_policy", ())


def test_what_is_gained_by_another_way_already_is_not_told(acme: Installation) -> None:
    """Whoever had it before gains nothing; whoever keeps it by another policy loses nothing."""
    acme.apply(
        "kind: Policy\nname: bob-reads-all\nsubjects: [user:bob]\nroles: [IMS ReadOnlyAccess]\nscope: {service: ims}"
    )
    assert {one for effect in effects(acme, WIDER).gained.effects for one in effect.principals} == {
        "user:alice"
    }
    gone = effects(acme, WORLD.replace(READERS_READ, ""), prune=True)
    assert {one for effect in gone.lost.effects for one in effect.principals} == {"user:alice", "user:bob"}


READERS_READ = WORLD[WORLD.index("kind: Policy") : WORLD.index("kind: Resource")]


def test_a_deny_is_named_as_what_takes_away(acme: Installation) -> None:
    """A loss says which policy denies it now, and through which it was allowed."""
    deny = (
        "kind: Policy\nname: not-now\nsubjects: [user:bob]\nroles: [IMS ReadOnlyAccess]\neffect: deny\n"
        "scope: {service: ims}"
    )
    lost = [one for one in effects(acme, deny).lost.effects if one.scope is None]
    assert [(one.principals, one.reason, one.because_of) for one in lost] == [
        (("user:bob",), "explicit_deny", ("not-now",))
    ]


def test_the_situation_is_the_askers_to_describe(acme: Installation) -> None:
    """A condition on the context is judged by what is said of it, and the policy says that it depends on one."""
    text = WIDER + "when: {key: context.mfa, operator: bool-equals, value: true}\n"
    silent, said = effects(acme, text), effects(acme, text, context={"mfa": True})
    assert silent.gained.effects == []
    assert silent.lost.answers == 4
    assert said.gained.answers == 10
    assert said.reached[0].depends_on == ("condition",)


def test_a_member_that_leaves_loses_what_the_group_has(acme: Installation) -> None:
    """A change of a group is compared through the group's policies."""
    found = effects(acme, "kind: Group\nname: readers\nmembers: [user:alice, user:zoe]")
    assert {one for effect in found.lost.effects for one in effect.principals} == {"user:bob"}
    assert {one for effect in found.gained.effects for one in effect.principals} == {"user:zoe"}


def test_a_moved_resource_is_asked_about_for_everybody(acme: Installation) -> None:
    """A change of a resource's project takes it from those who had it through the old one."""
    found = effects(acme, "kind: Resource\nname: brn:acme:ims:eu-de::image/one\nproject: prod")
    assert told(found.lost) == [(("user:alice", "user:bob"), READ, ["one"])]


def test_it_needs_what_the_change_needs(acme: Installation) -> None:
    """Whoever may not make the change is not told what it would do; an invalid one is refused as it would be."""
    with pytest.raises(Denied, match=r"lacks `iam\.policy\.update` over"):
        effects(acme, WIDER, "user:zoe")
    with pytest.raises(Invalid, match="unknown role `Nothing`"):
        effects(acme, WIDER.replace("IMS ReadOnlyAccess", "Nothing"))


ADMINISTRATOR = """
kind: Policy
name: zoe-administers-images
subjects: [user:zoe]
roles: [Administrator]
scope: {service: ims}
"""


def test_who_may_not_ask_about_others_is_told_of_itself_only(acme: Installation) -> None:
    """An administrator without `iam.decision.evaluate` sees no effect on others, and that it does not."""
    acme.apply(ADMINISTRATOR)
    found = effects(acme, WIDER, "user:zoe")
    assert (found.gained.effects, found.lost.effects, found.told_of_others) == ([], [], False)
    assert [(one.principals, one.resources) for one in found.reached] == [(None, None)]


def test_what_one_would_gain_oneself_is_told_as_a_scope(acme: Installation) -> None:
    """Who may grant it to itself, and may not look yet, is told over what, and not what there is."""
    acme.apply(ADMINISTRATOR)
    own = "kind: Policy\nname: own\nsubjects: [user:zoe]\nroles: [IMS FullAccess]\nscope: {service: ims, region: eu-de}"
    expires = "kind: Policy\nname: zoe-administers-images\nsubjects: [user:zoe]\nroles: [Viewer]\nscope: {service: ims}"
    gained = effects(acme, own, "user:zoe").gained
    assert {one for effect in gained.effects for one in effect.principals} <= {"user:zoe"}
    assert gained.answers == 0
    lost = effects(acme, expires, "user:zoe").lost
    assert any(one.scope is not None for one in lost.effects)
    assert lost.answers > 0


def test_who_may_ask_about_one_project_is_told_of_that_one(acme: Installation) -> None:
    """Rows, numbers and scopes rest on what may be asked about, as it was before the change."""
    asks = "kind: Policy\nname: zoe-asks\nsubjects: [user:zoe]\nroles: [iam/Evaluator]\nscope: {service: ims, PLACE}"
    acme.apply(ADMINISTRATOR + "---\n" + asks.replace("PLACE", "region: eu-nl"))
    found = effects(acme, WIDER, "user:zoe")
    assert told(found.gained) == [(("user:alice", "user:bob"), READ, ["three"])]
    assert found.gained.answers == 4
    assert found.told_of_others


def test_a_change_that_lets_one_ask_tells_nothing_yet(acme: Installation) -> None:
    """The right to ask is that of the state before."""
    acme.apply(ADMINISTRATOR + "---\nkind: Group\nname: asking\nmembers: []\n---\n" + ASKING)
    # WHY by the owner: nobody else could hand this over; what the owner is told is all there is.
    everything = effects(acme, "kind: Group\nname: asking\nmembers: [user:zoe]")
    assert {one for effect in everything.gained.effects for one in effect.principals} == {"user:zoe"}
    assert not effects(acme, WIDER, "user:zoe").told_of_others


ASKING = "kind: Policy\nname: asking\nsubjects: [group:asking]\nroles: [iam/Evaluator]"


def test_policies_of_others_are_named_to_who_may_see_reasons(acme: Installation) -> None:
    """Without `iam.decision.explain` only policies that the change names are named."""
    acme.apply(
        ADMINISTRATOR
        + "---\nkind: Policy\nname: zoe-asks\nsubjects: [user:zoe]\nroles: [iam/Evaluator]\nscope: {service: ims}"
        + "\n---\nkind: Policy\nname: secret-deny\nsubjects: [user:bob]\nroles: [IMS ReadOnlyAccess]\neffect: deny\n"
        + "scope: {service: ims, region: eu-nl}"
    )
    zoes = [one for one in effects(acme, WIDER, "user:zoe").gained.effects if one.resources]
    assert {name for one in zoes for name in (*one.policies, *one.because_of)} == {"readers-read"}


def test_a_bound_is_said_to_be_one(acme: Installation) -> None:
    """Where not everything is asked, the answer says so, and numbers are what was found."""
    found = effects(acme, WIDER, limits=Limits(questions=1, people=100))
    assert not found.complete
    assert found.gained.answers <= 10
    assert not effects(acme, WIDER, limits=Limits(questions=100, people=1)).complete


def test_of_very_many_objects_the_first_are_looked_at(
    acme: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change of more objects than are looked at is told in part, and says so."""
    monkeypatch.setattr(touched, "MOST_OBJECTS", 1)
    text = "kind: Group\nname: readers\nmembers: [user:alice]\n---\n" + WIDER
    found = effects(acme, text)
    assert not found.complete
    assert {one for effect in found.lost.effects for one in effect.principals} == {"user:bob"}
    assert found.reached == ()
