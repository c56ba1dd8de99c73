"""The command in a process of its own: exit codes, what is missing, servers that are none, odd terminals and texts."""

from __future__ import annotations

import os
import pty
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tests.e2e.processes import Done, call, command, company, environment, run, signed_in
from tests.e2e.server import OWNER, RunningServer
from tests.e2e.test_cli_documents import read_all

WEB_1 = "brn:acme:ims:eu-de::image/web-1"
QUESTION = ("check", "user:alice", "ims:images:get", WEB_1)
WITH_SERVER = (
    QUESTION,
    ("explain", *QUESTION[1:]),
    ("can", "user:alice", "ibmcloud cr plan", WEB_1),
    ("apply", "-f", "-"),
    ("diff", "-f", "-"),
    ("export",),
    ("user-policy-create", "alice", "--roles", "Reader"),
    ("service-policy-create", "ci", "--roles", "Reader"),
    ("access-group-policy-create", "g", "--roles", "Reader"),
    ("key", "create"),
    ("key", "list"),
    ("key", "disable", "x"),
    ("key", "enable", "x"),
    ("key", "delete", "x"),
    ("token",),
    ("log", "show"),
    ("log", "verify"),
)
HELP = (
    "  help: run `bailiwick login`, or set BAILIWICK_URL to the server's address "
    "and BAILIWICK_API_KEY to your API key\n"
)
Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """The sample company."""
    with company(tmp_path_factory.mktemp("errors")) as running:
        yield running


@pytest.fixture(scope="module")
def variables(server: RunningServer) -> dict[str, str]:
    """What signs in as the owner."""
    return signed_in(server.address, server.key(OWNER))


def test_exit_codes_of_the_process(variables: dict[str, str]) -> None:
    """0 is allowed, 1 denied, 2 an error of ours or in the words."""
    denied = (*QUESTION[:3], WEB_1.replace("eu-de", "eu-nl"))
    assert run(*QUESTION, variables=variables) == Done(0, "allowed\n", "")
    assert run(*denied, variables=variables) == Done(1, "denied  no_matching_policy\n", "")
    assert run("check", "alice", *QUESTION[2:], variables=variables).code == 2
    assert run("check", variables=variables).code == 2
    assert run("chekc").code == 2
    assert run("version").code == run("--version").code == run("--help").code == 0


@pytest.mark.parametrize("words", WITH_SERVER, ids=lambda words: " ".join(words[:2]))
def test_missing_variables_are_named(words: tuple[str, ...]) -> None:
    """Every command that needs a server says which variables are not set, and how to set them."""
    both = "error: `BAILIWICK_URL` and `BAILIWICK_API_KEY` are not set\n" + HELP
    assert call(*words) == Done(2, "", both)
    only_url = call(*words, variables={"BAILIWICK_URL": "http://127.0.0.1:1", "BAILIWICK_API_KEY": " "})
    assert only_url == Done(2, "", "error: `BAILIWICK_API_KEY` is not set\n" + HELP)


@pytest.mark.parametrize("words", WITH_SERVER, ids=lambda words: " ".join(words[:2]))
def test_a_server_that_is_down_is_named(words: tuple[str, ...]) -> None:
    """Every command says at which address nobody answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    done = call(*words, variables=signed_in(address, "bwk_x"), stdin="kind: Project\nname: p\n")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"error: no server answers at `{address}`: [Errno 111] Connection refused\n"
        "  help: is BAILIWICK_URL right, and does the server run?\n"
    )


def test_a_key_that_is_not_accepted_is_said_without_showing_it(server: RunningServer) -> None:
    """A wrong key is an error that names the server, never the key."""
    for key in ("nonsense", "bwk_aaaaaaaa_bbbbbbbb", server.key(OWNER)[:-1]):
        done = call("token", variables=signed_in(server.address, key))
        assert done == Done(
            2,
            "",
            f"error: `{server.address}` does not accept this API key\n"
            "  help: is BAILIWICK_API_KEY right? the key may be of another server, disabled, expired or deleted\n",
        )


@pytest.mark.parametrize("url", ["127.0.0.1:8470", "ftp://127.0.0.1", "http://", "http://[::1", "http://x:y"])
def test_an_address_that_is_none_is_said(url: str) -> None:
    """What cannot be a server's address is refused before anything is sent."""
    assert call("token", variables=signed_in(url, "bwk_x")) == Done(
        2,
        "",
        f"error: BAILIWICK_URL is `{url}`, expected an address\n  help: such as http://127.0.0.1:8470\n",
    )


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (200, "text/html", b"<h1>hello</h1>"),
        (404, "text/html", b"not here"),
        (200, "application/json", b"{}"),
        (200, "application/json", b'{"access_token": "a.b.c"}'),
        (200, "application/json", b"[1]"),
        (200, "application/json", b"{"),
        (502, "text/plain", b"bad gateway"),
    ],
)
def test_what_is_no_bailiwick_server_is_said(status: int, kind: str, body: bytes) -> None:
    """Whatever else answers at the address, the error says so."""
    with answering(status, kind, body) as address:
        done = call("export", variables=signed_in(address, "bwk_x"))
    assert done == Done(
        2, "", f"error: what answers at `{address}` is no Bailiwick server\n  help: is BAILIWICK_URL right?\n"
    )


def test_a_servers_own_trouble_is_passed_on() -> None:
    """A problem of the server comes in the server's words."""
    body = b'{"code": "unavailable", "detail": "the store is busy", "help": "try again"}'
    with answering(503, "application/problem+json", body) as address:
        done = call("export", variables=signed_in(address, "bwk_x"))
    assert done == Done(2, "", "error: the store is busy\n  help: try again\n")


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(variables: dict[str, str]) -> None:
    """A server at a loopback address is reached although HTTP_PROXY names something else."""
    proxied = {**variables, "HTTP_PROXY": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1"}
    assert call("token", variables=proxied).code == 0


def test_output_may_be_cut_off() -> None:
    """`bailiwick catalog show … | head -1` ends without a traceback, although more than a pipe holds is to come."""
    showing = command("catalog", "show", "otc-iam", "--output", "json")
    assert len(run("catalog", "show", "otc-iam", "--output", "json").out) > 65_536
    done = subprocess.run(
        ["bash", "-c", '"$@" | head -1', "bash", *showing],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("{\n", "")


def test_a_terminal_without_the_characters_gets_escapes() -> None:
    """Where the encoding has no check mark, the table is printed all the same."""
    done = subprocess.run(
        command("roles", "container-registry"),
        capture_output=True,
        env=environment(PYTHONIOENCODING="latin-1"),
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert rb"\u2713" in done.stdout


def test_arguments_that_are_no_text_are_refused(variables: dict[str, str]) -> None:
    """Bytes that are not UTF-8 are an error and not a traceback."""
    done = subprocess.run(
        [*(word.encode() for word in command("check")), b"user:\xff", b"a", b"b"],
        capture_output=True,
        env=environment(**variables),
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == b"error: argument user:\\udcff is not UTF-8 text\n"


def test_stored_texts_cannot_move_the_cursor(server: RunningServer, variables: dict[str, str]) -> None:
    """What turns the direction of text or moves the cursor is shown as an escape in tables, differences and errors."""
    evil, shown = "\u202elive\u202c", "\\u202elive\\u202c"
    assert server.owner().apply({"kind": "Project", "name": "p", "description": evil}).status == 200
    good = "kind: Project\nname: p\ndescription: good\n"
    done = call("diff", "-f", "-", stdin=good, variables=variables)
    assert f"    description: {shown} → good\n" in done.out
    assert call("key", "create", "--description", evil, variables=variables).code == 0
    assert shown in call("key", "list", variables=variables).out
    wrong = call("check", "user:a\x1b[2Jb", "ims:images:get", WEB_1, variables=variables)
    assert wrong.code == 2
    assert "\\x1b[2J" in wrong.err
    assert "\x1b" not in wrong.err


@pytest.mark.parametrize(
    ("more", "is_bold"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_headings_are_bold_on_a_terminal_that_wants_it(more: dict[str, str], is_bold: bool) -> None:
    """A terminal gets bold headings, unless it or its user says otherwise; a pipe never does."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        command("catalog", "list"),
        stdout=follower,
        stderr=follower,
        env=environment(**{"TERM": "xterm", **more}),
    )
    os.close(follower)
    with process:
        said = read_all(leader)
    assert ("\x1b[1m" in said) is is_bold
    assert "container-registry" in said
    assert "\x1b" not in run("catalog", "list").out


def test_init_and_serve_say_what_is_wrong(server: RunningServer, tmp_path: Path) -> None:
    """Places that cannot take a store or a key, and addresses that cannot be listened at, are named."""
    made = ("init", "--account", "acme", "--owner", "o@acme.example")
    data, key = str(tmp_path / "data"), str(tmp_path / "key")
    bad_owner = call("init", "--account", "acme", "--owner", "nobody", "--data", data, "--key-file", key)
    assert bad_owner.err.splitlines()[0] == "error: `nobody` is no email address at --owner"
    no_folder = call(*made, "--data", data, "--key-file", str(tmp_path / "no" / "key"))
    assert no_folder.err.splitlines()[0] == f"error: there is no directory `{tmp_path / 'no'}`"
    assert not (tmp_path / "data").exists()
    begun = call(*made, "--data", data, "--key-file", key)
    assert (begun.code, begun.err) == (0, "")
    assert begun.out.startswith(
        f"created account acme in {data}; the owner's API key is in {key}\nnext: bailiwick serve --data {data}\n"
    )
    assert "/console/invitation/" in begun.out
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    again = call(*made, "--data", data, "--key-file", str(tmp_path / "other"))
    assert (again.code, again.err.splitlines()[0]) == (
        2,
        f"error: data directory `{data}` holds a store already",
    )
    assert call(*made, "--data", str(tmp_path / "d2"), "--key-file", key).code == 2
    taken = call("serve", "--data", data, "--listen", server.address.removeprefix("http://"))
    assert "Address already in use" in taken.err
    for listen in ("8470", "127.0.0.1:", "127.0.0.1:99999"):
        assert call("serve", "--data", data, "--listen", listen).err.startswith(
            "error: expected HOST:PORT, got"
        )
    registry = call("serve", "--data", data, "--listen", "127.0.0.1:0", "--registry", "x")
    assert registry.err.startswith("error: `x` names no registry")
    missing = call("serve", "--data", str(tmp_path / "no"), "--listen", "127.0.0.1:0")
    assert (missing.code, missing.err.splitlines()[1]) == (2, "  help: create it with `bailiwick init`")


class answering:  # noqa: N801 - reads as a word of the `with` statement
    """Something that answers every request alike, at `address`, for a `with` block."""

    def __init__(self, status: int, kind: str, body: bytes) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing is printed."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *ended: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
