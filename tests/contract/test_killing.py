"""Killing: whatever was acknowledged before SIGKILL is there afterwards, whole, and the chain verifies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from random import Random
from threading import Timer

import pytest
from tests.contract.stores import AT, LOG

import bailiwick
from bailiwick.store.opening import create_store, open_store
from bailiwick.store.ports import Store

WRITER = Path(__file__).with_name("killed_writer.py")
ROUNDS = 6


def write_until_killed(data_dir: Path, turn: int, seconds: float) -> list[str]:
    """Which revisions did the writer acknowledge before it was killed?"""
    source = str(Path(bailiwick.__file__).parents[1])
    writer = subprocess.Popen(
        [sys.executable, str(WRITER), str(data_dir), str(turn)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": source},
    )
    assert writer.stdout is not None
    with writer:
        first = writer.stdout.readline()
        killer = Timer(seconds, writer.kill)
        killer.start()
        lines = [first, *writer.stdout]
        killer.join()
    assert writer.returncode == -signal.SIGKILL
    return [line.strip() for line in lines if line.endswith("\n")]


def check_acknowledged(store: Store, vectors: list[str]) -> None:
    """Is each acknowledged revision there with its hash, its secret and its answer?"""
    for vector in vectors:
        revision = int(vector.partition("-")[0])
        assert store.head_at(LOG, revision).vector == vector
        assert store.find_secret(LOG, f"fp-{revision}") is not None
        kept = store.find_answer(LOG, "u-root", f"k-{revision}")
        assert kept is not None
        assert kept.body.decode() == vector


@pytest.mark.timeout(120)
def test_nothing_acknowledged_is_lost_under_sigkill(tmp_path: Path) -> None:
    """After each of several kills at random moments the store opens, holds every acknowledged revision, verifies."""
    data_dir = tmp_path / "data"
    with create_store(data_dir, at=AT) as store:
        store.create_log(LOG, at=AT)
    random = Random(7)
    acknowledged: list[str] = []
    for turn in range(ROUNDS):
        acknowledged += write_until_killed(data_dir, turn, random.uniform(0.01, 0.6))
        with open_store(data_dir) as store:
            check_acknowledged(store, acknowledged)
            report = store.verify(LOG)
            assert report.ok, report.findings
            assert store.head(LOG).revision >= len(acknowledged)
    assert len(acknowledged) >= ROUNDS
