"""The server for Microsoft's functional tests starts and does what they ask of it."""

from __future__ import annotations

import httpx2
import pytest

from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.errors import AuthenticationError, HubException
from tests.interop.functional_hub import FunctionalApp
from tests.support.hub.server import running


async def test_functional_hub_answers_in_the_suites_words_when_it_is_asked() -> None:
    """Calls, errors, redirects, cookies, client results and the authorized hub do what the suite expects."""
    async with running(FunctionalApp()) as url, httpx2.AsyncClient(base_url=url, trust_env=False) as http:
        async with HubConnection(f"{url}/redirect?numRedirects=0&baseUrl={url}") as connection:
            assert await connection.invoke("GetNumRedirects") == 1
            assert await connection.invoke("GetActiveTransportName") == "WebSockets"
            with pytest.raises(HubException, match="InvalidOperationException: An error occurred"):
                await connection.invoke("ThrowException", "An error occurred.")
            with pytest.raises(HubException, match="streaming 'Stream' method with a non-streaming"):
                await connection.invoke("Stream")
            connection.on("Result", lambda: 10)
            answer = await http.get(f"/clientresult/{connection.connection_id}")
            assert answer.text == "10"
        async with HubConnection(f"{url}/testhub-nowebsockets") as connection:
            assert await connection.invoke("GetActiveTransportName") == "ServerSentEvents"
        with pytest.raises(AuthenticationError):
            await HubConnection(f"{url}/authorizedhub").start()
        jwt = (await http.get("/generateJwtToken")).text
        async with HubConnection(f"{url}/authorizedhub", access_token=jwt) as connection:
            assert await connection.invoke("Echo", "let in") == "let in"
        negotiated = await http.post("/testhub/negotiate")
        assert negotiated.cookies["testCookie"] == "testValue"
        assert (await http.post("/bad-negotiate/negotiate")).status_code == 400
