"""Reasons without anybody's words."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from pathlib import Path

import httpx2
import pytest

from conduit_widget.errors import ConnectionFailedError
from conduit_widget.transports.client.http_client import HttpClient
from conduit_widget.transports.reasons import no_connection, reason_of
from tests.support.network.ports import free_port

SECRET = "Bearer eyJ.secret"


@pytest.mark.parametrize(
    "error",
    [
        httpx2.LocalProtocolError(f"Illegal header value {SECRET!r}"),
        httpx2.InvalidURL(SECRET),
        UnicodeEncodeError("ascii", SECRET + "é", 17, 18, "ordinal not in range"),
        OSError(SECRET),
        RuntimeError(SECRET),
    ],
)
def test_text_of_a_library_is_not_repeated(error: Exception) -> None:
    """Only its type is."""
    assert "secret" not in str(no_connection("http://hub", error))
    assert type(error).__name__ in reason_of(error)


def test_reason_of_the_system_is_told_from_wherever_it_is_hidden() -> None:
    """A library's error is raised from the socket's; asyncio joins those of several addresses in one text."""
    refused = os.strerror(errno.ECONNREFUSED)
    wrapped = httpx2.ConnectError("All connection attempts failed")
    wrapped.__cause__ = ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 1)")
    several = OSError(f"Multiple exceptions: [Errno {errno.ECONNREFUSED}] Connect call failed ('::1', 1)")
    group = OSError("All connection attempts failed")
    group.__cause__ = ExceptionGroup("several", [ConnectionRefusedError(errno.ECONNREFUSED, "x")])
    assert reason_of(wrapped) == reason_of(several) == reason_of(group) == refused
    assert reason_of(socket.gaierror(-2, "x")) == "its name is not known"


async def test_refused_port_is_told_by_the_system_s_reason() -> None:
    """It comes through the library that wraps it."""
    with pytest.raises(ConnectionFailedError, match=os.strerror(errno.ECONNREFUSED)):
        await HttpClient(timeout=30).post(f"http://127.0.0.1:{free_port()}/hubs", {})


def test_certificate_that_was_not_accepted_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file that SSL_CERT_FILE names and that is missing is the likelier reason than an attacker."""
    error = ssl.SSLCertVerificationError(1, "x")
    error.verify_message = "self-signed certificate"
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    text = str(no_connection("https://hub", error))
    assert (
        "self-signed certificate; for an authority of your own, name its certificate in SSL_CERT_FILE" in text
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    assert "SSL_CERT_FILE names a file that does not exist" in str(no_connection("https://hub", error))
