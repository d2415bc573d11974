"""A generic SignalR client. It needs neither Jupyter nor a browser, and knows nothing of chat.

:class:`HubConnection` speaks to any ASP.NET Core SignalR hub::

    import asyncio
    from conduit_widget.client import HubConnection

    async def main():
        async with HubConnection("http://localhost:5000/hubs/chat", access_token="…") as connection:
            connection.on("ReceiveMessage", print)
            await connection.invoke("JoinConversation", "team")

            async def numbers():
                yield 1
                yield 2

            await connection.invoke("Sum", numbers())         # a stream to the hub
            async for item in connection.stream("Counter"):   # a stream from the hub
                print(item)

    asyncio.run(main())

The typed proxies of this project's two hubs are in :mod:`conduit_widget.chat_client`.
"""

from conduit_widget.client.connection_state import ConnectionState
from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.client.retry import DelayRetry, RetryContext, RetryPolicy

__all__ = [
    "ConnectionState",
    "DelayRetry",
    "HubConnection",
    "RetryContext",
    "RetryPolicy",
]
