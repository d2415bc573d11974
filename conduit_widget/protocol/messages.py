"""Hub messages as frozen structs (HubProtocol.md, "Message types").

Each struct carries its wire ``type`` as a tag and camelCase names, so the JSON codec decodes straight into
it. ``headers`` of ``None`` and an empty map are the same thing.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

INVOCATION: Final = 1
STREAM_ITEM: Final = 2
COMPLETION: Final = 3
STREAM_INVOCATION: Final = 4
CANCEL_INVOCATION: Final = 5
PING: Final = 6
CLOSE: Final = 7
ACK: Final = 8
SEQUENCE: Final = 9

KNOWN_TYPES: Final = frozenset(range(INVOCATION, SEQUENCE + 1))

Headers = dict[str, str]


class _HubMessage(
    msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, tag_field="type", gc=False
):
    """Shared configuration of the wire structs; frozen and acyclic, so the collector need not visit them."""


class Invocation(_HubMessage, frozen=True, tag=INVOCATION):
    """Call ``target``. Without ``invocation_id`` no completion is wanted."""

    target: str
    arguments: list[Any]
    invocation_id: str | None = None
    stream_ids: list[str] | None = None
    headers: Headers | None = None


class StreamItem(_HubMessage, frozen=True, tag=STREAM_ITEM):
    """One item of the stream ``invocation_id`` (or of an upload with that stream id)."""

    invocation_id: str
    item: Any
    headers: Headers | None = None


class Completion(_HubMessage, frozen=True, tag=COMPLETION):
    """How an invocation or stream ended: ``error``, ``result``, or neither (``result`` is UNSET: void)."""

    invocation_id: str
    result: Any | UnsetType = UNSET
    error: str | None = None
    headers: Headers | None = None

    def __post_init__(self) -> None:
        if self.error is not None and self.result is not UNSET:
            raise ValueError("A completion carries both a result and an error")

    @property
    def has_result(self) -> bool:
        """Whether a result (``None`` included) came with the completion."""
        return self.result is not UNSET


class StreamInvocation(_HubMessage, frozen=True, tag=STREAM_INVOCATION):
    """Call ``target`` and want a stream of items, ended by a completion."""

    invocation_id: str
    target: str
    arguments: list[Any]
    stream_ids: list[str] | None = None
    headers: Headers | None = None


class CancelInvocation(_HubMessage, frozen=True, tag=CANCEL_INVOCATION):
    """Stop the stream ``invocation_id``."""

    invocation_id: str
    headers: Headers | None = None


class Ping(_HubMessage, frozen=True, tag=PING):
    """Keep-alive; carries nothing and is not answered."""


class Close(_HubMessage, frozen=True, tag=CLOSE):
    """The sender is about to close. Without ``allow_reconnect`` automatic reconnect ends."""

    error: str | None = None
    allow_reconnect: bool = False


class Ack(_HubMessage, frozen=True, tag=ACK):
    """Stateful reconnect: everything up to ``sequence_id`` was received."""

    sequence_id: int


class Sequence(_HubMessage, frozen=True, tag=SEQUENCE):
    """Stateful reconnect: the next message has this id."""

    sequence_id: int


class InvocationBindingFailure(msgspec.Struct, frozen=True):
    """Not a wire type: an invocation arrived whose arguments cannot be read.

    The connection stays open; the receiver answers ``invocation_id`` (when there is one) with a completion
    that carries ``error``.
    """

    target: str
    invocation_id: str | None
    error: str


HubMessage = (
    Invocation
    | StreamItem
    | Completion
    | StreamInvocation
    | CancelInvocation
    | Ping
    | Close
    | Ack
    | Sequence
    | InvocationBindingFailure
)

_UNHOLDABLE: Final = "has half a character (a lone surrogate) or a number out of range; leave it out"


def without_values(message: HubMessage) -> HubMessage:
    """Return what stands for a message with a value that its encoding allows and nothing here can hold.

    A call is answered with an error, and what somebody waits for ends with one: a value ends no connection.
    """
    if isinstance(message, Invocation | StreamInvocation):
        error = f"{message.target[:64]}: an argument {_UNHOLDABLE}"
        return InvocationBindingFailure(message.target, message.invocation_id, error)
    if isinstance(message, StreamItem | Completion):
        what = "an item of the stream" if isinstance(message, StreamItem) else "the result"
        return Completion(message.invocation_id, error=f"What was sent cannot be read: {what} {_UNHOLDABLE}")
    return message
