"""Proxies and certificates as the environment names them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from conduit_widget.errors import ProviderError
from conduit_widget.providers.http_api.http_client import open_client, proxy_for

PASSWORD = "hunter2"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)


def refusal(url: str = "https://api.example/v1") -> str:
    """What opening a client says."""
    with pytest.raises(ProviderError) as caught:
        open_client("acme", url, connect_timeout=5)
    assert PASSWORD not in f"{caught.value} {caught.value.__cause__} {caught.value.suggestions}"
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("url", "no_proxy", "is_used"),
    [
        ("https://api.example/v1", "", True),
        ("https://api.example/v1", "api.example", False),
        ("https://api.example/v1", ".example", False),
        ("https://api.example/v1", "other.example", True),
        ("https://api.example/v1", "*", False),
        ("https://api.example:8443/v1", "api.example:8443", False),
        ("https://10.1.2.3/v1", "10.0.0.0/8", False),
        ("https://10.1.2.3/v1", "192.168.0.0/16", True),
        ("https://[fd00::1]/v1", "fd00::/8", False),
        ("http://127.0.0.1:11434/v1", "", False),
        ("http://localhost:11434/v1", "", False),
        ("http://[::1]:11434/v1", "", False),
    ],
)
async def test_no_proxy_holds(
    monkeypatch: pytest.MonkeyPatch, url: str, no_proxy: str, is_used: bool
) -> None:
    """Hosts of ``no_proxy`` and loopback have no proxy, and a SOCKS one does not keep them from working."""
    monkeypatch.setenv("ALL_PROXY", f"socks5://me:{PASSWORD}@127.0.0.1:9")
    monkeypatch.setenv("no_proxy", no_proxy)
    found = proxy_for(url)
    assert (found is not None) == is_used
    if is_used:
        assert "ALL_PROXY" in refusal(url)
    else:
        await open_client("acme", url, connect_timeout=5).aclose()


async def test_proxy_is_used_and_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scheme's own variable goes before the one for all; an address without a scheme is HTTP."""
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "127.0.0.1:8")
    assert proxy_for("https://api.example/v1") == ("http://127.0.0.1:8", "https_proxy")
    assert proxy_for("http://api.example/v1") == ("http://127.0.0.1:9", "ALL_PROXY")
    await open_client("acme", "https://api.example/v1", connect_timeout=5).aclose()


@pytest.mark.parametrize(
    "proxy", ["ftp://x", f"socks4://me:{PASSWORD}@x", f"http://me:{PASSWORD}@x:99999", "http://[::1", "://"]
)
def test_proxy_that_cannot_be_used_names_variable_and_remedy(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    """One line, without the proxy's password."""
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    text = refusal()
    assert "HTTPS_PROXY" in text
    assert "Correct or unset" in text


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE"])
def test_certificates_that_are_missing_or_none_name_variable_and_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    """A file that is not there, and one that holds no certificate."""
    monkeypatch.setenv(variable, str(tmp_path / "missing.pem"))
    assert variable in refusal()
    (tmp_path / "odd.pem").write_text("no certificate")
    monkeypatch.setenv(variable, str(tmp_path / "odd.pem"))
    text = refusal()
    assert "cannot be read" in text
    assert "Correct or unset SSL_CERT_FILE" in text


async def test_plain_http_needs_no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken trust store does not keep a server on this machine from answering."""
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    await open_client("acme", "http://127.0.0.1:1/v1", connect_timeout=5).aclose()


def test_socks_needs_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line says what to install, or how to go round."""
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "socksio", None)
    text = refusal()
    assert "pip install socksio" in text
    assert "NO_PROXY" in text
