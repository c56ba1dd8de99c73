"""Verifying while people wait: one run at a time, its progress, its result, and what is said where it breaks."""

from __future__ import annotations

from threading import Event

import pytest
from tests.unit.service.accounts import Installation

from bailiwick.errors import Unavailable
from bailiwick.service.history.verifying import Verification
from bailiwick.store.ports import Progress, VerifyReport

LOG = "account:acme"


def start(acme: Installation, wait_seconds: float = 10.0) -> Verification:
    """Begin a run, or join the one that is going on."""
    return acme.host.verifications.start(LOG, "user:owner", wait_seconds)


def test_a_short_run_is_over_at_once(acme: Installation) -> None:
    """It tells by whom, how many rows, and up to which head."""
    assert acme.host.verifications.find(LOG) is None
    run = start(acme)
    assert (run.is_running, run.by, run.head) == (False, "user:owner", acme.store.head(LOG))
    assert run.report is not None
    assert (run.report.ok, run.report.rows) == (True, acme.store.change_count(LOG))
    assert run.activity == acme.store.activity.verify(LOG)
    assert acme.host.verifications.find(LOG) == run


def test_a_long_run_shows_how_far_it_is(acme: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever starts another meanwhile joins it."""
    reached, go_on = Event(), Event()

    def slow(log: str, progress: Progress | None = None) -> VerifyReport:
        assert progress is not None
        progress(3, 7)
        reached.set()
        assert go_on.wait(10)
        return VerifyReport(log, True, 7, ())

    monkeypatch.setattr(acme.store, "verify", slow)
    start(acme, wait_seconds=0)
    assert reached.wait(10)
    with pytest.raises(Unavailable, match="this log is being verified already"):
        acme.host.verifications.verify(LOG)
    joined = start(acme, wait_seconds=0)
    assert (joined.is_running, joined.done, joined.total) == (True, 3, 7)
    go_on.set()
    for _ in range(1000):
        run = acme.host.verifications.find(LOG)
        if run is not None and not run.is_running:
            break
        Event().wait(0.01)
    assert run is not None
    assert run.report == VerifyReport(LOG, True, 7, ())


def test_who_waits_for_a_verification_waits_alone(
    acme: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second caller is sent away at once; other logs are not held up, and after a failure it may be asked again."""
    verifications, kept = acme.host.verifications, acme.store.verify

    def meanwhile(log: str, progress: Progress | None = None) -> VerifyReport:
        with pytest.raises(Unavailable, match="this log is being verified already"):
            verifications.verify(log)
        assert verifications.verify("system")[0].ok
        raise Unavailable("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(acme.store, "verify", lambda log: (meanwhile if log == LOG else kept)(log))
        with pytest.raises(Unavailable, match="the disk is gone"):
            verifications.verify(LOG)
    report, activity = verifications.verify(LOG)
    assert (report.ok, activity) == (True, acme.store.activity.verify(LOG))


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (Unavailable("the disk is gone"), "the disk is gone"),
        (RuntimeError("boom"), "the log could not be read to its end"),
    ],
)
def test_a_run_that_breaks_says_so(
    acme: Installation, monkeypatch: pytest.MonkeyPatch, error: Exception, problem: str
) -> None:
    """And the next one begins afresh."""

    def broken(log: str, progress: Progress | None = None) -> VerifyReport:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(acme.store, "verify", broken)
        run = start(acme)
        assert (run.is_running, run.report, run.problem) == (False, None, problem)
    again = start(acme)
    assert (again.problem, again.report is not None) == ("", True)
