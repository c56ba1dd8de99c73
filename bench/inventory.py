"""The world `inventory`: one account with a million registered resources, on a store of files.

`python -m bench.inventory 1000000` prints JSON: how long reading, loading, one change and starting take, and how much
memory the process holds. Times are processor time; starting is measured in a process of its own.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from bailiwick.api.json_lines import parse_lines
from bailiwick.authn.keys import generate_api_key
from bailiwick.service.applying import apply_wanted, parse_wanted
from bailiwick.service.edits import Edit
from bailiwick.service.host import Host, open_host
from bailiwick.service.initial import create_account
from bailiwick.service.inventory import MOST_LINES, change_resources, count_changes, edits_of_lines
from bailiwick.service.keyring import create_key_sets
from bailiwick.service.locating import locate
from bailiwick.service.sessions import Session
from bailiwick.service.settings import Settings
from bailiwick.store.opening import create_store

ACCOUNT = "acme"
USERS, GROUPS, PROJECTS, POLICIES = 1000, 50, 50, 1000
REGIONS = ("us-east", "us-west", "eu-de", "eu-nl")
SINGLE_CHANGES = 50


def documents() -> Iterator[dict[str, object]]:
    """What else does the account hold? Half of the policies look at who owns the resource."""
    for number in range(PROJECTS):
        yield {"kind": "Project", "name": f"p{number}"}
    for number in range(USERS):
        yield {"kind": "User", "name": f"u{number}"}
    for number in range(GROUPS):
        members = [f"user:u{user}" for user in range(number, USERS, GROUPS)]
        yield {"kind": "Group", "name": f"g{number}", "members": members}
    rights = [{"actions": ["volume.*"], "qualifier": "mine"}]
    yield {"kind": "Role", "name": "Own Volumes", "service": "cloud", "rights": rights}
    for number in range(POLICIES):
        yield {
            "kind": "Policy",
            "name": f"policy-{number}",
            "subjects": [f"group:g{number % GROUPS}"],
            "roles": ["Own Volumes" if number % 2 else "cloud/Viewer"],
            "scope": {"service": "cloud", "project": f"p{number % PROJECTS}"},
        }


def line(number: int) -> bytes:
    """Which line registers this resource?"""
    document = {
        "name": f"brn:{ACCOUNT}:cloud:{REGIONS[number % 4]}::volume/v-{number:08}",
        "project": f"p{number % PROJECTS}",
        "owner": f"user:u{number % USERS}",
        "groups": [f"group:g{number % GROUPS}"],
        "tags": {"env": "test" if number % 3 else "live"},
    }
    return json.dumps(document).encode()


def measure(resources: int, folder: Path) -> dict[str, float]:
    """How long does each step take, in seconds of the processor, and how many bytes does the process hold?"""
    with create_store(folder, at=datetime.now(UTC), locate=locate) as store:
        create_key_sets(store, datetime.now(UTC))
        create_account(store, ACCOUNT, "olga", "olga@acme.example", datetime.now(UTC), generate_api_key())
    host = open_host(folder, Settings("http://127.0.0.1"))
    session = _owner(host)
    apply_wanted(host, session, parse_wanted(ACCOUNT, documents=documents()))
    held = _held_bytes()
    found = {"read": _seconds(lambda: _read(islice(map(line, range(resources)), 100_000))) * resources / 1e5}
    began = time.process_time()
    numbers = iter(range(resources))
    while chunk := list(islice(numbers, MOST_LINES)):
        outcome = change_resources(host, session, _read(map(line, chunk)), via="bench")
        assert count_changes(outcome)["created"] == len(chunk)
        if "-v" in sys.argv:
            print(chunk[-1] + 1, time.process_time() - began, _held_bytes() / 1e6, file=sys.stderr)
    found["load"] = time.process_time() - began
    found["bytes_a_resource"] = (_held_bytes() - held) / resources
    found["one_change"] = statistics.median(_one_change(host, session, n) for n in range(SINGLE_CHANGES))
    host.close()
    done = subprocess.run(
        [sys.executable, "-m", "bench.inventory", "start", str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    return {**found, **json.loads(done.stdout)}


def _one_change(host: Host, session: Session, number: int) -> float:
    changed = line(number).replace(b'"env"', b'"environment"')
    edits = _read([changed])
    return _seconds(lambda: change_resources(host, session, edits, via="bench"))


def _read(lines: Iterable[bytes]) -> list[Edit]:
    return edits_of_lines(ACCOUNT, parse_lines(lines, "inventory.jsonl"), "inventory.jsonl")


def _owner(host: Host) -> Session:
    snapshot = host.snapshot(ACCOUNT)
    [key] = snapshot.keys.values()
    return Session(
        account=ACCOUNT,
        principal="user:olga",
        uid=key.owner_uid,
        credential=key.uid,
        expires_at=time.time() + 86400,
    )


def start(folder: Path) -> dict[str, float]:
    """How long does a process take until it can answer, and what does it hold then?"""
    began = time.process_time()
    host = open_host(folder, Settings("http://127.0.0.1"))
    host.snapshot(ACCOUNT)
    return {"start": time.process_time() - began, "started_bytes": _held_bytes()}


def _seconds(work: object) -> float:
    assert callable(work)
    began = time.process_time()
    work()
    return time.process_time() - began


def _held_bytes() -> int:
    """How much memory has the process, at the most so far? (A child's own: `ru_maxrss` begins with its parent's.)"""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    [kilobytes] = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(kilobytes) * 1024


if __name__ == "__main__":
    if sys.argv[1] == "start":
        print(json.dumps(start(Path(sys.argv[2]))))
    else:
        with TemporaryDirectory() as made:
            print(json.dumps({"inventory": measure(int(sys.argv[1]), Path(made) / "data")}))
