"""The chat's client: typed proxies of ChatHub and StatusHub, conversations that resume, their transcripts.

It needs neither Jupyter nor a browser::

    from conduit_widget.chat_client import ChatHubClient
    from conduit_widget.client import HubConnection

    async with HubConnection("http://localhost:5000/hubs/chat", access_token="…") as connection:
        chat = ChatHubClient(connection)
        print((await chat.join_conversation("team")).messages)
"""

from conduit_widget.chat_client.hub_proxies import ChatHubClient, StatusHubClient

__all__ = ["ChatHubClient", "StatusHubClient"]
