"""Posting a message: committed with its answer's placeholder in one step, then the answer takes its turn."""

from __future__ import annotations

import uuid
from typing import Any, Protocol

from conduit_widget.chat.answers.answer_options import AnswerOptions, wants_answer
from conduit_widget.chat.answers.generation import GenerationJob
from conduit_widget.chat.answers.generation_queue import GenerationQueue, Place
from conduit_widget.chat.history.store import Commit
from conduit_widget.chat.live.conversation import Conversation
from conduit_widget.types import Author, ChatMessage, MessageError, ProviderStatus, SendReceipt

__all__ = ["ModelNames", "post_message"]


class ModelNames(Protocol):
    """Knows the models that may be named in a message."""

    def statuses(self) -> list[ProviderStatus]:
        """Return the state of every provider, its models included."""


async def post_message(
    conversation: Conversation,
    generations: GenerationQueue,
    providers: ModelNames,
    *,
    author: Author,
    message: ChatMessage,
    options: AnswerOptions,
) -> SendReceipt:
    """Commit a user's message and return its receipt; the model answers where it should.

    A repeated message (same id, same author) has the first receipt, and no second answer.
    """
    if not wants_answer(conversation.assistant, options, message.text, lambda: _names(providers)):
        return await conversation.append(author, message, None, lambda _commit: None)
    with generations.reserve(conversation.conversation_id, author.user_id) as place:
        answer = _placeholder(message, place)

        def enqueue(commit: Commit) -> None:
            if commit.duplicate or answer.error is not None:
                return
            question, placeholder = commit.events
            generations.enqueue(
                GenerationJob(
                    room=conversation,
                    question_seq=question.seq,
                    author_id=author.user_id,
                    answer=ChatMessage.from_wire(placeholder.arguments[0]),
                    answer_seq=placeholder.seq,
                    options=options,
                )
            )

        return await conversation.append(author, message, answer, enqueue)


def _names(providers: ModelNames) -> list[str]:
    return [name for status in providers.statuses() for name in (status.provider, *status.models)]


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
