"""The same world and questions put to pycasbin and cedarpy: their policies parsed beforehand, answers compared.

Translates what the worlds hold, no more: one alternative for each constraint (ids may have several),
the condition on `context.network`, windows that hold throughout. `python -m bench.peers 1000` prints JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice

import casbin
import cedarpy

from bailiwick.engine import compile_account, decide
from bailiwick.model.patterns import is_pattern, matches
from bailiwick.model.policies import Policy
from bailiwick.model.requests import Request
from bailiwick.model.services import IAM
from bench.questions import evenly, questions
from bench.worlds import ROLE_VERBS, World, services

SECONDS_FOR_ONE = 20.0
MOST_QUESTIONS = 300

Ask = Callable[[Request], bool]

_MODEL = """
[request_definition]
r = sub, act, service, region, project, type, id, outer, network
[policy_definition]
p = sub, role, service, region, project, type, id, outer, network, eft
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = (p.service == "*" || p.service == r.service) && holds(p.role, r.act) && g(r.sub, p.sub) \
 && (p.region == "*" || p.region == r.region) && (p.project == "*" || p.project == r.project) \
 && (p.type == "*" || p.type == r.type) && like(p.id, r.id) && (p.outer == "*" || p.outer == r.outer) \
 && (p.network == "*" || p.network == r.network)
"""


def ask_casbin(world: World) -> Ask:
    """How is pycasbin asked, once it has the world's policies and groups?"""
    enforcer = casbin.Enforcer(casbin.Enforcer.new_model(text=_MODEL))
    enforcer.add_function("holds", _role_holds)
    enforcer.add_function("like", matches)
    enforcer.model.model["p"]["p"].policy = [row for p in world.every_policy() for row in _casbin_rows(p)]
    for member, group in _memberships(world):
        enforcer.get_role_manager().add_link(member, group)

    def ask(request: Request) -> bool:
        query = request.resource
        kind, ident = query.path[-1]
        outer = "/".join(map(str, query.path[0])) if len(query.path) > 1 else ""
        return bool(
            enforcer.enforce(
                request.principal, request.action, query.service, query.region, query.project,
                kind, ident, outer, request.context["network"],
            )
        )  # fmt: skip

    return ask


def _role_holds(role: str, action: str) -> bool:
    return action.rpartition(".")[2] in ROLE_VERBS[role]


def _casbin_rows(policy: Policy) -> Iterator[list[str]]:
    scope = policy.scope
    one = [(values or ("*",))[0] for values in (scope.service, scope.region, scope.project, scope.type)]
    outer = "/".join(scope.within[0]) if scope.within else "*"
    network = "private" if policy.when is not None else "*"
    for ident in scope.id or ("*",):
        yield [policy.subjects[0], policy.roles[0], *one, ident, outer, network, policy.effect]


def _memberships(world: World) -> Iterator[tuple[str, str]]:
    for name, group in world.account().groups.items():
        for membership in group.members:
            yield membership.member, f"group:{name}"


def ask_cedar(world: World) -> Ask:
    """How is Cedar asked, once it has parsed the world's policies and entities?"""
    policies = cedarpy.PolicySet.from_str("\n".join(map(_cedar_text, world.every_policy())))
    entities = cedarpy.Entities.from_json_str(json.dumps(_cedar_entities(world)))

    def ask(request: Request) -> bool:
        asked = _cedar_request(request)
        return bool(cedarpy.is_authorized(asked, policies, entities).decision == cedarpy.Decision.Allow)

    return ask


def _cedar_text(policy: Policy) -> str:
    scope = policy.scope
    kind, _, _ = policy.subjects[0].partition(":")
    service = scope.service[0] if scope.service else "*"
    head = [
        f'principal {"in" if kind == "group" else "=="} Subject::"{policy.subjects[0]}"',
        f'action in Action::"{service}/{policy.roles[0]}"',
    ]
    tests = [f'context.{name} == "{values[0]}"' for name, values in
             (("region", scope.region), ("project", scope.project), ("type", scope.type)) if values]  # fmt: skip
    tests += [f'context.outer == "{"/".join(node)}"' for node in scope.within or ()]
    if policy.when is not None:
        tests.append('context.network == "private"')
    resource = "resource"
    if scope.id is not None and is_pattern(scope.id[0]):
        tests.append(f'context.id like "{scope.id[0]}"')
    elif scope.id is not None and scope.type is not None:
        tests = [test for test in tests if not test.startswith("context.type")]
        names = [f'Resource::"{service}/{scope.type[0]}/{ident}"' for ident in scope.id]
        resource = f"resource == {names[0]}"
        if len(names) > 1:
            resource, tests = "resource", [*tests, f"[{', '.join(names)}].contains(resource)"]
    when = f" when {{ {' && '.join(tests)} }}" if tests else ""
    return f"{'forbid' if policy.effect == 'deny' else 'permit'}({', '.join([*head, resource])}){when};"


def _cedar_entities(world: World) -> list[dict[str, object]]:
    parents: dict[str, list[str]] = {}
    for member, group in _memberships(world):
        parents.setdefault(member, []).append(group)
        parents.setdefault(group, [])
    found = [_cedar_entity("Subject", name, "Subject", above) for name, above in parents.items()]
    for name, service in services().items():
        if name != IAM:
            for action in service.actions.values():
                roles = [role for role in ROLE_VERBS if _role_holds(role, action.id)]
                above = [f"{prefix}/{role}" for role in roles for prefix in (name, "*")]
                found.append(_cedar_entity("Action", action.id, "Action", above))
    return found


def _cedar_entity(kind: str, name: str, parent_kind: str, parents: list[str]) -> dict[str, object]:
    above = [{"type": parent_kind, "id": parent} for parent in parents]
    return {"uid": {"type": kind, "id": name}, "attrs": {}, "parents": above}


def _cedar_request(request: Request) -> dict[str, object]:
    query = request.resource
    kind, ident = query.path[-1]
    outer = "/".join(map(str, query.path[0])) if len(query.path) > 1 else ""
    return {
        "principal": {"type": "Subject", "id": request.principal},
        "action": {"type": "Action", "id": request.action},
        "resource": {"type": "Resource", "id": f"{query.service}/{kind}/{ident}"},
        "context": {
            "region": query.region, "project": query.project, "type": kind, "id": ident, "outer": outer,
            "network": request.context["network"],
        },
    }  # fmt: skip


def measure(world: World) -> dict[str, dict[str, float]]:
    """How long does each engine take for one and the same question, and are the answers the same?"""
    began = time.perf_counter()
    compiled = compile_account(services(), world.account())
    ready = time.perf_counter() - began
    asked = list(islice(questions(world, evenly(world), seed=99, registered=False), MOST_QUESTIONS))
    expected = [decide(compiled, request).allowed for request in asked]
    found = {"bailiwick": _time(lambda request: decide(compiled, request).allowed, asked, expected, ready)}
    for name, prepare in (("pycasbin", ask_casbin), ("cedarpy", ask_cedar)):
        began = time.perf_counter()
        ask = prepare(world)
        found[name] = _time(ask, asked, expected, time.perf_counter() - began)
        del ask
    return found


def _time(ask: Ask, asked: list[Request], expected: list[bool], prepared: float) -> dict[str, float]:
    ask(asked[0])
    taken: list[int] = []
    agree = 0
    began = time.perf_counter()
    for request, answer in zip(asked, expected, strict=True):
        start = time.perf_counter_ns()
        got = ask(request)
        taken.append(time.perf_counter_ns() - start)
        agree += got == answer
        if time.perf_counter() - began > SECONDS_FOR_ONE:
            break
    taken.sort()
    return {
        "prepare_seconds": prepared, "questions": len(taken), "agree": agree,
        "p50_us": taken[len(taken) // 2] / 1000, "mean_us": sum(taken) / len(taken) / 1000,
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(measure(World(int(sys.argv[1])))))
