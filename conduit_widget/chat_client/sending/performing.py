"""What waits in a conversation's queue, done at the hub: each thing may be asked for more than once."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec

from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.chat_client.offline.entries import QueuedEntry
from conduit_widget.contract import ErrorText
from conduit_widget.errors import HubException
from conduit_widget.types import ChatMessage, SendReceipt

LATE: Final = 2.0
"""Seconds after which a message that may be on its way still is looked for once more."""

_UNKNOWN: Final = ("unknown hub method", "method does not exist")
_WHAT: Final = {"edit": "edit messages", "delete": "delete messages", "react": "keep reactions"}


def is_unknown_method(error: HubException) -> bool:
    """Whether a hub has refused because it has no such method."""
    return any(text in str(error).lower() for text in _UNKNOWN)


async def perform(hub: ChatHubClient, conversation_id: str, entry: QueuedEntry) -> SendReceipt | None:
    """Ask the hub for one thing that waits; return the receipt where the hub gives one.

    Raises:
        HubException: the hub refused it, or cannot do it.
        ConduitError: the hub gave no answer; it is asked again.

    """
    try:
        return await _perform(hub, conversation_id, entry)
    except HubException as error:
        if entry.kind == "read":
            return None  # the next mark says it again
        if entry.unsure and str(error) == ErrorText.UNAUTHORIZED:
            await _delete_late(hub, entry)
            return None
        if is_unknown_method(error) and entry.kind in _WHAT:
            raise HubException(f"This hub cannot {_WHAT[entry.kind]}.") from None
        raise


async def _delete_late(hub: ChatHubClient, entry: QueuedEntry) -> None:
    """Delete a message that the hub did not have: the connection before may have brought it a moment ago.

    A hub that is storing it, or a network that has held it back, knows it a little later.

    Raises:
        HubException: the hub has it now, and refuses.

    """
    await asyncio.sleep(LATE)
    try:
        await hub.delete_message(entry.message_id)
    except HubException as error:
        if str(error) != ErrorText.UNAUTHORIZED:
            raise  # else it has not arrived: there is nothing to delete


async def _perform(hub: ChatHubClient, conversation_id: str, entry: QueuedEntry) -> SendReceipt | None:
    match entry.kind:
        case "message":
            assert entry.message is not None
            receipt = await hub.send_message(conversation_id, entry.message)
            return receipt or SendReceipt(id=entry.id, seq=0, timestamp="")
        case "edit":
            wire = msgspec.to_builtins(entry.content)
            if entry.seq and await _says(hub, conversation_id, entry, wire):
                return SendReceipt(id=entry.message_id, seq=entry.seq, timestamp="")
            return await hub.edit_message(entry.message_id, wire)
        case "delete":
            await hub.delete_message(entry.message_id)
        case "react":
            call = hub.add_reaction if entry.is_on else hub.remove_reaction
            await call(entry.message_id, entry.emoji)
        case "read":
            await hub.mark_read(conversation_id, entry.seq)
    return None


async def _says(hub: ChatHubClient, conversation_id: str, entry: QueuedEntry, content: Any) -> bool:
    """Whether a message that was reworded on its way arrived with its newest words."""
    page = await hub.get_history(conversation_id, entry.seq + 1, 1)
    for payload in page.messages:
        message = ChatMessage.from_wire(payload)
        if message.id == entry.message_id:
            return bool(msgspec.to_builtins(message.content) == content)
    return False
