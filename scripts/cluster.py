"""Three servers behind a proxy on this machine, and what they do when one of them dies: `make cluster`.

All servers use one data directory with the sample company. Each line that is printed was measured or asked just then.
With `--demo` it ends after that; else it stays until Ctrl-C. What it starts it stops, by process id.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2

from bailiwick.cli.sample import ACCOUNT, key_file_of, make_sample

NODES = 3
SECONDS = 60.0
STOP_SECONDS = 20.0
ASKED_AFTER_KILL = 30
POLICY = "cluster-visitor"
DOCUMENTS = """\
kind: User
name: cluster-visitor
email: cluster-visitor@acme.example
---
kind: Policy
name: cluster-visitor
subjects: [user:cluster-visitor]
roles: [IMS ReadOnlyAccess]
scope: {service: ims, region: eu-de}
"""
QUESTION = {
    "subject": {"type": "user", "id": "cluster-visitor"},
    "action": {"name": "ims:images:get"},
    "resource": {"type": "ims/image", "id": "brn:acme:ims:eu-de::image/web-1"},
}
PROXY = """\
defaults
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 60s
  retries 3
  # Only what no server has received is sent again, to another one.
  retry-on conn-failure
  option redispatch 1
frontend all
  bind {address}
  option forwardfor
  default_backend nodes
backend nodes
  balance roundrobin
  option httpchk GET /readyz
  http-check expect status 200
  http-response set-header X-Node %s
{servers}
"""


class Node:
    """One server; it keeps its port when it is started again."""

    def __init__(self, name: str, data: Path, folder: Path, public_url: str) -> None:
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._ready = folder / f"{name}.ready"
        self._log = folder / f"{name}.log"
        self._words = [sys.executable, "-c", "from bailiwick.cli.main import main; main()", "serve",
                       "--data", str(data), "--listen", f"127.0.0.1:{self.port}", "--ready-file", str(self._ready),
                       "--public-url", public_url, "--trusted-proxy", "127.0.0.1/32"]  # fmt: skip

    def start(self) -> None:
        """Start; it answers later."""
        self._ready.unlink(missing_ok=True)
        with self._log.open("ab") as log:
            # WHY a session of its own: Ctrl-C at the terminal must not reach it before the proxy.
            self.process = subprocess.Popen(self._words, stdout=log, stderr=log, start_new_session=True)

    def wait(self) -> None:
        """Wait until it answers."""
        wait_until(self._ready.exists, self.name, self.process)

    def stop(self) -> None:
        """End the process that it has now."""
        stop(self.process)

    def kill(self) -> None:
        """End it as a lack of memory would."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()


def main() -> int:
    """Start, show, and stay until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("data/cluster"), help="where its data lies")
    parser.add_argument(
        "--listen", default="127.0.0.1:8470", help="HOST:PORT of the proxy; port 0 picks a free one"
    )
    parser.add_argument("--demo", action="store_true", help="end after the show")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with suppress(KeyboardInterrupt), ExitStack() as stack:
        run(given.folder, given.listen, stack)
        if given.demo:
            return 0
        say("Ctrl-C stops everything; the next start takes the same data.")
        signal.pause()
    return 0


def run(folder: Path, listen: str, stack: ExitStack) -> None:
    """Start everything and show what it does; the stack stops it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    data = folder / "data"
    if not data.exists():
        say(f"Making the sample company in {data} ...")
        make_sample(data, key_file_of(data))
    place = Path(stack.enter_context(TemporaryDirectory(prefix="bailiwick-cluster-")))
    host, _, port = listen.rpartition(":")
    address = f"{host}:{int(port) or free_port()}"
    url = f"http://{address}"
    nodes = [Node(f"node-{number}", data, place, url) for number in range(1, NODES + 1)]
    for node in nodes:
        node.start()
        stack.callback(node.stop)
    for node in nodes:
        node.wait()
    proxy = stack.enter_context(running_proxy(address, nodes, place))
    client = stack.enter_context(signed_in(url, key_file_of(data)))
    wait_until(lambda: reached(client, url) is not None, "the proxy", proxy)
    say(
        f"{NODES} servers ({', '.join(f'{node.name} pid {node.process.pid}' for node in nodes)}) answer at {url}"
    )
    show(client, url, nodes)
    say("")
    say(f"export BAILIWICK_URL={url} BAILIWICK_API_KEY=$(cat {key_file_of(data).resolve()})")
    say(f"The console is at {url}/console.")


def show(client: httpx2.Client, url: str, nodes: Sequence[Node]) -> None:
    """Show that each answers, that a revocation reaches all, and that one may die."""
    apply_documents(client, url)
    asked = dict(ask(client, url) for _ in range(2 * len(nodes)))
    say(f"may cluster-visitor look at an image? yes, say {', '.join(sorted(asked))} through the proxy")
    require(len(asked) == len(nodes) and all(asked.values()), f"every server says yes: {asked}")
    revoke(client, nodes)
    apply_documents(client, url)
    survive(client, url, nodes[1])


def revoke(client: httpx2.Client, nodes: Sequence[Node]) -> None:
    """Take the policy away at the first, and see how soon the others refuse."""
    first, *others = nodes
    answer = client.delete(f"{first.url}/v1/accounts/{ACCOUNT}/policies/{POLICY}")
    acknowledged = time.perf_counter()
    require(answer.status_code == 204, f"the policy is deleted: {answer.status_code} {answer.text}")
    for node in others:
        while ask(client, node.url)[1]:
            require(time.perf_counter() - acknowledged < SECONDS, f"{node.name} refuses")
        took = (time.perf_counter() - acknowledged) * 1000
        say(
            f"revoked at {first.name}: {node.name} was seen to refuse {took:.1f} ms after the acknowledgement"
        )


def survive(client: httpx2.Client, url: str, victim: Node) -> None:
    """Kill one, ask on, and bring it back."""
    victim.kill()
    answers = [ask(client, url) for _ in range(ASKED_AFTER_KILL)]
    require(all(allowed for _, allowed in answers), "every question is answered")
    by = sorted({name for name, _ in answers})
    say(
        f"{victim.name} killed (-9): {len(answers)} questions right after, {len(answers)} answered, by {', '.join(by)}"
    )
    require(victim.name not in by, f"{victim.name} is dead")
    began = time.perf_counter()
    victim.start()
    victim.wait()
    wait_until(lambda: reached(client, url) == victim.name, f"{victim.name} behind the proxy", victim.process)
    say(
        f"{victim.name} started again: it answers through the proxy after {time.perf_counter() - began:.1f} s"
    )


@contextmanager
def running_proxy(address: str, nodes: Sequence[Node], place: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The proxy, in front of these."""
    program = shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise SystemExit("haproxy is not installed; run scripts/install-haproxy.sh")
    servers = "\n".join(
        f"  server {node.name} 127.0.0.1:{node.port} check inter 200ms fall 2 rise 1" for node in nodes
    )
    settings = place / "haproxy.cfg"
    settings.write_text(PROXY.format(address=address, servers=servers), encoding="utf-8")
    with (place / "haproxy.log").open("ab") as log:
        process = subprocess.Popen(
            [program, "-db", "-f", str(settings)], stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield process
    finally:
        stop(process)


@contextmanager
def signed_in(url: str, key_file: Path) -> Iterator[httpx2.Client]:
    """A client with the owner's token, which makes a connection for each call, so that the proxy chooses anew."""
    limits = httpx2.Limits(max_keepalive_connections=0)
    with httpx2.Client(timeout=10, limits=limits, trust_env=False) as client:
        form = {
            "grant_type": "urn:ibm:params:oauth:grant-type:apikey",
            "apikey": key_file.read_text().strip(),
        }
        answer = patiently(lambda: client.post(f"{url}/identity/token", data=form))
        require(answer.status_code == 200, f"the owner gets a token: {answer.status_code} {answer.text}")
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield client


def patiently(call: Callable[[], httpx2.Response]) -> httpx2.Response:
    """The answer, once something answers there."""
    deadline = time.monotonic() + SECONDS
    while True:
        with suppress(httpx2.TransportError):
            answer = call()
            if answer.status_code != 503:
                return answer
        require(time.monotonic() < deadline, "the proxy answers")
        time.sleep(0.05)


def apply_documents(client: httpx2.Client, url: str) -> None:
    """Let the visitor in."""
    body = {"sources": [{"file": "visitor.yaml", "text": DOCUMENTS}]}
    answer = client.post(f"{url}/v1/accounts/{ACCOUNT}/apply", json=body)
    require(answer.status_code == 200, f"the documents are applied: {answer.status_code} {answer.text}")


def ask(client: httpx2.Client, url: str) -> tuple[str, bool]:
    """Which server has answered, and does it allow?"""
    answer = client.post(f"{url}/access/v1/evaluation", json=QUESTION)
    require(answer.status_code == 200, f"a question is answered: {answer.status_code} {answer.text}")
    return answer.headers.get("X-Node", ""), answer.json()["decision"] is True


def reached(client: httpx2.Client, url: str) -> str | None:
    """Which server answers through the proxy now? None: none does."""
    answer = client.get(f"{url}/readyz")
    return answer.headers.get("X-Node") if answer.status_code == 200 else None


def wait_until(holds: Callable[[], bool], what: str, process: subprocess.Popen[bytes]) -> None:
    """Wait for this, while the process lives."""
    deadline = time.monotonic() + SECONDS
    while not holds():
        require(process.poll() is None, f"{what} runs")
        require(time.monotonic() < deadline, f"{what} is ready after {SECONDS:.0f} s")
        time.sleep(0.02)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Let this process end, kindly at first."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """Which port is free?"""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def require(holds: bool, what: str) -> None:
    """End with a message where this does not hold."""
    if not holds:
        raise SystemExit(f"expected that {what}")


def say(line: str) -> None:
    """Print at once."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
