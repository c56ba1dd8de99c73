"""Where a client comes from is the connection's address, or what a proxy says that the installation names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.e2e.server import RunningServer

INSIDE, OUTSIDE = "203.0.113.9", "198.51.100.1"
SEEN_FROM_INSIDE = (
    {"kind": "User", "name": "alice"},
    {
        "kind": "Policy",
        "name": "alice-looks-from-inside",
        "subjects": ["user:alice"],
        "roles": ["Viewer"],
        "scope": {"service": "iam"},
        "when": {"key": "context.ip", "operator": "ip-in", "value": ["203.0.113.0/24"]},
    },
)


def status(server: RunningServer, headers: Mapping[str, str]) -> int:
    """How is alice answered, who may look from inside only?"""
    return server.client("user:alice").get("users", headers=headers).status


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        (INSIDE, 200),
        (f"{OUTSIDE}, {INSIDE}", 200),
        (f"{OUTSIDE}, {INSIDE}, 127.0.0.1", 200),
        (f"{INSIDE}, {OUTSIDE}", 403),
        ("", 403),
        ("nowhere", 403),
    ],
    ids=["inside", "claims-outside", "through-two-proxies", "claims-inside", "silent", "nonsense"],
)
def test_a_named_proxy_says_where_the_client_comes_from(
    tmp_path: Path, forwarded: str, expected: int
) -> None:
    """The last address that is no proxy's counts: what the client itself wrote before it is not believed."""
    with RunningServer(tmp_path, proxies=("127.0.0.1/32",)) as server:
        assert server.owner().apply(*SEEN_FROM_INSIDE).status == 200
        assert status(server, {"X-Forwarded-For": forwarded} if forwarded else {}) == expected


@pytest.mark.parametrize("proxies", [(), ("10.0.0.0/8",)], ids=["none", "another"])
def test_nobody_else_is_believed(tmp_path: Path, proxies: tuple[str, ...]) -> None:
    """Without a proxy, and from an address that is none, the header says nothing."""
    with RunningServer(tmp_path, proxies=proxies) as server:
        assert server.owner().apply(*SEEN_FROM_INSIDE).status == 200
        assert status(server, {"X-Forwarded-For": INSIDE}) == 403
