"""New branches: another text of a question, another answer to it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from conduit_widget.chat.answers.answer_options import AnswerOptions, read_options
from conduit_widget.chat.history.revisions import AnsweredError, is_deleted
from conduit_widget.chat.live.conversation import Conversation
from conduit_widget.chat.methods.asking import AskingMethods
from conduit_widget.chat.methods.base import author_of
from conduit_widget.chat.methods.validation import SERVER_OWNED, check_content, check_message_id
from conduit_widget.contract import ChatMethod, ErrorText
from conduit_widget.errors import HubException, ValidationError
from conduit_widget.hub.calls.hub import hub_method
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.types import Author, ChatMessage, Content, SendReceipt

_SIBLINGS: Final = uuid.UUID("6e5b7b3c-70b1-4a0a-9f59-8a1f0a3c5f0e")
_CHOSEN: Final = ("model", "provider", "failover")


class BranchMethods(AskingMethods):
    """Messages beside messages; the old ones stay."""

    @hub_method(ChatMethod.EDIT_MESSAGE)
    async def edit_message(self, caller: HubConnectionContext, message_id: str, content: Any) -> SendReceipt:
        """Give the caller's own message another text; the receipt is that of the message that has it.

        One that was never answered is changed in its place. One that was gets a sibling, which is answered
        anew. The same text again changes nothing.
        """
        conversation, message = await self._located(caller, message_id)
        await self._writable(caller, conversation.conversation_id)
        user = caller.user
        if message["role"] != "user" or author_of(message) != user.user_id:
            raise HubException(ErrorText.UNAUTHORIZED)
        checked = check_content(content)
        try:
            return await conversation.revisions.revise(message_id, checked)
        except AnsweredError:
            author = Author(user_id=user.user_id, user_name=user.user_name)
            return await self._edit_beside(conversation, author, message, checked)

    @hub_method(ChatMethod.REGENERATE_MESSAGE)
    async def regenerate_message(
        self, caller: HubConnectionContext, message_id: str, options: dict[str, Any] | None = None
    ) -> SendReceipt:
        """Have a question answered again; the receipt is the new answer's, which stands beside the old.

        ``message_id`` is an answer's, or the question's. ``options``: model, provider, parameters,
        systemPrompt, where they are to differ from the question's, and ``answerId``, a new id: the same again
        returns the same receipt and begins no second answer.
        """
        conversation, message = await self._located(caller, message_id)
        await self._writable(caller, conversation.conversation_id)
        question = await self._question_of(conversation, message)
        answer_id = (options or {}).get("answerId")
        if answer_id is not None:
            check_message_id(answer_id, "answerId")
        author = Author(user_id=caller.user.user_id, user_name=caller.user.user_name)
        asked = _options(question.get("metadata", {}), options or {})
        return await self._ask_again(conversation, author, question["id"], asked, answer_id)

    async def _question_of(self, conversation: Conversation, message: dict[str, Any]) -> dict[str, Any]:
        question: dict[str, Any] | None = message
        if message["role"] != "user":
            parent_id = message.get("parentId")
            question = parent_id and await self._store.message(conversation.conversation_id, parent_id)
        if not question or question["role"] != "user":
            raise ValidationError("message", "answers no question of this conversation")
        return question

    async def _edit_beside(
        self, conversation: Conversation, author: Author, old: dict[str, Any], content: Content
    ) -> SendReceipt:
        """Commit an answered message's new text as its sibling, and have that answered."""
        conversation_id = conversation.conversation_id
        parent_id = old.get("parentId")
        if parent_id is None:
            before = await self._store.ancestors(
                conversation_id, old["id"], limit=1, max_bytes=self._settings.reply_bytes
            )
            parent_id = before.messages[-1]["id"] if before.messages else None
        own = {key: value for key, value in old.get("metadata", {}).items() if key not in SERVER_OWNED}
        sibling = ChatMessage(
            id=await self._sibling_id(conversation_id, old["id"], content),
            role="user",
            content=content,
            parent_id=parent_id,
            author=author,
            attachments=old.get("attachments", []),
            metadata={**own, "editOf": old["id"]},
        )
        options = read_options(own)
        return await self._ask(conversation, author, sibling, options, is_root=parent_id is None)

    async def _sibling_id(self, conversation_id: str, message_id: str, content: Content) -> str:
        """Return the id of the sibling with this text: the same for a retry, another after a deletion."""
        name = msgspec.json.encode([conversation_id, message_id, content])
        while True:
            sibling_id = str(uuid.uuid5(_SIBLINGS, hashlib.sha256(name).hexdigest()))
            found = await self._store.message(conversation_id, sibling_id)
            if found is None or not is_deleted(found):
                return sibling_id
            name += b"+"


def _options(question: Mapping[str, Any], options: Mapping[str, Any]) -> AnswerOptions:
    """Return how an answer is wanted: as its question says, but for what ``options`` say."""
    chosen = {key: question[key] for key in _CHOSEN if key in question}
    if any(options.get(key) for key in ("model", "provider")):
        chosen = {key: options[key] for key in ("model", "provider") if options.get(key)}
    parameters = options.get("parameters")
    if parameters is not None and not isinstance(parameters, Mapping):
        raise ValidationError("parameters", "must be an object")
    given = {**_mapping(question.get("parameters")), **_mapping(parameters)}
    if options.get("systemPrompt") is not None:
        given["systemPrompt"] = options["systemPrompt"]
    return read_options({**chosen, "parameters": given})


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
