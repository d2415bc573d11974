"""Whose address answers for a request, and how often it may ask."""

from __future__ import annotations

import pytest

from conduit_widget.hub.http import read_request
from conduit_widget.hub.limits.address_rates import AddressRates

PROXIES = ("10.0.0.0/8", "2001:db8:ffff::1", "127.0.0.1")


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "counted"),
    [
        ("198.51.100.7", "", "198.51.100.7"),
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),
        ("10.1.2.3", "203.0.113.9", "203.0.113.9"),
        ("10.1.2.3", "192.0.2.1, 203.0.113.9", "203.0.113.9"),
        ("10.1.2.3", "203.0.113.9, 10.9.9.9", "203.0.113.9"),
        ("10.1.2.3", "203.0.113.9:51234", "203.0.113.9"),
        ("10.1.2.3", "", "10.1.2.3"),
        ("10.1.2.3", "unknown", "10.1.2.3"),
        ("10.1.2.3", "203.0.113.9, nonsense", "10.1.2.3"),
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "", None),
        ("::1", "203.0.113.9", None),
        ("::ffff:198.51.100.7", "", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
        ("2001:db8:ffff::1", "[2001:db8:7:8::9]", "2001:db8:7:8::/64"),
        ("fe80::1%eth0", "", "fe80::/64"),
        ("", "203.0.113.9", None),
        ("/run/hub.sock", "", None),
    ],
)
def test_client_is_whom_a_trusted_proxy_names(peer: str, forwarded_for: str, counted: str | None) -> None:
    """The last entry that is no trusted proxy; what clients write themselves is ignored."""
    assert AddressRates(60, 1, PROXIES).counted(peer, forwarded_for) == counted


def test_address_may_ask_its_burst_then_its_rate() -> None:
    """Each on its own; this machine as often as it likes."""
    rates = AddressRates(60, 3)
    assert [rates.consume("198.51.100.7", "", 0.0) for _ in range(4)] == [True, True, True, False]
    assert rates.consume("198.51.100.8", "", 0.0)
    assert rates.consume("198.51.100.7", "", 1.0)
    assert not rates.consume("198.51.100.7", "", 1.0)
    assert all(rates.consume("127.0.0.1", "", 0.0) for _ in range(100))


def test_neighbours_of_one_ipv6_network_share_its_rate() -> None:
    """Else one household had 2^64 tries."""
    rates = AddressRates(60, 1)
    assert rates.consume("2001:db8::1", "", 0.0)
    assert not rates.consume("2001:db8::2", "", 0.0)


def test_addresses_seen_least_recently_are_forgotten_when_there_are_too_many() -> None:
    """Memory stays bounded; who keeps coming stays known."""
    rates = AddressRates(60, 1, max_addresses=100)
    assert rates.consume("198.51.100.7", "", 0.0)
    for number in range(500):
        rates.consume(f"203.0.{number % 100}.{number // 100}", "", 0.0)
        assert not rates.consume("198.51.100.7", "", 0.0)
    assert len(rates) == 100


def test_rate_of_zero_counts_nobody() -> None:
    """It can be switched off."""
    rates = AddressRates(0, 0)
    assert all(rates.consume("198.51.100.7", "", 0.0) for _ in range(1000))
    assert len(rates) == 0


def test_proxy_that_is_no_address_is_named() -> None:
    """A typo must not open or close the door silently."""
    with pytest.raises(ValueError, match=r"trusted_proxies: 'proxy\.local'"):
        AddressRates(60, 1, ["proxy.local"])


def test_forwarded_for_is_read_over_all_its_lines() -> None:
    """A client's own line comes first; the proxy's must not be lost behind it."""
    scope = {
        "type": "http",
        "path": "/",
        "client": ("10.1.2.3", 5),
        "headers": [(b"X-Forwarded-For", b"192.0.2.1"), (b"x-forwarded-for", b"203.0.113.9")],
    }
    head = read_request(scope)
    rates = AddressRates(60, 1, PROXIES)
    assert rates.counted(head.client, head.headers["x-forwarded-for"]) == "203.0.113.9"
