"""The answer to one question, followed on the loop thread while it is written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final

from conduit_widget.chat_client.conversation.conversation import Conversation
from conduit_widget.chat_client.state.changes import (
    Change,
    ConnectionChange,
    MessageChange,
    ResetChange,
    TokenChange,
)
from conduit_widget.chat_client.state.messages import is_deleted, is_final
from conduit_widget.contract import ErrorText
from conduit_widget.errors import ConduitError, HubException, ProviderError
from conduit_widget.text.plain_text import shown
from conduit_widget.types import ChatMessage, ProviderStatus, StreamMetrics
from conduit_widget.widget.answers.answer_metrics import final_metrics

_NAMED_MODELS: Final = 12


class Answer:
    """Follows the answer to ``question_id``. Create it before the question is sent, to miss nothing."""

    def __init__(self, conversation: Conversation, question_id: str) -> None:
        self.id: str | None = None
        self._conversation = conversation
        self._question_id = question_id
        self._cursor = 0
        self._changed = asyncio.Event()
        self._error: ConduitError | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] = conversation.subscribe(self._on_changes)

    def watch(self, watcher: Coroutine[Any, Any, None]) -> None:
        """Run ``watcher`` as a task until :meth:`close`."""
        self._watcher = asyncio.get_running_loop().create_task(watcher)

    def close(self) -> None:
        """Stop following the answer."""
        self._unsubscribe()
        if self._watcher is not None:
            self._watcher.cancel()

    def fail(self, error: ConduitError) -> None:
        """Make every wait for this answer raise ``error``."""
        self._error = error
        self._changed.set()

    def _on_changes(self, changes: list[Change]) -> None:
        for change in changes:
            match change:
                case TokenChange(id=id_) if id_ == self.id:
                    self._changed.set()
                case MessageChange(message=message):
                    self._notice(message)
                case ResetChange():
                    for message in self._conversation.transcript.messages:
                        self._notice(message)
                case ConnectionChange(connection=link) if link.state == "offline":
                    self.fail(self._conversation.connectivity.refusal())
                case ConnectionChange(connection=link) if link.state == "removed":
                    self.fail(HubException(link.message or ErrorText.UNAUTHORIZED))

    def _notice(self, message: ChatMessage) -> None:
        is_answer = message.role == "assistant" and message.parent_id == self._question_id
        if self.id is None and is_answer:
            self.id = message.id
        if message.id == self.id:
            self._changed.set()

    async def named(self) -> str:
        """Wait until the answer has an id; return it.

        Raises:
            ConduitError: the connection ended for good, or we were removed.

        """
        while self.id is None:
            self._changed.clear()
            if self._error is not None:
                raise self._error
            await self._changed.wait()
        return self.id

    @property
    def text(self) -> str:
        """The text so far."""
        stream = self._conversation.transcript.streams.get(self.id or "")
        if stream is not None:
            return stream.text
        message = self._conversation.transcript.message(self.id) if self.id else None
        return "" if message is None else message.text

    @property
    def metrics(self) -> StreamMetrics | None:
        """How fast it is written, as the hub told last; of a finished one what its message says."""
        stream = self._conversation.transcript.streams.get(self.id or "")
        if stream is not None:
            return stream.metrics
        message = self.message
        return None if message is None else final_metrics(message)

    @property
    def message(self) -> ChatMessage | None:
        """The finished message, or None while it is being written."""
        message = self._conversation.transcript.message(self.id) if self.id else None
        if message is None or not is_final(message) or message.id in self._conversation.transcript.streams:
            return None
        return message

    async def next_text(self) -> str | None:
        """Return the text added since the last call, waiting until there is some; None at the end.

        Raises:
            ProviderError: the model failed.
            ConnectionFailedError: the connection ended for good.
            HubException: we were removed from the conversation.

        """
        while True:
            self._changed.clear()
            if text := self._pop_new_text():
                return text
            message = self.message
            if message is not None:
                self._raise_for_error(message)
                return None
            if self._error is not None:
                raise self._error
            await self._changed.wait()

    def _raise_for_error(self, message: ChatMessage) -> None:
        raise_for_error(message, models_line(self._conversation.providers.statuses))

    def _pop_new_text(self) -> str:
        stream = self._conversation.transcript.streams.get(self.id or "")
        if stream is not None:
            text = stream.text
        elif (message := self.message) is not None:
            text = message.text
        else:
            return ""
        added = text[self._cursor :]
        self._cursor += len(added)
        return added

    async def finished(self) -> ChatMessage:
        """Wait for the finished message; an answer that somebody stopped has the text so far.

        Raises:
            ProviderError: the model failed, or the answer broke off.
            ConnectionFailedError: the connection ended for good.

        """
        while True:
            self._changed.clear()
            message = self.message
            if message is not None:
                self._raise_for_error(message)
                return message
            if self._error is not None:
                raise self._error
            await self._changed.wait()


def models_line(statuses: Iterable[ProviderStatus]) -> str:
    """Return which models the providers have, in a sentence; empty where none is named."""
    lists = [
        f"{shown(status.provider)}: {', '.join(map(shown, status.models[:_NAMED_MODELS]))}"
        for status in statuses
        if status.models
    ]
    return f"There are {'; '.join(lists[:_NAMED_MODELS])}." if lists else ""


def raise_for_error(message: ChatMessage, models: str = "") -> None:
    """Raise the failure that a finished answer reports, if it does.

    Args:
        message: the answer.
        models: which models there are, told where the one that was asked for is not one of them.

    Raises:
        ProviderError: with the provider's type, code and suggestions.
        ConduitError: it was deleted.

    """
    if is_deleted(message):
        raise ConduitError("The answer was deleted. Ask again.")
    status = message.metadata.get("status")
    if message.error is not None:
        error = message.error
        said = (error.message or "").casefold()
        advice = " ".join(each for each in error.suggestions if each.rstrip(".").casefold() not in said)
        known = models if error.type == "model_not_found" else ""
        text = " ".join(filter(None, [error.message or f"The model failed ({error.type}).", advice, known]))
        raise ProviderError(
            text,
            type=error.type,
            code=error.code,
            status_code=error.status_code,
            retry_after=error.retry_after,
            recoverable=error.recoverable,
            suggestions=tuple(error.suggestions),
        )
    if status in {"error", "interrupted"}:
        raise ProviderError("The answer broke off; the text so far is in chat.messages. Ask again.")
