"""Requests that may be repeated: `Idempotency-Key` and the answer that is kept with what it changed.

The same key with the same request is given the same answer again; with another request it is refused. Keys are the
caller's own. Answers are kept for a day, encrypted by the store.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import cast

from bailiwick.api.calls import Call
from bailiwick.api.problems import WireAnswer
from bailiwick.errors import Conflict
from bailiwick.service.loading import account_log
from bailiwick.store.ports import Answer, DuplicateRequest, Head, Idempotency

KEPT = timedelta(days=1)
REPLAYED = (b"idempotent-replayed", b"true")


class Repeatable:
    """One request that may carry a key. Without one nothing is kept."""

    def __init__(self, call: Call, *, dry_run: bool = False) -> None:
        self._call = call
        self._key = None if dry_run else call.idempotency_key

    def answer(self, carry_out: Callable[[], WireAnswer]) -> WireAnswer:
        """The answer from before, else the one of carrying it out. Raises Conflict for a key of another request."""
        if self._key is None:
            return carry_out()
        session = self._call.session
        log = account_log(session.account)
        stored = self._call.host.store.find_answer(log, session.actor_uid, self._key)
        if stored is not None:
            return self._again(stored)
        try:
            return carry_out()
        except DuplicateRequest as error:
            return self._again(error.stored)

    def keep(self, answer: Callable[[Head], WireAnswer]) -> Idempotency | None:
        """What does the store keep together with the change? `answer` is told the head after it."""
        if self._key is None:
            return None

        def packed(head: Head) -> tuple[int, bytes]:
            status, headers, body = answer(head)
            lines = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers]
            return status, json.dumps({"headers": lines, "body": b64encode(body).decode()}).encode()

        return Idempotency(self._call.session.actor_uid, self._key, self._digest(), packed)

    def _again(self, stored: Answer) -> WireAnswer:
        if stored.request_digest != self._digest():
            raise Conflict(
                f"idempotency key `{self._key}` was used for another request", "give each request its own key"
            )
        packed = json.loads(stored.body)
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in packed["headers"]]
        return stored.status, [*headers, REPLAYED], b64decode(packed["body"])

    def _digest(self) -> str:
        scope = self._call.request.scope
        said = [
            str(scope["method"]).encode(),
            cast(bytes, scope["raw_path"]),
            cast(bytes, scope["query_string"]),
            (self._call.header("if-match") or "").encode(),
            (self._call.header("if-none-match") or "").encode(),
            self._call.body,
        ]
        return sha256(b"".join(len(part).to_bytes(8, "big") + part for part in said)).hexdigest()
