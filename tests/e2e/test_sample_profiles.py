"""The sample's profile: dana of the development account looks into production by it, and does nothing else there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bailiwick.cli.sample import key_file_of, make_sample
from bailiwick.cli.sample_enterprise import enterprise_keys_of
from bailiwick.engine import decide
from bailiwick.errors import Denied
from bailiwick.model.names import parse_resource_name
from bailiwick.model.requests import ResourceQuery
from bailiwick.service.assuming import Wanted, assume_profile
from bailiwick.service.host import Host, open_host
from bailiwick.service.judge import request_of
from bailiwick.service.keys.exchanging import exchange_key
from bailiwick.service.keys.making import create_key
from bailiwick.service.sessions import Session
from bailiwick.service.settings import Settings

KEY = "brn:production:hs-crypto:us-south:hpcs-prod:key-ring/default/key/k1"
ASKED = {"hs-crypto.secrets.readmetadata": True, "hs-crypto.secrets.delete": False}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host of the sample company."""
    data = tmp_path_factory.mktemp("sample") / "data"
    make_sample(data, key_file_of(data))
    opened = open_host(data, Settings("http://127.0.0.1:8470"))
    yield opened
    opened.close()


def session_of(host: Host, data: Path, account: str, principal: str) -> Session:
    """Somebody of an account of the enterprise, by a key that its owner makes."""
    keys = dict(line.split() for line in enterprise_keys_of(data).read_text(encoding="utf-8").splitlines())
    owner, _ = host.authenticator.session_of_key(keys[account])
    token = exchange_key(host, create_key(host, owner, principal).text)
    return host.authenticator.session_of_token(token.text)


def test_dana_looks_into_production(host: Host, tmp_path_factory: pytest.TempPathFactory) -> None:
    """By the profile she sees what is there and deletes nothing; otto, whom it does not trust, may not assume it."""
    data = next(tmp_path_factory.getbasetemp().glob("sample*/data"))
    dana = session_of(host, data, "development", "user:dana")
    begun = assume_profile(host, dana, "production", "ops", Wanted())
    assert begun.token.lifetime_seconds == 1800
    session = host.authenticator.session_of_token(begun.token.text)
    query = ResourceQuery.of(parse_resource_name(KEY))
    compiled = host.snapshot("production").compiled
    for action, allowed in ASKED.items():
        decision = decide(compiled, request_of(session, action, query, host.now()))
        assert decision.allowed is allowed, (action, decision)
    with pytest.raises(
        Denied, match=re.escape("`user:otto` lacks `iam.profile.assume` on profile `//production/ops`")
    ):
        assume_profile(
            host, session_of(host, data, "development", "user:otto"), "production", "ops", Wanted()
        )
