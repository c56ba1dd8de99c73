"""Many operations in one request: one after the other, each a change of its own.

An operation that names another by `bulkId` waits for it; what fails undoes nothing that was done. Bounded in number and
size. Source: RFC 7644, section 3.7.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bailiwick.api.scim.models import PATHS
from bailiwick.api.scim.operations import KIND_OF_PATH, Done, Operations
from bailiwick.api.scim.problems import ScimInvalid, error_body
from bailiwick.api.scim.reading import Body, check_names
from bailiwick.api.scim.showing import BASE
from bailiwick.errors import BailiwickError, Denied

REQUEST_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
RESPONSE_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
MOST_OPERATIONS = 1000
METHODS = ("POST", "PUT", "PATCH", "DELETE")
_PREFIX = "bulkId:"
_BULK_ID = re.compile(r"[^\x00-\x20:/]{1,128}")
Refused = Callable[[Denied], None]


@dataclass(frozen=True, slots=True)
class BulkOperation:
    """One operation of many, as it was sent. `uid` is "" where the path names a type only.

    `needs`: which bulkIds it names.
    """

    method: str
    kind: str
    uid: str
    bulk_id: str
    version: str | None
    data: Body
    needs: frozenset[str]


@dataclass
class Bulk:
    """The operations of one request. `refused` is told of every one that the engine refuses."""

    operations: Operations
    refused: Refused
    most_errors: int | None
    _uids: dict[str, str] = field(default_factory=dict)
    _answers: list[dict[str, Any]] = field(default_factory=list)
    _errors: int = 0

    def carry_out(self, sent: list[BulkOperation]) -> dict[str, Any]:
        """Carry them out, and say what became of each."""
        pending = list(sent)
        waiting = {one.bulk_id for one in pending if one.bulk_id}
        while pending and not self._is_over():
            # WHY one at a time: whoever waits for it comes next, so that order is kept as far as can be.
            ready = next((at for at, one in enumerate(pending) if not one.needs & waiting), None)
            if ready is None:
                for one in pending:
                    self._fail(one, ScimInvalid("invalidValue", "operations wait for each other", 409))
                break
            one = pending.pop(ready)
            self._one(one)
            waiting.discard(one.bulk_id)
        return {"schemas": [RESPONSE_SCHEMA], "Operations": self._answers}

    def _is_over(self) -> bool:
        return self.most_errors is not None and self._errors >= self.most_errors

    def _one(self, one: BulkOperation) -> None:
        try:
            done = self._carry_out(one)
        except BailiwickError as error:
            if isinstance(error, Denied):
                self.refused(error)
            self._fail(one, error)
            return
        if one.bulk_id and done.shown is not None:
            self._uids[one.bulk_id] = str(done.shown["id"])
        answer = self._answer(one, done.status, done.location or self._location(one))
        self._answers.append({**answer, "version": done.version} if done.version else answer)

    def _carry_out(self, one: BulkOperation) -> Done:
        data, uid = self._resolved(one.data), str(self._resolved(one.uid))
        match one.method:
            case "POST":
                return self.operations.create(one.kind, data)
            case "PUT":
                return self.operations.replace(one.kind, uid, data, one.version)
            case "PATCH":
                return self.operations.patch(one.kind, uid, data, one.version)
        return self.operations.delete(one.kind, uid, one.version)

    def _resolved(self, value: Any) -> Any:
        """The same, with ids in the place of bulkIds. Raises ScimInvalid for one whose operation did not succeed."""
        if isinstance(value, str) and value.startswith(_PREFIX):
            uid = self._uids.get(value.removeprefix(_PREFIX))
            if uid is None:
                raise ScimInvalid("invalidValue", f"there is nothing with `{value[:80]}`", 409)
            return uid
        if isinstance(value, Mapping):
            return {name: self._resolved(inner) for name, inner in value.items()}
        return [self._resolved(one) for one in value] if isinstance(value, list) else value

    def _fail(self, one: BulkOperation, error: BailiwickError) -> None:
        status, body = error_body(error)
        self._errors += 1
        self._answers.append({**self._answer(one, status, self._location(one)), "response": body})

    def _location(self, one: BulkOperation) -> str:
        base = self.operations.host.public_url.rstrip("/") + BASE
        return f"{base}/{PATHS[one.kind]}/{one.uid}" if one.uid else ""

    def _answer(self, one: BulkOperation, status: int, location: str) -> dict[str, Any]:
        answer = {"method": one.method, "status": str(status)}
        answer |= {"bulkId": one.bulk_id} if one.bulk_id else {}
        return answer | ({"location": location} if location else {})


def parse_bulk(body: Body) -> tuple[list[BulkOperation], int | None]:
    """Which operations were sent, and after how many errors is it over? Raises ScimInvalid."""
    check_names(body)
    said = {name.lower(): value for name, value in body.items()}
    if said.get("schemas") != [REQUEST_SCHEMA]:
        raise ScimInvalid("invalidSyntax", f"expected `schemas` to be `{REQUEST_SCHEMA}`")
    most, operations = said.get("failonerrors"), said.get("operations")
    if most is not None and (not isinstance(most, int) or isinstance(most, bool) or most < 1):
        raise ScimInvalid("invalidValue", "expected `failOnErrors` to be a number from 1")
    if not isinstance(operations, list) or not operations:
        raise ScimInvalid("invalidSyntax", "expected `Operations` to be a list")
    if len(operations) > MOST_OPERATIONS:
        raise ScimInvalid("tooMany", f"expected at most {MOST_OPERATIONS} operations", 413)
    parsed = [_parse_operation(one) for one in operations]
    named = [one.bulk_id for one in parsed if one.bulk_id]
    if len(set(named)) != len(named):
        raise ScimInvalid("invalidValue", "a `bulkId` is given twice")
    return parsed, most


def _parse_operation(sent: object) -> BulkOperation:
    if not isinstance(sent, Mapping):
        raise ScimInvalid("invalidSyntax", "expected an operation to be an object")
    said = {name.lower(): value for name, value in sent.items()}
    method, bulk_id = str(said.get("method", "")).upper(), said.get("bulkid", "")
    _, first, *rest = [*str(said.get("path", "")).split("/"), ""]
    uid = rest[0] if rest else ""
    if method not in METHODS or first not in KIND_OF_PATH or bool(uid) is (method == "POST") or len(rest) > 2:
        raise ScimInvalid("invalidPath", "expected a method, and a path such as `/Users` or `/Users/ID`")
    if not isinstance(bulk_id, str) or (bulk_id and not _BULK_ID.fullmatch(bulk_id)):
        raise ScimInvalid("invalidValue", "expected `bulkId` to be a short text")
    if method == "POST" and not bulk_id:
        raise ScimInvalid("invalidValue", "expected `bulkId` in an operation with POST")
    data, version = said.get("data", {}), said.get("version")
    if not isinstance(data, Mapping) or not isinstance(version, str | None):
        raise ScimInvalid("invalidSyntax", "expected `data` to be an object and `version` a text")
    needs = frozenset((*_references(data), *_references(uid)))
    return BulkOperation(method, KIND_OF_PATH[first], uid, bulk_id, version, data, needs)


def _references(value: object) -> Iterator[str]:
    if isinstance(value, str) and value.startswith(_PREFIX):
        yield value.removeprefix(_PREFIX)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
