"""The questions of one chat: sent, answered while somebody waits, stopped when nobody does any more."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Final

from conduit_widget.chat_client.connectivity import PATIENCE
from conduit_widget.chat_client.conversation.conversation import Conversation
from conduit_widget.chat_client.state.messages import is_final
from conduit_widget.errors import (
    ConduitError,
    ConnectionFailedError,
    InvocationTimeoutError,
    ProviderError,
    ValidationError,
)
from conduit_widget.text.plain_text import shown
from conduit_widget.types import ChatMessage, SendReceipt
from conduit_widget.widget.answers.answer import Answer
from conduit_widget.widget.answers.question import as_prompted

_logger = logging.getLogger(__name__)

ANSWER_PATIENCE: Final = 60.0
"""Seconds without a way to the hub after which whoever waits for the rest of an answer hears the reason."""

NAME_PATIENCE: Final = 10.0
"""Seconds in which an answer that nobody wants any more gets the id by which it can be stopped."""


class Questions:
    """Sends, asks and stops. Everything here runs on the loop thread.

    Args:
        conversation: returns the conversation, entered if need be.

    """

    def __init__(self, conversation: Callable[[], Conversation]) -> None:
        self._conversation = conversation
        self._answers: set[Answer] = set()
        self._stops: set[asyncio.Task[None]] = set()
        self._sending = self._stopping = 0

    @property
    def open(self) -> int:
        """How many sends, answers and stops are under way."""
        return self._sending + self._stopping + len(self._answers) + len(self._stops)

    async def send(
        self,
        message: ChatMessage,
        *,
        patience: float | None = None,
        keep: bool = True,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> SendReceipt:
        """Send a message; the receipt comes after the hub has committed it.

        After ``patience`` seconds without a way to the hub the reason is raised. With ``keep`` the message is
        still sent once there is a way.
        """
        self._sending += 1
        try:
            await self.check_provider(message.metadata.get("provider"))
            return await self._conversation().send(message, patience=patience, keep=keep, files=files)
        except ConduitError as error:
            raise as_prompted(error) from None
        finally:
            self._sending -= 1

    async def check_provider(self, name: str | None) -> None:
        """Refuse a provider that the hub does not have, before anything is sent.

        Raises:
            ValidationError: with the names of those it has.

        """
        conversation = self._conversation()
        providers = conversation.providers
        if name is None or not conversation.connectivity.live.is_set():
            return  # the hub will say
        if name not in (known := [status.provider for status in providers.statuses]):
            with contextlib.suppress(ConduitError):
                await providers.refresh()  # it may have come a moment ago
            known = [status.provider for status in providers.statuses]
        if known and name not in known:
            raise ValidationError(
                "provider", f"is none of this hub's. It has: {', '.join(map(shown, known))}."
            )

    async def begin(self, message: ChatMessage) -> Answer:
        """Send a question and follow its answer; give the answer back to :meth:`end`.

        If this is cancelled before the receipt is there, the answer is stopped as soon as it has an id.

        Raises:
            ProviderError: the hub says that no answer will come.
            ConduitError: the message was refused, or the connection ended for good.

        """
        conversation = self._conversation()
        answer = Answer(conversation, message.id)
        self._answers.add(answer)
        try:
            receipt = await self.send(message, patience=PATIENCE, keep=False)
        except asyncio.CancelledError:
            self.abandon(answer)
            raise
        except BaseException:
            self.end(answer)
            raise
        answer.id = answer.id or receipt.answer_id
        answer.watch(self._fail_out_of_reach(answer))
        if answer.id is None and conversation.transcript.epoch:
            self.end(answer)  # this hub names the answer it will give, so there will be none
            raise ProviderError("Your question was sent, but no model answers in this conversation.")
        return answer

    async def _fail_out_of_reach(self, answer: Answer) -> None:
        reason = await self._conversation().connectivity.wait_unreachable(ANSWER_PATIENCE)
        text = f"The hub has been out of reach for {ANSWER_PATIENCE:g} s while it answered: {reason}"
        answer.fail(ConnectionFailedError(text))

    def end(self, answer: Answer) -> None:
        """Stop following an answer."""
        self._answers.discard(answer)
        answer.close()

    async def ask(
        self,
        message: ChatMessage,
        patience: float | None,
        begun: Callable[[Answer], None] = lambda _: None,
    ) -> ChatMessage:
        """Send a question and wait for its finished answer; giving up stops the generation.

        Args:
            message: the question.
            patience: seconds to wait; None for ever.
            begun: called with the answer as soon as the question is committed.

        Raises:
            InvocationTimeoutError: not finished within ``patience`` seconds.
            ConduitError: the message was refused, the model failed, or the connection ended.

        """
        answer: Answer | None = None
        try:
            async with asyncio.timeout(patience):
                answer = await self.begin(message)
                begun(answer)
                return await answer.finished()
        except TimeoutError:
            self.abandon(answer)
            raise InvocationTimeoutError("ask", patience or 0.0) from None
        except asyncio.CancelledError:
            self.abandon(answer)
            raise
        finally:
            if answer is not None:
                self.end(answer)

    def abandon(self, answer: Answer | None) -> None:
        """Stop an answer that nobody waits for any more, and stop following it."""
        if answer is None or answer.message is not None:
            return
        task = asyncio.get_running_loop().create_task(self._stop_abandoned(answer))
        self._stops.add(task)
        task.add_done_callback(self._stops.discard)

    async def _stop_abandoned(self, answer: Answer) -> None:
        try:
            async with asyncio.timeout(NAME_PATIENCE):
                message_id = answer.id or await answer.named()
        except (TimeoutError, ConduitError):
            return  # the question had not left, or nothing answers it
        finally:
            self.end(answer)
        try:
            await self._conversation().unwanted.stop(message_id)
        except ConduitError as error:
            _logger.info("The generation could not be stopped: %s", error)

    async def stop(self, message_id: str) -> None:
        """End the generation of one answer."""
        self._stopping += 1
        try:
            await self._conversation().stop_generation(message_id)
        finally:
            self._stopping -= 1

    async def stop_all(self) -> None:
        """End every answer that is being written or waiting; having nothing to stop is fine."""
        for message in self._conversation().transcript.messages:
            if not is_final(message):
                await self.stop(message.id)

    def abandon_all(self, error: ConduitError) -> None:
        """End every wait with ``error``, and stop the answers that were waited for."""
        for answer in list(self._answers):
            answer.fail(error)
            if answer.id is not None:
                self.abandon(answer)

    async def stopped(self, timeout: float) -> None:
        """Wait up to ``timeout`` seconds for the stops under way."""
        if self._stops:
            await asyncio.wait(self._stops, timeout=timeout)
