"""Ending an answer by wish of somebody in its conversation, whichever node writes it."""

from __future__ import annotations

from collections.abc import Mapping

from conduit_widget.chat.answers.generation_queue import GenerationQueue
from conduit_widget.chat.live.conversation import Conversation
from conduit_widget.contract import ErrorText
from conduit_widget.errors import HubException

__all__ = ["stop_answer"]


async def stop_answer(
    joined: Mapping[str, Conversation], generations: GenerationQueue, user_id: str, answer_id: str
) -> bool:
    """End an answer, keeping its text; False when it is not being written (any more) in what the user joined.

    In an open conversation every member may stop an answer; in a members' conversation whoever asked, and an
    owner.

    Raises:
        HubException: they may not, or the node that writes it cannot be told at present.

    """
    generation = generations.find(answer_id)
    if generation is not None:
        conversation = joined.get(generation.job.room.conversation_id)
        if conversation is None:
            return False  # as for an answer that never was
        await _require_right(conversation, user_id, answer_id, asker=generation.job.author_id)
        generations.stop(generation, "cancelled")
        return True
    for conversation in list(joined.values()):
        nodes = conversation.nodes
        if nodes is not None and nodes.is_written_elsewhere(answer_id):
            await _require_right(conversation, user_id, answer_id)
            if not nodes.stop(answer_id):
                raise HubException(ErrorText.TIMED_OUT)
            return True
    return False


async def _require_right(
    conversation: Conversation, user_id: str, answer_id: str, *, asker: str | None = None
) -> None:
    role = await conversation.access.require_writer(user_id)
    if conversation.access.is_open or role == "owner":
        return
    if user_id != (asker or await conversation.asker_of(answer_id)):
        raise HubException(ErrorText.UNAUTHORIZED)
