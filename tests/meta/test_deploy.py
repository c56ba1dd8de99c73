"""The files of deploy/ name commands and options that exist, and do what they say as far as this machine can show.

No container is built here: the container file is read, and its commands are run as they stand, in another folder.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.e2e.processes import call, wait_for
from typer.main import get_command

from bailiwick.api.health import health_entries
from bailiwick.api.stopping import LAST_SECONDS, STOP_SECONDS
from bailiwick.cli.main import app
from bailiwick.cli.servers import DRAIN_SECONDS

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
UNITS = [path for path in FILES if path.parent.name == "systemd"]
SERVICES = [path for path in UNITS if path.suffix == ".service"]
MOST_EXPOSED = 2.0
WORST_UNIT = "[Service]\nExecStart=/bin/true\n"
READY_SECONDS = 60


def instructions() -> list[tuple[str, str]]:
    """Which instructions does the container file hold, in order?"""
    lines = (DEPLOY / "Containerfile").read_text(encoding="utf-8").splitlines()
    return [
        (word, rest)
        for line in lines
        if line and not line.startswith("#")
        for word, _, rest in [line.partition(" ")]
    ]


def last(word: str) -> str:
    """What does the last instruction of this name say?"""
    return [rest for name, rest in instructions() if name == word][-1]


def commands_in(text: str) -> list[list[str]]:
    """Which calls of the command does this text hold, by their words?"""
    found = re.findall(r"(?:/opt/bailiwick/bin/bailiwick) ((?:serve|store|init|log)[^'\n]*)", text)
    return [shlex.split(call.replace("$(date +%%F)", "today")) for call in found]


def unknown_words(words: list[str]) -> list[str]:
    """Which of these words is no command, and which option does the command not know?"""
    command: Any = get_command(app)
    rest = list(words)
    while hasattr(command, "commands"):
        if rest[0] not in command.commands:
            return [rest[0]]
        command = command.commands[rest.pop(0)]
    known = {option for parameter in command.params for option in parameter.opts}
    return [word for word in rest if word.startswith("--") and word not in known]


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_units_call_what_exists(path: Path) -> None:
    """Every command and option of a unit is one of the command line's."""
    calls = commands_in(path.read_text(encoding="utf-8"))
    assert len(calls) == 1
    assert unknown_words(calls[0]) == []


def test_the_container_calls_what_exists() -> None:
    """So are those that the container begins with."""
    assert json.loads(last("ENTRYPOINT")) == ["/opt/bailiwick/bin/bailiwick"]
    assert unknown_words(json.loads(last("CMD"))) == []


def test_a_word_that_does_not_exist_is_found() -> None:
    """The check can fail: by a wrong option, and by a wrong command."""
    assert unknown_words(["serve", "--data", "x", "--nodes", "3"]) == ["--nodes"]
    assert unknown_words(["store", "burn"]) == ["burn"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_variables_exist(path: Path) -> None:
    """A variable of Bailiwick's that a file sets is read by the program."""
    source = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "src").rglob("*.py"))
    named = set(re.findall(r"BAILIWICK_[A-Z_]+", path.read_text(encoding="utf-8")))
    assert {name for name in named if name not in source} == set()


def analyze(*arguments: str) -> str:
    """What does systemd say?"""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not on this machine")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_understands_the_unit(path: Path, tmp_path: Path) -> None:
    """It has nothing to say, but that the program is not installed here."""
    for unit in UNITS:
        shutil.copy(unit, tmp_path)
    said = analyze("verify", str(tmp_path / path.name)).splitlines()
    assert [line for line in said if "/opt/bailiwick/bin/bailiwick is not executable" not in line] == []


def exposure(path: Path) -> float:
    """How exposed is this unit, from 0 to 10, in systemd's judgement?"""
    found = re.search(
        r"Overall exposure level .*: ([0-9.]+)", analyze("security", "--offline=true", str(path))
    )
    assert found
    return float(found.group(1))


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_units_are_hardened(path: Path, tmp_path: Path) -> None:
    """A unit is exposed little; one without any hardening is not."""
    bare = tmp_path / "bare.service"
    bare.write_text(WORST_UNIT, encoding="utf-8")
    assert exposure(path) < MOST_EXPOSED < exposure(bare)


def test_the_unit_lets_the_server_end_by_itself() -> None:
    """It is killed only after the server had all the time that it takes to stop."""
    text = (DEPLOY / "systemd/bailiwick.service").read_text(encoding="utf-8")
    found = re.search(r"^TimeoutStopSec=(\d+)s$", text, re.MULTILINE)
    assert found
    assert int(found[1]) > DRAIN_SECONDS + STOP_SECONDS + LAST_SECONDS
    assert "KillSignal=SIGTERM" in text


def test_the_container_runs_as_nobody_in_particular() -> None:
    """Not as root, by the form that has no shell between a signal and the process."""
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", last("USER"))
    assert last("STOPSIGNAL") == "SIGTERM"
    order = [word for word, _ in instructions()]
    assert order.index("USER") > max(place for place, word in enumerate(order) if word == "RUN")
    assert all(rest.startswith("[") for word, rest in instructions() if word in ("ENTRYPOINT", "CMD"))


def test_the_container_answers_is_healthy_and_stops(tmp_path: Path) -> None:
    """Its own words start a server, its own health check finds it, and a signal ends it well."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    assert last("EXPOSE") in last("CMD")
    assert last("EXPOSE") in last("HEALTHCHECK")
    data, ready = tmp_path / "store", tmp_path / "ready"
    made = call(
        "init", "--data", str(data), "--account", "acme", "--owner", "o@acme.example",
        "--key-file", str(tmp_path / "owner.key"),
    )  # fmt: skip
    assert made.code == 0
    check = last("HEALTHCHECK").partition("CMD ")[2].replace(last("EXPOSE"), port)
    _, *health = json.loads(check)
    words = [
        word.replace("/data/store", str(data)).replace("0.0.0.0:8470", f"127.0.0.1:{port}")
        for word in json.loads(last("CMD"))
    ]
    program = [sys.executable, "-c", "from bailiwick.cli.main import main; main()"]
    assert subprocess.run([sys.executable, *health], capture_output=True, check=False).returncode != 0
    server = subprocess.Popen([*program, *words, "--ready-file", str(ready)], stdout=subprocess.DEVNULL)
    try:
        wait_for(ready, server)
        assert subprocess.run([sys.executable, *health], capture_output=True, check=False).returncode == 0
        os.kill(server.pid, signal.SIGTERM)
        assert server.wait(READY_SECONDS) in (0, -signal.SIGTERM)
    finally:
        server.kill()
        server.wait()


def manifests() -> dict[str, Any]:
    """Which objects does kustomize make of the folder, by kind?"""
    program = shutil.which("kubectl")
    folder = DEPLOY / "kubernetes"
    if program is None:
        listed = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))["resources"]
        text = "\n---\n".join((folder / name).read_text(encoding="utf-8") for name in listed)
    else:
        done = subprocess.run(
            [program, "kustomize", str(folder)], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        text = done.stdout
    return {each["kind"]: each for each in yaml.safe_load_all(text)}


def test_the_manifests_fit_each_other_and_the_program() -> None:
    """Options exist, probes ask routes that exist at the port that is listened at, selectors select."""
    made = manifests()
    assert set(made) == {"StatefulSet", "Service", "NetworkPolicy"}
    template = made["StatefulSet"]["spec"]["template"]
    [container] = template["spec"]["containers"]
    words = [part for word in container["args"] for part in word.split("=", 1)]
    assert unknown_words(words) == []
    [port] = container["ports"]
    assert f"0.0.0.0:{port['containerPort']}" in words
    probes = [container[name]["httpGet"] for name in ("startupProbe", "readinessProbe", "livenessProbe")]
    assert {probe["port"] for probe in probes} == {port["name"]}
    assert {probe["path"] for probe in probes} <= {entry.path for entry in health_entries()}
    assert made["Service"]["spec"]["ports"][0]["targetPort"] == port["name"]
    labels = template["metadata"]["labels"]
    selected = (
        made["Service"]["spec"]["selector"],
        made["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
    )
    assert (*selected, made["StatefulSet"]["spec"]["selector"]["matchLabels"]) == (labels, labels, labels)
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    claimed = {claim["metadata"]["name"] for claim in made["StatefulSet"]["spec"]["volumeClaimTemplates"]}
    assert mounted == claimed | {volume["name"] for volume in template["spec"]["volumes"]}


def test_the_pod_has_what_the_container_file_and_the_server_need() -> None:
    """It is the container's user, alone, on a volume for one, and has longer to stop than the server takes."""
    made = manifests()["StatefulSet"]["spec"]
    pod = made["template"]["spec"]
    user = pod["securityContext"]
    assert last("USER") == f"{user['runAsUser']}:{user['runAsGroup']}"
    assert made["replicas"] == 1
    assert made["volumeClaimTemplates"][0]["spec"]["accessModes"] == ["ReadWriteOncePod"]
    assert pod["terminationGracePeriodSeconds"] > DRAIN_SECONDS + STOP_SECONDS + LAST_SECONDS
