"""Sending a message: it is committed with its answer's placeholder in one step, then the answer is queued."""

from __future__ import annotations

import uuid
from typing import Any

from conduit_widget.chat.answers.answer_options import AnswerOptions, wants_answer
from conduit_widget.chat.answers.generation_job import GenerationJob
from conduit_widget.chat.answers.generation_queue import Place
from conduit_widget.chat.history.store import Commit
from conduit_widget.chat.live.conversation import Conversation
from conduit_widget.chat.methods.base import ChatMethods
from conduit_widget.chat.methods.validation import check_message
from conduit_widget.contract import ChatMethod
from conduit_widget.hub.calls.hub import hub_method
from conduit_widget.hub.calls.work_queue import release_next_call
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.types import Author, ChatMessage, MessageError, SendReceipt


class MessageMethods(ChatMethods):
    """What people write."""

    @hub_method(ChatMethod.SEND_MESSAGE)
    async def send_message(
        self, caller: HubConnectionContext, conversation_id: str, message: dict[str, Any]
    ) -> SendReceipt:
        """Commit a message; the same id again returns the same receipt and begins no second answer."""
        conversation = await self._writable(caller, conversation_id)
        author = Author(user_id=caller.user.user_id, user_name=caller.user.user_name)
        checked, options = check_message(message, author)
        # Nothing is awaited from here until the store has it in its queue: the order is settled.
        release_next_call()
        if not wants_answer(conversation.assistant, options, checked.text, self._model_names):
            return await conversation.messages.append(author, checked, None, lambda _commit: None)
        with self.generations.reserve(conversation_id, author.user_id) as place:
            answer = _placeholder(checked, place)
            return await conversation.messages.append(
                author, checked, answer, lambda commit: self._enqueue(conversation, author, options, commit)
            )

    def _enqueue(
        self, conversation: Conversation, author: Author, options: AnswerOptions, commit: Commit
    ) -> None:
        """Have a committed placeholder answered, unless its commit is a repeated one."""
        if commit.duplicate:
            return
        _, placeholder = commit.events
        answer = ChatMessage.from_wire(placeholder.arguments[0])
        if answer.error is None:
            self.generations.enqueue(
                GenerationJob(
                    conversation=conversation.answers,
                    author_id=author.user_id,
                    answer=answer,
                    answer_seq=placeholder.seq,
                    options=options,
                )
            )

    def _model_names(self) -> list[str]:
        """Return the names of all providers and models, which may be mentioned in a message."""
        return [name for status in self._providers.statuses() for name in (status.provider, *status.models)]


def _placeholder(question: ChatMessage, place: Place) -> ChatMessage:
    # No model yet: which one answers is what the provider says, not what somebody wished for.
    metadata: dict[str, Any] = {"status": place}
    error = None
    if place == "full":
        metadata = {**metadata, "status": "error", "finishReason": "error"}
        error = MessageError(
            type="rate_limit",
            recoverable=True,
            message="Too many questions wait for an answer. Ask again when some are answered.",
        )
    return ChatMessage(
        id=str(uuid.uuid4()),
        role="assistant",
        content="",
        parent_id=question.id,
        metadata=metadata,
        error=error,
    )
