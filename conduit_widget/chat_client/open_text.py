"""The growing text of an open answer, and one delta to it."""

from __future__ import annotations

from typing import Any, Self

import msgspec

from conduit_widget.types import StreamMetrics


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
        self.reasoning = ""  # bounded by the hub
        self.length = 0
        self._parts: list[str] = []

    @property
    def text(self) -> str:
        """The whole text so far."""
        if len(self._parts) > 1:
            self._parts = ["".join(self._parts)]
        return self._parts[0] if self._parts else ""

    def add(self, delta: Delta) -> str | None:
        """Append what is new and return it; None where text before the delta is missing."""
        offset = self.length if delta.offset is None else delta.offset
        if offset > self.length:
            return None
        new = delta.text[self.length - offset :]
        if new:
            self._parts.append(new)
            self.length += len(new)
        self._describe(delta)
        return new

    def add_reasoning(self, delta: Delta) -> str:
        """Append what is new of the reasoning and return it; after a hole nothing, the end has it."""
        length = len(self.reasoning)
        offset = length if delta.offset is None else delta.offset
        new = delta.text[length - offset :] if offset <= length else ""
        self.reasoning += new
        self._describe(delta)
        return new

    def _describe(self, delta: Delta) -> None:
        self.model = delta.model or self.model
        self.provider = delta.provider or self.provider
        self.metrics = delta.metrics or self.metrics


_SNAKE = {"messageId": "message_id", "finishReason": "finish_reason"}


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
