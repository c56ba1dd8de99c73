"""What the host and the requests count, as families of Prometheus. docs/operations.md has a line for each.

Read when somebody asks, from plain numbers, so that counting costs an addition.
SECURITY: no account is a label, of which there may be ten thousand, but those that take the most memory.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    SummaryMetricFamily,
)

from bailiwick import __version__
from bailiwick.api.metrics.requests import RequestNumbers
from bailiwick.api.serving import Readiness
from bailiwick.model.requests import Reason
from bailiwick.service.counting import Counters, Histogram
from bailiwick.service.holding.accounts import HeldAccounts
from bailiwick.service.host import Host

MOST_NAMED = 20


def outcome_of(reason: Reason) -> str:
    """Which outcome is a decision for this reason? Who could not be judged was denied, by an error."""
    if reason is Reason.ALLOWED:
        return "allowed"
    return "error" if reason is Reason.ERROR else "denied"


def decision_families(counters: Counters) -> Iterator[Metric]:
    """What was decided, and how long did answering take?"""
    decided = CounterMetricFamily(
        "bailiwick_decisions",
        "Decisions by outcome and reason; an error is a question that got none, by its code.",
        labels=["outcome", "reason"],
    )
    for reason, count in counters.decided.items():
        decided.add_metric([outcome_of(reason), reason.value], count)
    for code, count in sorted(counters.failed.copy().items()):
        decided.add_metric(["error", f"code:{code}"], count)
    yield decided
    took = {("one",): counters.single, ("several",): counters.several}
    yield _histogram(
        "bailiwick_evaluation_seconds",
        "How long answering a request with one question, or several, took in the process.",
        ["questions"],
        took.items(),
    )


def request_families(requests: RequestNumbers) -> Iterator[Metric]:
    """What did the framework carry out?"""
    yield _histogram(
        "bailiwick_http_request_seconds",
        "How long requests took that the fast path does not answer, by route of the route table.",
        ["method", "route", "status"],
        requests.durations.copy().items(),
    )
    yield GaugeMetricFamily(
        "bailiwick_http_requests_running",
        "Requests that are being carried out, without the fast path's.",
        value=requests.running,
    )
    yield GaugeMetricFamily(
        "bailiwick_http_connections", "Connections that are open.", value=requests.connections()
    )


def limit_families(host: Host, requests: RequestNumbers) -> Iterator[Metric]:
    """What was refused because there was too much?"""
    family = CounterMetricFamily(
        "bailiwick_limits_hit", "Requests and connections beyond a limit.", labels=["limit"]
    )
    refused = {
        **host.rates.refused,
        "requests": requests.refused,
        "connections": host.counters.refused_connections,
    }
    for limit, count in refused.items():
        family.add_metric([limit], count)
    yield family


def store_families(host: Host) -> Iterator[Metric]:
    """What was written, and how near is this process to what others write?"""
    writes = host.store.writes
    family = CounterMetricFamily(
        "bailiwick_store_writes", "Changes that this process wrote, by how that ended.", labels=["outcome"]
    )
    for outcome in ("committed", "conflicts", "contended", "failed"):
        family.add_metric([outcome], getattr(writes, outcome))
    yield family
    hearing, behind = host.hearing, host.hearing.list_behind()
    silence = hearing.lag_seconds()
    yield GaugeMetricFamily(
        "bailiwick_store_silence_seconds", "Time since the store was last heard of.", value=silence
    )
    yield GaugeMetricFamily(
        "bailiwick_snapshot_lag_seconds",
        "The longest time for which any held account may lack what was committed.",
        value=max([silence, *map(hearing.lag_seconds, behind)]),
    )
    yield GaugeMetricFamily(
        "bailiwick_accounts_behind", "Held accounts that could not be taken in.", value=len(behind)
    )
    yield CounterMetricFamily(
        "bailiwick_forks", "Accounts found to be of another history than was held.", value=host.counters.forks
    )
    yield GaugeMetricFamily(
        "bailiwick_activity_buffered", "Events not written out yet.", value=host.store.activity.buffered()
    )


def held_families(held: HeldAccounts) -> Iterator[Metric]:
    """Which accounts are in memory, and how do they come and go? The largest are named: they are whom to look at."""
    sizes, loads = held.sizes(), held.loads
    yield GaugeMetricFamily("bailiwick_accounts_held", "Accounts that are held in memory.", value=len(sizes))
    yield GaugeMetricFamily(
        "bailiwick_held_bytes", "Memory that the held accounts take, by estimate.", value=sizes.bytes
    )
    most = float("inf") if sizes.most_bytes is None else sizes.most_bytes
    yield GaugeMetricFamily("bailiwick_held_bytes_limit", "Memory that they may take.", value=most)
    largest = GaugeMetricFamily(
        "bailiwick_account_bytes",
        f"Memory of the {MOST_NAMED} largest held accounts, by estimate.",
        labels=["account"],
    )
    for account, size in sizes.largest(MOST_NAMED):
        largest.add_metric([account], size)
    yield largest
    yield CounterMetricFamily(
        "bailiwick_account_evictions",
        "Accounts that were let go of for want of memory.",
        value=sizes.evictions,
    )
    yield SummaryMetricFamily(
        "bailiwick_account_load_seconds",
        "How long reading accounts into memory took.",
        count_value=loads.count,
        sum_value=loads.seconds,
    )
    yield GaugeMetricFamily(
        "bailiwick_account_loads_running",
        "Accounts that are being read, and those that wait for it.",
        value=loads.under_way,
    )


def readiness_families(now: Readiness) -> Iterator[Metric]:
    """Which word does the server say of itself?"""
    family = GaugeMetricFamily(
        "bailiwick_readiness", "1 for the word that /readyz says now, 0 for the others.", labels=["word"]
    )
    for word in Readiness:
        family.add_metric([word.value], word is now)
    yield family


def build_families() -> Iterator[Metric]:
    """What runs here?"""
    family = GaugeMetricFamily("bailiwick_build_info", "The version that runs.", labels=["version", "python"])
    family.add_metric([__version__, platform.python_version()], 1)
    yield family


def _histogram(
    name: str, text: str, labels: list[str], found: Iterable[tuple[tuple[str, ...], Histogram]]
) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, text, labels=labels)
    for values, histogram in sorted(found, key=lambda one: one[0]):
        family.add_metric(list(values), histogram.buckets(), histogram.seconds)
    return family
