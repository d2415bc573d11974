"""What a person at the prompt does to messages: the part of ``Chat`` that changes what was said."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from conduit_widget.chat_client.state.messages import is_deleted, read_messages
from conduit_widget.context.carrying import reworded
from conduit_widget.contract import ErrorText
from conduit_widget.errors import ConduitError, HubException, ValidationError
from conduit_widget.types import ChatMessage, SendReceipt
from conduit_widget.widget.answers.pending_result import PendingResult
from conduit_widget.widget.answers.question import as_prompted, check_text
from conduit_widget.widget.chat.backend import ChatBackend
from conduit_widget.widget.chat.connecting import CONNECT_TIMEOUT

_T = TypeVar("_T")

Named = ChatMessage | SendReceipt | str
"""A message, by itself, by the receipt of its sending, or by its id."""

_MAY_NOT: Final = "{hub}: there is no such message, it was deleted, or you may not {act} it."
"""The hub does not tell which, so that nobody learns what is in other conversations."""


class ChatActs:
    """Methods of ``Chat`` on messages that are there. Each returns at once, as ``chat.send`` does."""

    @property
    def _backend(self) -> ChatBackend:
        raise NotImplementedError

    def _pending(self, what: str, coroutine: Coroutine[Any, Any, _T]) -> PendingResult[_T]:
        raise NotImplementedError

    def edit(self, message: Named, text: str) -> PendingResult[SendReceipt]:
        """Give a message of yours another text; the receipt is that of the message that has it.

        One that was never answered changes in its place. One that was gets a message beside it, which is
        answered anew; the old one and its answer stay::

            receipt = chat.send("Whats the capital of France?").result()
            chat.edit(receipt, "What is the capital of France?").result()

        Raises:
            ValidationError: the text is empty or too long (when called).
            HubException: it is not yours, or was deleted, or the hub cannot (when awaited).

        """
        check_text(text)
        return self._pending("edit", _edit(self._backend, id_of(message), text.rstrip()))

    def react(self, message: Named, emoji: str, remove: bool = False) -> PendingResult[None]:
        """Add your reaction to a message, or take it away with ``remove``; one emoji or other character::

            chat.react(chat.messages[-1], "\N{THUMBS UP SIGN}").result()

        Raises (when awaited):
            HubException: that is no emoji, or the message has as many kinds as it may.

        """
        if not isinstance(emoji, str):
            raise ValidationError("emoji", f"must be a string, not {type(emoji).__name__}.")
        work = _react(self._backend, id_of(message), emoji, is_on=not remove)
        return self._pending("react", work)

    def pin(self, message: Named, remove: bool = False) -> PendingResult[None]:
        """Keep a message at hand for everybody, or let it go with ``remove``; :attr:`pinned` lists them::

            chat.pin(chat.messages[-1]).result()

        Raises (when awaited):
            HubException: you may not, or as many are pinned as may be (50).

        """
        return self._pending("pin", _pin(self._backend, id_of(message), is_on=not remove))

    @property
    def pinned(self) -> list[ChatMessage]:
        """The pinned messages of the conversation, the oldest first; the hub is asked.

        Raises:
            ConduitError: the hub cannot be asked; the text says why.

        """
        return self._pending("pinned", _pinned(self._backend)).result(CONNECT_TIMEOUT)

    def regenerate(
        self, message: Named | None = None, model: str | None = None, provider: str | None = None
    ) -> PendingResult[SendReceipt]:
        """Have a question answered again, the newest without a ``message``; the old answer stays beside it.

        ``message`` is an answer or its question. The receipt is the new answer's::

            receipt = chat.regenerate(model="another-model").result()

        Raises (when awaited):
            ValidationError: the hub has no such provider.
            ConduitError: there is no answer yet, or you may not; the text says which.

        """
        message_id = None if message is None else id_of(message)
        return self._pending("regenerate", _regenerate(self._backend, message_id, model, provider))

    def pause(self) -> PendingResult[None]:
        """Hold the text of answers being written; :meth:`resume` catches up at once::

            chat.pause().result()

        Held are ``chat.messages`` and every view of this conversation that this kernel shows; others read on.
        The model goes on writing, and an answer that ends is shown whole. The views say that they are paused,
        and their Resume ends it. A view's own Pause holds that view.
        """
        return self._pending("pause", _pause(self._backend))

    def resume(self) -> PendingResult[None]:
        """Show what was held since :meth:`pause`, and go on::

        chat.resume().result()
        """
        return self._pending("resume", _resume(self._backend))

    def delete(self, message: Named) -> PendingResult[None]:
        """Delete a message for everybody: its text, files and versions are gone from the hub.

        You may delete what you wrote, answers to it, and as an owner everything. A note that something was
        deleted stays in its place::

            chat.delete(chat.messages[-1]).result()

        Raises (when awaited):
            HubException: you may not, or the hub cannot.

        """
        return self._pending("delete", _delete(self._backend, id_of(message)))


def id_of(message: object) -> str:
    """Return the id of a message.

    Raises:
        ValidationError: it is neither a message, nor a receipt, nor an id.

    """
    if isinstance(message, ChatMessage | SendReceipt):
        return message.id
    if isinstance(message, str) and message:
        return message
    raise ValidationError(
        "message", f"must be a message of chat.messages, a receipt or an id, not {type(message).__name__}."
    )


async def _delete(backend: ChatBackend, message_id: str) -> None:
    try:
        await backend.conversation.revisions.delete(message_id)
    except ConduitError as error:
        raise _explained(error, "delete") from None


async def _edit(backend: ChatBackend, message_id: str, text: str) -> SendReceipt:
    try:
        known = backend.conversation.transcript.message(message_id)
        receipt = await backend.conversation.revisions.edit(message_id, reworded(known, text))
        return receipt or SendReceipt(id=message_id, seq=0, timestamp="")
    except ConduitError as error:
        raise _explained(as_prompted(error), "edit") from None


async def _react(backend: ChatBackend, message_id: str, emoji: str, *, is_on: bool) -> None:
    try:
        await backend.conversation.revisions.react(message_id, emoji, is_on=is_on)
    except ConduitError as error:
        raise _explained(error, "react to") from None


async def _pin(backend: ChatBackend, message_id: str, *, is_on: bool) -> None:
    try:
        await backend.conversation.revisions.pin(message_id, is_on=is_on)
    except ConduitError as error:
        raise _explained(error, "pin") from None


async def _pinned(backend: ChatBackend) -> list[ChatMessage]:
    return read_messages(await backend.conversation.revisions.pinned())


async def _regenerate(
    backend: ChatBackend, message_id: str | None, model: str | None, provider: str | None
) -> SendReceipt:
    if message_id is None:
        await backend.came_back()
        answers = [each for each in backend.messages() if each.role == "assistant" and not is_deleted(each)]
        if not answers:
            raise ConduitError("There is no answer yet: ask with `chat.ask`.")
        message_id = answers[-1].id
    await backend.questions.check_provider(provider)
    try:
        return await backend.conversation.revisions.regenerate(message_id, model=model, provider=provider)
    except ConduitError as error:
        raise _explained(as_prompted(error), "regenerate") from None


def _explained(error: ConduitError, act: str) -> ConduitError:
    """Return the hub's bare refusal with what it may be about, and every other error unchanged."""
    if isinstance(error, HubException) and str(error) == ErrorText.UNAUTHORIZED:
        return HubException(_MAY_NOT.format(hub=error, act=act))
    return error


async def _pause(backend: ChatBackend) -> None:
    await backend.conversation.pausing.pause()


async def _resume(backend: ChatBackend) -> None:
    await backend.conversation.pausing.resume()
