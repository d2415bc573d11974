"""What a generation needs from others: its job, the conversation, the providers, an observer."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from conduit_widget.chat.answers.answer_options import AnswerOptions
from conduit_widget.chat.history.store import StoredStream
from conduit_widget.providers.limits.prices import Price
from conduit_widget.providers.outcome import GenerationOutcome
from conduit_widget.providers.provider import Failover, Provider
from conduit_widget.types import ChatMessage, HistoryPage, StreamMetadata


class AnsweredConversation(Protocol):
    """The conversation, as an answer being written needs it."""

    @property
    def conversation_id(self) -> str:
        """Where the answer goes."""

    @property
    def system_prompt(self) -> str | None:
        """What its owner has set for every answer; None for the hub's default."""

    @property
    def is_on_several_nodes(self) -> bool:
        """Whether other nodes write answers of it, too: then they are written in the order of the log."""

    def turn(self, answer_seq: int) -> Coroutine[Any, Any, bool] | None:
        """Return what waits for an answer's turn among other nodes' (False: it has been ended); None: now."""

    def stream(self, text: str, metadata: StreamMetadata) -> None:
        """Send a delta to the conversation's connections; the answer's open stream has it already."""

    async def ancestors(self, message_id: str, limit: int) -> HistoryPage:
        """Return the messages that lead to a message, up to ``limit`` of them, oldest first."""

    async def checkpoint(self, stream: StoredStream) -> None:
        """Keep the text so far."""

    async def finish_answer(self, message: ChatMessage, on_commit: Callable[[], None]) -> None:
        """Commit the final version, end the stream, call ``on_commit``: unless another node was first."""


class ProviderChoice(Protocol):
    """Picks the provider of a generation."""

    def select(self, provider: str | None, model: str | None, *, failover: bool | None = None) -> Provider:
        """Return the provider to ask, which may stand for several; with ``failover`` False for none.

        Raises:
            ProviderError: there is none; the text says what to do.

        """

    def price(self, provider: str) -> Price | None:
        """Return what a provider's tokens cost; None while nobody has said."""


class GenerationObserver(Protocol):
    """Is told about every generation that a provider is asked for."""

    def began(self) -> None:
        """A provider is asked for an answer."""

    def failed_over(self, job: GenerationJob, failover: Failover, failed: GenerationOutcome | None) -> None:
        """A provider failed in an answer that another one takes over, or would, were there one.

        ``failed`` is how it did; None where nobody takes over: then ``ended`` tells that.
        """

    def ended(self, outcome: GenerationOutcome) -> None:
        """The provider's work on one of those answers is over."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class GenerationJob:
    """An answer to write: ``answer`` is its committed placeholder, at ``answer_seq``."""

    conversation: AnsweredConversation
    author_id: str
    answer: ChatMessage
    answer_seq: int
    options: AnswerOptions
