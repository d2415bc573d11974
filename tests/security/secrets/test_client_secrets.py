"""A client's token: in no error, traceback or log, whatever is wrong with it or with the way to the hub."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from conduit_widget.client import HubConnection
from conduit_widget.client.transport_choice import TransportName
from conduit_widget.errors import AuthenticationError, ConduitError, ConnectionFailedError
from conduit_widget.transports.client.http_client import HttpClient
from tests.support.network.ports import free_port
from tests.support.signalr.raw_http_transports import raw_http_server

SECRET = "eyJhbGciOi.s3cr3t.c2lnbmF0dXJl"
TRANSPORTS: tuple[TransportName, ...] = ("WebSockets", "ServerSentEvents", "LongPolling")


async def _failure(connection: HubConnection) -> ConduitError:
    with pytest.raises(ConduitError) as caught:
        await connection.start()
    return caught.value


def _told(error: BaseException, caplog: pytest.LogCaptureFixture) -> str:
    return "".join(traceback.format_exception(error)) + caplog.text


@pytest.mark.parametrize("given", [f"{SECRET} {SECRET}", f"{SECRET}\r\nX: 1", f"{SECRET}é", f"{SECRET}\x7f"])
@pytest.mark.parametrize("wrap", [lambda token: token, lambda token: lambda: token], ids=["text", "function"])
async def test_token_no_header_takes_is_refused_without_being_shown(
    given: str, wrap: Callable[[str], Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the line, nor the traceback of a script, nor a debug log has it; it is not tried again."""
    caplog.set_level(logging.DEBUG)
    error = await _failure(HubConnection("http://127.0.0.1:1/hub", access_token=wrap(given)))
    assert isinstance(error, AuthenticationError)
    assert "s3cr3t" not in _told(error, caplog)


@pytest.mark.parametrize("name", TRANSPORTS)
async def test_line_end_after_a_token_is_left_out_on_every_transport(name: TransportName) -> None:
    """A token read from a file works."""
    async with raw_http_server() as server:
        server.only_token = SECRET
        server.refuse_with = None
        connection = HubConnection(server.url, access_token=f"{SECRET}\n", transport=name, retry=None)
        error = await _refused_or_none(connection, server)
        assert not isinstance(error, AuthenticationError)
        assert all(each.headers["authorization"] == f"Bearer {SECRET}" for each in server.requests)


async def _refused_or_none(connection: HubConnection, server: Any) -> Exception | None:
    starting = asyncio.ensure_future(connection.start())
    accepting = asyncio.ensure_future(server.accept())
    await asyncio.wait([starting, accepting], return_when=asyncio.FIRST_COMPLETED)
    if accepting.done():
        await accepting.result().handshake()
    else:
        accepting.cancel()
    try:
        await starting
    except ConduitError as error:
        return error
    await connection.stop()
    return None


@pytest.mark.parametrize(
    "headers", [{"X-Key": f"{SECRET}\n"}, {"X-Key": f"a\r\nB: {SECRET}"}, {f"{SECRET} :": "x"}]
)
def test_header_no_request_takes_is_refused_by_name(headers: dict[str, str]) -> None:
    """It would be cut, or begin another header, on the way."""
    with pytest.raises(ValueError, match=r"^headers: ") as caught:
        HubConnection("http://127.0.0.1:1/hub", headers=headers)
    assert "s3cr3t" not in str(caught.value)


async def test_library_that_quotes_the_header_is_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever gets as far as the HTTP library and fails there."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ConnectionFailedError) as caught:
        await HttpClient(timeout=5).post(
            f"http://127.0.0.1:{free_port()}/hub", {"Authorization": f"Bearer {SECRET}\n"}
        )
    assert "s3cr3t" not in _told(caught.value, caplog)


@pytest.mark.parametrize("name", TRANSPORTS)
async def test_token_in_the_address_is_in_no_error_or_log(
    name: TransportName, caplog: pytest.LogCaptureFixture
) -> None:
    """Of an address an error shows scheme, host, port and path."""
    caplog.set_level(logging.DEBUG)
    for host in (f"127.0.0.1:{free_port()}", "no-such-host.invalid"):
        address = f"http://user:{SECRET}@{host}/hub?access_token={SECRET}"
        error = await _failure(HubConnection(address, transport=name, retry=None))
        assert "s3cr3t" not in _told(error, caplog)
    async with raw_http_server() as server:
        server.refuse_with = 500
        address = f"{server.url}?access_token={SECRET}"
        error = await _failure(HubConnection(address, transport=name, retry=None))
        assert "s3cr3t" not in _told(error, caplog)
    connection = HubConnection(
        f"http://127.0.0.1:{free_port()}/hub?access_token={SECRET}", skip_negotiation=True, retry=None
    )
    assert "s3cr3t" not in _told(await _failure(connection), caplog)
