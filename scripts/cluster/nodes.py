"""The nodes, the proxy before them, and what the company's owner asks of either."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import httpx2
from scripts.cluster.company import Company
from scripts.cluster.processes import SECONDS, Running, free_port, require

from bailiwick.cli.sample import ACCOUNT

SETTINGS = Path(__file__).resolve().parents[2] / "deploy" / "haproxy" / "haproxy.cfg"
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


class Node:
    """One node; it keeps its port when it is started again."""

    def __init__(self, name: str, company: Company, logs: Path, public_url: str) -> None:
        self.name, self.port = name, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        words = program("serve", "--store", company.url, "--master-key", str(company.master_key),
                        "--listen", f"127.0.0.1:{self.port}", "--public-url", public_url,
                        "--trusted-proxy", "127.0.0.1/32", "--drain-seconds", "1")  # fmt: skip
        self.running = Running(name, words, logs / f"{name}.log")

    def is_ready(self) -> bool:
        """Does it say that it is ready?"""
        return is_ready(self.url)

    def wait(self) -> float:
        """Wait until it is ready: how long did that take?"""
        return self.running.wait_until(self.is_ready)


class Caller:
    """The company's owner, who makes a connection for each call, so that the proxy chooses anew."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        limits = httpx2.Limits(max_keepalive_connections=0)
        self._client = httpx2.Client(timeout=20, limits=limits, trust_env=False)
        form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": key}
        answer = self._client.post(f"{url}/identity/token", data=form)
        require(answer.status_code == 200, f"the owner gets no token: {answer.status_code} {answer.text}")
        self._client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def ask(self, url: str | None = None) -> httpx2.Response:
        """What is answered, through the proxy or by a node, to whether the visitor may look at an image?"""
        return self._client.post(f"{url or self.url}/access/v1/evaluation", json=QUESTION)

    def let_in(self) -> httpx2.Response:
        """What is answered to letting the visitor in? Whoever is asked afterwards answers from no older state."""
        body = {"sources": [{"file": "visitor.yaml", "text": DOCUMENTS}]}
        answer = self._client.post(f"{self.url}/v1/accounts/{ACCOUNT}/apply", json=body)
        if answer.status_code == 200:
            self._client.headers["Bailiwick-At-Least"] = answer.headers["Bailiwick-Revision"]
        return answer

    def shut_out(self, url: str) -> httpx2.Response:
        """What is answered to taking the visitor's policy away?"""
        return self._client.delete(f"{url}/v1/accounts/{ACCOUNT}/policies/{POLICY}")


def running_proxy(address: str, nodes: Sequence[Node], logs: Path) -> Running:
    """The proxy before these nodes."""
    found = shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    require(found is not None, "haproxy is not installed; run scripts/install-haproxy.sh")
    places = {f"NODE_{number}": f"127.0.0.1:{node.port}" for number, node in enumerate(nodes, 1)}
    return Running("HAProxy", [str(found), "-db", "-f", str(SETTINGS)], logs / "haproxy.log",
                   {"BIND": address, **places})  # fmt: skip


def program(*words: str) -> list[str]:
    """Which words run this checkout's `bailiwick`?"""
    return [sys.executable, "-c", "from bailiwick.cli.main import main; main()", *words]


def is_ready(url: str) -> bool:
    """Does whoever answers there say that it is ready?"""
    return node_at(url) is not None


def node_at(url: str) -> str | None:
    """Which node answers there that it is ready (empty: it does not say which)? None: nobody does."""
    with suppress(httpx2.TransportError):
        answer = httpx2.get(f"{url}/readyz", timeout=5, trust_env=False)
        if answer.status_code == 200:
            return answer.headers.get("X-Node", "")
    return None


def wait_for(holds: Callable[[], bool], trouble: str, seconds: float = SECONDS) -> float:
    """Wait for this: how long did that take?"""
    begun = time.monotonic()
    while not holds():
        require(time.monotonic() - begun < seconds, trouble)
        time.sleep(0.02)
    return time.monotonic() - begun
