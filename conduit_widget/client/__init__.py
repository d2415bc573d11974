"""The client: hub connections, and what the products build on them. It needs neither Jupyter nor a browser.

:class:`HubConnection` speaks to any ASP.NET Core SignalR hub, :class:`~.chat.ChatHubClient` and
:class:`~.status.StatusHubClient` are typed proxies of this project's two::

    import asyncio
    from conduit_widget.client import ChatHubClient, HubConnection

    async def main():
        async with HubConnection("http://localhost:5000/hubs/chat", access_token="…") as connection:
            chat = ChatHubClient(connection)
            print((await chat.join_conversation("team")).messages)

            async def numbers():
                yield 1
                yield 2

            await connection.invoke("Sum", numbers())         # a stream to the hub
            async for item in connection.stream("Counter"):   # a stream from the hub
                print(item)

    asyncio.run(main())
"""

from conduit_widget.chat_client.chat import ChatHubClient
from conduit_widget.chat_client.status import StatusHubClient
from conduit_widget.client.connection_state import ConnectionState
from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.client.retry import DelayRetry, RetryContext, RetryPolicy

__all__ = [
    "ChatHubClient",
    "ConnectionState",
    "DelayRetry",
    "HubConnection",
    "RetryContext",
    "RetryPolicy",
    "StatusHubClient",
]
