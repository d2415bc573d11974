"""The growing text of an open answer, and one delta to it."""

from __future__ import annotations

from typing import Any, Self

import msgspec

from conduit_widget.types import Segment, StreamMetrics


class Delta(msgspec.Struct, frozen=True, kw_only=True):
    """One ``StreamToken`` event, read leniently: a hub with only the seed's methods gives no offset."""

    message_id: str
    text: str
    offset: int | None = None
    seq: int | None = None
    model: str = ""
    provider: str = ""
    done: bool = False
    finish_reason: str | None = None
    metrics: StreamMetrics | None = None
    kind: str | None = None
    segments: list[Segment] = []

    @classmethod
    def from_event(cls, text: str, metadata: dict[str, Any]) -> Self:
        """Read the event's metadata; keys may come in snake_case.

        Raises:
            msgspec.ValidationError: the message id is missing or a field has the wrong type.

        """
        fields = {_SNAKE.get(key, key): value for key, value in metadata.items()}
        if isinstance(metrics := fields.get("metrics"), dict):
            fields["metrics"] = {_camel(key): value for key, value in metrics.items()}
        return msgspec.convert({**fields, "text": text}, cls)


class OpenText:
    """Text so far of one answer, and its reasoning beside it. Lengths and offsets are code points."""

    def __init__(self, model: str = "", provider: str = "") -> None:
        self.model = model
        self.provider = provider
        self.metrics: StreamMetrics | None = None
        self.segments: list[Segment] = []
        """What providers that broke off have written; another has gone on from there."""
        self.reasoning = ""  # bounded by the hub
        self.length = 0
        self._parts: list[str] = []

    @property
    def text(self) -> str:
        """The whole text so far."""
        if len(self._parts) > 1:
            self._parts = ["".join(self._parts)]
        return self._parts[0] if self._parts else ""

    def note_provider(self, delta: Delta) -> bool:
        """Note who writes from here on; return whether another provider has gone on from the text so far.

        A hub's snapshot of the answer names the ``segments``, a delta only who wrote it.
        """
        if delta.segments and delta.segments != self.segments:
            self.segments = list(delta.segments)
            return True
        if not delta.provider or not self.provider or delta.provider == self.provider:
            return False
        start = self.segments[-1].end if self.segments else 0
        self.segments.append(
            Segment(provider=self.provider, model=self.model, start=start, end=self.length, outcome="failed")
        )
        return True

    def add(self, delta: Delta) -> str | None:
        """Append what is new of the text, or of the reasoning, and return it; None after a hole."""
        thinks = delta.kind is not None
        length = len(self.reasoning) if thinks else self.length
        offset = length if delta.offset is None else delta.offset
        if offset > length:
            return None
        new = delta.text[length - offset :]
        if thinks:
            self.reasoning += new
        elif new:
            self._parts.append(new)
            self.length += len(new)
        self.model = delta.model or self.model
        self.provider = delta.provider or self.provider
        self.metrics = delta.metrics or self.metrics
        return new


_SNAKE = {"messageId": "message_id", "finishReason": "finish_reason"}


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
