"""Requests made at random from the published OpenAPI document, and whether the answers are what it promises.

Each is tried on the same small account (persona_world.py) by the owner, by whoever has nothing, and by nobody. Half of
the paths name what is there. `python -m tests.meta.asking_at_random --minutes 10` goes on with other requests.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, urlencode, urlsplit

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.e2e.server import FORM, Reply
from tests.meta import test_routes
from tests.meta.persona_requests import Asked, api_requests
from tests.meta.persona_world import World

ASKING = ("owner", "member", "anonymous")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@schemathesis.serializer("application/jsonl", "application/yaml", "text/plain")
def write_lines(context: Any, value: Any) -> bytes:
    """How is a body sent that the library cannot write? A line of JSON for each of its parts."""
    return "\n".join(json.dumps(one) for one in (value if isinstance(value, list) else [value])).encode()


_JSON = {"Content-Type": "application/json"}


@dataclass
class Document:
    """The published document of a world, and a request for each of its routes that is known to be good."""

    world: World
    operations: list[Any]
    known: Mapping[str, Asked]

    @classmethod
    def of(cls, world: World) -> Document:
        """What does this world publish?"""
        published = world.nobody().send("GET", "/openapi.json").json
        for path in published["paths"].values():
            for operation in path.values():
                # WHY: who asks is a persona's, never made at random.
                operation["security"] = []
        published["components"].pop("securitySchemes", None)
        schema = schemathesis.openapi.from_dict(published)
        operations = [cast(Any, one).ok() for one in schema.get_all_operations()]
        known = {f"{one.method} {one.route.replace(':path', '')}": one for one in api_requests(world)}
        return cls(world, operations, known)

    def find_wrong(self, operation: Any, *, examples: int, number: int | None = None) -> list[str]:
        """Which answers to this operation are not what the document says? One sentence each."""
        wrong: dict[str, str] = {}

        @settings(
            max_examples=examples,
            derandomize=number is None,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(), st.booleans(), st.booleans())
        def ask(case: Any, there: bool, good: bool) -> None:
            for persona in ASKING:
                if text := self._ask(case, persona, there=there, good=good):
                    wrong.setdefault(text.partition("\n")[0], text)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            (ask if number is None else seed(number)(ask))()
        return sorted(wrong.values())

    def _ask(self, case: Any, persona: str, *, there: bool, good: bool) -> str:
        method, target, body, headers = self._request(case, there=there, good=good)
        token = self.world.tokens[persona]
        said = {**headers, **({"Authorization": f"Bearer {token}"} if token else {})}
        reply = self.world.ask(method, target, body, said)
        self.world.rewind()
        try:
            # WHY not its shape: many documents in one answer are no single document to the library.
            checks = CHECKS[:-1] if "yaml" in reply.headers.get("content-type", "") else CHECKS
            case.validate_response(_response(reply, method, target, said, body), checks=checks)
        except (Exception, BaseExceptionGroup) as error:
            return f"{method} {case.operation.path}: {reply.status} {error}\nto {persona}: {target} {body[:300]!r}"
        return ""

    def _request(self, case: Any, *, there: bool, good: bool) -> tuple[str, str, bytes, dict[str, str]]:
        known = self.known.get(f"{case.method.upper()} {case.operation.path}")
        made = case.as_transport_kwargs(base_url="https://world.example")
        target = known.target if there and known is not None else urlsplit(made["url"]).path
        query = dict(made.get("params") or {})
        if query and not (good and there):
            target += "?" + urlencode(query, doseq=True, quote_via=quote, errors="replace")
        headers = {name: str(value) for name, value in (case.headers or {}).items()}
        if good and known is not None and isinstance(known.body, dict | list):
            return case.method.upper(), target, json.dumps(known.body).encode(), {**_JSON, **known.headers}
        body, kind = _body_of(made)
        return (
            case.method.upper(),
            target,
            body,
            {**headers, **({"Content-Type": case.media_type or kind} if body else {})},
        )


def _body_of(made: Mapping[str, Any]) -> tuple[bytes, str]:
    if "json" in made:
        return json.dumps(made["json"]).encode(), "application/json"
    data = made.get("data")
    if isinstance(data, Mapping):
        return urlencode(data, doseq=True, errors="replace").encode(), FORM
    return (data.encode() if isinstance(data, str) else bytes(data or b"")), "text/plain"


def _response(reply: Reply, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Any:
    sent = requests.Request(method, f"https://world.example{target}", data=body).prepare()
    heads = {name: [value] for name, value in reply.headers.items()}
    return schemathesis.Response(reply.status, heads, reply.body, sent, 0.0, True)


def worlds() -> Iterator[World]:
    """A world with one object of each kind."""
    with World(Path("nowhere"), project="images") as world:
        test_routes.fill(world)
        world.admit()
        yield world


def main() -> None:
    """Ask until the time is over; say what is wrong, and end with 1 if anything was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    asked = parser.parse_args()
    ends, number, found = time.monotonic() + asked.minutes * 60, asked.seed, set()
    for world in worlds():
        document = Document.of(world)
        while time.monotonic() < ends:
            for operation in document.operations:
                for text in document.find_wrong(operation, examples=20, number=number):
                    if text.partition("\n")[0] not in found:
                        found.add(text.partition("\n")[0])
                        print(text, flush=True)
                if time.monotonic() >= ends:
                    break
            print(f"seed {number}: {len(found)} wrong so far", flush=True)
            number += 1
    raise SystemExit(bool(found))


if __name__ == "__main__":
    main()
