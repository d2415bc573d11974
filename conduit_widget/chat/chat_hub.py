"""ChatHub: what clients may call. Identity is the connection's; membership is checked at every method."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from conduit_widget.chat.answering import post_message
from conduit_widget.chat.answers.generation_queue import GenerationQueue
from conduit_widget.chat.answers.warm_up import WarmUp
from conduit_widget.chat.history.store import HistoryStore
from conduit_widget.chat.live.access import READERS, WRITERS
from conduit_widget.chat.live.conversation import Conversation
from conduit_widget.chat.live.conversations import Conversations
from conduit_widget.chat.membership import Membership
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.chat.status.chat_metrics import ChatMetrics
from conduit_widget.chat.status.limit_notices import WarnsOfLimits, user_rates
from conduit_widget.chat.status.provider_statuses import Providers, send_statuses
from conduit_widget.chat.stopping import stop_answer
from conduit_widget.chat.validation import (
    check_conversation_id,
    check_history_request,
    check_message,
    check_message_id,
    check_position,
)
from conduit_widget.contract import TOKEN_EXPIRY_WARNING, ChatMethod, ErrorText
from conduit_widget.errors import HubException
from conduit_widget.hub.backplane.backplane import Backplane
from conduit_widget.hub.calls.hub import hub_method
from conduit_widget.hub.calls.work_queue import let_next_begin
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.hub.limits.user_rates import warning_of_count
from conduit_widget.types import (
    Author,
    ConversationInfo,
    ConversationOptions,
    HistoryPage,
    JoinResult,
    MemberOptions,
    ProviderStatus,
    ResumeResult,
    SendReceipt,
)

__all__ = ["ChatHub"]

T = TypeVar("T")

_JOINED: Final = "chat.conversations"


class ChatHub(WarnsOfLimits):
    """The chat's methods. What a method refuses, it refuses with a ``HubException`` for people.

    A conversation the caller has not joined, may not read, or that does not exist: "Unauthorized", alike, so
    that nobody learns which conversations there are.
    """

    expiry_warning = TOKEN_EXPIRY_WARNING

    def __init__(
        self,
        store: HistoryStore,
        providers: Providers,
        settings: ChatSettings,
        metrics: ChatMetrics,
        backplane: Backplane | None = None,
    ) -> None:
        self._settings = settings
        self.user_rates = user_rates(settings)
        self._metrics = metrics
        self._store = store
        self._providers = providers
        self.warm_up = WarmUp(providers)
        self.generations = GenerationQueue(providers, settings)
        self.conversations = Conversations(self, store, self.generations, settings, backplane)
        self._membership = Membership(store, self.conversations, settings)

    async def on_disconnected(self, caller: HubConnectionContext, error: Exception | None) -> None:
        """Leave every conversation; a reload within the grace shows nothing to the others."""
        for conversation in self._joined(caller).values():
            conversation.leave(caller.connection_id)

    @hub_method(ChatMethod.JOIN_CONVERSATION)
    async def join_conversation(self, caller: HubConnectionContext, conversation_id: str) -> JoinResult:
        """Join; return the snapshot that live events continue. An unknown id creates, where allowed."""
        result = await self._enter(caller, conversation_id, lambda found: found.join(caller))
        self.warm_up.request()
        return result

    @hub_method(ChatMethod.RESUME_CONVERSATION)
    async def resume_conversation(
        self, caller: HubConnectionContext, conversation_id: str, epoch: str, seq: int
    ) -> ResumeResult:
        """Join again after ``seq`` of ``epoch``; return all missed events, or a snapshot instead."""
        check_position("seq", seq)
        result = await self._enter(caller, conversation_id, lambda found: found.resume(caller, epoch, seq))
        self._metrics.resumed(recovered=result.recovered)
        return result

    @hub_method(ChatMethod.LEAVE_CONVERSATION)
    async def leave_conversation(self, caller: HubConnectionContext, conversation_id: str) -> None:
        """Leave, at once for all to see unless the user is here otherwise; harmless when not joined."""
        conversation = self._joined(caller).pop(check_conversation_id(conversation_id), None)
        if conversation is not None:
            conversation.leave(caller.connection_id, goodbye=True)

    @hub_method(ChatMethod.SEND_MESSAGE)
    async def send_message(
        self, caller: HubConnectionContext, conversation_id: str, message: dict[str, Any]
    ) -> SendReceipt:
        """Commit a message; the same id again returns the same receipt."""
        conversation = await self._writable(caller, conversation_id)
        author = _author(caller)
        checked, options = check_message(message, author)
        # Nothing is awaited from here until the store has it in its queue: the order is settled.
        let_next_begin()
        return await post_message(
            conversation,
            self.generations,
            self._providers,
            author=author,
            message=checked,
            options=options,
        )

    @hub_method(ChatMethod.START_TYPING)
    async def start_typing(self, caller: HubConnectionContext, conversation_id: str) -> None:
        """Show the caller as typing until they stop, send, leave, or 6 s pass without another call."""
        conversation = await self._writable(caller, conversation_id)
        conversation.start_typing(caller)

    @hub_method(ChatMethod.STOP_TYPING)
    async def stop_typing(self, caller: HubConnectionContext, conversation_id: str) -> None:
        """Take it back."""
        conversation = await self._writable(caller, conversation_id)
        conversation.stop_typing(caller.user.user_id)

    @hub_method(ChatMethod.REQUEST_PROVIDER_STATUS)
    async def request_provider_status(self, caller: HubConnectionContext) -> list[ProviderStatus]:
        """Return every provider's status, and send it as events to the caller."""
        return send_statuses(caller, self._providers)

    @hub_method(ChatMethod.GET_HISTORY)
    async def get_history(
        self, caller: HubConnectionContext, conversation_id: str, before_seq: int, limit: int
    ) -> HistoryPage:
        """Return up to ``limit`` messages before ``before_seq``, oldest first; large ones come in fewer."""
        await self._readable(caller, conversation_id)
        before_seq, limit = check_history_request(before_seq, limit, self._settings.max_history_page)
        return await self._store.history(
            conversation_id, before_seq=before_seq, limit=limit, max_bytes=self._settings.reply_bytes
        )

    @hub_method(ChatMethod.STOP_GENERATION)
    async def stop_generation(self, caller: HubConnectionContext, message_id: str) -> bool:
        """End the answer of that id, keeping its text; False when it is not being written (any more)."""
        answer_id = check_message_id(message_id)
        return await stop_answer(self._joined(caller), self.generations, caller.user.user_id, answer_id)

    @hub_method(ChatMethod.PAUSE_STREAM)
    async def pause_stream(self, caller: HubConnectionContext, message_id: str) -> bool:
        """Hold an answer's tokens for this connection; False when it is not being written (any more).

        Its end is not held: the last delta (``done``) carries what was, then comes ``MessageUpdated``. A new
        connection of the same client holds nothing.
        """
        conversation = await self._streaming(caller, check_message_id(message_id))
        return conversation is not None and conversation.fan_out.pause(caller, message_id)

    @hub_method(ChatMethod.RESUME_STREAM)
    async def resume_stream(self, caller: HubConnectionContext, message_id: str) -> bool:
        """Send what was held as one delta, then go on; False when nothing is, as after the answer's end."""
        conversation = await self._streaming(caller, check_message_id(message_id))
        return conversation is not None and conversation.fan_out.resume(caller, message_id)

    @hub_method(ChatMethod.CREATE_CONVERSATION)
    async def create_conversation(
        self, caller: HubConnectionContext, options: ConversationOptions
    ) -> ConversationInfo:
        """Create a conversation owned by the caller; theirs already: return it as it is. Nobody joins it."""
        return await self._membership.create(caller.user.user_id, options)

    @hub_method(ChatMethod.LIST_CONVERSATIONS)
    async def list_conversations(self, caller: HubConnectionContext) -> list[ConversationInfo]:
        """Return the conversations the caller has a role in, newest activity first."""
        return await self._membership.of_user(caller.user.user_id)

    @hub_method(ChatMethod.ADD_MEMBER)
    async def add_member(
        self, caller: HubConnectionContext, conversation_id: str, member: str | MemberOptions
    ) -> None:
        """Make a user a member (``member``: their id), or ``{userId, role}``; for owners."""
        await self._membership.add(caller.user.user_id, conversation_id, member)

    @hub_method(ChatMethod.REMOVE_MEMBER)
    async def remove_member(self, caller: HubConnectionContext, conversation_id: str, user_id: str) -> None:
        """Take a user out; their open connections lose the conversation at once. For owners."""
        await self._membership.remove(caller.user.user_id, conversation_id, user_id)

    @hub_method(ChatMethod.REFRESH_TOKEN)
    async def refresh_token(self, caller: HubConnectionContext, token: str) -> float:
        """Go on with a newer token of the same user; return when it ends (epoch seconds)."""
        return (await caller.refresh(token)).expires_at

    def _joined(self, caller: HubConnectionContext) -> dict[str, Conversation]:
        joined: dict[str, Conversation] = caller.items.setdefault(_JOINED, {})
        return joined

    async def _streaming(self, caller: HubConnectionContext, message_id: str) -> Conversation | None:
        """Return the caller's conversation in which that answer is being written."""
        for conversation in list(self._joined(caller).values()):
            if conversation.fan_out.is_open(message_id):
                return await self._readable(caller, conversation.conversation_id)
        return None

    async def _readable(self, caller: HubConnectionContext, conversation_id: str) -> Conversation:
        conversation, user_id = self._entered(caller, conversation_id), caller.user.user_id
        if not conversation.access.remembers(user_id, READERS):
            await conversation.access.require_reader(user_id)
        return conversation

    async def _writable(self, caller: HubConnectionContext, conversation_id: str) -> Conversation:
        conversation, user_id = self._entered(caller, conversation_id), caller.user.user_id
        if not conversation.access.remembers(user_id, WRITERS):
            await conversation.access.require_writer(user_id)
        return conversation

    def _entered(self, caller: HubConnectionContext, conversation_id: str) -> Conversation:
        conversation = self._joined(caller).get(check_conversation_id(conversation_id))
        if conversation is None or not conversation.has(caller.connection_id):
            raise HubException(ErrorText.UNAUTHORIZED)
        return conversation

    async def _enter(
        self,
        caller: HubConnectionContext,
        conversation_id: str,
        work: Callable[[Conversation], Awaitable[T]],
    ) -> T:
        """Let the caller in, where they may, by ``work``; nothing is awaited after it."""
        joined = self._joined(caller)
        most = self._settings.conversations_per_connection
        if len(joined) >= most and conversation_id not in joined:
            raise HubException(
                f"Conversation limit exceeded ({len(joined)}/{most}). Leave one before joining another."
            )
        user_id = caller.user.user_id
        conversation = await self.conversations.open(check_conversation_id(conversation_id), user_id)
        if conversation is None:
            raise HubException(ErrorText.UNAUTHORIZED)

        async def check_and_work() -> T:
            while True:
                changes = conversation.access.changes
                await conversation.access.require_reader(user_id)
                found = await work(conversation)
                if changes == conversation.access.changes:
                    return found
                # Roles changed while the caller came in; nothing was sent to them yet.
                conversation.leave(caller.connection_id)

        result = await conversation.pinned(check_and_work())
        is_new = conversation_id not in joined
        joined[conversation_id] = conversation
        warning = warning_of_count("conversations", "connection", len(joined), most) if is_new else None
        if warning is not None:
            self.on_limit_warning(caller, warning)
        return result


def _author(caller: HubConnectionContext) -> Author:
    return Author(user_id=caller.user.user_id, user_name=caller.user.user_name)
