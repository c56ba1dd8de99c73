"""Decisions over HTTP beside a constant answer: how much of the server's speed does deciding leave?

A real host on a store of its own decides about a sample account (a hundred users, ten groups, a thousand policies);
a gateway asks about others, so that every request is two decisions. `wrk` asks both workers in turn, several times.
Needs `wrk`. Run it as `python -m bench.http_bench`; nothing else should run beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette

from bailiwick.api.authzen_routes import authzen_routes
from bailiwick.api.fastpath import fast_path_protocol
from bailiwick.service.applying import apply_wanted, parse_wanted
from bailiwick.service.host import Host, open_host
from bailiwick.service.initial import initialise
from bailiwick.service.keys.exchanging import exchange_key
from bailiwick.service.keys.making import create_key
from bailiwick.service.settings import Settings
from bench.http_constant import run_worker

ACCOUNT = "bench"
USERS, GROUPS, NAMESPACES, POLICIES = 100, 10, 200, 1000
REGIONS = ("eu-de", "us-south", "jp-tok")
ACTIONS = (
    "container-registry.image.pull",
    "container-registry.image.push",
    "container-registry.image.delete",
)
QUESTIONS = 256
BATCH = 50
CONNECTIONS = 64
WARM_UP_SECONDS = 1
START_SECONDS = 60
SETTINGS = Settings("http://127.0.0.1")
GATEWAY = "service-id:gateway"
_RATE = re.compile(r"Requests/sec:\s+([0-9.]+)")
_DONE = re.compile(r"([0-9]+) requests in")
_LATENCY = re.compile(r"^\s+(50|99)%\s+([0-9.]+)(us|ms|s)\s*$", re.MULTILINE)
_MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}

Document = dict[str, object]


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is measured: a worker (process, port), asked at a path with a script, so many decisions a request."""

    name: str
    pid: int
    port: int
    path: str
    script: Path
    decisions: int = 1


@dataclass(frozen=True, slots=True)
class Run:
    """What did one run give: requests a second, the worker's processor time for each (in microseconds), and
    milliseconds at the median and the 99th percentile?"""

    rate: float
    cost: float
    p50: float
    p99: float


def main() -> None:
    """Measure, and print a table; or be the worker that decides."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--serve", type=Path, help="serve the store of this directory (a worker)")
    parser.add_argument("--port", type=int, default=0)
    chosen = parser.parse_args()
    if chosen.serve is not None:
        host = open_host(chosen.serve, SETTINGS)
        run_worker(Starlette(routes=authzen_routes(host)), fast_path_protocol(host), chosen.port)
        return
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as workers:
        measure(Path(folder), workers, chosen.rounds, chosen.seconds)


def measure(folder: Path, workers: ExitStack, rounds: int, seconds: int) -> None:
    """Which table comes out?"""
    token = make_store(folder)
    constant, deciding = free_port(), free_port()
    first = workers.enter_context(worker("bench.http_constant", str(constant)))
    serve = ("--serve", str(folder / "data"), "--port", str(deciding))
    second = workers.enter_context(worker("bench.http_bench", *serve))
    one = write_script(folder / "one.lua", token, [question(number) for number in range(QUESTIONS)])
    many = write_script(folder / "many.lua", token, [batch(number) for number in range(QUESTIONS // 8)])
    path, paths = "/access/v1/evaluation", "/access/v1/evaluations"
    candidates = [
        Candidate("constant answer", first, constant, path, one),
        Candidate("one question about another", second, deciding, path, one),
        Candidate(f"{BATCH} questions about others", second, deciding, paths, many, BATCH),
    ]
    for candidate in candidates:
        check(candidate, token)
    runs: dict[str, list[Run]] = {candidate.name: [] for candidate in candidates}
    for _ in range(rounds):
        for candidate in random.sample(candidates, len(candidates)):
            wrk(candidate, WARM_UP_SECONDS)
            runs[candidate.name].append(wrk(candidate, seconds))
    print_table(candidates, runs)


def make_store(folder: Path) -> str:
    """Create the sample account in a store; the gateway's access token comes back."""
    initialise(folder / "data", ACCOUNT, "owner@bench.example", folder / "owner.key")
    host = open_host(folder / "data", SETTINGS)
    try:
        session, _ = host.authenticator.session_of_key((folder / "owner.key").read_text().strip())
        apply_wanted(host, session, parse_wanted(ACCOUNT, documents=[*documents()]))
        return gateway_token(host, lambda: create_key(host, session, GATEWAY).text)
    finally:
        host.close()


def gateway_token(host: Host, make_key: Callable[[], str]) -> str:
    """Which access token does the gateway ask with?"""
    return str(exchange_key(host, make_key()).text)


def documents() -> Iterator[Document]:
    """Which objects does the sample account hold?"""
    yield {"kind": "ServiceId", "name": "gateway"}
    yield {
        "kind": "Policy",
        "name": "gateway",
        "subjects": [GATEWAY],
        "roles": ["iam/Evaluator"],
        "scope": {},
    }
    for number in range(USERS):
        yield {"kind": "User", "name": f"u{number}", "email": f"u{number}@bench.example"}
    for number in range(GROUPS):
        members = [f"user:u{user}" for user in range(number, USERS, GROUPS)]
        yield {"kind": "Group", "name": f"team-{number}", "members": members}
    for number in range(POLICIES):
        chance = random.Random(number)
        subject = f"user:u{number % USERS}" if chance.random() < 0.8 else f"group:team-{number % GROUPS}"
        yield {
            "kind": "Policy",
            "name": f"policy-{number}",
            "subjects": [subject],
            "roles": [chance.choice(("Reader", "Writer", "Manager"))],
            "scope": {
                "service": "container-registry",
                "region": chance.choice(REGIONS),
                "type": "namespace",
                "id": f"ns-{chance.randrange(NAMESPACES)}",
            },
        }


def question(number: int) -> Document:
    """Which question has this number? About half of them are allowed."""
    chance = random.Random(number)
    policies = [one for one in documents() if str(one["name"]).startswith("policy-")]
    policy = chance.choice([one for one in policies if str(one["subjects"]).find("user:") >= 0])
    scope = policy["scope"]
    assert isinstance(scope, dict) and isinstance(policy["subjects"], list)  # noqa: PT018 - both narrow a type
    name = f"brn:{ACCOUNT}:container-registry:{scope['region']}::namespace/{scope['id']}/image/web-{number}"
    return {
        "subject": {"type": "user", "id": policy["subjects"][0].removeprefix("user:")},
        "action": {"name": chance.choice(ACTIONS)},
        "resource": {"type": "image", "id": name},
    }


def batch(number: int) -> Document:
    """Which list of questions has this number?"""
    return {"evaluations": [question((number * BATCH + index) % QUESTIONS) for index in range(BATCH)]}


def write_script(path: Path, token: str, bodies: list[Document]) -> Path:
    """Write the script with which `wrk` posts these bodies in turn, its requests made beforehand."""
    listed = ",\n".join("[==[" + json.dumps(body, separators=(",", ":")) + "]==]" for body in bodies)
    path.write_text(
        f"""local bodies = {{
{listed}
}}
local requests, turn = {{}}, 0
init = function()
  local headers = {{["Content-Type"] = "application/json", ["Authorization"] = "Bearer {token}"}}
  for index, body in ipairs(bodies) do requests[index] = wrk.format("POST", nil, headers, body) end
end
request = function()
  turn = turn % #requests + 1
  return requests[turn]
end
""",
        encoding="utf-8",
    )
    return path


@contextmanager
def worker(module: str, *arguments: str) -> Iterator[int]:
    """Run a worker, on a processor of its own where there are two, until the measurement ends. Its process id."""
    with subprocess.Popen([sys.executable, "-m", module, *arguments]) as process:
        pin(process.pid, 0)
        try:
            wait_for(int(arguments[-1]), process)
            yield process.pid
        finally:
            process.terminate()
            process.wait(10)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the worker listens."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"the worker on port {port} did not start")


def pin(pid: int, processor: int) -> None:
    """Keep a process on one processor, where there are several."""
    available = sorted(os.sched_getaffinity(0))
    if len(available) > 1:
        os.sched_setaffinity(pid, {available[processor]})


def check(candidate: Candidate, token: str) -> None:
    """Make sure that the candidate answers with a decision before it is measured."""
    body = batch(0) if candidate.decisions > 1 else question(0)
    request = urllib.request.Request(
        f"http://127.0.0.1:{candidate.port}{candidate.path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request) as reply:
        answer = json.load(reply)
    found = answer.get("evaluations", [answer])
    if len(found) != candidate.decisions or any("error" in one["context"] for one in found):
        sys.exit(f"{candidate.name}: unexpected answer {answer}")


def wrk(candidate: Candidate, seconds: int) -> Run:
    """What does one run of `wrk` against the candidate give? Any error ends the measurement."""
    length = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "20s"]
    address = f"http://127.0.0.1:{candidate.port}{candidate.path}"
    before = processor_seconds(candidate.pid)
    with subprocess.Popen(
        ["wrk", *length, "--latency", "-s", str(candidate.script), address], stdout=subprocess.PIPE, text=True
    ) as process:
        pin(process.pid, 1)
        said = process.communicate()[0]
    spent = processor_seconds(candidate.pid) - before
    rate, done = _RATE.search(said), _DONE.search(said)
    if rate is None or done is None or "Non-2xx" in said or "Socket errors" in said:
        sys.exit(f"{candidate.name}: {said}")
    latency = {percent: float(value) * _MILLISECONDS[unit] for percent, value, unit in _LATENCY.findall(said)}
    return Run(float(rate[1]), spent / int(done[1]) * 1e6, latency["50"], latency["99"])


def processor_seconds(pid: int) -> float:
    """How long has this process been running on a processor? Says more than the clock where others run, too."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def print_table(candidates: list[Candidate], runs: dict[str, list[Run]]) -> None:
    """Print medians over the rounds, and each rate beside the constant answer's."""
    first = statistics.median(run.rate for run in runs[candidates[0].name])
    heads = ("req/s", "least", "most", "cpu us", "p50 ms", "p99 ms", "ratio", "decided/s")
    print(f"{'':30}" + "".join(f"{head:>10}" for head in heads))
    for candidate in candidates:
        found = runs[candidate.name]
        rates = [run.rate for run in found]
        middle = statistics.median(rates)
        cost, p50, p99 = (
            statistics.median(values) for values in zip(*((r.cost, r.p50, r.p99) for r in found), strict=True)
        )
        print(
            f"{candidate.name:30}{middle:10,.0f}{min(rates):10,.0f}{max(rates):10,.0f}{cost:10.1f}{p50:10.2f}{p99:10.2f}"
            f"{middle / first:10.2f}{middle * candidate.decisions:10,.0f}"
        )


def free_port() -> int:
    """Which port is free?"""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
