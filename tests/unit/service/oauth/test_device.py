"""Device authorization: what the program is told while it waits, and what whoever types its code can do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.unit.service.accounts import Installation
from tests.unit.service.people.world import CLIENT, PASSWORD, Person, give_password

from bailiwick.authn.oauth.faults import OAuthRefused
from bailiwick.authn.oauth.user_codes import LETTERS
from bailiwick.errors import Invalid
from bailiwick.service.host import Host
from bailiwick.service.oauth.approvals import Approval, approve
from bailiwick.service.oauth.device import (
    DEVICE_SECONDS,
    INTERVAL_SECONDS,
    MOST_OPEN_PER_NETWORK,
    DeviceCodes,
    answer_device,
    begin_device,
    fetch_device,
    find_waiting,
)
from bailiwick.service.people.attempts import LockedOut
from bailiwick.service.people.events import Client
from bailiwick.service.people.signing_in import Given, sign_in
from bailiwick.service.people.visits import Visit

CLI = "bailiwick-cli"
PROGRAM = Client("198.51.100.9", "bailiwick 0.4")


def begin(acme: Installation, account: str = "", client: Client = PROGRAM) -> DeviceCodes:
    """A program asks for codes."""
    return begin_device(acme.host, CLI, account, ("openid", "all"), "", client)


def told(acme: Installation, codes: DeviceCodes, client_id: str = CLI, host: Host | None = None) -> str:
    """Which word is the program told?"""
    with pytest.raises(OAuthRefused) as refused:
        fetch_device(host or acme.host, client_id, codes.device_code)
    return refused.value.error


def let_in(acme: Installation, visit: Visit, codes: DeviceCodes) -> None:
    """Type the code and approve."""
    waiting = find_waiting(acme.host, visit, codes.user_code, CLIENT)
    answer_device(acme.host, waiting, approve(visit, CLI, waiting.scopes, consent_uid="", resource=""))


def wait(acme: Installation, seconds: float = INTERVAL_SECONDS) -> None:
    """Let time pass."""
    acme.clock.seconds += seconds


def test_a_program_is_let_in_once(acme: Installation, alice: Person) -> None:
    """It is told to wait until somebody has approved, then gets what they let it have, and nothing a second time."""
    codes, visit = begin(acme), alice.sign_in()
    assert told(acme, codes) == "authorization_pending"
    let_in(acme, visit, codes)
    wait(acme)
    got = fetch_device(acme.host, CLI, codes.device_code)
    assert isinstance(got, Approval)
    assert (got.uid, got.account, got.scopes) == (visit.session.uid, "acme", ("openid", "all"))
    wait(acme)
    assert told(acme, codes) == "invalid_grant"


def test_it_holds_in_another_process(acme: Installation, alice: Person) -> None:
    """Begun in one, approved in the second, fetched in a third."""
    codes = begin(acme)
    second, third = acme.another_host(), acme.another_host()
    visit = alice.sign_in(second)
    waiting = find_waiting(second, visit, codes.user_code.lower(), CLIENT)
    answer_device(second, waiting, approve(visit, CLI, waiting.scopes, consent_uid="", resource=""))
    assert fetch_device(third, CLI, codes.device_code).visit_uid == visit.uid
    wait(acme)
    assert told(acme, codes) == "invalid_grant"


def test_one_of_many_at_once_gets_it(on_disk: Installation) -> None:
    """Whoever holds a copy of the device code gets nothing besides, in whichever process they ask."""
    codes, visit = begin(on_disk), give_password(on_disk, "alice").sign_in()
    let_in(on_disk, visit, codes)

    def fetch(host: Host) -> bool:
        try:
            return bool(fetch_device(host, CLI, codes.device_code))
        except OAuthRefused:
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(fetch, [on_disk.another_host() for _ in range(4)])) == 1


def test_who_asks_too_often_is_slowed_down(acme: Installation, alice: Person) -> None:
    """Five seconds more each time, also after it was let in (RFC 8628, 3.5)."""
    codes = begin(acme)
    assert told(acme, codes) == "authorization_pending"
    assert told(acme, codes) == "slow_down"
    let_in(acme, alice.sign_in(), codes)
    wait(acme, INTERVAL_SECONDS)
    assert told(acme, codes) == "slow_down"
    wait(acme, 3 * INTERVAL_SECONDS)
    assert fetch_device(acme.host, CLI, codes.device_code)


def test_a_program_that_is_refused_is_told_so(acme: Installation, alice: Person) -> None:
    """And its user code is good for nothing any more."""
    codes, visit = begin(acme), alice.sign_in()
    answer_device(acme.host, find_waiting(acme.host, visit, codes.user_code, CLIENT), None)
    assert told(acme, codes) == "access_denied"
    with pytest.raises(Invalid, match="this code is wrong"):
        find_waiting(acme.host, visit, codes.user_code, CLIENT)


def test_codes_are_over_after_ten_minutes(acme: Installation, alice: Person) -> None:
    """For the program, and for whoever types one."""
    codes = begin(acme)
    wait(acme, DEVICE_SECONDS)
    assert told(acme, codes) == "expired_token"
    with pytest.raises(Invalid, match="this code is wrong"):
        find_waiting(acme.host, alice.sign_in(), codes.user_code, CLIENT)


def test_an_approval_that_is_not_fetched_is_over_too(acme: Installation, alice: Person) -> None:
    """Nobody finds it later."""
    codes = begin(acme)
    let_in(acme, alice.sign_in(), codes)
    wait(acme, DEVICE_SECONDS)
    assert told(acme, codes) == "expired_token"


def test_a_device_code_is_of_its_application(acme: Installation, alice: Person) -> None:
    """Another one is told nothing, and takes nothing away."""
    codes = begin(acme)
    let_in(acme, alice.sign_in(), codes)
    assert told(acme, codes, client_id="application-1") == "invalid_grant"
    assert fetch_device(acme.host, CLI, codes.device_code)


@pytest.mark.parametrize("code", ["", "x", "\ud800", "a" * 5000])
def test_a_made_up_device_code_is_none(acme: Installation, code: str) -> None:
    """It is looked for like any other."""
    assert told(acme, DeviceCodes(code, "")) == "invalid_grant"


def test_a_program_of_another_account_is_not_there(acme: Installation, alice: Person) -> None:
    """Whoever has signed in to one account lets in no program of another's."""
    codes = begin(acme, account="globex")
    with pytest.raises(Invalid, match="this code is wrong"):
        find_waiting(acme.host, alice.sign_in(), codes.user_code, CLIENT)


def test_two_people_do_not_answer_one_code(acme: Installation, alice: Person, bob: Person) -> None:
    """Whoever looked first and answers last is told; the first answer stays."""
    codes, first, second = begin(acme), alice.sign_in(), bob.sign_in()
    seen = [find_waiting(acme.host, visit, codes.user_code, CLIENT) for visit in (first, second)]
    answer_device(acme.host, seen[1], approve(second, CLI, (), consent_uid="", resource=""))
    with pytest.raises(Invalid, match="this code is wrong"):
        answer_device(acme.host, seen[0], approve(first, CLI, (), consent_uid="", resource=""))
    assert fetch_device(acme.host, CLI, codes.device_code).uid == second.session.uid


def test_guessing_user_codes_is_locked_and_signing_in_is_not(acme: Installation, alice: Person) -> None:
    """After five wrong ones even the right one is not looked at; time opens it; the password's count is another."""
    codes, visit = begin(acme), alice.sign_in()
    for wrong in range(5):
        with pytest.raises(Invalid):
            find_waiting(acme.host, visit, LETTERS[wrong] * 8, CLIENT)
    with pytest.raises(LockedOut):
        find_waiting(acme.host, visit, codes.user_code, CLIENT)
    assert isinstance(sign_in(acme.host, Given("acme", "alice", PASSWORD), CLIENT), Visit)
    with pytest.raises(LockedOut):
        find_waiting(acme.another_host(), visit, codes.user_code, Client("192.0.2.99", ""))


def test_right_codes_are_not_counted(acme: Installation, alice: Person) -> None:
    """Somebody lets in many programs."""
    visit = alice.sign_in()
    for _ in range(10):
        let_in(acme, visit, begin(acme))


def test_a_network_has_so_many_programs_waiting(acme: Installation) -> None:
    """Whoever asks without end is told to slow down; others are not."""
    for _ in range(MOST_OPEN_PER_NETWORK):
        begin(acme)
    with pytest.raises(OAuthRefused) as refused:
        begin(acme)
    assert refused.value.error == "slow_down"
    assert begin(acme, client=CLIENT)
    wait(acme, DEVICE_SECONDS)
    assert begin(acme)


def test_no_code_is_in_the_store_or_in_a_text(acme: Installation, alice: Person) -> None:
    """Names of notes are hashes; what is shown of the codes in a log holds none."""
    codes = begin(acme)
    names = [name for name, _ in acme.store.activity.notes("system", "", acme.host.at(), 100)]
    kept = [str(note.document) for _, note in acme.store.activity.notes("system", "", acme.host.at(), 100)]
    assert all(codes.device_code not in one for one in (*names, *kept, repr(codes)))
    assert all(codes.user_code not in one for one in (*names, repr(codes)))
