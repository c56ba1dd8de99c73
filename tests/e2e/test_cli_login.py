"""Signing in from the command line, whole: by a browser without scripts, with private files, and at once no more."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from tests.e2e.console import Browser
from tests.e2e.oauth_world import CHEAP, PASSWORD, enter, give_password
from tests.e2e.processes import Done, call, command, environment, run
from tests.e2e.server import RunningServer

from bailiwick.cli.login.commands import keep_login
from bailiwick.cli.login.flow import Endpoints
from bailiwick.cli.login.logins import Logins, Tokens
from bailiwick.errors import Denied, Invalid
from bailiwick.service.people import hashing

OVER = "  help: run `bailiwick login`\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server at its real address, whose people have passwords."""
    folder = tmp_path_factory.mktemp("cli-login")
    with pytest.MonkeyPatch.context() as patch, RunningServer(folder, public_url="") as running:
        patch.setattr(hashing, "COST", CHEAP)
        give_password(running, "alice")
        yield running


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command line keeps what it keeps, without a keyring."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return tmp_path / "config"


def variables(config: Path, **more: str) -> dict[str, str]:
    """What a command sees of the machine."""
    return {"XDG_CONFIG_HOME": str(config), **more}


def approve(browser: Browser, user_code: str, answer: str = "approve") -> None:
    """Let the program in that shows this code, as somebody at a browser would."""
    looked = browser.post("/device", {"user_code": user_code}, seen_at="/device")
    assert looked.status == 200, looked.text
    done = browser.post("/device/answer", {"user_code": user_code, "answer": answer}, seen_at="/device")
    assert done.status == 200, done.text


def tokens_of(server: RunningServer, name: str, *, answer: str = "approve") -> Tokens:
    """Sign in as this user through the whole flow, without waiting: what it would wait for happens meanwhile."""
    with Endpoints(server.address) as endpoints:
        codes = endpoints.begin()
        assert codes.address == f"{server.address}/device"
        assert codes.address_with_code.endswith(codes.user_code)
        turns: list[float] = []

        def meanwhile(seconds: float) -> None:
            server.clock.advance(seconds)
            if turns:
                approve(enter(server, name), codes.user_code, answer)
            turns.append(seconds)

        return endpoints.wait(codes, meanwhile)


def log_in(server: RunningServer, config: Path, name: str = "alice", account: str | None = None) -> Logins:
    """Let this user be signed in on a machine with this folder."""
    logins = Logins(config / "bailiwick")
    with Endpoints(server.address) as endpoints:
        keep_login(logins, endpoints, tokens_of(server, name), account)
    return logins


def test_the_command_shows_a_code_and_waits(server: RunningServer, config: Path) -> None:
    """As people run it: in a process of its own, let in by a browser; the token is printed by none of it."""
    import subprocess

    words = command("login", "--server", f"{server.address}/", "--account", "acme")
    with subprocess.Popen(
        words, env=environment(**variables(config)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == f"Open {server.address}/device\n"
        approve(enter(server, "alice"), process.stderr.readline().split()[-1])
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert out == f"signed in to acme at {server.address} as user:alice\n"
    who = call("whoami", variables=variables(config))
    assert who.out.splitlines()[0] == f"user:alice of acme at {server.address}"
    assert "by `bailiwick login`" in who.out
    said = json.loads(call("whoami", "-o", "json", variables=variables(config)).out)
    assert (said["principal"], said["account"], said["signed_in"]) == ("user:alice", "acme", True)
    assert (said["methods"], said["application"]) == (["pwd"], "bailiwick-cli")
    assert "signed in by pwd" in who.out
    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in (config / "bailiwick").iterdir()}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((config / "bailiwick").stat().st_mode) == 0o700


def test_a_login_asks_as_its_user(server: RunningServer, config: Path) -> None:
    """Other commands use it; what the environment says comes first, and what is set and empty is no way round."""
    log_in(server, config)
    text = call("token", variables=variables(config)).out.strip()
    assert server.caller(text).whoami == "user:alice"
    said = json.loads(call("token", "--output", "json", variables=variables(config)).out)
    assert (said["access_token"], said["account"]) == (text, "acme")
    assert call("access", "user:alice", variables=variables(config)).code == 0
    server.owner()
    key = server.key("user:owner")
    by_key = variables(config, BAILIWICK_URL=server.address, BAILIWICK_API_KEY=key)
    assert call("whoami", variables=by_key).out.startswith("user:owner of acme")
    by_token = {**by_key, "BAILIWICK_TOKEN": text}
    assert call("whoami", variables=by_token).out.startswith("user:alice of acme")
    for name in ("BAILIWICK_API_KEY", "BAILIWICK_TOKEN"):
        empty = call("whoami", variables=variables(config, BAILIWICK_URL=server.address, **{name: ""}))
        assert (empty.code, empty.out) == (2, "")
        assert name in empty.err
    elsewhere = call("whoami", variables=variables(config, BAILIWICK_URL="https://other.example"))
    assert (elsewhere.code, elsewhere.out) == (2, "")
    assert "`BAILIWICK_API_KEY` is not set" in elsewhere.err


def ended_by_disabling(server: RunningServer, config: Path, name: str) -> None:
    """The user is put out of use."""
    assert server.owner().patch("users", name, body={"disabled": True}).status == 200


def ended_by_logging_out(server: RunningServer, config: Path, name: str) -> None:
    """Somebody has copied the files, and the user signs out."""
    kept = {one: one.read_bytes() for one in (config / "bailiwick").iterdir()}
    done = call("logout", variables=variables(config))
    assert done == Done(0, f"signed out of acme at {server.address}\n", "")
    for path, content in kept.items():
        path.touch(0o600)
        path.write_bytes(content)


def ended_by_a_new_password(server: RunningServer, config: Path, name: str) -> None:
    """What was signed in with is another now."""
    browser = enter(server, name)
    fields = {"old_password": PASSWORD, "password": "another horse 2", "again": "another horse 2"}
    server.clock.advance(600)
    assert browser.post("/me/password", fields, seen_at="/me/password").status == 303


@pytest.mark.parametrize("end", [ended_by_disabling, ended_by_logging_out, ended_by_a_new_password])
def test_a_login_ends_at_once(
    server: RunningServer, config: Path, end: Callable[[RunningServer, Path, str], None]
) -> None:
    """At the next command, which says what to do; and there is no going on by the refresh token."""
    name = end.__name__.replace("_", "-")
    give_password(server, name)
    logins = log_in(server, config, name)
    (login,) = logins.all()[0]
    tokens = logins.tokens(login)
    assert tokens is not None
    assert call("whoami", variables=variables(config)).code == 0
    end(server, config, name)
    expected = Done(2, "", f"error: your login at `{server.address}` is over\n{OVER}")
    assert call("whoami", variables=variables(config)) == expected
    assert call("access", f"user:{name}", variables=variables(config)) == expected
    assert server.caller(tokens.access).send("GET", "/v1/whoami").status == 401


def test_many_commands_at_once_refresh_once(server: RunningServer, config: Path) -> None:
    """Processes that find the same token over take the next one from each other; none of them ends the login."""
    logins = log_in(server, config)
    login = logins.find()
    assert login is not None
    tokens = logins.tokens(login)
    assert tokens is not None
    logins.keep(login, Tokens(tokens.access, tokens.refresh, 0.0))
    done: list[Done] = []
    threads = [
        threading.Thread(target=lambda: done.append(run("token", variables=variables(config))))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.code for one in done] == [0] * 4, done
    assert len({one.out for one in done} - {tokens.access}) == 1
    after = logins.tokens(login)
    assert after is not None
    assert after.refresh != tokens.refresh
    assert call("whoami", variables=variables(config)).code == 0


def test_an_access_token_that_is_over_is_renewed(server: RunningServer, config: Path) -> None:
    """Also where the machine's clock says that it is still good."""
    logins = log_in(server, config)
    server.clock.advance(7200)
    assert call("whoami", variables=variables(config)).code == 0
    login = logins.find()
    assert login is not None
    assert logins.tokens(login) is not None


def test_what_others_could_read_or_write_is_not_used(server: RunningServer, config: Path) -> None:
    """With the way to mend it."""
    logins = log_in(server, config)
    login = logins.find()
    assert login is not None
    file = logins.folder / f"{login.name}.tokens.json"
    file.chmod(0o644)
    done = call("whoami", variables=variables(config))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: `{file}` can be read by others\n  help: chmod 600 {file}")
    file.chmod(0o600)
    said = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**said, "server": "https://evil.example"}), encoding="utf-8")
    done = call("whoami", variables=variables(config))
    assert done.err.startswith(f"error: `{file}` is not what `bailiwick login` wrote")
    assert call("logout", "--all", variables=variables(config)).code == 0
    assert not file.exists()
    missing = call("whoami", variables=variables(config))
    assert "run `bailiwick login`" in missing.err


def test_another_account_than_was_meant_is_refused(server: RunningServer, config: Path) -> None:
    """And what was given is given back."""
    tokens = tokens_of(server, "alice")
    logins = Logins(config / "bailiwick")
    with Endpoints(server.address) as endpoints, pytest.raises(Denied) as refused:
        keep_login(logins, endpoints, tokens, "shop")
    assert refused.value.message == "you signed in to `acme` in the browser, not to `shop`"
    assert logins.all() == ([], "")
    assert server.caller(tokens.access).send("GET", "/v1/whoami").status == 401


def test_what_cannot_be_kept_is_given_back(server: RunningServer, config: Path) -> None:
    """A folder that others can read keeps no tokens, and none of them stays good."""
    tokens = tokens_of(server, "alice")
    folder = config / "bailiwick"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    with Endpoints(server.address) as endpoints, pytest.raises(Invalid, match="can be read by others"):
        keep_login(Logins(folder), endpoints, tokens, None)
    assert server.caller(tokens.access).send("GET", "/v1/whoami").status == 401


def test_somebody_who_refuses_lets_nobody_in(server: RunningServer) -> None:
    """The command says so."""
    with pytest.raises(Denied) as refused:
        tokens_of(server, "alice", answer="deny")
    assert refused.value.message == "you were not let in: somebody refused it in the browser"


def test_signing_in_again_ends_the_older_login(server: RunningServer, config: Path) -> None:
    """One login a server and account, also at the server."""
    logins = log_in(server, config)
    login = logins.find()
    assert login is not None
    older = logins.tokens(login)
    assert older is not None
    log_in(server, config)
    assert server.caller(older.access).send("GET", "/v1/whoami").status == 401
    assert call("whoami", variables=variables(config)).code == 0


def test_whoami_says_who_asks_and_nobody_else(server: RunningServer) -> None:
    """By any credential; without one it says nothing."""
    said: Mapping[str, object] = server.owner().send("GET", "/v1/whoami").json
    assert (said["principal"], said["account"], said["signed_in"]) == ("user:owner", "acme", False)
    reply = server.nobody().send("GET", "/v1/whoami")
    assert (reply.status, reply.headers["content-type"]) == (401, "application/problem+json")
    reply = server.owner().send("GET", "/v1/whoami")
    assert reply.headers["cache-control"] == "no-store"
