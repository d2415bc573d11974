"""Typed proxies of ChatHub and StatusHub: their methods as coroutines, their events as callbacks.

Made by ``python -m tests.codegen`` from the methods that the hubs declare: change those.
"""

from __future__ import annotations

from typing import Any

import msgspec

from conduit_widget.chat_client.hub_proxy import HubProxy, optional
from conduit_widget.contract import ChatEvent, ChatMethod, StatusEvent, StatusMethod, names_in
from conduit_widget.types import (
    Announcement,
    AnnouncementNotice,
    Call,
    CallMedia,
    CallTicket,
    ChatMessage,
    ConversationInfo,
    ConversationOptions,
    ConversationPatch,
    ConversationSettings,
    HistoryPage,
    ImportBatch,
    ImportReceipt,
    JoinResult,
    MemberInfo,
    MemberOptions,
    ProviderExplanation,
    ProviderQuestion,
    ProviderStatus,
    ResumeResult,
    SearchOptions,
    SearchResult,
    SendReceipt,
    SystemHealth,
)


class ChatHubClient(HubProxy):
    """ChatHub over a started :class:`HubConnection`; needs no Jupyter.

    ::

        async with HubConnection("http://localhost:5000/hubs/chat", access_token=token) as connection:
            chat = ChatHubClient(connection)
            chat.on_event(lambda event, arguments: print(event, arguments))
            await chat.join_conversation("team")
            question = ChatMessage(id=str(uuid.uuid4()), role="user", content="Hello")
            receipt = await chat.send_message("team", question)

    It works with a hub that has only the first methods and returns nothing from them: results are then None.

    Every method raises HubException (refused; the text is for people), ConnectionLostError or
    InvocationTimeoutError.
    """

    events = names_in(ChatEvent)

    async def join_conversation(self, conversation_id: str) -> JoinResult | None:
        """Join; return the snapshot that live events continue. An unknown id creates one, if allowed."""
        return optional(await self._invoke(ChatMethod.JOIN_CONVERSATION, conversation_id), JoinResult)

    async def leave_conversation(self, conversation_id: str) -> None:
        """Leave; others see it at once, unless the user has another connection. Harmless if not joined."""
        await self._invoke(ChatMethod.LEAVE_CONVERSATION, conversation_id)

    async def send_message(self, conversation_id: str, message: ChatMessage) -> SendReceipt | None:
        """Commit a message; the same id again returns the same receipt and begins no second answer."""
        return optional(await self._invoke(ChatMethod.SEND_MESSAGE, conversation_id, message), SendReceipt)

    async def start_typing(self, conversation_id: str) -> None:
        """Show the caller as typing until they stop, send, leave, or 6 s pass without another call."""
        await self.connection.send(ChatMethod.START_TYPING, conversation_id)

    async def stop_typing(self, conversation_id: str) -> None:
        """Stop showing the caller as typing."""
        await self.connection.send(ChatMethod.STOP_TYPING, conversation_id)

    async def request_provider_status(self) -> list[ProviderStatus]:
        """Return every provider's status, and send it as events to the caller."""
        return optional(await self._invoke(ChatMethod.REQUEST_PROVIDER_STATUS), list[ProviderStatus]) or []

    async def resume_conversation(self, conversation_id: str, epoch: str, seq: int) -> ResumeResult | None:
        """Join again after ``seq`` of ``epoch``; return the missed events, or a snapshot if too many."""
        return optional(
            await self._invoke(ChatMethod.RESUME_CONVERSATION, conversation_id, epoch, seq), ResumeResult
        )

    async def get_history(self, conversation_id: str, before_seq: int, limit: int) -> HistoryPage:
        """Return up to ``limit`` messages before ``before_seq``, oldest first; fewer if they are large."""
        return msgspec.convert(
            await self._invoke(ChatMethod.GET_HISTORY, conversation_id, before_seq, limit), HistoryPage
        )

    async def stop_generation(self, message_id: str) -> bool:
        """End the answer of that id, keeping its text; return False if it is not being written (any more)."""
        return bool(await self._invoke(ChatMethod.STOP_GENERATION, message_id))

    async def pause_stream(self, message_id: str) -> bool:
        """Hold an answer's tokens for this connection; return False if it is not being written (any more)."""
        return bool(await self._invoke(ChatMethod.PAUSE_STREAM, message_id))

    async def resume_stream(self, message_id: str) -> bool:
        """Send what was held as one delta, then go on; return False if nothing was, as after its end."""
        return bool(await self._invoke(ChatMethod.RESUME_STREAM, message_id))

    async def regenerate_message(self, message_id: str, options: dict[str, Any] | None = None) -> SendReceipt:
        """Have a question answered again; the receipt is the new answer's, which stands beside the old."""
        return msgspec.convert(
            await self._invoke(ChatMethod.REGENERATE_MESSAGE, message_id, options), SendReceipt
        )

    async def edit_message(self, message_id: str, content: str) -> SendReceipt:
        """Give the caller's own message another text; the receipt is that of the message that has it."""
        return msgspec.convert(await self._invoke(ChatMethod.EDIT_MESSAGE, message_id, content), SendReceipt)

    async def delete_message(self, message_id: str) -> None:
        """Delete a message for everybody: its author may, who asked for an answer may, an owner may."""
        await self._invoke(ChatMethod.DELETE_MESSAGE, message_id)

    async def add_reaction(self, message_id: str, emoji: str) -> None:
        """Add the caller's reaction to a message; readers may. The same again changes nothing."""
        await self._invoke(ChatMethod.ADD_REACTION, message_id, emoji)

    async def remove_reaction(self, message_id: str, emoji: str) -> None:
        """Take the caller's reaction to a message away; without one nothing changes."""
        await self._invoke(ChatMethod.REMOVE_REACTION, message_id, emoji)

    async def create_conversation(self, options: ConversationOptions) -> ConversationInfo:
        """Create a conversation owned by the caller, or return theirs of that id unchanged. Nobody joins."""
        return msgspec.convert(await self._invoke(ChatMethod.CREATE_CONVERSATION, options), ConversationInfo)

    async def list_conversations(self) -> list[ConversationInfo]:
        """Return the caller's conversations, newest activity first: see :meth:`.Membership.of_user`."""
        return msgspec.convert(await self._invoke(ChatMethod.LIST_CONVERSATIONS), list[ConversationInfo])

    async def add_member(self, conversation_id: str, member: str | MemberOptions) -> None:
        """Give a user a role: ``member`` is their id, for a member, or ``{userId, role}``. For owners."""
        await self._invoke(ChatMethod.ADD_MEMBER, conversation_id, member)

    async def remove_member(self, conversation_id: str, user_id: str) -> None:
        """Remove a user; their open connections lose the conversation at once. For owners."""
        await self._invoke(ChatMethod.REMOVE_MEMBER, conversation_id, user_id)

    async def list_members(self, conversation_id: str) -> list[MemberInfo]:
        """Return everybody who has a role in a joined conversation, by user id."""
        return msgspec.convert(await self._invoke(ChatMethod.LIST_MEMBERS, conversation_id), list[MemberInfo])

    async def update_conversation(
        self, conversation_id: str, patch: ConversationPatch
    ) -> ConversationSettings:
        """Change title, assistant, system prompt or whether it is pinned; everybody is told. For owners."""
        return msgspec.convert(
            await self._invoke(ChatMethod.UPDATE_CONVERSATION, conversation_id, patch), ConversationSettings
        )

    async def delete_conversation(self, conversation_id: str) -> None:
        """Delete a conversation and everything in it, for good; everybody is taken out. For owners."""
        await self._invoke(ChatMethod.DELETE_CONVERSATION, conversation_id)

    async def mark_read(self, conversation_id: str, seq: int) -> None:
        """Note that the caller has read up to ``seq``; one that is lower than before changes nothing."""
        await self._invoke(ChatMethod.MARK_READ, conversation_id, seq)

    async def search_messages(self, query: str, options: SearchOptions | None = None) -> SearchResult:
        """Return the newest messages that have every word and every "quoted phrase" of ``query``."""
        return msgspec.convert(await self._invoke(ChatMethod.SEARCH_MESSAGES, query, options), SearchResult)

    async def join_call(self, conversation_id: str, peer_id: str, media: CallMedia) -> Call:
        """Join the call as ``peer_id``, which is one view; a peer that is in it gets this connection."""
        return msgspec.convert(
            await self._invoke(ChatMethod.JOIN_CALL, conversation_id, peer_id, media), Call
        )

    async def update_call(self, conversation_id: str, peer_id: str, media: CallMedia) -> None:
        """Tell the others what this peer sends from now on; whoever shows a screen takes over from others."""
        await self._invoke(ChatMethod.UPDATE_CALL, conversation_id, peer_id, media)

    async def leave_call(self, conversation_id: str, peer_id: str) -> None:
        """Leave the call. Harmless if not in it."""
        await self._invoke(ChatMethod.LEAVE_CALL, conversation_id, peer_id)

    async def send_signal(
        self, conversation_id: str, peer_id: str, to_peer_id: str, signal: dict[str, Any]
    ) -> None:
        """Tell another peer of the call a ``description`` or a ``candidate``; nobody else sees it."""
        await self._invoke(ChatMethod.SEND_SIGNAL, conversation_id, peer_id, to_peer_id, signal)

    async def open_call_page(self, conversation_id: str) -> CallTicket:
        """Return the way to a page of the hub's own with this call, for where the caller's has no camera."""
        return msgspec.convert(await self._invoke(ChatMethod.OPEN_CALL_PAGE, conversation_id), CallTicket)

    async def pin_message(self, conversation_id: str, message_id: str) -> None:
        """Pin a message for everybody; whoever may write may. One that is pinned already stays as it is."""
        await self._invoke(ChatMethod.PIN_MESSAGE, conversation_id, message_id)

    async def unpin_message(self, conversation_id: str, message_id: str) -> None:
        """Take a message's pin away; without one nothing changes."""
        await self._invoke(ChatMethod.UNPIN_MESSAGE, conversation_id, message_id)

    async def list_pinned(self, conversation_id: str) -> list[dict[str, Any]]:
        """Return the pinned messages of a joined conversation, the oldest first."""
        return msgspec.convert(
            await self._invoke(ChatMethod.LIST_PINNED, conversation_id), list[dict[str, Any]]
        )

    async def import_conversation(self, key: str, batch: ImportBatch) -> ImportReceipt:
        """Bring in a conversation, batch after batch of messages; the caller owns it when it is done."""
        return msgspec.convert(await self._invoke(ChatMethod.IMPORT_CONVERSATION, key, batch), ImportReceipt)

    async def refresh_token(self, token: str) -> float:
        """Continue with a newer token of the same user; return when it expires (epoch seconds)."""
        return msgspec.convert(await self._invoke(ChatMethod.REFRESH_TOKEN, token), float)


class StatusHubClient(HubProxy):
    """StatusHub over a started :class:`HubConnection`: the health of the providers and the hub.

    ::

        async with HubConnection("http://localhost:5000/hubs/status", access_token=token) as connection:
            print(await StatusHubClient(connection).request_provider_status())

    Every method raises HubException (refused; the text is for people), ConnectionLostError or
    InvocationTimeoutError.
    """

    events = names_in(StatusEvent)

    async def request_provider_status(self) -> list[ProviderStatus]:
        """Return every provider's status, and send it as events to the caller."""
        return optional(await self._invoke(StatusMethod.REQUEST_PROVIDER_STATUS), list[ProviderStatus]) or []

    async def request_system_health(self) -> SystemHealth:
        """Return what the hub does at present, and whether its parts work."""
        return msgspec.convert(await self._invoke(StatusMethod.REQUEST_SYSTEM_HEALTH), SystemHealth)

    async def explain_providers(self, question: ProviderQuestion) -> ProviderExplanation:
        """Return which provider would answer a message now, and why not the others."""
        return msgspec.convert(
            await self._invoke(StatusMethod.EXPLAIN_PROVIDERS, question), ProviderExplanation
        )

    async def announce(self, announcement: Announcement) -> AnnouncementNotice:
        """Tell everybody on both hubs one line; for operators. Return what they are told."""
        return msgspec.convert(await self._invoke(StatusMethod.ANNOUNCE, announcement), AnnouncementNotice)

    async def refresh_token(self, token: str) -> float:
        """Continue with a newer token of the same user; return when it expires (epoch seconds)."""
        return msgspec.convert(await self._invoke(StatusMethod.REFRESH_TOKEN, token), float)
