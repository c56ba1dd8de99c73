"""An owner who has lost everything, let in again by the command while the server runs; and who last signed in."""

from __future__ import annotations

import pytest
from tests.e2e.processes import call
from tests.e2e.server import ACCOUNT, PUBLIC_URL, RunningServer

from bailiwick.authn.passwords import HashCost
from bailiwick.errors import Unauthenticated
from bailiwick.service.people import events, hashing
from bailiwick.service.people.accepting import accept
from bailiwick.service.people.signing_in import Given, sign_in

PASSWORD, NEW = "correct horse 1", "another horse 2"
HERE = events.Client("127.0.0.1")


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing costs next to nothing."""
    monkeypatch.setattr(hashing, "COST", HashCost(memory_kib=8, passes=1))


def test_the_owner_comes_in_again(server: RunningServer) -> None:
    """The server follows at once: the old password opens nothing, the link does; nobody else is recovered so."""
    said = ("--data", str(server.data), "--public-url", PUBLIC_URL)

    def link() -> str:
        done = call("recover", "owner", *said)
        assert done.code == 0, done.err
        return done.out.split()[-1].rpartition("/")[2]

    assert accept(server.host, link(), PASSWORD, HERE)
    owner = server.owner()
    shown = owner.get("users", "owner", "sign-in").json
    assert (shown["second_factor"], shown["passkeys"]) == (False, [])
    assert shown["password_set_at"] is not None
    again = link()
    with pytest.raises(Unauthenticated):
        sign_in(server.host, Given(ACCOUNT, "owner", PASSWORD), HERE)
    assert accept(server.host, again, NEW, HERE)
    assert sign_in(server.host, Given(ACCOUNT, "owner", NEW), HERE)
    assert owner.get("users", "owner", "sign-in").json["last_sign_in"] is not None
    refused = call("recover", "bob", *said)
    assert refused.code == 2
    assert "no account is owned by user `bob`" in refused.err
