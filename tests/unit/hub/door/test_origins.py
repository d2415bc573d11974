"""Origins and hosts: exact, loopback unless configured."""

from __future__ import annotations

import pytest

from conduit_widget.hub.door.origins import OriginPolicy


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost",
        "http://localhost:8888",
        "https://127.0.0.1:1",
        "http://[::1]:8888",
        "http://LOCALHOST:1",
    ],
)
def test_loopback_origin_is_allowed_when_nothing_is_configured(origin: str) -> None:
    """Any port of this machine's pages."""
    assert OriginPolicy().allows_origin(origin)


@pytest.mark.parametrize(
    "origin",
    [
        "null", "", "http://evil.example", "http://localhost.evil.example", "http://evil.example:8888",
        "http://localhost@evil.example", "ftp://localhost", "http://127.0.0.1.nip.io", "http://localhost:8888/x",
        "http://localhost:x", "localhost", "http://[::1",
        " http://localhost", "http://localhost ", "http://local\thost", "http://localhost\n", "\x00http://localhost",
        "http://localhost?", "http://localhost#", "http://localhost#x", "http://localhost:", "http://localhost:0",
        "http://localhost:99999", "http://localhost:80:80", "http://localhost.", "http://.localhost",
        "http://evil.example\\@localhost", "http://localhost\\.evil.example", "http://localhost:80@evil.example",
        "http://[::ffff:127.0.0.1]", "http://[::1%25lo]", "http://127.1", "http://0x7f.0.0.1", "http://2130706433",
        "http://\u24dbocalhost", "http://localhost:\u0668\u0660", "//localhost", "http:localhost", "http:///localhost",
        "file://localhost", "http://localhost http://evil.example", "http://localhost,http://evil.example",
    ],
)  # fmt: skip
def test_other_origin_is_refused_when_nothing_is_configured(origin: str) -> None:
    """Neither look-alikes nor the null origin."""
    assert not OriginPolicy().allows_origin(origin)


def test_configured_origin_is_exact() -> None:
    """Scheme, host and port must match; default ports count as written."""
    policy = OriginPolicy(["https://lab.example", "http://a.example:*"])
    assert policy.allows_origin("https://lab.example:443")
    assert policy.allows_origin("http://a.example:5")
    for origin in (
        "http://lab.example",
        "https://lab.example:8443",
        "https://x.lab.example",
        "http://localhost",
    ):
        assert not policy.allows_origin(origin)


def test_what_is_no_origin_is_refused_when_constructing() -> None:
    """A mistake in the configuration is named, not ignored."""
    with pytest.raises(ValueError, match="not an origin"):
        OriginPolicy(["lab.example"])


def test_host_is_exact() -> None:
    """DNS names that merely point here are not this hub."""
    policy = OriginPolicy()
    for host in ("localhost", "localhost:8765", "127.0.0.1:1", "[::1]:8765", "LOCALHOST"):
        assert policy.allows_host(host)
    for host in (
        "",
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost@evil.example",
        "[::1",
        "localhost:b:c",
        "localhost:1, evil.example",
        "localhost:",
        "localhost/x",
        "localhost.",
        " localhost",
        "localhost\n",
        "localhost#",
        "localhost:123456",
        "localhost:\u0668",
        "[::1]x",
        "[::1]:x",
        "::1",
        "[::ffff:127.0.0.1]",
        "[::1%lo]",
        "127.1",
        "2130706433",
    ):
        assert not policy.allows_host(host)
    assert OriginPolicy(hosts=["*"]).allows_host("anything")
    assert OriginPolicy(hosts=["Hub.Example"]).allows_host("hub.example:80")
