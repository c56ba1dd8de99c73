"""What is shown of the numbers: outcomes, histograms, what is behind, and two hosts apart."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from tests.unit.service.accounts import Installation, install

from bailiwick.api.metrics.families import MOST_NAMED
from bailiwick.api.metrics.page import HostCollector
from bailiwick.api.metrics.requests import RequestNumbers
from bailiwick.api.serving import Serving
from bailiwick.errors import Unavailable
from bailiwick.model.requests import Decision, Reason
from bailiwick.service.counting import Histogram
from bailiwick.service.hearing import Hearing
from bailiwick.service.host import Host
from bailiwick.service.loading import account_log
from bailiwick.store.ports import Change, RevisionConflict


@pytest.fixture
def acme() -> Installation:
    """A new installation in memory."""
    return install()


def shown(host: Host) -> dict[str, float]:
    """Which number has each line?"""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(HostCollector(host, Serving()))
    lines = generate_latest(registry).decode().splitlines()
    found = [line.rpartition(" ") for line in lines if not line.startswith("#")]
    assert len({name for name, _, _ in found}) == len(found), "a line twice"
    return {name: float(number) for name, _, number in found}


def test_every_reason_has_an_outcome(acme: Installation) -> None:
    """Allowed by one reason, an error by one, denied by all others; from the start on, so that nothing is missing."""
    host = acme.another_host()
    for reason in Reason:
        host.record_decision(acme.owner, Decision(reason is Reason.ALLOWED, reason))
    host.counters.fail("stale")
    lines = shown(host)
    found = {name: number for name, number in lines.items() if name.startswith("bailiwick_decisions_total")}
    assert found == {
        'bailiwick_decisions_total{outcome="allowed",reason="allowed"}': 1,
        'bailiwick_decisions_total{outcome="error",reason="error"}': 1,
        'bailiwick_decisions_total{outcome="error",reason="code:stale"}': 1,
        **{
            f'bailiwick_decisions_total{{outcome="denied",reason="{reason.value}"}}': 1
            for reason in Reason
            if reason not in (Reason.ALLOWED, Reason.ERROR)
        },
    }


def test_a_histogram_says_how_many_took_at_most_so_long() -> None:
    """A bound is inside, the last bucket holds all, and the sum is theirs."""
    histogram = Histogram((0.1, 1.0))
    for seconds in (0.05, 0.1, 0.2, 1.0, 7.0):
        histogram.add(seconds)
    assert histogram.buckets() == [("0.1", 2), ("1.0", 4), ("+Inf", 5)]
    assert histogram.seconds == pytest.approx(8.35)


def test_two_hosts_of_a_process_do_not_mix(acme: Installation) -> None:
    """Each has numbers of its own."""
    one, other = acme.another_host(), acme.another_host()
    one.record_decision(acme.owner, Decision(True, Reason.ALLOWED))
    name = 'bailiwick_decisions_total{outcome="allowed",reason="allowed"}'
    assert (shown(one)[name], shown(other)[name]) == (1, 0)


def test_silence_and_what_is_behind_are_told(acme: Installation) -> None:
    """An account that was lost while the store answered lags more than the store does."""
    moment = [100.0]
    host = acme.another_host()
    host.hearing = Hearing(lambda: moment[0])
    host.hearing.begin()
    host.hearing.lose("acme")
    moment[0] += 7
    host.hearing.hear(moment[0])
    moment[0] += 2
    lines = shown(host)
    assert lines["bailiwick_store_silence_seconds"] == 2
    assert lines["bailiwick_snapshot_lag_seconds"] == 9
    assert lines["bailiwick_accounts_behind"] == 1


def test_how_writes_end_is_counted(acme: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Committed, in conflict, failed: one each, and what was raised is raised."""
    host = acme.another_host()
    before, log = host.store.writes.committed, account_log("acme")

    def append(expected: int) -> None:
        made = [Change("Group", "g1", "dev", "create", {})]
        host.store.append(log, expected, made, actor_uid="", via="test", at=host.at())

    head = host.store.head(log)
    with pytest.raises(RevisionConflict):
        append(head.revision + 7)
    append(head.revision)
    monkeypatch.setattr(host.store, "_lock_head", fail)
    with pytest.raises(Unavailable):
        append(head.revision + 1)
    writes = host.store.writes
    assert (writes.committed - before, writes.conflicts, writes.failed) == (1, 1, 1)


def fail(*_: object) -> None:
    """Stand where the store is locked."""
    raise Unavailable("no store")


def test_labels_are_bounded() -> None:
    """Whatever method somebody sends, and though no route was found, there is one line for all."""
    requests = RequestNumbers()
    for method in ("GET", "PURGE", "X" * 1000):
        requests.add(method, "none", 404, 0.1)
    requests.add("GET", "none", 0, 0.1)
    assert set(requests.durations) == {
        ("GET", "none", "4xx"),
        ("other", "none", "4xx"),
        ("GET", "none", "none"),
    }


def test_held_accounts_are_told_and_the_largest_named(acme: Installation) -> None:
    """Nothing before somebody asks; then one account, one load, and its memory; no more than so many names."""
    host = acme.another_host()
    before = shown(host)
    assert (before["bailiwick_accounts_held"], before["bailiwick_held_bytes"]) == (0, 0)
    host.snapshot("acme")
    lines = shown(host)
    assert lines["bailiwick_accounts_held"] == lines["bailiwick_account_load_seconds_count"] == 1
    assert lines["bailiwick_held_bytes"] == lines['bailiwick_account_bytes{account="acme"}'] > 0
    assert lines["bailiwick_held_bytes_limit"] == float("inf")
    assert lines["bailiwick_account_evictions_total"] == lines["bailiwick_account_loads_running"] == 0
    for number in range(MOST_NAMED + 5):
        host.held.sizes().put(f"a{number}", host.snapshot("acme"))
    named = [name for name in shown(host) if name.startswith("bailiwick_account_bytes{")]
    assert len(named) == MOST_NAMED
