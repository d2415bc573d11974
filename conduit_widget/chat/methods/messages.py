"""Sending a message: it is committed with its answer's placeholder in one step, then the answer is queued."""

from __future__ import annotations

from typing import Any

from conduit_widget.chat.answers.answer_options import wants_answer
from conduit_widget.chat.methods.asking import AskingMethods
from conduit_widget.chat.methods.validation import check_message
from conduit_widget.contract import ChatMethod
from conduit_widget.hub.calls.hub import hub_method
from conduit_widget.hub.calls.work_queue import release_next_call
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.types import Author, SendReceipt


class MessageMethods(AskingMethods):
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
        mentions = checked.metadata.get("mentions", ())
        if not wants_answer(
            conversation.shared.assistant, options, checked.text, self._model_names, mentions=mentions
        ):
            return await conversation.messages.append(author, checked, None, lambda _commit: None)
        return await self._ask(conversation, author, checked, options)

    def _model_names(self) -> list[str]:
        """Return the names of all providers and models, which may be mentioned in a message."""
        return [name for status in self._providers.statuses() for name in (status.provider, *status.models)]
