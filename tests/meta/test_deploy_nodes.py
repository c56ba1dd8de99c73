"""The files of deploy/ for many nodes (Compose, Kubernetes, systemd): what they run and mount is there.

No container is run here: files are read, command lines are parsed by the real command line, and scripts are run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.meta.test_deploy import DEPLOY, ROOT, analyze, last
from typer._click.exceptions import UsageError
from typer.main import get_command

from bailiwick.api.health import health_entries
from bailiwick.api.stopping import LAST_SECONDS, STOP_SECONDS
from bailiwick.cli.main import app
from bailiwick.cli.servers import DRAIN_SECONDS
from bailiwick.store.sql.postgresql import MOST_CONNECTIONS

NODES = DEPLOY / "kubernetes" / "nodes"
FEEDS = 2
ADMINISTRATION = 10


def parse(words: list[str]) -> dict[str, Any]:
    """What does the real command line make of these words, without doing it? Raises UsageError."""
    command: Any = get_command(app)
    rest = list(words)
    while hasattr(command, "commands"):
        if rest[0] not in command.commands:
            raise UsageError(f"no such command: {rest[0]}")
        command = command.commands[rest.pop(0)]
    found: dict[str, Any] = command.make_context("bailiwick", rest).params
    return found


def test_a_line_that_is_not_accepted_is_found() -> None:
    """The check can fail: by a command, an option, a value, and by what is missing."""
    for words in (["burn"], ["serve", "--nodes=3"], ["serve", "--max-requests=none"], ["store", "migrate"]):
        with pytest.raises(UsageError):
            parse(words)


# Compose


def composed() -> dict[str, Any]:
    """What does the file for Compose say?"""
    found = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


SERVICES: dict[str, Any] = composed()["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("bailiwick:")}
THREE = [f"node-{number}" for number in (1, 2, 3)]


@pytest.mark.parametrize("name", OURS)
def test_services_run_what_the_command_line_takes(name: str) -> None:
    """Every command is accepted as it stands, variables replaced by their defaults."""
    words = [re.sub(r"\$\{\w+:-([^}]+)\}", r"\1", word) for word in OURS[name]["command"]]
    assert str(parse(words)["master_key"]).endswith("/master.key")


def test_nodes_start_after_the_store_is_migrated_and_granted() -> None:
    """The database is healthy, then the schema is this program's, then the role may use it, then nodes start."""
    assert set(OURS) == {"init", "migrate", *THREE}
    assert SERVICES["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    assert SERVICES["grants"]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    for name in THREE:
        assert SERVICES[name]["depends_on"] == {"grants": {"condition": "service_completed_successfully"}}
    assert SERVICES["init"]["profiles"] == ["init"]


def test_what_stays_is_restarted_and_has_a_health_check() -> None:
    """What ends by itself is not; a node is given longer to stop than it takes."""
    for name, service in SERVICES.items():
        stays = name in ("db", "proxy", *THREE)
        assert (service["restart"], "healthcheck" in service) == ("unless-stopped" if stays else "no", stays)
    paths = {entry.path for entry in health_entries()}
    for name in THREE:
        [asked] = re.findall(r"127\.0\.0\.1:8470(/\w+)", SERVICES[name]["healthcheck"]["test"][-1])
        assert asked in paths
        assert (
            int(SERVICES[name]["stop_grace_period"].removesuffix("s"))
            > DRAIN_SECONDS + STOP_SECONDS + LAST_SECONDS
        )


def test_containers_are_closed() -> None:
    """Whatever is Bailiwick's runs as its image's user, with nothing to write to, no capability, and no way to one."""
    for service in OURS.values():
        assert (service["user"], service["read_only"], service["cap_drop"]) == (last("USER"), True, ["ALL"])
        assert service["security_opt"] == ["no-new-privileges:true"]
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports == ["127.0.0.1:8470:8470"]


def test_secrets_are_in_files_alone() -> None:
    """No variable and no command holds one: what is named after a password names a file."""
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if "PASS" in name:
                assert name.endswith("FILE")
                assert value.startswith("/run/secrets/")
                assert value.removeprefix("/run/secrets/") in service["secrets"]
        assert not re.search(r"//[^/@]+:[^/@]+@", " ".join(map(str, service.get("command", []))))


def test_the_proxy_is_told_what_its_file_asks_for() -> None:
    """Its file is valid with the variables that it is given, and each node is one of the services."""
    settings = DEPLOY / "haproxy" / "haproxy.cfg"
    given = SERVICES["proxy"]["environment"]
    assert set(re.findall(r"\$\{(\w+)\}", settings.read_text(encoding="utf-8"))) == set(given)
    assert [given[f"NODE_{number}"] for number in (1, 2, 3)] == [f"{name}:8470" for name in THREE]
    program = shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("haproxy is not installed (scripts/install-haproxy.sh)")
    done = subprocess.run([program, "-c", "-f", str(settings)], capture_output=True, text=True, check=False,
                          env={**given, "PATH": os.environ["PATH"]})  # fmt: skip
    assert done.returncode == 0, done.stderr


def connections(nodes: int) -> int:
    """How many connections may so many nodes want while one is replaced, and administration?"""
    return (nodes + 1) * (MOST_CONNECTIONS + FEEDS) + ADMINISTRATION


def test_the_database_has_connections_enough() -> None:
    """For all nodes and one more; the number in docs/deploy.md is the same."""
    [most] = [int(word.partition("=")[2]) for word in SERVICES["db"]["command"] if "max_connections" in word]
    assert most >= connections(len(THREE))
    assert f"{connections(3)} for three nodes" in (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")


def mounted() -> Iterator[str]:
    """Which files and folders beside the compose file does it mount?"""
    found = composed()
    yield from (secret["file"] for secret in found["secrets"].values())
    for service in found["services"].values():
        sources = [volume.partition(":")[0] for volume in service.get("volumes", [])]
        yield from (source for source in sources if source.startswith("./"))


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files to the containers' user")
def test_all_that_is_mounted_is_there_once_it_is_made(tmp_path: Path) -> None:
    """The repository has it, the script makes it, or `init` does; what the script makes is closed to all others."""
    for folder in ("postgresql", "haproxy", "compose"):
        shutil.copytree(DEPLOY / folder, tmp_path / folder)
    words = ["sh", str(tmp_path / "compose" / "secrets.sh"), str(tmp_path / "secrets")]
    assert subprocess.run(words, check=False).returncode == 0
    begun = SERVICES["init"]["command"]
    by_init = {word.rpartition("=/")[2] for word in begun if word.startswith(("--master-key", "--key-file"))}
    assert by_init == {"secrets/master.key", "secrets/owner.key"}
    missing = {place for place in mounted() if not (tmp_path / place).exists()}
    assert missing == {"./secrets/master.key"}
    assert set(composed()["secrets"]) == {Path(place).name for place in mounted() if "secrets/" in place}
    user = int(last("USER").partition(":")[0])
    made = tmp_path / "secrets"
    assert (made.stat().st_uid, made.stat().st_mode & 0o777) == (user, 0o700)
    for name, role in (("owner", "bailiwick_owner"), ("serving", "bailiwick")):
        passwords = made / f"{name}.pgpass"
        assert (passwords.stat().st_uid, passwords.stat().st_mode & 0o777) == (user, 0o600)
        word = (made / f"{name}.password").read_text(encoding="ascii")
        assert len(word) >= 43
        assert passwords.read_text(encoding="ascii") == f"db:5432:bailiwick:{role}:{word}\n"
    assert subprocess.run(words, check=False, capture_output=True).returncode == 1


# Kubernetes


def manifests() -> dict[str, list[dict[str, Any]]]:
    """Which objects does kustomize make of the folder, by kind?"""
    program = shutil.which("kubectl")
    if program is None:
        listed = yaml.safe_load((NODES / "kustomization.yaml").read_text(encoding="utf-8"))["resources"]
        text = "\n---\n".join((NODES / name).read_text(encoding="utf-8") for name in listed)
    else:
        done = subprocess.run([program, "kustomize", str(NODES)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        text = done.stdout
    found: dict[str, list[dict[str, Any]]] = {}
    for each in yaml.safe_load_all(text):
        found.setdefault(each["kind"], []).append(each)
    return found


KINDS = manifests()
[DEPLOYMENT], [JOB] = KINDS["Deployment"], KINDS["Job"]
PODS = {"nodes": DEPLOYMENT["spec"]["template"], "migrate": JOB["spec"]["template"]}


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    """Which containers does it run, the first ones first?"""
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


@pytest.mark.parametrize("pod", PODS.values(), ids=PODS)
def test_pods_run_what_the_command_line_takes(pod: dict[str, Any]) -> None:
    """Every command of Bailiwick's is accepted as it stands; the passwords come by a file that is the user's own."""
    calls = [container for container in containers(pod) if "args" in container]
    assert len(calls) == 1
    for container in calls:
        parse(container["args"])
        assert container["env"] == [{"name": "PGPASSFILE", "value": "/own/pgpass"}]
    first = containers(pod)[0]
    assert first["command"][:3] == ["install", "-m", "0600"]
    assert first["command"][-1] == "/own/pgpass"


@pytest.mark.parametrize("pod", PODS.values(), ids=PODS)
def test_pods_are_closed_and_mount_what_they_have(pod: dict[str, Any]) -> None:
    """No root, no capability, nothing to write but their own folders, no token of the cluster, bounds for memory."""
    spec = pod["spec"]
    user = spec["securityContext"]
    assert last("USER") == f"{user['runAsUser']}:{user['runAsGroup']}"
    assert (user["runAsNonRoot"], user["fsGroup"]) == (True, user["runAsGroup"])
    assert spec["automountServiceAccountToken"] is False
    for container in containers(pod):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert "memory" in container["resources"]["limits"]
    used = {mount["name"] for container in containers(pod) for mount in container["volumeMounts"]}
    assert used == {volume["name"] for volume in spec["volumes"]}


@pytest.mark.parametrize("pod", PODS.values(), ids=PODS)
def test_secrets_are_mounted_so_that_bailiwick_takes_them(pod: dict[str, Any]) -> None:
    """Root's, readable for the group at most, in no variable; the folder's comment says how each is made."""
    told = (NODES / "kustomization.yaml").read_text(encoding="utf-8")
    for volume in pod["spec"]["volumes"]:
        if "secret" in volume:
            assert volume["secret"]["defaultMode"] == 0o440
            assert f"kubectl create secret generic {volume['secret']['secretName']} " in told
    assert "secretKeyRef" not in yaml.safe_dump(pod)


def test_nodes_are_replaced_without_one_missing() -> None:
    """A new one is ready first; an old one has time to be left out, to finish, and some to spare."""
    spec = DEPLOYMENT["spec"]
    assert spec["replicas"] == 3
    assert spec["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    [node] = spec["template"]["spec"]["containers"]
    [waited] = [int(word.partition("=")[2]) for word in node["args"] if word.startswith("--drain-seconds=")]
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] > waited + STOP_SECONDS + LAST_SECONDS
    probe = node["readinessProbe"]
    assert waited >= probe["periodSeconds"]
    keys = {one["topologyKey"] for one in spec["template"]["spec"]["topologySpreadConstraints"]}
    assert keys == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}


def test_what_selects_selects_the_nodes() -> None:
    """Probes ask routes that exist, at the port that is listened at; service, budget and policy mean the nodes."""
    [node] = PODS["nodes"]["spec"]["containers"]
    [port] = node["ports"]
    assert f"--listen=0.0.0.0:{port['containerPort']}" in node["args"]
    probes = {name: node[f"{name}Probe"]["httpGet"] for name in ("startup", "readiness", "liveness")}
    assert {probe["port"] for probe in probes.values()} == {port["name"]}
    assert {name: probe["path"] for name, probe in probes.items()} == {
        "startup": "/readyz",
        "readiness": "/readyz",
        "liveness": "/healthz",
    }
    assert {probe["path"] for probe in probes.values()} <= {entry.path for entry in health_entries()}
    labels = PODS["nodes"]["metadata"]["labels"]
    [budget], [service] = KINDS["PodDisruptionBudget"], KINDS["Service"]
    policies = {one["metadata"]["name"]: one["spec"] for one in KINDS["NetworkPolicy"]}
    assert budget["spec"]["selector"]["matchLabels"] == service["spec"]["selector"] == labels
    assert service["spec"]["ports"][0]["targetPort"] == port["name"]
    assert policies["bailiwick"]["podSelector"]["matchLabels"] == labels
    assert (
        policies["bailiwick-migrate"]["podSelector"]["matchLabels"] == PODS["migrate"]["metadata"]["labels"]
    )
    assert 5432 in [rule["port"] for rule in policies["bailiwick"]["egress"][0]["ports"]]
    assert "ingress" not in policies["bailiwick-migrate"]


def test_the_grants_are_those_of_the_script() -> None:
    """A cluster grants what was tried."""
    [grants] = KINDS["ConfigMap"]
    assert grants["data"]["grants.sql"] == (DEPLOY / "postgresql" / "grants.sql").read_text(encoding="utf-8")


# systemd

DROP_IN = DEPLOY / "systemd" / "bailiwick.service.d" / "postgresql.conf"


def test_the_drop_in_makes_a_node_of_the_unit(tmp_path: Path) -> None:
    """systemd understands both together; the command is accepted; credentials are asked for by their names."""
    shutil.copy(DEPLOY / "systemd" / "bailiwick.service", tmp_path)
    shutil.copytree(DROP_IN.parent, tmp_path / DROP_IN.parent.name)
    said = analyze("verify", str(tmp_path / "bailiwick.service")).splitlines()
    assert [line for line in said if "/opt/bailiwick/bin/bailiwick is not executable" not in line] == []
    text = re.sub(r"^#.*\n", "", DROP_IN.read_text(encoding="utf-8"), flags=re.MULTILINE)
    [call] = re.findall(r"^ExecStart=/opt/bailiwick/bin/bailiwick (.+)$", text, re.MULTILINE)
    assert "ExecStart=\nExecStart=" in text
    values = dict(re.findall(r"(\w+)=(\S+)", " ".join(re.findall(r"^Environment=(.*)$", text, re.MULTILINE))))
    named = set(re.findall(r"\$\{(\w+)\}", call)) - {"CREDENTIALS_DIRECTORY", "PUBLIC_URL"}
    assert named == set(values) - {"PGPASSFILE"}
    for name, value in values.items():
        call = call.replace(f"${{{name}}}", value)
    parse(call.split())
    loaded = set(re.findall(r"^LoadCredential=([\w.]+):/etc/bailiwick/\1$", text, re.MULTILINE))
    used = set(re.findall(r"(?:\$\{CREDENTIALS_DIRECTORY\}|=%d)/([\w.]+)", text))
    assert loaded == used == {"master.key", "pgpass"}


def test_the_drop_in_makes_the_backup_one_of_the_database(tmp_path: Path) -> None:
    """systemd understands both together; it reaches the database, and is exposed little all the same."""
    folder = DEPLOY / "systemd" / "bailiwick-backup.service.d"
    shutil.copy(DEPLOY / "systemd" / "bailiwick-backup.service", tmp_path)
    shutil.copytree(folder, tmp_path / folder.name)
    assert analyze("verify", str(tmp_path / "bailiwick-backup.service")) == ""
    text = (folder / "postgresql.conf").read_text(encoding="utf-8")
    assert "PrivateNetwork=no\nRestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX\n" in text
    assert "ExecStart=\n" in text


def test_the_backup_of_the_drop_in_is_a_whole_dump_or_none(tmp_path: Path) -> None:
    """Its own words, with programs in place of PostgreSQL's: what fails leaves no dump that looks like one."""
    text = (DEPLOY / "systemd" / "bailiwick-backup.service.d" / "postgresql.conf").read_text(encoding="utf-8")
    [words] = re.findall(r"^ExecStart=/bin/sh -c '(.+)'$", text, re.MULTILINE)
    script = words.replace("%%", "%").replace("/var/lib/bailiwick-backups", str(tmp_path / "kept"))
    (tmp_path / "kept").mkdir()
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "pg_dump").write_text('#!/bin/sh\necho dumped > "${2#--file=}"\n', encoding="ascii")
    for code, kept in ((1, [".new"]), (0, [r"\d{4}-\d\d-\d\d\.dump"])):
        (programs / "pg_restore").write_text(f"#!/bin/sh\nexit {code}\n", encoding="ascii")
        for program in programs.iterdir():
            program.chmod(0o755)
        given = {"PATH": f"{programs}:{os.environ['PATH']}", "DATABASE": "postgresql://x"}
        assert subprocess.run(["sh", "-c", script], env=given, check=False).returncode == code
        found = sorted(path.name for path in (tmp_path / "kept").iterdir())
        assert len(found) == len(kept)
        assert all(re.fullmatch(pattern, name) for pattern, name in zip(kept, found, strict=True))
