"""Read what the hub of a data directory stored, as a client that joins."""

from __future__ import annotations

from pathlib import Path

from conduit_widget.access import local_hub
from conduit_widget.client import HubConnection
from conduit_widget.contract import CHAT_HUB_PATH
from conduit_widget.runtime_file import read_runtime
from conduit_widget.types import ChatMessage


async def read_conversation(data_dir: Path, conversation_id: str) -> list[ChatMessage]:
    """Return the newest messages of a conversation from its running hub."""
    runtime = read_runtime(data_dir)
    assert runtime is not None, "no hub runs"
    token = local_hub.mint(runtime, "reader", "Reader").access_token
    async with HubConnection(runtime.url + CHAT_HUB_PATH, access_token=token) as connection:
        joined = await connection.invoke("JoinConversation", conversation_id)
    return [ChatMessage.from_wire(message) for message in joined["messages"]]
