"""Every route of the application for every persona: what comes of a request that would be carried out for whoever may.

The table is `personas.txt`, one line a route. A route that has no line fails, and a line that no route has; so does a
route whose outcome is another. What the table says is held against the engine, too, so that a mistake in the code and
one in the table cannot cover each other. A new route: run this file, read what it says, and if that is right copy
`test-results/personas.txt` over the table. What a route is tried with stands in persona_requests.py, test_routes.py
and test_pages.py.

    ok       it answers, or leads on; nothing has changed
    done     it is carried out: the account, or what is kept of it, has changed
    bad      it was let in, but not carried out: 400, 404, 409 and the like
    no       refused: 403
    unknown  the credential is not known: 401
    sign-in  led to the page for signing in
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.e2e.server import Reply
from tests.meta import test_pages, test_routes
from tests.meta.persona_requests import Asked, api_requests, page_requests
from tests.meta.persona_world import ELSEWHERE, PERSONAS, World

from bailiwick.console.routes import SIGN_IN
from bailiwick.service.catalog_files import load_system_catalog
from bailiwick.service.judge import Judge
from bailiwick.service.needed import iam_service

TABLE = Path(__file__).with_name("personas.txt")
FOUND = Path("test-results/personas.txt")
LOOKING = ("list", "read", "use")
# These look, or ask what would be, although their method is POST; or change only what is one's own.
ONLY_LOOK = frozenset(
    {
        "POST /v1/accounts/{account}/effects",
        "POST /v1/accounts/{account}/guardrails/{name:path}/report",
        "POST /console/accounts/{account}/policy-builder/preview",
    }
)
# Whoever has nothing has an answer here, about itself (test_routes.py says which).
OWN = frozenset(f"{method} {path}" for method, path in test_routes.OWN_ONLY) | frozenset(
    f"POST {path}" for path in test_routes.FINDS_ONESELF
)
# What a change hands over is refused by these (rule 9.2), what only the owner does by the last but one; whoever deletes
# a user takes them out of groups, and a group or identity provider out of federation rules.
HANDING = (
    "iam.policy.create",
    "iam.policy.publish",
    "iam.role.assign",
    "iam.account.update",
    "iam.group.remove-member",
    "iam.federation-rule.update",
    "iam.federation-rule.delete",
)


@dataclass(frozen=True)
class Tried:
    """What came of one route for one persona, and what the engine said before.

    `named`: the action that a refusal names. `held`: which of the route's actions the persona holds somewhere;
    `allowed`: which it may do to everything of `iam`.
    """

    asked: Asked
    persona: str
    word: str
    status: int
    named: str
    reason: str
    held: frozenset[str]
    allowed: frozenset[str]
    text: str


@pytest.fixture(scope="module")
def tried() -> list[Tried]:
    """Every route, asked by every persona."""
    found: list[Tried] = []
    for fill, project, requests in (
        (test_routes.fill, "images", api_requests),
        (test_pages.fill, "web", page_requests),
    ):
        with World(Path("nowhere"), project=project) as world:
            fill(world)
            world.admit()
            asked = list(requests(world))
            world.rewind()
            found += (_try(world, one, persona) for one in asked for persona in PERSONAS)
    return found


def _try(world: World, asked: Asked, persona: str) -> Tried:
    judge = _judge(world, persona)
    held = [one for one in asked.actions if judge is not None and judge.could_hold_any((one,))]
    allowed = [one for one in held if judge is not None and judge.is_allowed(one, iam_service())]
    reply = asked.ask(world, persona)
    has_changed = world.has_changed()
    world.rewind()
    word = _word(reply, has_changed)
    text = reply.text if word in ("no", "bad") else ""
    return Tried(
        asked, persona, word, reply.status, *_refused(text), frozenset(held), frozenset(allowed), text
    )


def _word(reply: Reply, has_changed: bool) -> str:
    if reply.status in (302, 303, 307) and reply.headers["location"].startswith(SIGN_IN):
        return "sign-in"
    if reply.status < 400:
        return "done" if has_changed else "ok"
    assert reply.status < 500, reply.text
    return {401: "unknown", 403: "no"}.get(reply.status, "bad")


def _refused(text: str) -> tuple[str, str]:
    """Which action does the refusal name, and which reason?"""
    on_page = re.search(r"Missing action: <code>([^<]*)</code>", text)
    in_json = re.search(r'"action":"([^"]*)"', text)
    reason = re.search(r'"reason":"([^"]*)"', text)
    action = on_page or in_json
    return (action[1] if action else "", reason[1] if reason else "")


def _judge(world: World, persona: str) -> Judge | None:
    token = world.tokens[persona]
    if token is None:
        return None
    session = world.host.authenticate(f"Bearer {token}")
    return Judge(world.host.catalog, session, world.host.snapshot(session.account), None, world.host.now())


def lines_of(tried: list[Tried]) -> list[str]:
    """Which lines of the table are right, by what was tried? Sorted."""
    words: dict[str, list[str]] = {}
    for one in tried:
        words.setdefault(one.asked.name, []).append(one.word)
    return sorted(
        f"{name:<95} {''.join(f'{word:<10}' for word in said)}".rstrip() for name, said in words.items()
    )


def test_every_route_answers_every_persona_as_the_table_says(tried: list[Tried]) -> None:
    """The table has every route, no other, and the outcome of each."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    head = [line for line in lines if line.startswith("#")]
    written = {line.rstrip() for line in lines if line.strip() and not line.startswith("#")}
    expected = lines_of(tried)
    FOUND.parent.mkdir(exist_ok=True)
    FOUND.write_text("\n".join([*head, *expected, ""]), encoding="utf-8")
    wrong = [
        *(f"- {line}" for line in sorted(written - set(expected))),
        *(f"+ {line}" for line in expected if line not in written),
    ]
    said = f"the routes do not do what {TABLE.name} says; if they are right, copy {FOUND.name} over it"
    assert not wrong, "\n".join([f"{said} (from {FOUND.parent})", *wrong])


def test_whoever_is_let_in_holds_an_action_of_the_route(tried: list[Tried]) -> None:
    """The engine lets nobody have an answer who holds none of the route's actions, and no change by looking."""
    catalog = load_system_catalog()
    kinds = {name: action.access for service in catalog.values() for name, action in service.actions.items()}
    wrong = []
    for one in tried:
        if one.word not in ("ok", "done", "bad") or not one.asked.actions or one.asked.name in OWN:
            continue
        changing = {name for name in one.asked.actions if kinds[name] not in LOOKING}
        enough = (
            changing
            if one.word == "done" and changing and one.asked.name not in ONLY_LOOK
            else set(one.asked.actions)
        )
        if not one.held & enough:
            wrong.append(f"{one.asked.name} as {one.persona}: {one.status}, holding {sorted(one.held)}")
    assert not wrong, "\n".join(wrong)


def test_nothing_of_an_account_is_open_to_others(tried: list[Tried]) -> None:
    """Nobody without a credential, and no owner of another account, is let in to what names the account."""
    wrong = [
        f"{one.asked.name} as {one.persona}: {one.status}"
        for one in tried
        if "{account}" in one.asked.route and one.asked.actions
        if one.word
        not in {"anonymous": ("unknown", "sign-in"), "stranger": ("no",)}.get(one.persona, (one.word,))
    ]
    assert not wrong, "\n".join(wrong)


def test_a_refusal_names_an_action_of_the_route(tried: list[Tried]) -> None:
    """Whoever is refused is told by which action, and it is one that the route asks for."""
    wrong = [
        f"{one.asked.name} as {one.persona}: `{one.named}`"
        for one in tried
        if one.word == "no" and PERSONAS[one.persona][1] != ELSEWHERE and one.asked.actions
        if one.named not in (*one.asked.actions, *HANDING)
        # WHY: an error of SCIM has no place for it (RFC 7644 3.12).
        if not one.asked.route.startswith("/scim/")
        # WHY: a form is shown again, with the refusal as a sentence above it.
        if one.named or one.asked.method == "GET" or one.asked.kind == "api"
    ]
    assert not wrong, "\n".join(wrong)


def test_nobody_is_refused_for_an_action_that_the_engine_allows(tried: list[Tried]) -> None:
    """The action that a refusal names is one that the persona may not do to all of `iam`.

    Not of actions that are asked over the services of the question, which is another place.
    """
    elsewhere = {
        name for name, action in load_system_catalog()["iam"].actions.items() if action.spans_services
    }
    wrong = [
        f"{one.asked.name} as {one.persona}: `{one.named}` {one.reason}"
        for one in tried
        if one.word == "no" and PERSONAS[one.persona][1] != ELSEWHERE
        if one.named in one.allowed - elsewhere - set(HANDING)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_owner_is_refused_nothing(tried: list[Tried]) -> None:
    """What the owner is refused, nobody could do; so the others are not refused for a mistake in the request."""
    wrong = [
        f"{one.asked.name}: {one.status} {one.text[-300:]}"
        for one in tried
        if one.persona == "owner" and one.word in ("no", "unknown") and one.asked.actions
    ]
    assert not wrong, "\n".join(wrong)
