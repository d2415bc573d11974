"""Whose machine a URL points at, and how it is shown."""

from __future__ import annotations

import pytest

from conduit_widget.providers.addresses import is_loopback, is_self_hosted, origin_of


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/v1",
        "http://localhost/v1",
        "https://[::1]:8000/v1",
        "http://a.localhost",
        "http://LOCALHOST",
    ],
)
def test_loopback_is_told_by_address_and_name(url: str) -> None:
    """All of 127/8, ::1 and localhost are this machine."""
    assert is_loopback(url)
    assert is_self_hosted(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.5:9000/v1",
        "https://192.168.1.7/v1",
        "https://[fd00::1]/v1",
        "https://gpu-box/v1",
        "https://gpu.lan/v1",
        "https://llm.corp.internal/v1",
        "http://llm.example.com/v1",
    ],
)
def test_own_server_is_told_from_a_hosted_one(url: str) -> None:
    """Private addresses and names, and plain HTTP, are somebody's own."""
    assert is_self_hosted(url)
    assert not is_loopback(url)


@pytest.mark.parametrize(
    "url", ["https://api.openai.com/v1", "https://8.8.8.8/v1", "https://openrouter.ai/api/v1"]
)
def test_hosted_service_is_not_an_own_server(url: str) -> None:
    """Public names over TLS are services."""
    assert not is_self_hosted(url)


def test_ipv6_is_shown_in_brackets() -> None:
    """An address that can be pasted back."""
    assert origin_of("http://[::1]:8000/v1?x") == "http://[::1]:8000"
    assert origin_of("https://me:secret@x.example/v1") == "https://x.example"
