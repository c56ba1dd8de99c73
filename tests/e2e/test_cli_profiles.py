"""profile list, show, assume, sessions and end, and commands by a session's token, against a real server."""

from __future__ import annotations

import json
import re

import pytest
from tests.e2e.processes import Done, call, signed_in
from tests.e2e.profile_world import IMAGE, READ, make_acme, make_dev
from tests.e2e.server import Client, RunningServer

from bailiwick.cli.client import TOKEN, URL


@pytest.fixture
def alice(server: RunningServer, owner: Client) -> dict[str, str]:
    """The variables of alice of `dev`, who may assume `ops` of `acme`."""
    make_dev(server.client_of("dev"))
    make_acme(owner, "account:dev/user:alice", description="keeps images", maximum_session_seconds=1800)
    server.client_of("dev", "user:alice")
    return signed_in(server.address, server.key("dev/user:alice"))


def ask(server: RunningServer, *words: str) -> Done:
    """A command as the owner of `acme`."""
    return call(*words, variables=signed_in(server.address, server.key("user:owner")))


def assumed(done: Done) -> tuple[str, str]:
    """Which token and which session has the command begun?"""
    assert done.code == 0, done.err
    found = re.fullmatch(
        r"session (session-\w+) as acme/profile:ops until \d{4}-\d\d-\d\d \d\d:\d\d; BAILIWICK_TOKEN takes the token\n",
        done.err,
    )
    assert found is not None, done.err
    return done.out.strip(), found[1]


def test_a_profile_is_assumed_and_used(server: RunningServer, alice: dict[str, str]) -> None:
    """`export BAILIWICK_TOKEN=$(bailiwick profile assume acme/ops)` lets the next commands act as the profile."""
    token, _ = assumed(call("profile", "assume", "acme/ops", variables=alice))
    variables = {URL: server.address, TOKEN: token}
    done = call("check", "profile:ops", READ, IMAGE, variables=variables)
    assert (done.code, done.out.splitlines()[0]) == (0, "allowed")
    assert call("profile", "list", variables=variables).code == 2
    both = call("check", "profile:ops", READ, IMAGE, variables={**alice, TOKEN: token})
    assert both.code == 0, "the token stands in for the key"


def test_less_is_asked_for(server: RunningServer, alice: dict[str, str]) -> None:
    """Seconds and restrictions are passed on; what is no JSON is refused before anything is sent."""
    keeps = json.dumps({"actions": [READ], "scope": {"service": "ims"}})
    words = ("profile", "assume", "//acme/ops", "--seconds", "90", "--restrict", keeps, "--output", "json")
    begun = json.loads(call(*words, variables=alice).out)
    assert begun["expires_in"] == 90
    assert begun["restrictions"] == [json.loads(keeps)]
    variables = {URL: server.address, TOKEN: begun["access_token"]}
    assert call("check", "profile:ops", READ, IMAGE, variables=variables).code == 1
    wrong = call("profile", "assume", "acme/ops", "--restrict", "ims", variables=alice)
    assert wrong == Done(
        2,
        "",
        'error: `ims` is no JSON at --restrict\n  help: such as {"actions": ["ims:images:delete"]}\n',
    )


def test_who_is_refused_is_told_why(alice: dict[str, str]) -> None:
    """The server's words, and exit code 2."""
    done = call("profile", "assume", "acme/other", variables=alice)
    assert done.code == 2
    assert done.err == (
        "error: `user:alice` lacks `iam.profile.assume` on profile `//acme/other`\n"
        "  help: ask somebody who may grant this, or the account's owner\n"
    )


def test_profiles_are_listed_and_shown(server: RunningServer, alice: dict[str, str]) -> None:
    """The list says whom each trusts; one is shown with what it is granted."""
    lines = ask(server, "profile", "list").out.splitlines()
    assert re.split(r"\s{2,}", lines[0]) == ["name", "state", "trusts", "longest", "description"]
    assert re.fullmatch(r"ops\s+enabled\s+account:dev/user:alice:user-\w+\s+1800 s\s+keeps images", lines[1])
    shown = ask(server, "profile", "show", "ops").out
    assert re.search(r"^ops-images\s+ims/IMS FullAccess\s+service ims$", shown, re.MULTILINE)
    listed = json.loads(ask(server, "profile", "show", "ops", "--output", "json").out)
    assert [policy["name"] for policy in listed["policies"]] == ["ops-images"]
    assert json.loads(ask(server, "profile", "list", "--output", "json").out)[0]["name"] == "ops"


def test_sessions_are_listed_and_ended(server: RunningServer, alice: dict[str, str]) -> None:
    """Who, through whom, from where and until when; once ended its token is nobody's."""
    assert ask(server, "profile", "sessions").out == "no sessions\n"
    token, session = assumed(call("profile", "assume", "acme/ops", variables=alice))
    for words in (("profile", "sessions"), ("profile", "sessions", "ops")):
        row = ask(server, *words).out.splitlines()[1]
        assert re.fullmatch(
            rf"{session}\s+profile:ops\s+active\s+dev/user:alice\s+127\.0\.0\.1\s+[-\d: ]+", row
        ), row
    assert json.loads(ask(server, "profile", "sessions", "none", "--output", "json").out) == []
    assert ask(server, "profile", "end", session) == Done(0, f"ended {session}\n", "")
    assert "ended" in ask(server, "profile", "sessions").out
    done = call("check", "profile:ops", READ, IMAGE, variables={URL: server.address, TOKEN: token})
    assert done.code == 2
    assert ask(server, "profile", "end", "session-none").err == (
        "error: there is no session `session-none`\n  help: it may be over already\n"
    )


def test_what_is_no_token_is_refused(server: RunningServer) -> None:
    """Before anything is sent."""
    done = call("profile", "list", variables={URL: server.address, TOKEN: "nonsense"})
    assert done == Done(
        2,
        "",
        "error: BAILIWICK_TOKEN is no access token\n  help: such as `bailiwick profile assume` prints\n",
    )


def test_a_token_that_is_empty_does_not_fall_back_to_the_key(server: RunningServer) -> None:
    """An assuming that failed leaves the variable empty; what follows must not be done as the key's owner."""
    for empty in ("", " "):
        done = call(
            "profile", "list", variables={**signed_in(server.address, server.key("user:owner")), TOKEN: empty}
        )
        assert done == Done(
            2,
            "",
            "error: BAILIWICK_TOKEN is set and empty\n"
            "  help: unset it to ask by BAILIWICK_API_KEY, or assume the profile again\n",
        )


def test_the_log_says_through_whom(server: RunningServer, owner: Client, alice: dict[str, str]) -> None:
    """The profile is the actor, by alice of dev."""
    grant = {"kind": "Policy", "name": "ops-edits", "subjects": ["profile:ops"], "roles": ["iam/Editor"],
             "scope": {"service": "iam"}}  # fmt: skip
    owner.apply(grant)
    token, _ = assumed(call("profile", "assume", "acme/ops", variables=alice))
    variables = {URL: server.address, TOKEN: token}
    made = call("apply", "-f", "-", stdin="kind: Group\nname: made\nmembers: []\n", variables=variables)
    assert made.code == 0, made.err
    row = ask(server, "log", "show", "--limit", "1").out.splitlines()[1]
    assert re.search(r"profile:ops by dev/user-\w+", row), row
