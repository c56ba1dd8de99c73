"""Whether the process lives, whether it can answer, and what it counts.

Living and ready are public and say nothing else; the numbers need an action, as everything does.
Source: Prometheus, Exposition formats (text, version 0.0.4).
"""

from __future__ import annotations

from starlette.responses import PlainTextResponse, Response

from bailiwick import __version__
from bailiwick.api.answers import json_response
from bailiwick.api.calls import Call
from bailiwick.api.routes import Entry, actions, public
from bailiwick.errors import Unavailable
from bailiwick.service.host import Host
from bailiwick.service.needed import iam_service
from bailiwick.service.reading import Reader
from bailiwick.store.ports import SYSTEM_LOG

ACTIVITY = "iam.activity.read"
LONGEST_SILENCE = 10.0
_TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def health_entries() -> list[Entry]:
    """Which routes do operators and their tools ask?"""
    return [
        Entry("GET", "/healthz", _live, public("says that the process answers, and nothing else"), "Is it alive?",
              "operations", answers={200: "Status"}),
        Entry("GET", "/readyz", _ready, public("says that the store answers, and nothing else"), "Can it answer?",
              "operations", answers={200: "Status", 503: ""}),
        Entry("GET", "/metrics", _metrics, actions(ACTIVITY), "What it counts, for Prometheus", "operations",
              answers={200: "Text"}),
    ]  # fmt: skip


def _live(call: Call) -> Response:
    return json_response({"status": "alive"})


def _ready(call: Call) -> Response:
    require_ready(call.host)
    return json_response({"status": "ready"})


def require_ready(host: Host) -> None:
    """Can the process answer? Where it follows the store, from what it last heard: a hung store is not waited for.

    Raises Unavailable.
    """
    if host.hearing.is_followed:
        if host.hearing.lag_seconds() > LONGEST_SILENCE:
            raise Unavailable("the store does not answer")
        return
    # WHY every exception: whatever keeps the store from answering, the process cannot answer either.
    try:
        host.store.head(SYSTEM_LOG)
    except Exception:
        raise Unavailable("the store does not answer") from None


def _metrics(call: Call) -> Response:
    Reader(call.host, call.session).judge.require(ACTIVITY, iam_service())
    counters = call.host.counters
    lines = [
        "# HELP bailiwick_decisions_total Decisions answered by this process.",
        "# TYPE bailiwick_decisions_total counter",
        f'bailiwick_decisions_total{{outcome="allowed"}} {counters.allowed}',
        f'bailiwick_decisions_total{{outcome="denied"}} {counters.denied}',
        "# HELP bailiwick_build_info The version that runs.",
        "# TYPE bailiwick_build_info gauge",
        f'bailiwick_build_info{{version="{__version__}"}} 1',
    ]
    return PlainTextResponse("\n".join(lines) + "\n", media_type=_TEXT_TYPE)
