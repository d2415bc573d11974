"""Stopping answers, and holding their text for a connection."""

from __future__ import annotations

from conduit_widget.chat.live.conversation import Conversation
from conduit_widget.chat.methods.base import ChatMethods
from conduit_widget.chat.methods.validation import check_message_id
from conduit_widget.contract import ChatMethod, ErrorText
from conduit_widget.errors import HubException
from conduit_widget.hub.calls.hub import hub_method
from conduit_widget.hub.delivery.connection import HubConnectionContext


class AnswerMethods(ChatMethods):
    """What people may do with an answer while it is being written, whichever node writes it."""

    @hub_method(ChatMethod.STOP_GENERATION)
    async def stop_generation(self, caller: HubConnectionContext, message_id: str) -> bool:
        """End the answer of that id, keeping its text; return False if it is not being written (any more).

        In an open conversation every member may stop an answer; in a members' conversation whoever asked, and
        an owner.
        """
        answer_id = check_message_id(message_id)
        user_id, joined = caller.user.user_id, self._joined(caller)
        generation = self.generations.find(answer_id)
        if generation is not None:
            conversation = joined.get(generation.job.conversation.conversation_id)
            if conversation is None:
                return False  # as for an answer that never was
            await self._require_right_to_stop(conversation, user_id, answer_id, generation.job.author_id)
            self.generations.stop(generation, "cancelled")
            return True
        for conversation in list(joined.values()):
            if conversation.nodes.is_written_elsewhere(answer_id):
                await self._require_right_to_stop(conversation, user_id, answer_id)
                if not conversation.nodes.stop(answer_id):
                    raise HubException(ErrorText.TIMED_OUT)
                return True
        return False

    @hub_method(ChatMethod.PAUSE_STREAM, reads=True)
    async def pause_stream(self, caller: HubConnectionContext, message_id: str) -> bool:
        """Hold an answer's tokens for this connection; return False if it is not being written (any more).

        Its end is not held: the last delta (``done``) carries what was held, then comes ``MessageUpdated``. A
        new connection of the same client holds nothing.
        """
        conversation = await self._streaming(caller, check_message_id(message_id))
        return conversation is not None and conversation.fan_out.pause(caller, message_id)

    @hub_method(ChatMethod.RESUME_STREAM, reads=True)
    async def resume_stream(self, caller: HubConnectionContext, message_id: str) -> bool:
        """Send what was held as one delta, then go on; return False if nothing was, as after its end."""
        conversation = await self._streaming(caller, check_message_id(message_id))
        return conversation is not None and conversation.fan_out.resume(caller, message_id)

    async def _streaming(self, caller: HubConnectionContext, message_id: str) -> Conversation | None:
        """Return the caller's conversation in which that answer is being written."""
        for conversation in list(self._joined(caller).values()):
            if conversation.fan_out.is_open(message_id):
                return await self._readable(caller, conversation.conversation_id)
        return None

    async def _require_right_to_stop(
        self, conversation: Conversation, user_id: str, answer_id: str, asker: str | None = None
    ) -> None:
        role = await conversation.access.require_writer(user_id)
        if conversation.access.is_open or role == "owner":
            return
        if user_id != (asker or await self._asker_of(conversation.conversation_id, answer_id)):
            raise HubException(ErrorText.UNAUTHORIZED)

    async def _asker_of(self, conversation_id: str, answer_id: str) -> str | None:
        """Return the id of the user whose message an answer answers."""
        answer = await self._store.message(conversation_id, answer_id)
        if answer is None or "parentId" not in answer:
            return None
        question = await self._store.message(conversation_id, answer["parentId"])
        return None if question is None else question.get("author", {}).get("userId")
