"""Policies and guardrails are refused when they name what is not there, or could never do anything."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.catalog.checked import findings_with, policy


def guardrail(action: str, scope: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A guardrail `g` on one action."""
    return {"kind": "Guardrail", "name": "g", "actions": [action], "scope": scope, **more}


REGISTRY = "container-registry"
ENDED = {"starts_at": "2027-01-01T00:00:00Z", "expires_at": "2027-01-01T00:00:00Z"}

REFUSED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "an unknown subject": (
        policy("Reader", {"service": REGISTRY}, subjects=["user:alcie", "group:dev", "service:imz"]),
        [
            "unknown principal `user:alcie` at Policy p: subjects[0]\n  help: did you mean `alice`?",
            "unknown group `dev` at Policy p: subjects[1]\n  help: did you mean `devs`?",
            "unknown service `imz` at Policy p: subjects[2]\n  help: did you mean `ims`?",
        ],
    ),
    "an unknown service": (
        policy("Reader", {"service": "container-registri"}),
        [
            "unknown service `container-registri` at Policy p: scope.service\n"
            "  help: did you mean `container-registry`?"
        ],
    ),
    "an unknown service among others": (
        policy("Reader", {"service": [REGISTRY, "container-registri"]}),
        [
            "unknown service `container-registri` at Policy p: scope.service[1]\n"
            "  help: did you mean `container-registry`?"
        ],
    ),
    "an unknown project": (
        policy("Reader", {"service": REGISTRY, "project": ["dev*", "deev"]}),
        ["unknown project `deev` at Policy p: scope.project[1]\n  help: did you mean `dev`?"],
    ),
    "an unknown type": (
        policy("Reader", {"service": REGISTRY, "type": ["namespace", "namespaces"]}),
        ["unknown resource type `namespaces` at Policy p: scope.type[1]\n  help: did you mean `namespace`?"],
    ),
    "types of one of two services": (
        policy("Reader", {"service": [REGISTRY, "hs-crypto"], "type": "namespace"}),
        [
            "`hs-crypto` has none of the scope's resource types at Policy p: scope.type\n"
            "  help: available: `instance`, `key`, `key-ring`, `keystore`"
        ],
    ),
    "an unknown type as ancestor": (
        policy("Reader", {"service": REGISTRY, "within": "namspace/x"}),
        [
            "unknown resource type `namspace` at Policy p: scope.within\n  help: did you mean `namespace`?",
            "`container-registry` has none of the scope's resource types at Policy p: scope.within\n"
            "  help: available: `image`, `namespace`",
        ],
    ),
    "an ancestor of nothing": (
        policy("Reader", {"service": REGISTRY, "within": "image/x"}),
        ["anything cannot lie within `image` at Policy p: scope.within"],
    ),
    "a type outside its ancestor": (
        policy("Reader", {"service": "hs-crypto", "type": "keystore", "within": "key-ring/k"}),
        ["`keystore` cannot lie within `key-ring` at Policy p: scope.within"],
    ),
    "an instance where there are none": (
        policy("Reader", {"service": REGISTRY, "instance": "i"}),
        [
            "a scope on `container-registry` cannot constrain `instance` at Policy p: scope.instance\n"
            "  help: it may constrain `region`, `project`, `type`, `id`, `within`"
        ],
    ),
    "a region of a global service": (
        policy("Viewer", {"service": "enterprise", "region": "eu-de", "project": "dev"}),
        [
            "a scope on `enterprise` cannot constrain `region` at Policy p: scope.region\n"
            "  help: it may constrain `type`, `id`, `within`",
            "a scope on `enterprise` cannot constrain `project` at Policy p: scope.project\n"
            "  help: it may constrain `type`, `id`, `within`",
        ],
    ),
    "an unknown role": (
        policy("Raeder", {"service": REGISTRY}),
        ["unknown role `Raeder` at Policy p: roles[0]\n  help: did you mean `Reader`?"],
    ),
    "an unknown custom role": (
        policy("Pullr", {"service": REGISTRY}),
        ["unknown role `Pullr` at Policy p: roles[0]\n  help: did you mean `Puller`?"],
    ),
    "an unknown role in full": (
        policy(f"{REGISTRY}/Raeder", {"service": REGISTRY}),
        ["unknown role `container-registry/Raeder` at Policy p: roles[0]\n  help: did you mean `Reader`?"],
    ),
    "a role of an unknown service": (
        policy("imz/Viewer", {"service": "ims"}),
        ["unknown service `imz` in role `imz/Viewer` at Policy p: roles[0]\n  help: did you mean `ims`?"],
    ),
    "a role of elsewhere": (
        policy("Auditor", {"service": REGISTRY}),
        [
            "unknown role `Auditor` at Policy p: roles[0]\n"
            "  help: there is `iam/Auditor`: name its service in the scope, or write the full name"
        ],
    ),
    "a role of iam over everything": (
        policy("Evaluator"),
        [
            "unknown role `Evaluator` at Policy p: roles[0]\n"
            "  help: there is `iam/Evaluator`: name its service in the scope, or write the full name"
        ],
    ),
    "an unsupported platform role": (
        policy("Viewer", {"service": REGISTRY}),
        [
            "`container-registry` does not support the platform role `Viewer` at Policy p: roles[0]\n"
            "  help: use one of its roles: `Administrator`, `Manager`, `Puller`, `Reader`, `Writer`"
        ],
    ),
    "another service's role": (
        policy("hs-crypto/Reader", {"service": REGISTRY}),
        [
            "role `hs-crypto/Reader` grants nothing under this scope at Policy p: roles[0]\n"
            "  help: the scope is on `container-registry`: use one of that service's roles"
        ],
    ),
    "a role that is decided elsewhere": (
        policy("iam/Approver", {"service": REGISTRY}),
        ["role `iam/Approver` grants nothing under this scope at Policy p: roles[0]"],
    ),
    "a role that is not decided on the type": (
        policy("Viewer", {"service": "records", "type": "shelf"}),
        [],
    ),
    "a role that is not decided on the project": (
        policy("Custodian", {"service": "records", "type": "shelf", "id": "x"}),
        [
            "role `records/Custodian` grants nothing under this scope at Policy p: roles[0]\n"
            "  help: none of its actions is decided on `type`: leave `type` out"
        ],
    ),
    "a role without rights": (
        policy("Operator", {"service": "archive"}),
        [
            "role `archive/Operator` grants nothing under this scope at Policy p: roles[0]\n"
            "  help: role `archive/Operator` holds no rights"
        ],
    ),
    "a project of what lies in none": (
        policy("Editor", {"service": "archive", "project": "dev"}),
        [
            "role `archive/Editor` grants nothing under this scope at Policy p: roles[0]\n"
            "  help: none of its actions is decided on `project`: leave `project` out"
        ],
    ),
    "a role of iam over what lies in no project": (
        policy("iam/Evaluator", {"service": "archive", "project": "dev", "type": "box"}),
        [
            "role `iam/Evaluator` grants nothing under this scope at Policy p: roles[0]\n"
            "  help: none of its actions is decided on `project`: leave `project` out"
        ],
    ),
    "a deny of denies": (
        policy("Careful", {"service": "records"}, effect="deny"),
        [
            "role `records/Careful` has deny rights, which a deny policy cannot hold at Policy p: roles[0]\n"
            "  help: a deny policy turns every right of its roles into a deny: use a role without denies"
        ],
    ),
    "a window that ends before it starts": (
        policy("Reader", {"service": REGISTRY}, **ENDED),
        [
            "expires before it starts at Policy p: expires_at\n"
            "  help: let `expires_at` be later than `starts_at`"
        ],
    ),
    "a guardrail on an unknown action": (
        guardrail("container-registry.image.pul", {"service": REGISTRY}),
        [
            "unknown action `container-registry.image.pul` at Guardrail g: actions[0]\n"
            "  help: did you mean `container-registry.image.pull`?"
        ],
    ),
    "a guardrail on an action of elsewhere": (
        guardrail("iam.user.invite", {"service": REGISTRY}),
        [
            "`iam.user.invite` is never decided on what the scope constrains at Guardrail g: actions[0]\n"
            "  help: it would deny nothing"
        ],
    ),
    "a guardrail that sees no project": (
        {
            "kind": "Guardrail",
            "name": "g",
            "actions": ["container-registry.plan.set"],
            "scope": {"service": REGISTRY, "project": "dev"},
            **ENDED,
        },
        [
            "expires before it starts at Guardrail g: expires_at\n"
            "  help: let `expires_at` be later than `starts_at`",
            "`container-registry.plan.set` is never decided on what the scope constrains at Guardrail g: actions[0]\n"
            "  help: it would deny nothing",
        ],
    ),
    "a guardrail on an unknown service": (
        guardrail("*", {"service": "imz"}),
        ["unknown service `imz` at Guardrail g: scope.service\n  help: did you mean `ims`?"],
    ),
}  # fmt: skip

ROLES: list[dict[str, Any]] = [
    {
        "kind": "Service",
        "name": "archive",
        "title": "Archive",
        "resource_types": {"box": {"attributes": []}},
        "actions": [{"id": "burn", "access": "delete", "resource_type": "box"}],
    },
    {"kind": "Role", "name": "Custodian", "service": "records", "rights": [{"actions": ["audit"]}]},
    {
        "kind": "Role",
        "name": "Careful",
        "service": "records",
        "rights": [{"actions": ["read"]}, {"actions": ["audit"], "effect": "deny"}],
    },
    {
        "kind": "Role",
        "name": "Wide",
        "service": "records",
        "rights": [{"actions": ["audit"], "level": "account"}],
    },
]


def test_the_account_is_valid() -> None:
    """Nothing is wrong before anything is added."""
    assert findings_with(*ROLES) == []


@pytest.mark.parametrize("case", REFUSED)
def test_what_could_do_nothing_is_refused(case: str) -> None:
    """Every finding names the object, the place and what would be right."""
    document, expected = REFUSED[case]
    assert findings_with(*ROLES, document) == expected


ACCEPTED: dict[str, dict[str, Any]] = {
    "a bare name over all services": policy("Manager"),
    "a platform role that some service does not support": policy("Viewer"),
    "a custom role over everything": policy("Puller", {"region": "*"}),
    "a role of iam over another service": policy("iam/Evaluator", {"service": REGISTRY, "type": "image", "id": "x"}),
    "a role of iam over everything": policy("iam/Auditor"),
    "a role of iam over one region": policy("iam/Auditor", {"region": "eu-de"}),
    "a role of iam over one instance": policy("iam/Auditor", {"instance": "i", "project": "dev"}),
    "a role of iam over iam": policy("Self-service", {"service": "iam"}),
    "an administrator of one namespace": policy("Administrator", {"service": REGISTRY, "type": "image"}),
    "an administrator of one project": policy("Administrator", {"service": "hs-crypto", "project": "dev"}),
    "a region and types of a service": policy("Reader", {"service": REGISTRY, "region": "eu-de", "type": "image"}),
    "what lies within a namespace": policy("Reader", {"service": REGISTRY, "within": "namespace/dev"}),
    "a namespace within itself": policy(
        "Reader", {"service": REGISTRY, "type": "namespace", "within": "namespace/dev"}
    ),
    "an action that is decided on the project alone": policy("Custodian", {"service": "records", "project": "dev"}),
    "an account-level right": policy("Wide", {"service": "records"}),
    "a role with denies in an allowing policy": policy("Careful", {"service": "records"}),
    "the service itself": policy("Reader", {"service": REGISTRY, "type": ["service", "namespace"]}),
    "account groups at any depth": policy("Viewer", {"service": "enterprise", "within": "account-group/g"}),
    "a deny": policy("Reader", {"service": REGISTRY}, effect="deny"),
    "one project of the provider": policy("EPS FullAccess", {"service": "eps"}),
    "a guardrail on grants": guardrail("iam.policy.create", {"project": "dev"}),
    "a guardrail on iam": guardrail("iam.user.invite", {"service": "iam"}),
}  # fmt: skip


@pytest.mark.parametrize("case", ACCEPTED)
def test_what_can_do_something_is_accepted(case: str) -> None:
    """The checks err on the side of accepting."""
    assert findings_with(*ROLES, ACCEPTED[case]) == []


def test_a_right_at_account_level_needs_a_wide_scope() -> None:
    """Under a scope on a project it grants nothing."""
    assert findings_with(*ROLES, policy("Wide", {"service": "records", "project": "dev"})) == [
        "role `records/Wide` grants nothing under this scope at Policy p: roles[0]\n"
        "  help: none of its actions is decided on `project`: leave `project` out"
    ]
