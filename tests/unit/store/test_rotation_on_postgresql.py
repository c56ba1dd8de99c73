"""The master key is turned while another node writes: nothing stays under the key that goes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event

import pytest
from tests.contract.on_postgresql import new_store
from tests.contract.stores import AT, LOG, create

from bailiwick.store.address import DatabaseAddress
from bailiwick.store.opening import open_store
from bailiwick.store.ports import Head, Idempotency, SecretWrite
from bailiwick.store.sql.store import SqlStore

SECONDS = 8.0


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[tuple[SqlStore, SqlStore]]:
    """Two openings of one store."""
    with new_store(tmp_path, AT) as one:
        one.create_log(LOG, at=AT)
        url = one._logs.engine.url
        with open_store(DatabaseAddress(url, tmp_path / "master.key")) as other:
            yield one, other


def test_a_rotation_waits_for_who_seals_under_the_old_key(nodes: tuple[SqlStore, SqlStore]) -> None:
    """A secret and an answer that are sealed, and not yet committed, come under the new key too."""
    one, other = nodes
    is_sealing, may_end = Event(), Event()

    def answer(_head: Head) -> tuple[int, bytes]:
        is_sealing.set()
        may_end.wait(SECONDS)
        return 201, b"answered"

    with ThreadPoolExecutor(2) as threads:
        writing = threads.submit(
            one.append, LOG, 0, [create("u1", "alice")], actor_uid="u-root", via="test", at=AT,
            secrets=[SecretWrite("s", "password", b"kept")],
            idempotency=Idempotency("u-root", "k", "d", answer))  # fmt: skip
        assert is_sealing.wait(SECONDS)
        turning = threads.submit(other.rotate_master_key)
        assert not wait([turning], timeout=1.0).done
        may_end.set()
        writing.result(SECONDS)
        turning.result(SECONDS)
    for node in nodes:
        secret, kept = node.find_secret(LOG, "s"), node.find_answer(LOG, "u-root", "k")
        assert secret is not None
        assert secret.value == b"kept"
        assert kept is not None
        assert kept.body == b"answered"


def test_who_seals_after_a_rotation_seals_under_the_new_key(nodes: tuple[SqlStore, SqlStore]) -> None:
    """The other node reads the key file anew, and what it writes both can read."""
    one, other = nodes
    other.rotate_master_key()
    one.append(LOG, 0, [create("u1", "alice")], actor_uid="u-root", via="test", at=AT,
               secrets=[SecretWrite("s", "password", b"kept")])  # fmt: skip
    for node in nodes:
        secret = node.find_secret(LOG, "s")
        assert secret is not None
        assert secret.value == b"kept"
