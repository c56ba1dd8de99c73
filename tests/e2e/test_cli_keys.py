"""key create, list, disable, enable, delete, and token, against a real server."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from tests.e2e.processes import Done, asking, call, signed_in
from tests.e2e.server import RunningServer

Ask = Callable[..., Done]


@pytest.fixture
def ask(server: RunningServer) -> Ask:
    """A command as the owner of an account with alice and a service ID."""
    people = ({"kind": "User", "name": "alice"}, {"kind": "ServiceId", "name": "ci"})
    assert server.owner().apply(*people).status == 200
    return asking(server)


def made(done: Done) -> tuple[str, str]:
    """Which secret and which id has the key that was made?"""
    assert done.code == 0, done.err
    found = re.fullmatch(
        r"id (\S+?)(?:; works until [^;]+)?; this is the only time that the key is shown\n", done.err
    )
    assert found is not None
    return done.out.strip(), found[1]


def works(server: RunningServer, key: str) -> bool:
    """Does the key give a token?"""
    return call("token", variables=signed_in(server.address, key)).code == 0


def test_a_new_key_works_and_its_secret_alone_is_on_standard_output(server: RunningServer, ask: Ask) -> None:
    """`KEY=$(bailiwick key create)` holds the secret, and the secret signs in."""
    key, ident = made(ask("key", "create"))
    assert key.startswith("bwk_")
    assert ident.startswith("apikey-")
    assert works(server, key)


def test_a_key_may_be_made_for_another(server: RunningServer, ask: Ask) -> None:
    """With --owner the key is that principal's: what it asks is asked as the service ID."""
    key, _ = made(ask("key", "create", "--owner", "service-id:ci", "--description", "builds"))
    listed = json.loads(ask("key", "list", "--output", "json").out)
    assert [(one["owner"], one["description"]) for one in listed if one["prefix"] in key] == [
        ("service-id:ci", "builds")
    ]
    done = call(
        "apply", "-f", "-", stdin="kind: Project\nname: p\n", variables=signed_in(server.address, key)
    )
    assert "`service-id:ci` lacks `eps:enterpriseProjects:create`" in done.err


def test_keys_are_listed_without_their_secrets(ask: Ask) -> None:
    """The list shows whose a key is, whether it works and when it was used, and no secret."""
    key, ident = made(ask("key", "create", "--description", "for the night"))
    done = ask("key", "list")
    lines = done.out.splitlines()
    assert lines[0].split("  ")[0] == "id"
    [row] = [line for line in lines if line.startswith(ident)]
    assert re.fullmatch(rf"{ident}  user:owner  enabled  \d{{4}}-\d\d-\d\d \d\d:\d\d\s+for the night", row)
    assert key not in done.out
    assert key not in ask("key", "list", "--output", "json").out


def test_a_list_is_readable_on_a_narrow_terminal(ask: Ask) -> None:
    """At eighty columns no line is longer, and ids stay whole."""
    _, ident = made(ask("key", "create", "--description", "a description that is rather long " * 4))
    done = ask("key", "list", COLUMNS="80")
    assert max(len(line) for line in done.out.splitlines()) <= 80
    assert any(ident in line.split() for line in done.out.splitlines())


def test_a_disabled_key_works_again_when_it_is_enabled(server: RunningServer, ask: Ask) -> None:
    """disable and enable say what they did, and the key obeys."""
    key, ident = made(ask("key", "create", "--owner", "user:alice"))
    assert ask("key", "disable", ident) == Done(0, f"disabled {ident}\n", "")
    assert not works(server, key)
    assert f"{ident}  user:alice  disabled" in ask("key", "list").out
    assert ask("key", "enable", ident) == Done(0, f"enabled {ident}\n", "")
    assert works(server, key)


def test_a_deleted_key_is_gone_for_good(server: RunningServer, ask: Ask) -> None:
    """delete withdraws the key, the tokens made from it, and its row."""
    key, ident = made(ask("key", "create", "--owner", "user:alice"))
    token = call("token", variables=signed_in(server.address, key)).out.strip()
    client = server.nobody()
    client.token = token
    assert client.get("api-keys").status == 200
    assert ask("key", "delete", ident) == Done(0, f"deleted {ident}\n", "")
    assert client.get("api-keys").status == 401
    assert not works(server, key)
    assert ident not in ask("key", "list").out
    again = ask("key", "delete", ident)
    assert (again.code, again.err.splitlines()[0]) == (2, f"error: there is no API key `{ident}`")


def test_a_key_ends_when_it_was_told_to(server: RunningServer, ask: Ask) -> None:
    """--expires-at bounds the key; a time that is past or none is refused."""
    key, ident = made(ask("key", "create", "--expires-at", "2027-01-01T00:00:00Z"))
    row = next(line for line in ask("key", "list").out.splitlines() if line.startswith(ident))
    assert "2027-01-01 00:00" in row
    assert works(server, key)
    past = ask("key", "create", "--expires-at", "2020-01-01T00:00:00Z")
    assert (past.code, past.out) == (2, "")
    assert "is not in the future at --expires-at" in past.err
    assert ask("key", "create", "--expires-at", "tomorrow").code == 2


def test_a_principal_has_no_endless_number_of_keys(ask: Ask) -> None:
    """The twenty-first key is refused, with what to do."""
    codes = [ask("key", "create", "--owner", "service-id:ci").code for _ in range(20)]
    assert codes == [0] * 20
    assert ask("key", "create", "--owner", "service-id:ci") == Done(
        2, "", "error: `service-id:ci` has 20 API keys already\n  help: delete one that is not used\n"
    )


def test_everyone_keeps_their_own_keys_and_nobody_elses(server: RunningServer, ask: Ask) -> None:
    """alice makes and sees her keys; the owner's she neither sees nor touches."""
    _, owners = made(ask("key", "create"))
    alice = asking(server, "user:alice")
    _, own = made(alice("key", "create"))
    listed = alice("key", "list").out
    assert own in listed
    assert owners not in listed
    assert alice("key", "delete", owners).code == 2
    assert alice("key", "create", "--owner", "user:owner").code == 2
    assert owners in ask("key", "list").out


def test_token_prints_a_bearer_token_and_nothing_else(server: RunningServer, ask: Ask) -> None:
    """The token is one line, and the server takes it."""
    done = ask("token")
    assert (done.code, done.err, done.out.count("\n")) == (0, "", 1)
    client = server.nobody()
    client.token = done.out.strip()
    assert client.whoami == "user:owner"
    assert client.get("users").status == 200


def test_a_key_is_shown_changed_and_rotated(server: RunningServer, ask: Ask) -> None:
    """The old secret works for the overlap; --leaked makes another key."""
    key, ident = made(ask("key", "create", "--owner", "user:alice", "--network", "127.0.0.0/8"))
    assert ask("key", "change", ident, "--description", "pipeline", "--lock") == Done(
        0, f"changed {ident}\n", ""
    )
    assert ask("key", "rotate", ident).code == 2
    assert ask("key", "change", ident, "--unlock", "--expires-at", "2099-01-01T00:00:00Z").code == 0
    new, same = made(ask("key", "rotate", ident, "--overlap", "3600"))
    assert same == ident
    assert works(server, key)
    assert works(server, new)
    shown = ask("key", "show", ident).out
    for said in (
        "pipeline",
        "secret before: works until",
        "127.0.0.0/8",
        "2099-01-01 00:00",
        "an access token",
    ):
        assert said in shown
    assert new not in shown
    third, other = made(ask("key", "rotate", ident, "--leaked"))
    assert other != ident
    assert [works(server, one) for one in (key, new, third)] == [False, False, True]
    assert ask("key", "change", other, "--everywhere", "--expires-at", "never").code == 0
    shown = json.loads(ask("key", "show", other, "--output", "json").out)
    assert (shown["networks"], shown["expires_at"], shown["description"]) == ([], None, "pipeline")


def test_whoever_finds_a_key_reports_it(server: RunningServer, ask: Ask) -> None:
    """Without a credential; the answer is the same for any text."""
    key, ident = made(ask("key", "create", "--owner", "user:alice"))
    variables = {"BAILIWICK_URL": server.address}
    answers = [
        call("key", "report-leak", stdin=f"{text}\n", variables=variables) for text in (key, "bwk_nothing")
    ]
    assert (
        answers[0] == answers[1] == Done(0, "reported; whatever was settled for this key has been done\n", "")
    )
    assert not works(server, key)
    assert f"{ident}  user:alice  disabled, leaked" in ask("key", "list").out


def test_who_was_not_used_for_long_is_listed(server: RunningServer, ask: Ask) -> None:
    """As a table, as JSON and, whole, as CSV."""
    assert ask("inactive").out == "nobody and nothing: all was used, made or changed in the last 90 days\n"
    assert ask("inactive", "--days", "1").out.endswith(" in the last day\n")
    server.clock.advance(91 * 86_400)
    assert re.search(r"ServiceId +ci +never", ask("inactive").out)
    found = json.loads(ask("inactive", "--days", "30", "--output", "json").out)
    assert {("User", "alice"), ("ServiceId", "ci")} <= {(one["kind"], one["name"]) for one in found}
    lines = ask("inactive", "--days", "30", "--csv").out.splitlines()
    assert lines[0] == "kind,name,id,owner,last_used_at,known_since,disabled,keys,policies"
    assert len(lines) == len(found) + 1
