"""Documents over HTTP: apply, prune, dry run, export; all in one transaction or nothing.

Findings name file and line. What may be removed by prune is asked like any other removal.
"""

from __future__ import annotations

import json
import time

import pytest
from tests.e2e.server import Client, RunningServer

WORLD = """# the sample of this file
kind: User
name: alice
email: alice@acme.example
---
kind: ServiceId
name: ci
owner: user:alice
---
kind: Profile
name: deployer
trust: [service-id:ci]
---
kind: Group
name: dev
members:
  - {member: user:alice, expires_at: 2030-01-01T00:00:00Z}
  - service-id:ci
---
kind: Project
name: images
---
kind: Service
name: records
title: Records
resource_types: {record: {}}
actions:
  - {id: read, title: Read a record, resource_type: record, access: read}
roles:
  - {name: Reader, kind: service, rights: [{actions: [read]}]}
---
kind: Role
name: Volume Operator
service: cloud
rights:
  - {actions: [volume.Attach, volume.Detach], qualifier: mine}
---
kind: Resource
name: brn:acme:records:eu-de::record/1
project: images
owner: user:alice
tags: {env: test}
---
kind: Guardrail
name: no-deletes
actions: ["ims:images:delete"]
scope: {service: ims}
---
kind: Policy
name: read-records
subjects: [group:dev]
roles: [Reader]
scope: {service: records, type: record, id: "*"}
when: {key: context.ip, operator: ip-in, value: [10.0.0.0/8]}
expires_at: 2031-01-01T00:00:00Z
"""
RECORD = "brn:acme:records:eu-de::record/1"


def test_documents_are_applied_in_one_transaction(owner: Client) -> None:
    """Every kind at once, references in any order; the answer tells what came to be."""
    reply = owner.apply_text(WORLD)
    assert reply.status == 200, reply.text
    assert [(one["op"], one["kind"], one["name"]) for one in reply.json["differences"]] == [
        ("created", "User", "alice"),
        ("created", "ServiceId", "ci"),
        ("created", "Profile", "deployer"),
        ("created", "Group", "dev"),
        ("created", "Project", "images"),
        ("created", "Service", "records"),
        ("created", "Role", "Volume Operator"),
        ("created", "Resource", RECORD),
        ("created", "Guardrail", "no-deletes"),
        ("created", "Policy", "read-records"),
    ]
    assert reply.json["unchanged"] == 0
    assert reply.json["revision"]["account"].startswith("2-")
    assert owner.get("groups", "dev").json["members"] == [
        {"member": "user:alice", "expires_at": "2030-01-01T00:00:00Z"},
        "service-id:ci",
    ]


def test_the_same_documents_again_change_nothing(owner: Client) -> None:
    """Applying is repeatable: no revision for nothing, and only what differs is told."""
    owner.apply_text(WORLD)
    revision = owner.get().headers["bailiwick-revision"]
    again = owner.apply_text(WORLD)
    assert (again.json["differences"], again.json["unchanged"]) == ([], 10)
    assert owner.get().headers["bailiwick-revision"] == revision
    changed = owner.apply_text(WORLD.replace("alice@acme", "a@acme"))
    user = {"kind": "User", "name": "alice"}
    assert changed.json["differences"] == [
        {
            "kind": "User",
            "name": "alice",
            "op": "changed",
            "before": {**user, "email": "alice@acme.example"},
            "after": {**user, "email": "a@acme.example"},
        }
    ]
    assert changed.json["unchanged"] == 9


def test_every_finding_of_every_document_is_told_with_its_line(owner: Client) -> None:
    """Documents that break the grammar are all reported, sorted by file and line, and nothing changes."""
    sources = [
        {"file": "b.yaml", "text": "kind: User\nname: alice\nemial: a@acme.example\n---\nkind: Usr\n"},
        {"file": "a.yaml", "text": "kind: Group\nname: dev\nmembers: [alice]\n---\nkind: User\nname: [a\n"},
    ]
    refused = owner.post("apply", body={"sources": sources, "documents": [{"kind": "User"}]})
    assert refused.status == 400
    findings = [(one.get("file"), one.get("line"), one["message"]) for one in refused.error["errors"]]
    assert findings == [
        (None, None, "missing field `name`"),
        ("a.yaml", 7, "broken YAML: did not find expected ',' or ']'"),
        ("b.yaml", 3, "unknown field `emial`"),
        ("b.yaml", 5, "unknown kind `Usr`"),
    ]
    assert refused.error["errors"][0]["place"] == "documents[0]"
    assert owner.get("users", "alice").status == 404


def test_what_does_not_fit_together_is_told_with_its_line(owner: Client) -> None:
    """References that lead nowhere name the line of the field, and the nearest right word."""
    text = WORLD.replace("roles: [Reader]", "roles: [Raeder]").replace(
        "trust: [service-id:ci]", "trust: [user:alicia]"
    )
    refused = owner.apply_text(text)
    assert refused.status == 400
    assert refused.error["errors"] == [
        {
            "message": "unknown principal `user:alicia`",
            "place": "Profile deployer: trust[0]",
            "file": "world.yaml",
            "line": 12,
            "help": "did you mean `alice`?",
        },
        {
            "message": "unknown role `Raeder`",
            "place": "Policy read-records: roles[0]",
            "file": "world.yaml",
            "line": 52,
            "help": "did you mean `Reader`?",
        },
    ]
    assert owner.get("users", "alice").status == 404


def test_an_object_that_is_given_twice_is_refused(owner: Client) -> None:
    """Which of the two is meant cannot be known."""
    refused = owner.apply_text(
        "kind: User\nname: alice\n---\nkind: User\nname: alice\nemail: a@acme.example\n"
    )
    assert refused.error["errors"] == [
        {
            "message": "User `alice` is given twice (first at world.yaml:1)",
            "file": "world.yaml",
            "line": 4,
        }
    ]


def test_a_dry_run_with_prune_tells_what_would_go(owner: Client) -> None:
    """Nothing changes; the account, its owner and the default project are never among what would go."""
    owner.apply_text(WORLD)
    told = owner.apply(
        {"kind": "User", "name": "alice", "email": "alice@acme.example"}, prune=True, dry_run=True
    )
    assert told.json["dry_run"] is True
    assert {(one["op"], one["kind"], one["name"]) for one in told.json["differences"]} == {
        ("deleted", "ServiceId", "ci"),
        ("deleted", "Profile", "deployer"),
        ("deleted", "Group", "dev"),
        ("deleted", "Project", "images"),
        ("deleted", "Service", "records"),
        ("deleted", "Role", "Volume Operator"),
        ("deleted", "Resource", RECORD),
        ("deleted", "Guardrail", "no-deletes"),
        ("deleted", "Policy", "read-records"),
    }
    assert owner.get("policies", "read-records").status == 200


def test_prune_removes_what_no_document_names_but_no_key_of_who_stays(server: RunningServer) -> None:
    """Keys are no documents: those of principals that stay, stay; those of who goes, go with them."""
    owner = server.owner()
    owner.apply_text(WORLD)
    server.client("service-id:ci")
    alice = server.client("user:alice")
    reply = owner.apply({"kind": "User", "name": "alice"}, prune=True)
    assert reply.status == 200, reply.text
    assert [key["owner"] for key in owner.get("api-keys").json["items"]] == ["user:owner", "user:alice"]
    assert alice.get("api-keys").status == 200
    assert [user["name"] for user in owner.get("users").json["items"]] == ["alice", "owner"]
    assert [project["name"] for project in owner.get("projects").json["items"]] == ["default"]


def test_prune_refuses_to_leave_a_reference_to_nothing(owner: Client) -> None:
    """What a kept document refers to cannot go."""
    owner.apply_text(WORLD)
    kept = {"kind": "Policy", "name": "p", "subjects": ["group:dev"], "roles": ["Viewer"]}
    refused = owner.apply(kept, prune=True)
    assert refused.status == 400
    assert refused.error["errors"] == [
        {"message": "unknown group `dev`", "place": "Policy p: subjects[0]"},
        {
            "message": "`dev` is still referred to by Policy p",
            "place": "Group dev",
            "help": "change or remove these first",
        },
    ]


def test_an_export_is_accepted_again_and_changes_nothing(owner: Client) -> None:
    """Export and apply are inverse, in the same account and in an emptied one."""
    owner.apply_text(WORLD)
    text = owner.get("export").text
    assert owner.apply_text(text, prune=True).json["differences"] == []
    emptied = owner.post("apply", body={"documents": [], "prune": True})
    assert emptied.status == 200, emptied.text
    assert "kind: Policy" not in owner.get("export").text
    again = owner.apply_text(text)
    assert again.status == 200, again.text
    assert owner.get("export").text == text


def test_hostile_text_survives_an_export(owner: Client) -> None:
    """Text that YAML could take for something else comes back as it was."""
    texts = [
        "yes", "null", "~", "1e3", "0x10", "2027-01-01", "a: b", "- a", "#", "{", "[a]", "'", '"', "*", "&a", "!a",
        "%", "@", "`", "|", ">", "?", " a", "a\nb", "a\tb", "\u00e9", "\u2028", "\u0085", "\ufeff", "\U0001f600",
        "---", "...", "<<", "=", "12:30", "0b1", "a # b", "on", "trailing ",
    ]  # fmt: skip
    properties: dict[str, object] = {f"p{index}": text for index, text in enumerate(texts)}
    properties |= {text: 1 for text in texts if "." not in text and text != "<<"}
    made = owner.put("users", "alice", body={"properties": properties, "description": "a\n---\nkind: User\n"})
    assert made.status == 201, made.text
    text = owner.get("export").text
    owner.delete("users", "alice")
    assert owner.apply_text(text).status == 200
    assert owner.get("users", "alice").json == made.json


def test_an_export_needs_its_own_action(server: RunningServer, owner: Client) -> None:
    """Seeing everything one by one is not exporting everything."""
    owner.apply(
        {"kind": "User", "name": "vera"},
        {"kind": "User", "name": "aud"},
        {
            "kind": "Policy",
            "name": "v",
            "subjects": ["user:vera"],
            "roles": ["Viewer"],
            "scope": {"service": "iam"},
        },
        {
            "kind": "Policy",
            "name": "a",
            "subjects": ["user:aud"],
            "roles": ["Auditor"],
            "scope": {"service": "iam"},
        },
    )
    refused = server.client("user:vera").get("export")
    assert refused.status == 403
    assert refused.error["detail"] == "`user:vera` lacks `iam.export.read`"
    assert server.client("user:aud").get("export").text == owner.get("export").text


def test_an_apply_is_repeatable_with_a_key(owner: Client) -> None:
    """A lost answer is asked for again without applying again."""
    headers = {"Idempotency-Key": "apply-1"}
    body = {"documents": [{"kind": "User", "name": "alice"}]}
    first = owner.post("apply", body=body, headers=headers)
    owner.delete("users", "alice")
    again = owner.post("apply", body=body, headers=headers)
    assert (again.status, again.json) == (first.status, first.json)
    assert owner.get("users", "alice").status == 404


@pytest.mark.parametrize(
    ("body", "findings"),
    [
        (
            {},
            [
                {
                    "message": "neither `sources` nor `documents` is given",
                    "help": "send `sources` with YAML, or `documents`",
                }
            ],
        ),
        ({"sources": [{"file": "a"}]}, [{"message": "missing field `text`", "place": "sources[0]"}]),
        ({"documents": ["a"]}, [{"message": "expected a document with fields", "place": "documents[0]"}]),
        (
            {"documents": [], "prun": True},
            [{"message": "unknown field `prun`", "place": "prun", "help": "did you mean `prune`?"}],
        ),
        ({"documents": [], "prune": "yes"}, [{"message": "expected true or false, got `yes`", "place": "prune"}]),
    ],
)  # fmt: skip
def test_a_wrong_request_to_apply_is_refused_in_words(
    owner: Client, body: dict[str, object], findings: list[dict[str, str]]
) -> None:
    """What surrounds the documents is read as strictly as they are."""
    refused = owner.post("apply", body=body)
    assert (refused.status, refused.error["errors"]) == (400, findings)


def test_documents_of_another_account_are_refused(owner: Client) -> None:
    """A document that names an account is of that account."""
    refused = owner.apply({"kind": "User", "name": "alice", "account": "other"})
    assert refused.error["errors"] == [
        {"message": "document is of account `other`, expected `acme`", "place": "documents[0].account"}
    ]


def test_a_long_apply_is_read_a_long_object_is_not(server: RunningServer, owner: Client) -> None:
    """Apply takes more than a mebibyte; nobody who is not known is read from."""
    text = "".join(f"---\nkind: User\nname: u{index}\ndescription: {'x' * 1000}\n" for index in range(2000))
    assert owner.apply_text(text).status == 200
    assert owner.get("users", limit=1000).json["next_cursor"] is not None
    body = json.dumps({"sources": [{"text": text}]}).encode()
    nobody = server.nobody().send("POST", "/v1/accounts/acme/apply", body)
    assert nobody.status == 401


def test_many_policies_are_applied_at_once_and_changed_one_by_one(
    server: RunningServer, owner: Client
) -> None:
    """Ten thousand policies by a delegated administrator: the whole way grows with their number, not its square."""
    users, policies = 200, 10_000
    people = "".join(f"---\nkind: User\nname: u{index}\n" for index in range(users))
    admin = {"subjects": ["user:u0"], "roles": ["Administrator"], "scope": {"service": "container-registry"}}
    assert owner.apply_text(people).status == 200
    assert owner.put("policies", "admin", body=admin).status == 201
    text = "".join(
        f"---\nkind: Policy\nname: p{index}\nsubjects: [user:u{index % users}]\nroles: [Writer]\n"
        f"scope: {{service: container-registry, region: eu-de, type: namespace, id: n{index}}}\n"
        for index in range(policies)
    )
    delegate = server.client("user:u0")
    started = time.process_time()
    reply = delegate.apply_text(text)
    assert reply.status == 200, reply.text[:500]
    assert len(reply.json["differences"]) == policies
    assert delegate.put("policies", "p7", body={**admin, "roles": ["Reader"]}).status == 200
    page = delegate.get("policies", limit=1, q=f"p{policies - 1}")
    assert [one["name"] for one in page.json["items"]] == [f"p{policies - 1}"]
    assert owner.is_allowed(
        "container-registry.image.push", "brn:acme:container-registry:eu-de::namespace/n9/image/x", "user:u9"
    )
    # A square of ten thousand would take minutes.
    assert time.process_time() - started < 60
