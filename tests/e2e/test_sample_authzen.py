"""`bailiwick sample authzen`: the certification's fixture, made as any account is, served, and introduced."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

from tests.e2e.processes import START_SECONDS, call, command, environment

from bailiwick.cli.sample_authzen import introduction, make_fixture
from bailiwick.service.host import open_host
from bailiwick.service.settings import Settings

LAST_LINE = "Ctrl-C stops the server; the next start takes the same data.\n"


def test_the_fixture_is_served_and_says_how_to_ask(tmp_path: Path) -> None:
    """The command makes the data, answers, says where, and ends with Ctrl-C; the next start takes the same data."""
    for _ in range(2):
        output = tmp_path / "output"
        with output.open("w", encoding="utf-8") as written:
            process = subprocess.Popen(
                command("sample", "authzen", "--listen", "127.0.0.1:0"),
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                cwd=tmp_path,
                env=environment(),
            )
            try:
                deadline = time.monotonic() + START_SECONDS
                while not (said := output.read_text(encoding="utf-8")).endswith(LAST_LINE):
                    assert process.poll() is None, said
                    assert time.monotonic() < deadline, said
                    time.sleep(0.05)
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(START_SECONDS)
        assert "with the AuthZEN certification's fixture." in said
        assert "/.well-known/authzen-configuration" in said
    assert (tmp_path / "data-authzen").is_dir()


def test_the_fixture_holds_what_the_scenario_names(tmp_path: Path) -> None:
    """Two users, two records, and the harness, whom the introduction names."""
    key_file = tmp_path / "key"
    make_fixture(tmp_path / "data", key_file)
    host = open_host(tmp_path / "data", Settings("https://pdp.example"))
    try:
        account = host.snapshot("acme").account
        assert {"user:alice", "user:bob", "service-id:harness"} <= set(account.principals)
        assert len(account.resources) == 2
    finally:
        host.close()
    said = "\n".join(introduction("https://pdp.example", key_file))
    assert str(key_file) in said
    assert "--owner service-id:harness" in said


def test_another_sample_is_not_known() -> None:
    """There are two."""
    done = call("sample", "nothing")
    assert done.code == 2
    assert "'nothing' is not one of 'company', 'authzen'" in " ".join(done.err.replace("│", " ").split())
