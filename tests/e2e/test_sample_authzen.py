"""`bailiwick sample authzen`: the certification's fixture, made as the sample company is, and what is said of it."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.processes import call

from bailiwick.cli.sample import Which, fixture_introduction, key_file_of, make_sample
from bailiwick.service.host import open_host
from bailiwick.service.settings import Settings


def test_the_fixture_is_made_and_says_how_to_sign_in(tmp_path: Path) -> None:
    """Its data holds the scenario's users and records; the lines name the metadata and the harness."""
    data = tmp_path / Which.AUTHZEN.data
    key_file = key_file_of(data)
    make_sample(data, key_file, Which.AUTHZEN)
    host = open_host(data, Settings("https://pdp.example"))
    try:
        account = host.snapshot("acme").account
        assert {"user:alice", "user:bob", "service-id:harness"} <= set(account.principals)
        assert len(account.resources) == 2
        said = fixture_introduction(host, key_file)
    finally:
        host.close()
    assert said[1:3] == [
        "Bailiwick answers at https://pdp.example with the AuthZEN certification's fixture.",
        "Its metadata: https://pdp.example/.well-known/authzen-configuration",
    ]
    assert any(str(key_file) in line for line in said)
    assert any("--owner service-id:harness" in line for line in said)


def test_another_sample_is_not_known() -> None:
    """There are two."""
    done = call("sample", "nothing")
    assert done.code == 2
    assert "'nothing' is not one of 'company', 'authzen'" in " ".join(done.err.replace("│", " ").split())
