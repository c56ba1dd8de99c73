"""The AuthZEN certification scenario as data: what is sent, and what has to be answered.

Source: OpenID AuthZEN, Authorization API 1.0, certification scenario. Levels are named as there; requests are its own.
"""

from __future__ import annotations

from typing import Any, NamedTuple

Body = dict[str, Any]
EVALUATION, EVALUATIONS = "/access/v1/evaluation", "/access/v1/evaluations"
SUBJECT, RESOURCE, ACTION = (f"/access/v1/search/{kind}" for kind in ("subject", "resource", "action"))
SITUATION = {"time": "2025-06-27T18:03-07:00", "ip": "192.168.1.1"}


def user(name: str, **properties: Any) -> Body:
    """A user, described where properties are given."""
    return {"type": "user", "id": name} | ({"properties": properties} if properties else {})


def record(name: str, **properties: Any) -> Body:
    """A record, described where properties are given."""
    return {"type": "record", "id": name} | ({"properties": properties} if properties else {})


def act(name: str, **properties: Any) -> Body:
    """An action, with properties where some are given."""
    return {"name": name} | ({"properties": properties} if properties else {})


def question(subject: Body, action: Body, resource: Body, **more: Any) -> Body:
    """One question."""
    return {"subject": subject, "action": action, "resource": resource} | more


class Case(NamedTuple):
    """Which request of which level, and which decisions (None: any) or results have to come?"""

    name: str
    level: str
    body: Body
    expected: Any


ALICE_READS = question(user("alice"), act("read"), record("record-1"))
BASIC = [
    Case("alice reads the active record", "Basic Core", ALICE_READS, True),
    Case("alice writes it", "Basic Core", question(user("alice"), act("write"), record("record-1")), True),
    Case("bob reads it", "Basic Core", question(user("bob"), act("read"), record("record-1")), True),
    Case(
        "bob does not write it", "Basic Core", question(user("bob"), act("write"), record("record-1")), False
    ),
    Case("a context changes nothing", "Basic Core", {**ALICE_READS, "context": SITUATION}, True),
    Case(
        "further properties change nothing",
        "Basic Core",
        question(
            user("alice", department="Sales", role="manager"),
            act("read", method="GET"),
            record("record-1", status="active", owner="bob"),
        ),
        True,
    ),
    Case(
        "unknown fields are ignored",
        "Basic Core",
        {**ALICE_READS, "foo": "bar", "futureField": {"nested": True}},
        True,
    ),
    Case(
        "alice does not write an archived record",
        "Basic Properties",
        question(user("alice"), act("write"), record("record-2", status="archived")),
        False,
    ),
    Case(
        "an administrator writes an archived record",
        "Basic Properties",
        question(user("bob", role="admin"), act("write"), record("record-2", status="archived")),
        True,
    ),
    Case(
        "alice deletes softly",
        "Basic Properties",
        question(user("alice"), act("delete", soft=True), record("record-1")),
        True,
    ),
    Case(
        "alice does not delete for good",
        "Basic Properties",
        question(user("alice"), act("delete", soft=False), record("record-1")),
        False,
    ),
]
BATCH = [
    Case(
        "two records by defaults",
        "Batch Core",
        {
            "subject": user("alice"),
            "action": act("read"),
            "evaluations": [{"resource": record("record-1")}, {"resource": record("record-2")}],
        },
        [True, True],
    ),
    Case(
        "answers are in order",
        "Batch Core",
        {
            "subject": user("bob"),
            "resource": record("record-1"),
            "evaluations": [{"action": act("read")}, {"action": act("write")}],
        },
        [True, False],
    ),
    Case(
        "no defaults",
        "Batch Core",
        {"evaluations": [ALICE_READS, question(user("bob"), act("write"), record("record-1"))]},
        [True, False],
    ),
    Case(
        "a context of all and one of its own",
        "Batch Core",
        {
            "subject": user("alice"),
            "action": act("read"),
            "context": {"time": "2025-06-27T18:03-07:00"},
            "evaluations": [
                {"resource": record("record-1")},
                {
                    "resource": record("record-2"),
                    "context": {"time": "2025-06-27T19:00-07:00", "source": "batch-override"},
                },
            ],
        },
        [None, None],
    ),
    Case(
        "one of them fails alone",
        "Batch Core",
        {
            "subject": user("alice"),
            "action": act("read"),
            "evaluations": [{"resource": record("record-1")}, {}],
        },
        [True, False],
    ),
    Case(
        "properties of each record",
        "Batch Properties",
        {
            "subject": user("alice"),
            "action": act("write"),
            "evaluations": [
                {"resource": record("record-1", status="active")},
                {"resource": record("record-2", status="archived")},
            ],
        },
        [True, False],
    ),
    Case(
        "properties of each subject",
        "Batch Properties",
        {
            "action": act("write"),
            "resource": record("record-2", status="archived"),
            "evaluations": [{"subject": user("alice")}, {"subject": user("bob", role="admin")}],
        },
        [False, True],
    ),
    Case(
        "a type is taken from the default",
        "Batch Properties",
        {
            "subject": user("alice"),
            "action": act("write"),
            "resource": {"type": "record"},
            "evaluations": [
                {"resource": {"id": "record-1", "properties": {"status": "active"}}},
                {"resource": record("record-2", status="archived")},
            ],
        },
        [True, False],
    ),
]
SEMANTICS = [
    ("execute_all", ["write", "read", "write"], [False, True, False]),
    ("deny_on_first_deny", ["read", "write", "read"], [True, False]),
    ("permit_on_first_permit", ["write", "read", "write"], [False, True]),
]
FOUND_USERS = [user("alice"), user("bob")]
SEARCHES = {
    SUBJECT: [
        Case(
            "who reads",
            "Search Core",
            question({"type": "user"}, act("read"), record("record-1")),
            FOUND_USERS,
        ),
        Case(
            "who reads, in a situation",
            "Search Core",
            question({"type": "user"}, act("read"), record("record-1"), context=SITUATION),
            FOUND_USERS,
        ),
        Case(
            "who writes what is archived",
            "Search Properties",
            question({"type": "user"}, act("write"), record("record-2", status="archived")),
            [user("bob")],
        ),
    ],
    RESOURCE: [
        Case(
            "what alice reads",
            "Search Core",
            question(user("alice"), act("read"), {"type": "record"}),
            [record("record-1")],
        ),
        Case(
            "what an administrator writes",
            "Search Properties",
            question(user("bob", role="admin"), act("write"), {"type": "record"}),
            [record("record-2")],
        ),
    ],
    ACTION: [
        Case(
            "what alice does to a record",
            "Search Core",
            {"subject": user("alice"), "resource": record("record-1")},
            [act("read"), act("write")],
        ),
        Case(
            "what alice does, in a situation",
            "Search Core",
            {"subject": user("alice"), "resource": record("record-1"), "context": SITUATION},
            [act("read"), act("write")],
        ),
        Case(
            "what an administrator does to an archived record",
            "Search Properties",
            {"subject": user("bob", role="admin"), "resource": record("record-2", status="archived")},
            [act("write")],
        ),
    ],
}
NOTHING_FOUND: list[tuple[str, Body]] = [
    (ACTION, {"subject": user("nonexistent-user"), "resource": record("record-1")}),
    (SUBJECT, question({"type": "spaceship"}, act("read"), record("record-1"))),
    (RESOURCE, question(user("alice"), act("read"), {"type": "spaceship"})),
    (RESOURCE, question(user("nonexistent-user"), act("read"), {"type": "record"})),
]


def without(body: Body, name: str) -> Body:
    """The same without one field, which may be `subject.id`."""
    first, dot, rest = name.partition(".")
    if dot:
        return {**body, first: without(body[first], rest)}
    return {field: value for field, value in body.items() if field != first}


WHO_READS, WHAT_ALICE_READS = SEARCHES[SUBJECT][0].body, SEARCHES[RESOURCE][0].body
WHAT_ALICE_DOES = SEARCHES[ACTION][0].body
REFUSED: list[tuple[str, Body]] = [
    *(
        (EVALUATION, without(ALICE_READS, name))
        for name in (
            "subject", "action", "resource", "subject.type", "subject.id", "action.name", "resource.type",
            "resource.id",
        )
    ),
    (EVALUATION, {**ALICE_READS, "subject": "alice"}),
    (EVALUATION, {**ALICE_READS, "action": {"name": 123}}),
    (SUBJECT, without(WHO_READS, "action")),
    (SUBJECT, without(WHO_READS, "resource.id")),
    (RESOURCE, without(WHAT_ALICE_READS, "subject")),
    (RESOURCE, without(WHAT_ALICE_READS, "subject.id")),
    (ACTION, without(WHAT_ALICE_DOES, "resource")),
]  # fmt: skip
EVERY_PATH: dict[str, Body] = {
    EVALUATION: ALICE_READS,
    EVALUATIONS: BATCH[0].body,
    SUBJECT: WHO_READS,
    RESOURCE: WHAT_ALICE_READS,
    ACTION: WHAT_ALICE_DOES,
}
