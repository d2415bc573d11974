"""Bringing a conversation in that was held elsewhere; nothing of it is sent to a model for that."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any, Final

from conduit_widget.chat.methods.base import ChatMethods
from conduit_widget.chat.methods.validation import check_content, check_message_id, check_title
from conduit_widget.contract import MAX_IMPORT_BATCH, ChatMethod
from conduit_widget.errors import HubException, NotInHistoryError, ValidationError
from conduit_widget.hub.calls.hub import hub_method
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.text.plain_text import is_plain, plain_name
from conduit_widget.text.times import iso_time
from conduit_widget.types import Author, ChatMessage, ImportBatch, ImportedMessage, ImportReceipt

_IMPORTS: Final = uuid.UUID("0d6a1a5e-4a7c-5d57-9b2e-0c7f4be2a8c1")
_MAX_NAME_CHARS: Final = 64
_ELSEWHERE: Final = "imported:"
_MAX_SOURCE_CHARS: Final = 32


class ImportMethods(ChatMethods):
    """Conversations that come from a file."""

    @hub_method(ChatMethod.IMPORT_CONVERSATION)
    async def import_conversation(
        self, caller: HubConnectionContext, key: str, batch: ImportBatch
    ) -> ImportReceipt:
        """Bring in a conversation, batch after batch of messages; the caller owns it when it is done.

        ``key`` names the import among the caller's: the same again, after a lost connection say, goes on with
        it. Before its last batch nobody can see it, and what is not finished within an hour is deleted.
        """
        user = caller.user
        title, source = check_title(batch.title), _checked_source(batch.source)
        if len(batch.messages) > MAX_IMPORT_BATCH:
            raise ValidationError(
                "messages", f"are {len(batch.messages)} at once; the limit is {MAX_IMPORT_BATCH}"
            )
        importer = _Importer(Author(user_id=user.user_id, user_name=user.user_name), source)
        messages = [importer.checked(each) for each in batch.messages]
        name = f"{user.user_id}\n{check_message_id(key, 'key')}"
        conversation_id = str(uuid.uuid5(_IMPORTS, name))
        is_open = await self._store.begin_import(
            conversation_id, owner_id=user.user_id, assistant=self._settings.assistant, title=title
        )
        count = 0
        if is_open:
            try:
                count = await self._store.append_imported(conversation_id, user.user_id, messages)
            except NotInHistoryError:
                raise HubException("The import has ended meanwhile; begin it again.") from None
        is_done = not is_open or batch.done
        if is_done and not await self._store.finish_import(conversation_id, user.user_id):
            raise HubException("You are no owner of the conversation that was imported from this.")
        return ImportReceipt(
            conversation_id=conversation_id, messages=count, done=is_done, existed=not is_open
        )


class _Importer:
    """Makes messages of what somebody brings in, marked as such."""

    def __init__(self, author: Author, source: str) -> None:
        self._author = author
        self._now = datetime.now(UTC)
        self._mark = {"source": source, "by": author.user_id, "at": iso_time(self._now)}

    def checked(self, imported: ImportedMessage) -> ChatMessage:
        """Return the message to store.

        Raises:
            ValidationError: a field is over its limit.

        """
        metadata: dict[str, Any] = {"imported": self._mark}
        written_at = self._moment(imported.timestamp)
        if written_at is not None:
            metadata["timestamp"] = written_at
        if imported.reply_to is not None:
            metadata["replyTo"] = check_message_id(imported.reply_to, "replyTo")
        author = None
        if imported.role == "user":
            author = self._author_of(plain_name(imported.author or "", _MAX_NAME_CHARS))
        else:
            metadata["status"] = "complete"
            metadata["model"] = plain_name(imported.model or "", _MAX_NAME_CHARS)
        return ChatMessage(
            id=check_message_id(imported.id),
            role=imported.role,
            content=check_content(imported.content),
            parent_id=None
            if imported.parent_id is None
            else check_message_id(imported.parent_id, "parent id"),
            author=author,
            metadata=metadata,
        )

    def _author_of(self, name: str) -> Author:
        """Return who wrote a message: somebody else is nobody of this hub, whatever their name."""
        if not name or name == self._author.user_name:
            return self._author
        return Author(user_id=f"{_ELSEWHERE}{name}", user_name=name)

    def _moment(self, text: str | None) -> str | None:
        """Return when a message was written, as the hub writes times; a time to come is none."""
        if text is None:
            return None
        try:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
            return iso_time(moment) if moment <= self._now else None
        except (ValueError, OverflowError):
            raise ValidationError("timestamp", "must be a time in ISO 8601") from None


def _checked_source(source: str) -> str:
    if not 0 < len(source) <= _MAX_SOURCE_CHARS or not is_plain(source):
        raise ValidationError("source", f"must be a name of 1 to {_MAX_SOURCE_CHARS} characters")
    return source
