"""Whether the process lives, and whether requests may be sent to it. Both are public and say nothing else."""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.api.answers import json_response
from bailiwick.api.calls import Call
from bailiwick.api.routes import Entry, public
from bailiwick.api.serving import Readiness, Serving

_RETRY_SECONDS = {Readiness.STARTING: b"1", Readiness.UNREACHABLE: b"5", Readiness.DRAINING: b"5"}


def health_entries(serving: Serving | None = None) -> list[Entry]:
    """Which routes do operators and their tools ask, of this server?"""
    asked = serving or Serving()

    def ready(call: Call) -> Response:
        word = asked.readiness(call.host)
        if word.is_ready:
            return json_response({"status": word.value})
        return json_response(
            {"status": word.value}, status=503, headers=[(b"retry-after", _RETRY_SECONDS[word])]
        )

    return [
        Entry("GET", "/healthz", _live, public("says that the process answers, and nothing else"), "Is it alive?",
              "operations", answers={200: "Status"}),
        Entry("GET", "/readyz", ready, public("says in one word whether requests may be sent here, and nothing else"),
              "May requests be sent to it?", "operations", answers={200: "Status", 503: "Status"}),
    ]  # fmt: skip


def _live(call: Call) -> Response:
    return json_response({"status": "alive"})
