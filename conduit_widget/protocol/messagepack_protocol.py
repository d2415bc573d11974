"""The MessagePack hub protocol: length-prefixed arrays (HubProtocol.md, "MessagePack (MsgPack) encoding").

Written as .NET writes it: headers always a map, six elements in an invocation, three in a close. Read
leniently: shorter forms where a default exists, further elements ignored, ``nil`` headers accepted. Times
travel as the timestamp extension, ``bytes`` as binary, other extensions as ``msgspec.msgpack.Ext``.
"""

from __future__ import annotations

from typing import Any, Final, assert_never

import msgspec
from msgspec import UNSET

from conduit_widget.errors import UNREADABLE, LocalProtocolError, RemoteProtocolError
from conduit_widget.protocol.framing import BinaryRecordReader, write_varint
from conduit_widget.protocol.hub_protocol import TransferFormat
from conduit_widget.protocol.messages import (
    ACK,
    CANCEL_INVOCATION,
    CLOSE,
    COMPLETION,
    INVOCATION,
    KNOWN_TYPES,
    PING,
    SEQUENCE,
    STREAM_INVOCATION,
    STREAM_ITEM,
    Ack,
    CancelInvocation,
    Close,
    Completion,
    Headers,
    HubMessage,
    Invocation,
    InvocationBindingFailure,
    Ping,
    Sequence,
    StreamInvocation,
    StreamItem,
    without_values,
)

ERROR_RESULT: Final = 1
VOID_RESULT: Final = 2
NON_VOID_RESULT: Final = 3


class _Record(msgspec.Struct, array_like=True, frozen=True):
    """A wire array whose first element is the type."""


class _Invocation(_Record, tag=INVOCATION, frozen=True):
    headers: Headers | None
    invocation_id: str | None
    target: str
    arguments: list[Any]
    stream_ids: list[str] | None = None


class _StreamItem(_Record, tag=STREAM_ITEM, frozen=True):
    headers: Headers | None
    invocation_id: str
    item: Any


class _Completion(_Record, tag=COMPLETION, frozen=True):
    headers: Headers | None
    invocation_id: str
    result_kind: int
    result: Any = UNSET


class _StreamInvocation(_Record, tag=STREAM_INVOCATION, frozen=True):
    headers: Headers | None
    invocation_id: str
    target: str
    arguments: list[Any]
    stream_ids: list[str] | None = None


class _CancelInvocation(_Record, tag=CANCEL_INVOCATION, frozen=True):
    headers: Headers | None
    invocation_id: str


class _Ping(_Record, tag=PING, frozen=True):
    pass


class _Close(_Record, tag=CLOSE, frozen=True):
    error: str | None = None
    allow_reconnect: bool = False


class _Ack(_Record, tag=ACK, frozen=True):
    sequence_id: int


class _Sequence(_Record, tag=SEQUENCE, frozen=True):
    sequence_id: int


class _TypeOnly(_Record, frozen=True):
    type: int


class _Unbound(_Record, frozen=True):
    """An invocation whose arguments are not looked at."""

    type: int
    headers: Headers | None
    invocation_id: str | None
    target: str
    arguments: msgspec.Raw = msgspec.Raw()
    stream_ids: list[str] | None = None


class _Unread(_Record, frozen=True):
    """A stream's item or a completion, of which nothing after the id is looked at."""

    type: int
    headers: Headers | None
    invocation_id: str


_WireRecord = (
    _Invocation
    | _StreamItem
    | _Completion
    | _StreamInvocation
    | _CancelInvocation
    | _Ping
    | _Close
    | _Ack
    | _Sequence
)

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder[_WireRecord](_WireRecord).decode
_USUAL_BYTES: Final = 512
_PREFIXES: Final = tuple(map(write_varint, range(_USUAL_BYTES)))
_NO_HEADERS: Final[Headers] = {}
_type_decoder = msgspec.msgpack.Decoder(_TypeOnly)
_unbound_decoder = msgspec.msgpack.Decoder(_Unbound)
_unread_decoder = msgspec.msgpack.Decoder(_Unread)
_NO_ARGUMENTS: Final = "The arguments are missing or are not a readable array."


class MessagePackHubProtocol:
    """Hub messages as MessagePack in binary frames."""

    name: Final = "messagepack"
    version: Final = 2
    transfer_format: Final = TransferFormat.BINARY

    def encode(self, message: HubMessage) -> bytes:
        """Return the framed record.

        Raises:
            LocalProtocolError: an argument or result cannot be expressed in MessagePack.

        """
        try:
            if type(message) is Invocation:  # nearly all that is sent, so before the others
                body = _encode(
                    (
                        INVOCATION,
                        message.headers or _NO_HEADERS,
                        message.invocation_id,
                        message.target,
                        message.arguments,
                        message.stream_ids or (),
                    )
                )
            else:
                body = _encode(_to_array(message))
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise LocalProtocolError(f"A value cannot be sent as MessagePack: {error}.") from error
        size = len(body)
        return (_PREFIXES[size] if size < _USUAL_BYTES else write_varint(size)) + body

    def decoder(self, max_record_bytes: int) -> MessagePackRecordDecoder:
        """Return a decoder for one connection."""
        return MessagePackRecordDecoder(max_record_bytes)


class MessagePackRecordDecoder:
    """Incremental MessagePack record decoder."""

    def __init__(self, max_record_bytes: int) -> None:
        self._reader = BinaryRecordReader(max_record_bytes)
        self.skipped = 0

    def feed(self, data: bytes | str) -> list[HubMessage]:
        """Return the messages completed by ``data``; see :class:`~.hub_protocol.RecordDecoder`."""
        if isinstance(data, str):
            raise RemoteProtocolError("A text frame arrived where MessagePack needs binary ones.")
        messages: list[HubMessage] = []
        for record in self._reader.feed(data):
            try:
                message = _from_record(_decode(record))
            except UNREADABLE as error:
                salvaged = _salvage(record, error)
                if salvaged is None:
                    self.skipped += 1
                else:
                    messages.append(salvaged)
                continue
            messages.append(message)
        return messages


def _to_array(message: HubMessage) -> list[Any]:
    match message:
        case StreamItem():
            return [STREAM_ITEM, message.headers or {}, message.invocation_id, message.item]
        case Completion():
            head = [COMPLETION, message.headers or {}, message.invocation_id]
            if message.error is not None:
                return [*head, ERROR_RESULT, message.error]
            return [*head, NON_VOID_RESULT, message.result] if message.has_result else [*head, VOID_RESULT]
        case Ping():
            return [PING]
        case StreamInvocation():
            return [
                STREAM_INVOCATION,
                message.headers or {},
                message.invocation_id,
                message.target,
                message.arguments,
                message.stream_ids or (),
            ]
        case CancelInvocation():
            return [CANCEL_INVOCATION, message.headers or {}, message.invocation_id]
        case Close():
            return [CLOSE, message.error, message.allow_reconnect]
        case Ack():
            return [ACK, message.sequence_id]
        case Sequence():
            return [SEQUENCE, message.sequence_id]
        case Invocation():
            raise AssertionError("encoded before the others")
        case InvocationBindingFailure():
            raise LocalProtocolError("A binding failure is answered with a completion, never sent itself.")
        case _:
            assert_never(message)


def _from_record(record: _WireRecord) -> HubMessage:
    # Plain attribute access: class patterns with positions cost half a microsecond on the hot types.
    if type(record) is _Invocation:
        if record.invocation_id is None and not record.headers and not record.stream_ids:
            return Invocation(record.target, record.arguments)
        return Invocation(
            record.target,
            record.arguments,
            record.invocation_id,
            record.stream_ids or None,
            record.headers or None,
        )
    match record:
        case _StreamItem():
            return StreamItem(record.invocation_id, record.item, record.headers or None)
        case _Completion():
            return _completion(record)
        case _Ping():
            return Ping()
        case _StreamInvocation():
            return StreamInvocation(
                record.invocation_id,
                record.target,
                record.arguments,
                record.stream_ids or None,
                record.headers or None,
            )
        case _CancelInvocation():
            return CancelInvocation(record.invocation_id, record.headers or None)
        case _Close():
            return Close(record.error, record.allow_reconnect)
        case _Ack():
            return Ack(record.sequence_id)
        case _Sequence():
            return Sequence(record.sequence_id)
        case _Invocation():
            raise AssertionError("handled above")
        case _:
            assert_never(record)


def _completion(record: _Completion) -> Completion:
    headers = record.headers or None
    if record.result_kind == VOID_RESULT:
        return Completion(record.invocation_id, headers=headers)
    if record.result is UNSET:
        raise RemoteProtocolError("A completion lacks the result or error it announces.")
    if record.result_kind == NON_VOID_RESULT:
        return Completion(record.invocation_id, record.result, headers=headers)
    if record.result_kind != ERROR_RESULT:
        raise RemoteProtocolError(f"A completion has the unknown result kind {record.result_kind}.")
    if not isinstance(record.result, str):
        raise RemoteProtocolError("A completion's error is not text.")
    return Completion(record.invocation_id, error=record.result, headers=headers)


def _salvage(record: bytes, error: Exception) -> HubMessage | None:
    """Skip unknown types (None), answer for values nobody can read, refuse the rest.

    Raises:
        RemoteProtocolError: it breaks the protocol.

    """
    is_shape = isinstance(error, msgspec.ValidationError)
    try:
        kind = _type_decoder.decode(record).type
        if kind not in KNOWN_TYPES:
            return None
        if kind in (INVOCATION, STREAM_INVOCATION):
            head = _unbound_decoder.decode(record)
            if kind == INVOCATION or head.invocation_id is not None:
                failure = InvocationBindingFailure(head.target, head.invocation_id, _NO_ARGUMENTS)
                unread = Invocation(head.target, [], head.invocation_id)
                return failure if is_shape else without_values(unread)
        if kind in (STREAM_ITEM, COMPLETION) and not is_shape:
            invocation_id = _unread_decoder.decode(record).invocation_id
            is_item = kind == STREAM_ITEM
            return without_values(StreamItem(invocation_id, None) if is_item else Completion(invocation_id))
    except UNREADABLE:
        pass
    if is_shape:
        raise RemoteProtocolError(f"A record is no hub message: {error}.") from error
    raise RemoteProtocolError(f"A record is not readable MessagePack: {error}.") from error
