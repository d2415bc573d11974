"""Having answers written: the placeholder that is committed first, and the job that fills it."""

from __future__ import annotations

import uuid
from typing import Any

from conduit_widget.chat.answers.answer_options import AnswerOptions
from conduit_widget.chat.answers.generation_job import GenerationJob
from conduit_widget.chat.answers.generation_queue import Place
from conduit_widget.chat.history.store import Commit
from conduit_widget.chat.live.conversation import Conversation
from conduit_widget.chat.methods.base import ChatMethods
from conduit_widget.types import Author, ChatMessage, MessageError, SendReceipt


class AskingMethods(ChatMethods):
    """The base class of the capabilities that have a model write."""

    async def _ask(
        self,
        conversation: Conversation,
        author: Author,
        question: ChatMessage,
        options: AnswerOptions,
        *,
        is_root: bool = False,
    ) -> SendReceipt:
        """Commit a question with the placeholder of its answer, and have that written."""
        with self.generations.reserve(conversation.conversation_id, author.user_id) as place:
            return await conversation.messages.append(
                author,
                question,
                _placeholder(question.id, place),
                lambda commit: self._enqueue(conversation, author, options, commit),
                is_root=is_root,
            )

    async def _ask_again(
        self,
        conversation: Conversation,
        author: Author,
        question_id: str,
        options: AnswerOptions,
        answer_id: str | None,
    ) -> SendReceipt:
        """Commit the placeholder of another answer to a question, and have that written."""
        with self.generations.reserve(conversation.conversation_id, author.user_id) as place:
            return await conversation.messages.append_answer(
                author,
                _placeholder(question_id, place, answer_id),
                lambda commit: self._enqueue(conversation, author, options, commit),
            )

    def _enqueue(
        self, conversation: Conversation, author: Author, options: AnswerOptions, commit: Commit
    ) -> None:
        """Have a committed placeholder answered, unless its commit is a repeated one."""
        if commit.duplicate:
            return
        placeholder = commit.events[-1]
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


def _placeholder(question_id: str, place: Place, answer_id: str | None = None) -> ChatMessage:
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
        id=answer_id or str(uuid.uuid4()),
        role="assistant",
        content="",
        parent_id=question_id,
        metadata=metadata,
        error=error,
    )
