"""Attention: which topics there are, what they name, what is bounded, and who sees what of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.unit.service.accounts import Installation

from bailiwick.errors import Denied
from bailiwick.service import attention
from bailiwick.service.attention import MEANINGS, Notice, find_attention
from bailiwick.service.keys.changing import update_key
from bailiwick.service.keys.leaks import report_leak
from bailiwick.service.keys.making import create_key

DAY = 86_400.0
VIEWER = """
kind: User
name: vera
---
kind: Policy
name: vera
subjects: [user:vera]
roles: [Viewer]
scope: {service: iam}
"""


def found(acme: Installation, *, as_: str | None = None) -> dict[str, list[str]]:
    """Which topics are there, and which objects do they name?"""
    session = acme.owner if as_ is None else acme.session(as_)
    return {one.code: [notice.name for notice in one.notices] for one in find_attention(acme.host, session)}


def instant(acme: Installation, days: float) -> str:
    """How is the instant so many days from now written?"""
    return datetime.fromtimestamp(acme.clock.seconds + days * DAY, UTC).isoformat()


def policy(name: str, subject: str = "user:owner", **more: object) -> str:
    """A policy of one subject, as a document."""
    said = {"roles": "[IMS ReadOnlyAccess]", "scope": "{service: ims}", **more}
    lines = "\n".join(f"{field}: {value}" for field, value in said.items())
    return f"kind: Policy\nname: {name}\nsubjects: ['{subject}']\n{lines}\n---\n"


def test_a_new_account_needs_no_attention(acme: Installation) -> None:
    """Nothing is made up."""
    assert found(acme) == {}


def test_what_ends_soon_and_what_has_ended_is_named(acme: Installation) -> None:
    """Policies, memberships and keys, soonest first; what ends later is not named."""
    acme.apply(
        policy("later", expires_at=instant(acme, 40))
        + policy("soon", expires_at=instant(acme, 20))
        + policy("sooner", expires_at=instant(acme, 10))
        + policy("over", expires_at=instant(acme, 1))
        + f"""
kind: Group
name: dev
members:
  - {{member: 'user:owner', expires_at: '{instant(acme, 5)}'}}
"""
    )
    key = create_key(acme.host, acme.owner, "user:owner", expires_at=acme.host.at().replace(month=12))
    acme.clock.seconds += 2 * DAY
    assert found(acme) == {
        "policy-ends": ["sooner", "soon"],
        "membership-ends": ["dev"],
        "key-ends": [key.uid],
        "policy-ended": ["over"],
    }
    topics = {one.code: one for one in find_attention(acme.host, acme.owner)}
    (membership,) = topics["membership-ends"].notices
    assert (membership.kind, membership.of) == ("Group", "user:owner")
    assert (topics["policy-ends"].count, topics["policy-ends"].at_least) == (2, False)


def test_keys_without_use_are_named(acme: Installation) -> None:
    """Those that were never used, and those not used for 90 days; a key in use is not."""
    acme.apply("{kind: User, name: alice}")
    used, never = (create_key(acme.host, acme.owner, "user:alice") for _ in range(2))
    acme.host.authenticator.session_of_key(used.text)
    acme.store.activity.touch_credential("account:acme", used.uid, acme.host.at())
    owner_key = next(uid for uid in acme.host.snapshot("acme").keys if uid not in (used.uid, never.uid))
    acme.clock.seconds += 89 * DAY
    assert "key-never-used" not in found(acme)
    acme.clock.seconds += 2 * DAY
    acme.store.activity.touch_credential("account:acme", owner_key, acme.host.at())
    assert found(acme) == {"key-never-used": [never.uid], "key-unused": [used.uid]}


def test_what_reaches_nobody_or_everybody_is_named(acme: Installation) -> None:
    """Empty groups, unused roles, disabled members, and policies that give a great deal."""
    acme.apply(
        policy("nobody", "group:empty")
        + policy("everybody", "group:members")
        + policy("off", "group:members", state="disabled")
        + policy("all", roles="[Administrator]", scope="{}")
        + policy("access", roles="[Administrator]", scope="{service: iam}")
        + policy("narrow", roles="[Administrator]", scope="{service: ims}")
        + """
kind: Group
name: empty
---
kind: User
name: gone
disabled: true
---
kind: Group
name: dev
members: ['user:gone', 'user:owner']
---
kind: Role
name: Helper
service: ims
rights: [{actions: ['ims:images:get']}]
---
kind: Guardrail
name: draft
actions: ['ims:images:delete']
scope: {service: ims}
state: disabled
"""
    )
    assert found(acme) == {
        "for-everyone": ["everybody"],
        "administers-everything": ["all"],
        "administers-access": ["access"],
        "disabled-member": ["dev"],
        "reaches-nobody": ["nobody"],
        "unused-role": ["Helper"],
        "draft-guardrail": ["draft"],
    }


def test_disabled_projects_with_resources_are_named(acme: Installation) -> None:
    """With how many there are; an empty one is nobody's trouble."""
    acme.apply("""
        kind: Project
        name: old
        ---
        kind: Project
        name: empty
        disabled: true
        ---
        kind: Resource
        name: brn:acme:ims:eu-de::image/i
        project: old
    """)
    acme.apply("{kind: Project, name: old, disabled: true}")
    (topic,) = find_attention(acme.host, acme.owner)
    assert (topic.code, topic.notices) == ("disabled-project", (Notice("Project", "old", "1"),))


def test_only_what_the_session_may_see_is_named_and_counted(acme: Installation) -> None:
    """Who sees one policy is told of that one; who sees none of anything is refused."""
    acme.apply(
        VIEWER
        + "---\nkind: User\nname: paul\n---\nkind: User\nname: zoe\n---\n"
        + "kind: Role\nname: Reader of policies\nservice: iam\nrights: [{actions: [iam.policy.read]}]\n---\n"
        + policy("paul", "user:paul", roles="[iam/Reader of policies]", scope="{service: ims, region: eu-de}")
        + policy("in-de", "group:members", scope="{service: ims, region: eu-de}")
        + policy("in-nl", "group:members", scope="{service: ims, region: eu-nl}")
    )
    assert found(acme, as_="user:vera")["for-everyone"] == ["in-de", "in-nl"]
    with pytest.raises(Denied) as caught:
        find_attention(acme.host, acme.session("user:zoe"))
    assert caught.value.action == "iam.policy.list"


def test_what_is_judged_one_by_one_is_bounded(acme: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound nothing is named, and the topic says that there may be more."""
    acme.apply(
        "kind: User\nname: paul\n---\n"
        + "kind: Role\nname: Some\nservice: iam\nrights: [{actions: [iam.policy.read]}]\n---\n"
        + policy("paul", "user:paul", roles="[iam/Some]", scope="{service: iam}")
        + "".join(policy(f"p{number}", "group:members") for number in range(4))
    )
    paul = acme.session("user:paul")
    monkeypatch.setattr(attention, "MOST_JUDGED", 3)
    (topic,) = find_attention(acme.host, paul)
    assert (topic.count, topic.at_least) == (3, True)


def test_of_many_a_few_are_named_and_all_counted(acme: Installation) -> None:
    """A page stays readable however much there is."""
    acme.apply("".join(policy(f"p{number:02}", "group:members") for number in range(30)))
    (topic,) = find_attention(acme.host, acme.owner)
    assert (len(topic.notices), topic.count, topic.at_least) == (attention.MOST_NAMED, 30, False)


def test_every_meaning_is_said(acme: Installation) -> None:
    """Titles and advice are words for people: a sentence each."""
    for meaning in MEANINGS.values():
        assert meaning.title
        assert meaning.advice.endswith(".")


def test_what_others_say_of_an_object_is_told_to_who_sees_them(acme: Installation) -> None:
    """Who is disabled, whether a group is empty, whether a role is used: not from the group, policy or role alone."""
    reads = ("iam.policy.list", "iam.policy.read", "iam.role.list", "iam.group.list", "iam.group.read")
    acme.apply(
        VIEWER
        + "---\nkind: User\nname: paul\n---\n{kind: User, name: gone, disabled: true}\n---\n"
        + "{kind: Group, name: dev, members: ['user:gone']}\n---\n{kind: Group, name: empty}\n---\n"
        + "{kind: Role, name: Helper, service: ims, rights: [{actions: ['ims:images:get']}]}\n---\n"
        + policy("nobody", "group:empty")
        + "".join(
            f"{{kind: Role, name: {name}, service: iam, rights: [{{actions: [{', '.join(actions)}]}}]}}\n---\n"
            for name, actions in (("Groups", reads[3:]), ("Policies", reads[:2]), ("Roles", reads[2:3]))
        )
        + "".join(
            f"{{kind: User, name: {name}}}\n---\n"
            + policy(name, f"user:{name}", roles=f"[{role}]", scope="{service: iam}")
            for name, role in (("gail", "Groups"), ("pia", "Policies"), ("rob", "Roles"))
        )
    )
    assert {"disabled-member", "reaches-nobody", "unused-role"} <= set(found(acme, as_="user:vera"))
    for name in ("gail", "pia", "rob"):
        assert found(acme, as_=f"user:{name}") == {}


def test_a_key_that_was_found_needs_attention_until_it_is_enabled(acme: Installation) -> None:
    """Whose it is, and when it was reported."""
    acme.apply("kind: User\nname: alice")
    made = create_key(acme.host, acme.owner, "user:alice")
    report_leak(acme.host, made.text)
    topics = {one.code: one for one in find_attention(acme.host, acme.owner)}
    assert [(one.name, one.of, one.at) for one in topics["key-leaked"].notices] == [
        (made.uid, "user:alice", acme.host.at())
    ]
    update_key(acme.host, acme.owner, made.uid, disabled=False)
    assert "key-leaked" not in {one.code for one in find_attention(acme.host, acme.owner)}
