"""The sample company as its first visitor sees it: what `bailiwick sample` (`make run`) says, and that it holds."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.e2e.processes import START_SECONDS, command, environment, run, running

FREE = "127.0.0.1:0"
LAST_LINE = "Ctrl-C stops the server"


class Sample:
    """A running sample company, and what it has said until it answered."""

    def __init__(self, process: subprocess.Popen[str], output: Path) -> None:
        deadline = time.monotonic() + START_SECONDS
        while LAST_LINE not in output.read_text(encoding="utf-8"):
            assert process.poll() is None, output.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, output.read_text(encoding="utf-8")
            time.sleep(0.02)
        self.process = process
        self.said = output.read_text(encoding="utf-8")

    @property
    def exports(self) -> list[str]:
        """Which lines sign in?"""
        return [line.strip() for line in self.said.splitlines() if line.startswith("  export ")]

    def shell(self, text: str, folder: Path) -> subprocess.CompletedProcess[str]:
        """Run this in another terminal, after the lines that sign in."""
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-c", "\n".join([*self.exports, text])],
            capture_output=True,
            text=True,
            cwd=folder,
            env=environment(PATH="/usr/bin:/bin"),
            timeout=60,
            check=False,
        )


@contextmanager
def sample(folder: Path, data: str = "data") -> Iterator[Sample]:
    """The sample company, started in this folder as a person does."""
    folder.mkdir(exist_ok=True)
    output = folder / "output"
    with output.open("w", encoding="utf-8") as written:
        process = subprocess.Popen(
            command("sample", "--data", data, "--listen", FREE),
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment(PYTHONUNBUFFERED="1"),
            text=True,
        )
    with running(process):
        yield Sample(process, output)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sample, Path]]:
    """One sample company and its folder, which has a space in its name."""
    folder = tmp_path_factory.mktemp("sample") / "a folder"
    with sample(folder) as started:
        yield started, folder


def test_it_says_where_it_is_and_how_to_sign_in(company: tuple[Sample, Path]) -> None:
    """The address, the page of the interface and three lines to sign in are printed, the key itself is not."""
    started, folder = company
    address = re.search(r"Bailiwick answers at (http://127\.0\.0\.1:\d+) for", started.said)
    assert address is not None
    programs = sysconfig.get_path("scripts")
    assert started.exports == [
        f"export PATH={programs}:$PATH",
        f"export BAILIWICK_URL={address[1]}",
        f"export BAILIWICK_API_KEY=$(cat '{folder / 'data-owner.key'}')",
    ]
    assert f"{address[1]}/docs" in started.said
    assert (folder / "data-owner.key").read_text(encoding="utf-8").strip() not in started.said
    assert "bwk_" not in started.said


def test_the_lines_that_sign_in_work_anywhere(company: tuple[Sample, Path], tmp_path: Path) -> None:
    """After the printed lines, in another folder and with a bare PATH, the command asks the server as the owner."""
    started, _ = company
    done = started.shell("bailiwick export", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "name: image-readers-eu-de" in done.stdout


def test_three_questions_are_answered_with_reasons(company: tuple[Sample, Path], tmp_path: Path) -> None:
    """Each question comes with its command and its answer, and the command prints that answer."""
    started, _ = company
    asked = re.findall(r"^  (\S.*\?)\n    (bailiwick explain .*)\n    (\S.*)$", started.said, re.MULTILINE)
    assert [answer for _, _, answer in asked] == [
        "allowed by `image-readers-eu-de`",
        "denied: no policy of `user:alice` or its groups allows `ims:serverImages:create`",
        "allowed by `developers-in-cloud`",
    ]
    for _, words, answer in asked:
        done = started.shell(words, tmp_path)
        assert done.stdout.splitlines()[0] == answer, done.stderr
        assert done.returncode == (0 if answer.startswith("allowed") else 1)


def test_the_documentation_page_is_there(company: tuple[Sample, Path], tmp_path: Path) -> None:
    """The page that is named is served."""
    started, _ = company
    done = started.shell("curl -sf $BAILIWICK_URL/docs", tmp_path)
    assert done.returncode == 0
    assert "<title>Bailiwick" in done.stdout


def test_the_key_is_for_its_user_alone(company: tuple[Sample, Path]) -> None:
    """The key file has mode 0600, the data directory 0700, and nothing else is left beside them."""
    _, folder = company
    assert (folder / "data-owner.key").stat().st_mode & 0o777 == 0o600
    assert (folder / "data").stat().st_mode & 0o777 == 0o700
    assert (folder / "data-enterprise.keys").stat().st_mode & 0o777 == 0o600
    left = sorted(path.name for path in folder.iterdir())
    assert left == ["data", "data-enterprise.keys", "data-owner.key", "output"]


def test_the_accounts_of_the_enterprise_answer_to_their_owners(
    company: tuple[Sample, Path], tmp_path: Path
) -> None:
    """Each by its key; an account below sees its place and the guardrails that bind it, the one above its tree."""
    started, folder = company
    lines = (folder / "data-enterprise.keys").read_text(encoding="utf-8").splitlines()
    keys = dict(line.split(" ") for line in lines)
    assert list(keys) == ["headquarters", "development", "production"]

    def ask(account: str, words: str) -> str:
        done = started.shell(f"BAILIWICK_API_KEY={keys[account]} bailiwick {words}", tmp_path)
        assert done.stderr == ""
        return done.stdout

    assert "account:production" in ask("headquarters", "enterprise tree")
    shown = ask("production", "enterprise show")
    assert "place: enterprise:acme-corp > account-group:crypto > account:production" in shown
    assert "acme-corp/production/production-deletes-with-second-factor" in shown
    key = "brn:production:hs-crypto:us-south:hpcs-prod:key-ring/default/key/k1"
    asked = f"explain user:paula hs-crypto.secrets.delete {key}"
    refused, allowed = ask("production", asked), ask("production", f"{asked} --context mfa=true")
    assert refused.splitlines()[0] == (
        "denied by guardrail `acme-corp/production/production-deletes-with-second-factor`"
    )
    assert allowed.splitlines()[0] == "allowed by `operators-operate`"


def test_a_second_start_takes_the_same_data(tmp_path: Path) -> None:
    """What was changed is there after the next start, and so is the key."""
    with sample(tmp_path) as first:
        changed = first.shell("printf 'kind: Project\\nname: kept\\n' | bailiwick apply -f -", tmp_path)
        assert changed.returncode == 0, changed.stderr
        key = (tmp_path / "data-owner.key").read_text(encoding="utf-8")
    with sample(tmp_path) as second:
        assert "Making" not in second.said
        assert (tmp_path / "data-owner.key").read_text(encoding="utf-8") == key
        assert "name: kept" in second.shell("bailiwick export", tmp_path).stdout


def test_every_fresh_start_draws_another_key(tmp_path: Path) -> None:
    """Two companies never have the same owner's key."""
    keys = []
    for name in ("one", "two"):
        with sample(tmp_path / name):
            keys.append((tmp_path / name / "data-owner.key").read_text(encoding="utf-8"))
    assert keys[0] != keys[1]


def test_it_stops_quietly(tmp_path: Path) -> None:
    """Ctrl-C ends it at once and without a word of an error."""
    with sample(tmp_path) as started:
        started.process.send_signal(signal.SIGINT)
        started.process.wait(10)
    output = (tmp_path / "output").read_text(encoding="utf-8")
    assert output == started.said
    assert "Traceback" not in output


def test_a_port_in_use_is_said_before_anything_is_made(tmp_path: Path) -> None:
    """Where something listens already the error names the address and what to do, and no data is made."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run("sample", "--data", "data", "--listen", address, folder=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"error: cannot listen at `{address}`: Address already in use\n"
        "  help: an earlier start may still run; another port: --listen HOST:PORT, or make run LISTEN=HOST:PORT\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_start_that_was_cut_short_is_made_again(tmp_path: Path) -> None:
    """What a killed first start has left behind does not stand in the way."""
    (tmp_path / ".data.new").mkdir(mode=0o700)
    (tmp_path / ".data.new" / "master.key").write_text("half", encoding="utf-8")
    (tmp_path / ".data.new.key").write_text("half", encoding="utf-8")
    with sample(tmp_path) as started:
        assert started.shell("bailiwick token", tmp_path).returncode == 0


def test_another_kind_of_data_directory_is_left_alone(tmp_path: Path) -> None:
    """A directory that holds another company, or none of ours, is refused with what to do."""
    made = run("init", "--data", "data", "--account", "other", "--owner", "o@other.example", "--key-file", "key",
               folder=tmp_path)  # fmt: skip
    assert made.code == 0, made.err
    done = run("sample", "--data", "data", "--listen", FREE, folder=tmp_path)
    assert done.code == 2
    assert done.err == (
        "error: `data` holds no sample company that can be used: it has no such account\n"
        "  help: name a new directory with --data, or use bailiwick serve\n"
    )


def test_a_key_without_its_data_is_not_overwritten(tmp_path: Path) -> None:
    """A key file that is there stays as it is, and the start is refused."""
    (tmp_path / "data-owner.key").write_text("precious", encoding="utf-8")
    done = run("sample", "--data", "data", "--listen", FREE, folder=tmp_path)
    assert done.code == 2
    assert done.err == (
        "error: `data-owner.key` exists but `data` does not\n  help: remove the key file and start again\n"
    )
    assert (tmp_path / "data-owner.key").read_text(encoding="utf-8") == "precious"
