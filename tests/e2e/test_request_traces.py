"""Traces of a real server, as a collector receives them: decoded from the protobuf that was sent over HTTP."""

from __future__ import annotations

import subprocess
import sys
import threading
from gzip import decompress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from tests.e2e.processes import command, environment, run, running, token_of, wait_for
from tests.e2e.server import Client

TRACE, OTHER = "4bf92f3577b34da6a3ce929d0e0e4736", "11f92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
NAME = "needle-of-the-walk"
KEPT = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
NOT_KEPT = {"traceparent": f"00-{OTHER}-{PARENT}-00"}


class Collector:
    """A collector of traces at a free port."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.raw = b""
        self.spans: list[Any] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                body = decompress(body) if self.headers.get("content-encoding") == "gzip" else body
                collector.take(self.path, body)
                self.send_response(200)
                self.send_header("content-type", "application/x-protobuf")
                self.end_headers()
                self.wfile.write(ExportTraceServiceResponse().SerializeToString())

            def log_message(self, format: str, *args: object) -> None:
                """Nothing is printed."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def take(self, path: str, body: bytes) -> None:
        """Decode what was sent."""
        self.paths.add(path)
        self.raw += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                self.spans += scope.spans

    def named(self, name: str) -> list[Any]:
        """The spans of this name."""
        return [one for one in self.spans if one.name == name]

    def close(self) -> None:
        """No more."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Collector:
    """What the collector has after a walk, and after the server was stopped."""
    collector = Collector()
    try:
        walk(tmp_path_factory.mktemp("traces"), collector)
    finally:
        collector.close()
    return collector


def walk(folder: Path, collector: Collector) -> None:
    """Start a server, change something, ask something with and without a trace that is kept, and stop it."""
    data, ready, key_file = folder / "data", folder / "ready", folder / "key"
    made = run("init", "--data", str(data), "--account", "acme", "--owner", "owner@acme.example",
               "--key-file", str(key_file))  # fmt: skip
    assert made.code == 0, made.err
    words = command("serve", "--data", str(data), "--listen", "127.0.0.1:0", "--ready-file", str(ready),
                    "--otlp-endpoint", f"http://127.0.0.1:{collector.server.server_port}")  # fmt: skip
    with (folder / "log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment(), text=True
        )
    with running(process):
        wait_for(ready, process)
        address = ready.read_text(encoding="utf-8").strip()
        client = Client(address, token_of(address, key_file.read_text(encoding="utf-8").strip()))
        assert client.post("users", body={"name": NAME}, headers=KEPT).status == 201
        assert client.get("users", NAME, headers=NOT_KEPT).status == 200
        assert client.get("users", "nobody").status == 404
        question = {
            "subject": {"type": "user", "id": NAME},
            "action": {"name": "iam.user.read"},
            "resource": {"type": "iam.user", "id": NAME},
        }
        for headers in (KEPT, NOT_KEPT, {}):
            reply = client.send("POST", "/access/v1/evaluation", question, headers=headers)
            assert reply.status == 200, reply.text
        client.close()


def test_a_request_is_a_span_below_its_parent(collected: Collector) -> None:
    """Named by its route's template, with its status; a change, its plan and its writing are in it."""
    assert collected.paths == {"/v1/traces"}
    [made] = collected.named("POST /v1/accounts/{account}/users")
    assert made.trace_id.hex() == TRACE
    assert made.parent_span_id.hex() == PARENT
    said = {one.key: one.value for one in made.attributes}
    assert set(said) == {"http.request.method", "http.route", "http.response.status_code"}
    assert said["http.response.status_code"].int_value == 201
    [change] = [one for one in collected.named("change") if one.trace_id.hex() == TRACE]
    assert change.parent_span_id == made.span_id
    for place in ("change.plan", "change.append"):
        assert change.span_id in [one.parent_span_id for one in collected.named(place)]
    assert collected.named("account.load")


def test_a_trace_that_its_sender_does_not_keep_has_no_span(collected: Collector) -> None:
    """The flag decides; a request without a parent is kept."""
    assert OTHER not in {one.trace_id.hex() for one in collected.spans}
    [found] = collected.named("GET /v1/accounts/{account}/users/{name}")
    assert 404 in [one.value.int_value for one in found.attributes]
    assert found.parent_span_id == b""


def test_the_fast_path_has_a_span_only_where_its_sender_keeps_it(collected: Collector) -> None:
    """One of three questions."""
    [question] = collected.named("POST /access/v1/evaluation")
    assert question.trace_id.hex() == TRACE
    assert question.parent_span_id.hex() == PARENT


def test_no_name_stands_in_a_span(collected: Collector) -> None:
    """Neither what was made nor whose it is."""
    assert collected.raw
    for word in (NAME, "acme", "owner", "bwk_", "Bearer"):
        assert word.encode() not in collected.raw


def test_without_the_option_nothing_is_imported_and_without_the_package_it_is_said() -> None:
    """The extra is optional, and its absence is told in words."""
    seen = run("serve", "--data", "/nowhere", "--listen", "127.0.0.1:0", "--otlp-endpoint", "ftp://x")
    assert seen.code == 2
    assert "expected the URL of a collector" in seen.err
    code = """
import sys
import bailiwick.api.serve
assert not any(one.startswith(("opentelemetry.exporter", "opentelemetry.sdk")) for one in sys.modules)
sys.modules["opentelemetry.sdk"] = None
from bailiwick.cli.main import main
sys.argv = ["bailiwick", *"serve --data /nowhere --listen 127.0.0.1:0 --otlp-endpoint http://127.0.0.1:1".split()]
main()
"""
    refused = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=False
    )
    assert "needs a package that is not there: opentelemetry.sdk" in refused.stderr, refused.stderr
    assert "bailiwick[tracing]" in refused.stderr
