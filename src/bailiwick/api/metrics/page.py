"""The page of metrics, and who may read it.

SECURITY: the numbers are of every account together, so that no right in one of them opens the page; the operator's
token does (decision 0041). Each host has a registry of its own: two in one process do not mix.
Source: Prometheus, Exposition formats (text, version 0.0.4).
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from starlette.responses import Response

from bailiwick.api.calls import Call
from bailiwick.api.metrics.families import (
    build_families,
    decision_families,
    held_families,
    limit_families,
    readiness_families,
    request_families,
    store_families,
)
from bailiwick.api.metrics.process import process_families
from bailiwick.api.routes import Entry, public
from bailiwick.api.serving import Serving
from bailiwick.errors import NotFound, Unauthenticated
from bailiwick.service.host import Host


class HostCollector(Collector):
    """Everything that there is to say of one host, when somebody asks."""

    def __init__(self, host: Host, serving: Serving) -> None:
        self._host = host
        self._serving = serving

    def collect(self) -> Iterator[Metric]:
        """Which families are there now? No I/O but for what the system says of the process."""
        yield from build_families()
        yield from readiness_families(self._serving.readiness(self._host))
        yield from decision_families(self._host.counters)
        yield from request_families(self._serving.requests)
        yield from limit_families(self._host, self._serving.requests)
        yield from store_families(self._host)
        yield from held_families(self._host.held)
        yield from process_families()


def metrics_entries(host: Host, serving: Serving) -> list[Entry]:
    """Which routes show what this host counts?"""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(HostCollector(host, serving))

    def show(call: Call) -> Response:
        require_operator(call)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return [
        Entry("GET", "/metrics", show, public("opened by the operator's token alone, which is no account's"),
              "What it counts, for Prometheus", "operations", answers={200: "Text"}),
    ]  # fmt: skip


def require_operator(call: Call) -> None:
    """Is it the operator who asks? Raises NotFound where nobody can be, Unauthenticated, TooManyRequests."""
    token = call.host.settings.metrics_token
    if token is None:
        raise NotFound("this server shows no metrics", "its operator starts it with `--metrics-token-file`")
    if not token.is_shown(call.header("authorization")):
        call.host.rates.charge_address(call.address)
        raise Unauthenticated(
            "the metrics are the operator's", "send the token of `--metrics-token-file` as `Bearer`"
        )
