"""What the capabilities of the chat hub share: its parts, and the check that a caller may use a conversation.

A capability is a subclass of :class:`ChatMethods` with the methods that clients call. Each checks its
arguments and its caller in a few lines, then delegates::

    class ReactionMethods(ChatMethods):
        @hub_method(ChatMethod.ADD_REACTION)
        async def add_reaction(self, caller: HubConnectionContext, conversation_id: str, name: str) -> None:
            conversation = await self._writable(caller, conversation_id)
            ...
"""

from __future__ import annotations

from typing import Any, Final

from conduit_widget.chat.answers.generation_queue import GenerationQueue
from conduit_widget.chat.answers.warm_up import WarmUp
from conduit_widget.chat.calls.seats import CallSeats
from conduit_widget.chat.files.file_area import FileArea
from conduit_widget.chat.files.prompt_files import PromptFiles
from conduit_widget.chat.history.store import HistoryStore
from conduit_widget.chat.live.access import READERS, WRITERS
from conduit_widget.chat.live.conversation import Conversation
from conduit_widget.chat.live.conversations import Conversations
from conduit_widget.chat.live.membership import Membership
from conduit_widget.chat.methods.validation import check_conversation_id, check_message_id
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.chat.status.chat_metrics import ChatMetrics
from conduit_widget.chat.status.generation_outcomes import GenerationOutcomes
from conduit_widget.chat.status.limit_notices import WarnsOfLimits, user_rates
from conduit_widget.chat.status.notices import Notices
from conduit_widget.chat.status.provider_statuses import Providers
from conduit_widget.contract import ErrorText
from conduit_widget.errors import HubException
from conduit_widget.hub.backplane.backplane import Backplane
from conduit_widget.hub.delivery.connection import HubConnectionContext

_JOINED: Final = "chat.conversations"


class ChatMethods(WarnsOfLimits):
    """The base class of the chat hub's capabilities.

    A method refuses with a ``HubException`` whose text is for people. A conversation that the caller has not
    joined, may not read, or that does not exist is refused with the same "Unauthorized", so that nobody
    learns which conversations there are.
    """

    def __init__(
        self,
        store: HistoryStore,
        providers: Providers,
        settings: ChatSettings,
        metrics: ChatMetrics,
        backplane: Backplane | None = None,
        *,
        files: FileArea | None = None,
    ) -> None:
        self._settings = settings
        self._files = files
        self._metrics = metrics
        self._store = store
        self._providers = providers
        self.notices = Notices(backplane)
        self.warm_up = WarmUp(providers)
        self.generations = GenerationQueue(
            providers,
            settings,
            GenerationOutcomes(providers, metrics, self.notices),
            None if files is None else PromptFiles(files).attach,
        )
        self.conversations = Conversations(self, store, self.generations, settings, backplane)
        self._membership = Membership(store, self.conversations, settings)
        self.seats = CallSeats(backplane)
        self.user_rates = user_rates(settings)

    def _joined(self, caller: HubConnectionContext) -> dict[str, Conversation]:
        """Return the conversations that this connection has joined, by id."""
        joined: dict[str, Conversation] = caller.items.setdefault(_JOINED, {})
        return joined

    async def _readable(self, caller: HubConnectionContext, conversation_id: str) -> Conversation:
        """Return a joined conversation that the caller may read."""
        conversation, user_id = self._entered(caller, conversation_id), caller.user.user_id
        if not conversation.access.remembers(user_id, READERS):
            await conversation.access.require_reader(user_id)
        return conversation

    async def _writable(self, caller: HubConnectionContext, conversation_id: str) -> Conversation:
        """Return a joined conversation that the caller may write to."""
        conversation, user_id = self._entered(caller, conversation_id), caller.user.user_id
        if not conversation.access.remembers(user_id, WRITERS):
            await conversation.access.require_writer(user_id)
        return conversation

    async def _located(
        self, caller: HubConnectionContext, message_id: str
    ) -> tuple[Conversation, dict[str, Any]]:
        """Return a message that the caller may read, in wire form, and its conversation, which they joined.

        Ids are chosen by clients: of several messages with one id the caller's own is meant, else the oldest,
        so that nobody can put a message of theirs in another's place.
        """
        check_message_id(message_id)
        user_id, joined = caller.user.user_id, self._joined(caller)
        found = await self._store.locate(list(joined), message_id)
        if not found:
            raise HubException(ErrorText.UNAUTHORIZED)
        conversation_id, message = min(found, key=lambda each: _rank(each[1], user_id))
        return await self._readable(caller, conversation_id), message

    def _collect_files(self) -> None:
        """Delete the files that have just lost their last message."""
        if self._files is not None:
            self._files.collector.soon()

    def _entered(self, caller: HubConnectionContext, conversation_id: str) -> Conversation:
        conversation = self._joined(caller).get(check_conversation_id(conversation_id))
        if conversation is None or not conversation.has(caller.connection_id):
            raise HubException(ErrorText.UNAUTHORIZED)
        return conversation


def author_of(message: dict[str, Any]) -> str | None:
    """Return the id of the user who wrote a message in wire form."""
    author = message.get("author")
    return author.get("userId") if isinstance(author, dict) else None


def _rank(message: dict[str, Any], user_id: str) -> tuple[bool, bool, str]:
    metadata = message.get("metadata", {})
    # Who brings messages in chooses their ids and times.
    return "imported" in metadata, author_of(message) != user_id, str(metadata.get("timestamp", ""))
