"""Rates: who may send how many, in bounded memory."""

from __future__ import annotations

import pytest

from bailiwick.errors import Invalid
from bailiwick.service.carrying import Carried, carrying
from bailiwick.service.rates import Buckets, Rate, Rates, TooManyRequests, neighbourhood, parse_rate
from bailiwick.service.sessions import Session


class Clock:
    """A clock that goes when it is told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A new clock."""
    return Clock()


def session(credential: str) -> Session:
    """A session by this credential."""
    return Session("acme", "user:alice", "u-1", credential, 2000.0)


def test_a_burst_is_let_in_and_then_the_rate(clock: Clock) -> None:
    """After BURST at once, one every 1/N seconds; who waits as told is let in."""
    buckets = Buckets(Rate(10, 3), clock=clock)
    assert [buckets.take("a") for _ in range(3)] == [0.0, 0.0, 0.0]
    wait = buckets.take("a")
    assert wait == pytest.approx(0.1)
    assert buckets.take("b") == 0.0
    clock.now += wait
    assert buckets.take("a") == 0.0
    assert buckets.take("a") > 0.0


@pytest.mark.parametrize("rate", [Rate(1, 1), Rate(7, 5), Rate(1000, 1)])
def test_in_the_long_run_no_more_than_the_rate_is_let_in(clock: Clock, rate: Rate) -> None:
    """However often somebody tries: the burst, and N a second."""
    buckets = Buckets(rate, clock=clock)
    let_in = 0
    for _ in range(20_000):
        let_in += buckets.take("a") == 0.0
        clock.now += 0.001
    assert abs(let_in - (rate.burst + 20 * rate.per_second)) <= 1 + 20 * rate.per_second // 100


def test_a_batch_is_let_in_whole_and_waited_for_afterwards(clock: Clock) -> None:
    """A batch larger than any burst can be asked, and counts as many requests as it has questions."""
    rates = Rates(Rate(10, 5), clock)
    rates.charge(session("k"))
    rates.charge_more(session("k"), 99)
    with pytest.raises(TooManyRequests) as refused:
        rates.charge(session("k"))
    assert refused.value.retry_after_seconds == 10
    clock.now += 10
    rates.charge(session("k"))


def test_credentials_and_addresses_are_counted_apart(clock: Clock) -> None:
    """Whoever shares an address with somebody who asks without a credential is not held up."""
    rates = Rates(Rate(1, 1), clock)
    rates.charge_address("192.0.2.1")
    with pytest.raises(TooManyRequests):
        rates.charge_address("192.0.2.1")
    rates.charge_address("192.0.2.2")
    rates.charge(session("one"))
    rates.charge(session("two"))
    with pytest.raises(TooManyRequests):
        rates.charge(session("one"))
    assert rates.refused == {"address": 1, "credential": 1}


def test_a_request_counts_once_for_its_address(clock: Clock) -> None:
    """However many places ask."""
    rates = Rates(Rate(1, 1), clock)
    with carrying(Carried("r-1")):
        rates.charge_address("192.0.2.1")
        rates.charge_address("192.0.2.1")


def test_without_a_rate_nobody_is_held_up() -> None:
    """It is off by default."""
    rates = Rates()
    for _ in range(100):
        rates.charge(session("k"))
        rates.charge_address("192.0.2.1")
        rates.charge_more(session("k"), 1000)


def test_memory_is_bounded_whatever_is_sent(clock: Clock) -> None:
    """Names without end leave the newest; one that goes on sending is not forgotten among them."""
    buckets = Buckets(Rate(1, 10), most=100, clock=clock)
    for _ in range(10):
        buckets.take("busy")
    for index in range(10_000):
        buckets.take(f"name-{index}")
        if index % 20 == 0:
            assert buckets.take("busy") > 0.0
        assert len(buckets) <= 100


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("x:" + "y" * 100, "x:" + "y" * 200, True),
    ],
)
def test_an_ipv6_network_is_one_address(one: str, other: str, same: bool) -> None:
    """Who has a network of 64 bits has as many addresses as they like."""
    assert (neighbourhood(one) == neighbourhood(other)) is same


def test_a_rate_is_read() -> None:
    """`N` or `N:BURST`."""
    assert parse_rate("20") == Rate(20, 40)
    assert parse_rate("20:1") == Rate(20, 1)


@pytest.mark.parametrize(
    "text", ["", "0", "1:0", "x", "1.5", "-1", "1:", "1000001", "99999999", "1:2:3", "٣"]
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    """A half-set limit refuses to start."""
    with pytest.raises(Invalid, match="expected N or N:BURST"):
        parse_rate(text)
