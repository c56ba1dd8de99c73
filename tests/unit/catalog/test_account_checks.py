"""Everything else in an account is checked against what it names, whole or where something changed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.catalog.checked import RECORDS, account_with, findings_with

from bailiwick.catalog.checks import check_account, find_value
from bailiwick.catalog.places import Path
from bailiwick.model.accounts import Account, Group, Membership
from bailiwick.model.policies import Policy
from bailiwick.model.services import Right, Role
from bailiwick.service.catalog_files import load_system_catalog

PULL = "container-registry.image.pull"


def role(name: str, *rights: dict[str, Any], service: str = "container-registry") -> dict[str, Any]:
    """A custom role."""
    return {"kind": "Role", "name": name, "service": service, "rights": list(rights)}


def resource(name: str, **more: Any) -> dict[str, Any]:
    """A registered resource."""
    return {"kind": "Resource", "name": f"brn:acme:{name}", **more}


REFUSED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "an unknown owner": (
        {"kind": "Account", "name": "acme", "owner": "user:rot"},
        ["unknown principal `user:rot` at Account acme: owner\n  help: did you mean `root`?"],
    ),
    "an owner that is no user": (
        {"kind": "Account", "name": "acme", "owner": "service-id:ci"},
        ["`service-id:ci` cannot own an account at Account acme: owner\n  help: name a user, as `user:name`"],
    ),
    "a disabled owner": (
        {"kind": "User", "name": "root", "disabled": True},
        [
            "owner `user:root` is disabled at Account acme: owner\n  help: enable the user, or name another owner",
            "the owner of the account cannot be disabled at User root: disabled\n  help: name another owner first",
        ],
    ),
    "a service ID of nobody": (
        {"kind": "ServiceId", "name": "x", "owner": "user:bob"},
        [
            "unknown principal `user:bob` at ServiceId x: owner\n  help: available: `alice`, `root`"
        ],
    ),
    "a service ID of another kind": (
        {"kind": "ServiceId", "name": "x", "owner": "user:ci"},
        ["unknown principal `user:ci` at ServiceId x: owner\n  help: did you mean `service-id:ci`?"],
    ),
    "a profile that trusts nobody": (
        {"kind": "Profile", "name": "x", "trust": ["group:gone", "service:imz", "account:other"]},
        [
            "unknown group `gone` at Profile x: trust[0]\n  help: available: `devs`, `interns`",
            "unknown service `imz` at Profile x: trust[1]\n  help: did you mean `ims`?",
        ],
    ),
    "an unknown member": (
        {"kind": "Group", "name": "x", "members": ["user:alice", "user:alcie", "group:everyone"]},
        [
            "unknown principal `user:alcie` at Group x: members[1]\n  help: did you mean `alice`?",
            "built-in group `everyone` cannot be a member at Group x: members[2]",
        ],
    ),
    "a membership of no time": (
        {
            "kind": "Group",
            "name": "x",
            "members": [
                {"member": "user:root", "starts_at": "2028-01-01T00:00:00Z", "expires_at": "2027-01-01T00:00:00Z"}
            ],
        },
        [
            "expires before it starts at Group x: members[0].expires_at\n"
            "  help: let `expires_at` be later than `starts_at`"
        ],
    ),
    "a built-in group": (
        {"kind": "Group", "name": "members"},
        ["group `members` is built in at Group members: name\n  help: choose another name"],
    ),
    "a circle of groups": (
        {"kind": "Group", "name": "interns", "members": ["group:devs"]},
        [
            "the group contains itself: `devs` → `interns` → `devs` at Group devs: members",
            "the group contains itself: `interns` → `devs` → `interns` at Group interns: members",
        ],
    ),
    "a circle that is reached in several ways": (
        {"kind": "Group", "name": "interns", "members": ["group:x", "user:root"]},
        ["unknown group `x` at Group interns: members[0]\n  help: available: `devs`, `interns`"],
    ),
    "a group in itself": (
        {"kind": "Group", "name": "x", "members": ["group:x"]},
        ["the group contains itself: `x` → `x` at Group x: members"],
    ),
    "a disabled default project": (
        {"kind": "Project", "name": "main", "default": True, "disabled": True},
        [
            "the default project cannot be disabled at Project main: disabled (EPS.0015)\n"
            "  help: make another project the default first"
        ],
    ),
    "two default projects": (
        {"kind": "Project", "name": "dev", "default": True},
        [
            "project `main` is the default already at Project dev: default\n  help: an account has one at most",
            "project `dev` is the default already at Project main: default\n  help: an account has one at most",
        ],
    ),
    "a service of the system": (
        {"kind": "Service", "name": "ims", "title": "Mine", "actions": [{"id": "x", "access": "read"}]},
        ["`ims` is a service of the system at Service ims: name\n  help: choose another name"],
    ),
    "a role of an unknown service": (
        role("x", {"actions": ["x"]}, service="imz"),
        ["unknown service `imz` at Role x: service\n  help: did you mean `ims`?"],
    ),
    "a role of a taken name": (
        role("Reader", {"actions": [PULL]}),
        ["`container-registry` has a role `Reader` already at Role Reader: name\n  help: choose another name"],
    ),
    "a role called as a platform role": (
        role("Viewer", {"actions": [PULL]}),
        ["`Viewer` is the name of a platform role at Role Viewer: name\n  help: choose another name"],
    ),
    "a role of unknown actions": (
        role("x", {"actions": [PULL, f"{PULL}l"]}, {"actions": ["hs-crypto.*"], "qualifier": "mine"}),
        [
            f"unknown action `{PULL}l` at Role x: rights[0].actions[1]\n  help: did you mean `{PULL}`?",
            "pattern `hs-crypto.*` matches no action of `container-registry` at Role x: rights[1].actions[0]\n"
            "  help: available: `container-registry.auth.get`, `container-registry.auth.set`, "
            "`container-registry.exemption.list`, `container-registry.exemption.manager`, "
            "`container-registry.image.delete`, `container-registry.image.inspect`, "
            "`container-registry.image.list`, `container-registry.image.pull`, `container-registry.image.push`, "
            "`container-registry.namespace.create`, `container-registry.namespace.delete`, "
            "`container-registry.namespace.list` and 11 more",
            "unknown qualifier `mine` at Role x: rights[1].qualifier\n"
            "  help: `container-registry` has no qualifiers",
        ],
    ),
    "a role that assigns what is not": (
        role(
            "x",
            {"actions": ["iam.role.assign"], "roles": ["ims/*", "ims/Viewr", "imz/Viewer", "imz/*", "records/Viewer"]},
            service="iam",
        ),
        [
            "unknown role `ims/Viewr` at Role x: rights[0].roles[1]\n  help: did you mean `Viewer`?",
            "unknown service `imz` in role `imz/Viewer` at Role x: rights[0].roles[2]\n  help: did you mean `ims`?",
            "pattern `imz/*` matches no role at Role x: rights[0].roles[3]\n"
            "  help: write `service/role`, such as `ims/*`",
        ],
    ),
    "a resource of an unknown service": (
        resource("imz:eu-de::image/i"),
        ["unknown service `imz` at Resource brn:acme:imz:eu-de::image/i: name\n  help: did you mean `ims`?"],
    ),
    "a resource of iam": (
        resource("iam:::user/alice"),
        [
            "resources of `iam` are not registered at Resource brn:acme:iam:::user/alice: name\n"
            "  help: they are there as documents of their kinds"
        ],
    ),
    "a resource of an unknown type": (
        resource("container-registry:eu-de::namespace/a/imag/x"),
        [
            "unknown resource type `imag` at Resource brn:acme:container-registry:eu-de::namespace/a/imag/x: name\n"
            "  help: did you mean `image`?"
        ],
    ),
    "a path that begins in the middle": (
        resource("container-registry:eu-de::image/x"),
        [
            "a path cannot begin with `image` at Resource brn:acme:container-registry:eu-de::image/x: name\n"
            "  help: it lies within a `namespace`"
        ],
    ),
    "a path in the wrong order": (
        resource("container-registry:eu-de::namespace/a/image/b/image/c"),
        [
            "`image` cannot lie within a `image` at"
            " Resource brn:acme:container-registry:eu-de::namespace/a/image/b/image/c: name\n"
            "  help: it lies within a `namespace`"
        ],
    ),
    "a service within something": (
        resource("container-registry:eu-de::namespace/a/service/container-registry"),
        [
            "`service` cannot lie within a `namespace` at"
            " Resource brn:acme:container-registry:eu-de::namespace/a/service/container-registry: name\n"
            "  help: it stands alone"
        ],
    ),
    "another service's self": (
        resource("records:::service/ims"),
        ["expected `service/records`, got `service/ims` at Resource brn:acme:records:::service/ims: name"],
    ),
    "a resource without region": (
        resource("hs-crypto:::instance/i"),
        [
            "the name has no region at Resource brn:acme:hs-crypto:::instance/i: name\n"
            "  help: resources of `hs-crypto` lie in one",
            "the name has no instance at Resource brn:acme:hs-crypto:::instance/i: name\n"
            "  help: resources of `hs-crypto` lie in one",
        ],
    ),
    "a region of a global service": (
        resource("records:eu-de:i:shelf/s"),
        [
            "`records` has no regions, got `eu-de` at Resource brn:acme:records:eu-de:i:shelf/s: name\n"
            "  help: leave the region empty",
            "`records` has no instances, got `i` at Resource brn:acme:records:eu-de:i:shelf/s: name\n"
            "  help: leave the instance empty",
        ],
    ),
    "attributes that the type has not": (
        resource("records:::shelf/s", owner="user:alice", tags={"a": "b"}, project="dev"),
        [
            "a `shelf` of `records` has no attribute `owner` at Resource brn:acme:records:::shelf/s: owner\n"
            "  help: it has `project`",
            "a `shelf` of `records` has no attribute `tags` at Resource brn:acme:records:::shelf/s: tags\n"
            "  help: it has `project`",
        ],
    ),
    "attributes where there are none": (
        resource("enterprise:::enterprise/e", project="dev"),
        [
            "a `enterprise` of `enterprise` has no attribute `project` at"
            " Resource brn:acme:enterprise:::enterprise/e: project\n"
            "  help: it has none of the built-in attributes; use `properties`"
        ],
    ),
    "references to nothing": (
        resource(
            "records:::service/records",
            project="deev",
            owner="user:alcie",
            groups=["group:dev", "group:everyone"],
        ),
        [
            "unknown project `deev` at Resource brn:acme:records:::service/records: project\n"
            "  help: did you mean `dev`?",
            "unknown principal `user:alcie` at Resource brn:acme:records:::service/records: owner\n"
            "  help: did you mean `alice`?",
            "unknown group `dev` at Resource brn:acme:records:::service/records: groups[0]\n"
            "  help: did you mean `devs`?",
            "built-in group `everyone` owns nothing at Resource brn:acme:records:::service/records: groups[1]",
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused(case: str) -> None:
    """Every finding names the object, the place and what would be right."""
    document, expected = REFUSED[case]
    assert findings_with(document) == expected


def test_a_group_may_be_reached_in_several_ways() -> None:
    """Containing a group twice, directly and through another, is no circle."""
    assert findings_with({"kind": "Group", "name": "all", "members": ["group:devs", "group:interns"]}) == []


def test_values_that_no_document_gives_are_checked_too() -> None:
    """Values made by other means than documents are refused as well."""
    account = account_with()
    roles = {
        "x": Role("records", "x", "service", (), custom=True),
        "y": Role("records", "y", "service", (Right("ims", ("*",)),), custom=True),
    }
    resources = {"a": replace(next(iter(account.resources.values())), name="a")}
    other = {
        "b": replace(next(iter(account.resources.values())), name="brn:b:records:::shelf/s", project=None)
    }
    changed = replace(account, roles=roles, policies={}, resources={**resources, **other})
    assert [f.format() for f in check_account(load_system_catalog(), changed)] == [
        "the role holds no rights at Role x: rights\n  help: list at least one right",
        "a role of `records` cannot name service `ims` at Role y: rights[0].service\n"
        "  help: make a role for each service",
        "`a` is no resource name at Resource a: name\n  help: expected "
        "`brn:<account>:<service>:<region>:<instance>:<type>/<id>`, percent-encoded",
        "resource is of account `b`, expected `acme` at Resource brn:b:records:::shelf/s: name",
    ]


def check(account: Account, *only: tuple[str, str]) -> list[str]:
    """What is wrong with what changed, and with what depends on it?"""
    return [finding.format() for finding in check_account(load_system_catalog(), account, only=set(only))]


def without(account: Account, holder: str, *keys: str) -> Account:
    """The account without these."""
    held: Collection[str] = getattr(account, holder)
    kept: Any = {key: value for key, value in getattr(account, holder).items() if key not in keys}
    assert len(kept) == len(held) - len(keys)
    return replace(account, **{holder: kept})


def test_only_what_changed_is_checked() -> None:
    """An error elsewhere is not found again."""
    account = account_with({"kind": "Group", "name": "x", "members": ["user:gone"]})
    assert check(account, ("User", "alice"), ("Policy", "devs-push")) == []
    assert check(account, ("Group", "x")) == [
        "unknown principal `user:gone` at Group x: members[0]\n  help: available: `alice`, `root`"
    ]
    assert check(account) == []


def test_a_changed_role_is_checked_with_the_policies_that_hold_it() -> None:
    """A policy that loses its sense through a role is found although it did not change."""
    changed = role("Puller", {"actions": ["container-registry.plan.get"]})
    assert check(account_with(changed), ("Role", "Puller")) == [
        "role `container-registry/Puller` grants nothing under this scope at Policy devs-push: roles[1]"
    ]


def test_a_changed_service_is_checked_with_what_names_it() -> None:
    """Roles, policies, guardrails and resources of an own service depend on it."""
    account = account_with(
        role("Recorder", {"actions": ["read"]}, service="records"),
        {
            "kind": "Policy",
            "name": "p",
            "subjects": ["user:alice"],
            "roles": ["Recorder"],
            "scope": {"service": "records"},
        },
        {"kind": "Guardrail", "name": "g", "actions": ["read"], "scope": {"service": "records"}},
        {"kind": "Guardrail", "name": "h", "actions": ["iam.user.*"], "scope": {"service": "iam"}},
        {"kind": "Policy", "name": "q", "subjects": ["user:alice"], "roles": ["Viewer"]},
        {
            **RECORDS,
            "resource_types": {"shelf": {}},
            "actions": [{"id": "audit", "access": "list"}],
        },
    )
    assert check(account, ("Service", "records")) == [
        "unknown action `read` at Role Recorder: rights[0].actions[0]\n  help: available: `audit`",
        "role `records/Recorder` grants nothing under this scope at Policy p: roles[0]",
        "unknown action `read` at Guardrail g: actions[0]\n  help: available: `audit`",
        "unknown resource type `record` at Resource brn:acme:records:::shelf/s/record/r: name\n"
        "  help: available: `shelf`",
    ]


REMOVED: dict[str, tuple[str, tuple[str, ...], tuple[str, str], list[str]]] = {
    "a user": (
        "principals",
        ("user:alice",),
        ("User", "alice"),
        [
            "`alice` is still referred to by ServiceId ci, Profile deployer, Group devs, "
            "Resource brn:acme:records:::shelf/s/record/r at User alice\n  help: change or remove these first"
        ],
    ),
    "the owner": (
        "principals",
        ("user:root",),
        ("User", "root"),
        ["`root` is still referred to by Account acme at User root\n  help: change or remove these first"],
    ),
    "a group": (
        "groups",
        ("devs",),
        ("Group", "devs"),
        [
            "`devs` is still referred to by Profile deployer, Policy devs-push, "
            "Resource brn:acme:records:::shelf/s/record/r at Group devs\n  help: change or remove these first"
        ],
    ),
    "a project": (
        "projects",
        ("dev",),
        ("Project", "dev"),
        [
            "`dev` is still referred to by Policy devs-push, Resource brn:acme:container-registry:eu-de::namespace/dev"
            " at Project dev\n  help: change or remove these first"
        ],
    ),
    "a role": (
        "roles",
        ("Puller",),
        ("Role", "Puller"),
        ["`Puller` is still referred to by Policy devs-push at Role Puller\n  help: change or remove these first"],
    ),
    "a service": (
        "services",
        ("records",),
        ("Service", "records"),
        [
            "`records` is still referred to by Resource brn:acme:records:::shelf/s/record/r at Service records\n"
            "  help: change or remove these first"
        ],
    ),
    "what nobody refers to": ("projects", ("main",), ("Project", "main"), []),
    "a policy": ("policies", ("devs-push",), ("Policy", "devs-push"), []),
}  # fmt: skip


@pytest.mark.parametrize("case", REMOVED)
def test_what_is_still_referred_to_cannot_be_removed(case: str) -> None:
    """One finding for the removed object lists who refers to it."""
    holder, keys, named, expected = REMOVED[case]
    assert check(without(account_with(), holder, *keys), named) == expected


@pytest.mark.parametrize(
    ("kind", "holder", "key", "name", "type"),
    [
        ("User", "principals", "user:eve", "eve", "user"),
        ("Group", "groups", "ops", "ops", "group"),
        ("Role", "roles", "Spare", "Spare", "role"),
    ],
)
def test_what_a_policy_names_as_a_resource_cannot_be_removed(
    kind: str, holder: str, key: str, name: str, type: str
) -> None:
    """Else what takes the old name would come under what was granted on the old one."""
    policy = {
        "kind": "Policy",
        "name": "over-one",
        "subjects": ["user:alice"],
        "roles": ["Administrator"],
        "scope": {"service": "iam", "type": type, "id": name},
    }
    spare = role("Spare", {"actions": ["container-registry.image.pull"]})
    account = account_with(policy, spare, {"kind": "Group", "name": "ops"}, {"kind": "User", "name": "eve"})
    assert check(without(account, holder, key), (kind, name)) == [
        f"`{name}` is still referred to by Policy over-one at {kind} {name}\n  help: change or remove these first"
    ]


def test_a_long_list_of_referrers_is_cut() -> None:
    """Five are named, the others counted."""
    account = account_with()
    groups = {f"g{i}": Group(f"g{i}", (Membership("user:bob"),)) for i in range(7)}
    assert check(replace(account, groups={**account.groups, **groups}), ("User", "bob")) == [
        "`bob` is still referred to by Group g0, Group g1, Group g2, Group g3, Group g4 and 2 more at User bob\n"
        "  help: change or remove these first"
    ]


def test_removing_a_role_whose_name_another_service_has_is_fine() -> None:
    """A policy whose bare role name still means something keeps its sense; a full name does not."""
    same = role("Reader", {"actions": ["read"]}, service="records")
    everywhere = {"kind": "Policy", "name": "p", "subjects": ["user:alice"], "roles": ["Reader"]}
    full = {"kind": "Policy", "name": "q", "subjects": ["user:alice"], "roles": ["records/Reader"]}
    assert check(without(account_with(same, everywhere), "roles", "Reader"), ("Role", "Reader")) == []
    assert check(without(account_with(same, full), "roles", "Reader"), ("Role", "Reader")) == [
        "`Reader` is still referred to by Policy q at Role Reader\n  help: change or remove these first"
    ]


def test_findings_stand_where_the_objects_were_written() -> None:
    """A caller that knows the files gives them to the findings."""

    def locate(kind: str, name: str, path: Path) -> tuple[str, int]:
        return f"{kind}-{name}.yaml", len(path)

    account = account_with({"kind": "Group", "name": "x", "members": ["user:alcie"]})
    [finding] = check_account(load_system_catalog(), account, locate=locate)
    assert finding.format() == (
        "Group-x.yaml:2: unknown principal `user:alcie` at Group x: members[0]\n  help: did you mean `alice`?"
    )


def test_values_are_found_by_kind_and_name() -> None:
    """The name of a principal's document is without its kind."""
    account = account_with()
    assert find_value(account, "User", "alice") == account.principals["user:alice"]
    assert find_value(account, "Account", "acme") is account
    assert find_value(account, "Policy", "gone") is None


def test_a_large_account_is_checked_in_one_pass() -> None:
    """Ten thousand broken policies give ten thousand findings, and hints do not make it slow."""
    account = account_with()
    principals = {
        f"user:member-{i}": replace(account.principals["user:alice"], reference=f"user:member-{i}")
        for i in range(5000)
    }
    policies = {f"p{i}": Policy(f"p{i}", (f"user:membre-{i}",), ("Reader",)) for i in range(10_000)}
    large = replace(account, principals={**account.principals, **principals}, policies=policies)
    findings = check_account(load_system_catalog(), large)
    assert len(findings) == 10_000
    assert findings[0].format() == (
        "unknown principal `user:membre-0` at Policy p0: subjects[0]\n  help: did you mean `member-0`?"
    )
    assert findings[-1].help is None


def test_a_word_unlike_all_of_many_names_gets_no_hint() -> None:
    """Where nothing is near among very many names, none of them is listed."""
    account = account_with()
    principals = {
        f"user:member-{i}": replace(account.principals["user:alice"], reference=f"user:member-{i}")
        for i in range(2000)
    }
    policy = Policy("p", ("user:zz-top-of-the-world",), ("Reader",))
    large = replace(account, principals={**account.principals, **principals}, policies={"p": policy})
    [finding] = check_account(load_system_catalog(), large)
    assert finding.format() == "unknown principal `user:zz-top-of-the-world` at Policy p: subjects[0]"
