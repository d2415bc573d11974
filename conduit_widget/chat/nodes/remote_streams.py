"""Answers that other nodes write: their text so far, relayed without a hole. No I/O, no clock of its own.

Readers here get each character of an answer once, whatever the bus repeats or loses: a delta has an offset, a
delta that leaves a hole is dropped and the whole text asked for, and the end brings what is still missing.
"""

from __future__ import annotations

import dataclasses
from typing import Final

import msgspec

from conduit_widget.chat.answers.answer_end import finish_reason_of
from conduit_widget.chat.history.store import StoredStream
from conduit_widget.types import ChatMessage, OpenStream, StreamMetadata, StreamMetrics

ASK_INTERVAL: Final = 0.5
"""Seconds until the whole text of an answer is asked for again."""


@dataclasses.dataclass(frozen=True, slots=True)
class Relay:
    """A delta to send to the readers here."""

    text: str
    metadata: StreamMetadata


class _Answer:
    """What the readers here have been sent of one answer."""

    __slots__ = (
        "asked_at",
        "done",
        "heard",
        "index",
        "length",
        "metrics",
        "model",
        "parts",
        "provider",
        "reasoning",
        "seq",
        "started",
    )

    def __init__(self, seq: int, *, heard: bool) -> None:
        self.seq = seq
        self.heard = heard  # from its writer; else all that is known is a checkpoint
        self.parts: list[str] = []
        self.length = 0
        self.index = 0
        self.model = ""
        self.provider = ""
        self.reasoning = ""  # bounded, so that adding to it stays cheap
        self.metrics: StreamMetrics | None = None
        self.started = False
        self.done = False
        self.asked_at = float("-inf")

    @property
    def text(self) -> str:
        if len(self.parts) > 1:
            self.parts = ["".join(self.parts)]
        return self.parts[0] if self.parts else ""


class RemoteStreams:
    """The open answers of one conversation that this node does not write itself."""

    def __init__(self) -> None:
        self._answers: dict[str, _Answer] = {}

    def __contains__(self, message_id: object) -> bool:
        return message_id in self._answers

    def ids(self) -> list[str]:
        """Return the ids of the open answers, the oldest first."""
        return list(self._answers)

    def open(self, message_id: str, seq: int) -> None:
        """Add a new answer, whose message, at ``seq``, has been sent to the readers here."""
        self._answers.setdefault(message_id, _Answer(seq, heard=True))

    def restore(self, stream: StoredStream) -> None:
        """Add an answer as it was at its checkpoint."""
        answer = self._answers.setdefault(stream.message_id, _Answer(stream.seq, heard=False))
        if stream.text and not answer.length:
            answer.parts, answer.length, answer.index = [stream.text], len(stream.text), stream.index
            answer.model, answer.provider, answer.started = stream.model, stream.provider, True

    def token(self, text: str, metadata: StreamMetadata) -> Relay | None:
        """Return the part of a delta that continues the text, or None: it is a repeat, or leaves a hole.

        :meth:`wants_text` tells whether it left a hole.
        """
        answer = self._answers.get(metadata.message_id)
        if answer is None or answer.done:
            return None
        if metadata.kind == "reasoning":
            return self._reasoning(answer, text, metadata)
        if metadata.offset > answer.length:
            return None
        new = text[answer.length - metadata.offset :]
        if text and not new and not metadata.done:
            return None
        count = max(metadata.index + metadata.count - answer.index, 0)
        relay = Relay(new, _continuing(answer, metadata, count))
        self._sent(answer, relay)
        return relay

    def whole_reasoning(self, stream: OpenStream) -> Relay | None:
        """Return the part of an answer's reasoning so far that is new here."""
        answer = self._answers.get(stream.message_id)
        if answer is None or answer.done:
            return None
        metadata = StreamMetadata(
            message_id=stream.message_id,
            seq=answer.seq,
            index=0,
            count=0,
            offset=0,
            model=stream.model,
            provider=stream.provider,
            kind="reasoning",
        )
        return self._reasoning(answer, stream.reasoning, metadata)

    def whole(self, stream: OpenStream) -> Relay | None:
        """Return the part of an answer's whole text so far that is new here."""
        answer = self._answers.get(stream.message_id)
        if answer is None or answer.done or len(stream.text) <= answer.length:
            return None
        metadata = StreamMetadata(
            message_id=stream.message_id,
            seq=answer.seq,
            index=answer.index,
            count=max(stream.index - answer.index, 0),
            offset=answer.length,
            model=stream.model,
            provider=stream.provider,
            metrics=stream.metrics,
        )
        relay = Relay(stream.text[answer.length :], metadata)
        self._sent(answer, relay)
        return relay

    def wants_text(self, metadata: StreamMetadata, now: float) -> bool:
        """Whether to ask for the whole text, because this delta left a hole; not twice in a moment."""
        answer = self._answers.get(metadata.message_id)
        if answer is None or answer.done:
            return False
        length = len(answer.reasoning) if metadata.kind == "reasoning" else answer.length
        if metadata.offset <= length:
            return False
        if now < answer.asked_at + ASK_INTERVAL:
            return False
        answer.asked_at = now
        return True

    def finish(self, message: ChatMessage) -> Relay | None:
        """Return the last delta of an answer, of which this is the final version; then :meth:`forget` it.

        The delta completes what was sent. It is None if the readers here have had it, or if the final text is
        another one (a shorter one: the writer had been taken for dead): the final message replaces what was
        sent.
        """
        answer = self._answers.get(message.id)
        if answer is None or answer.done:
            return None
        if not message.text.startswith(answer.text):
            answer.done = True
            return None
        missing = message.text[answer.length :]
        metadata = StreamMetadata(
            message_id=message.id,
            seq=answer.seq,
            index=answer.index,
            count=1 if missing else 0,
            offset=answer.length,
            model=answer.model,
            provider=answer.provider,
            done=True,
            finish_reason=finish_reason_of(message),
        )
        relay = Relay(missing, metadata)
        self._sent(answer, relay)
        return relay

    def text_heard(self, message_id: str) -> str | None:
        """Return an answer's text so far, as the readers here have it.

        It is None for an answer that is not known, or of which only the checkpoint is known.
        """
        answer = self._answers.get(message_id)
        return answer.text if answer is not None and answer.heard else None

    def forget(self, message_id: str) -> None:
        """Drop an answer that has ended (harmless when it is not known)."""
        self._answers.pop(message_id, None)

    def streams(self, *, with_first: bool) -> list[OpenStream]:
        """Return the answers that have begun, with the text the readers here have.

        ``with_first`` adds the one whose turn it is, even if nothing was heard of it yet: a reader who comes
        from a node that heard more must know that this node is behind.
        """
        first = min((answer.seq for answer in self._answers.values()), default=0) if with_first else 0
        return [
            OpenStream(
                message_id=message_id,
                seq=answer.seq,
                text=answer.text,
                index=answer.index,
                model=answer.model,
                provider=answer.provider,
                metrics=answer.metrics,
                reasoning=answer.reasoning,
            )
            for message_id, answer in self._answers.items()
            if answer.started or answer.seq == first
        ]

    def _reasoning(self, answer: _Answer, text: str, metadata: StreamMetadata) -> Relay | None:
        """Add a piece of reasoning; a hole stays until all of it comes, at the latest with the end."""
        length = len(answer.reasoning)
        new = text[length - metadata.offset :] if metadata.offset <= length else ""
        if not new:
            return None
        answer.reasoning += new
        answer.started = answer.heard = True
        return Relay(new, msgspec.structs.replace(metadata, offset=length))

    def _sent(self, answer: _Answer, relay: Relay) -> None:
        metadata = relay.metadata
        if relay.text:
            answer.parts.append(relay.text)
            answer.length += len(relay.text)
        answer.index = max(answer.index, metadata.index + metadata.count)
        answer.model = metadata.model or answer.model
        answer.provider = metadata.provider or answer.provider
        answer.metrics = metadata.metrics or answer.metrics
        answer.started = answer.heard = True
        answer.done = metadata.done


def _continuing(answer: _Answer, metadata: StreamMetadata, count: int) -> StreamMetadata:
    """Return the metadata of a delta for its part that is new here."""
    if metadata.offset == answer.length:
        return metadata
    return msgspec.structs.replace(metadata, offset=answer.length, index=answer.index, count=count)
