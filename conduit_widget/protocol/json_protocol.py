"""The JSON hub protocol: text records ended by 0x1E (HubProtocol.md, "JSON Encoding")."""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec

from conduit_widget.errors import UNREADABLE, LocalProtocolError, RemoteProtocolError
from conduit_widget.nesting import is_json_too_deep
from conduit_widget.protocol.framing import RECORD_SEPARATOR, TextRecordReader
from conduit_widget.protocol.hub_protocol import TransferFormat
from conduit_widget.protocol.messages import (
    INVOCATION,
    KNOWN_TYPES,
    Ack,
    CancelInvocation,
    Close,
    Completion,
    HubMessage,
    Invocation,
    InvocationBindingFailure,
    Ping,
    Sequence,
    StreamInvocation,
    StreamItem,
    without_values,
)
from conduit_widget.text.plain_text import writable

_WireMessage = (
    Invocation | StreamItem | Completion | StreamInvocation | CancelInvocation | Ping | Close | Ack | Sequence
)


_decoder: msgspec.json.Decoder[_WireMessage] = msgspec.json.Decoder(_WireMessage)
_decode: Final = _decoder.decode
_encode: Final = msgspec.json.Encoder().encode
_MAX_DEPTH: Final = 200
_MAX_DIGITS: Final = 20
_PING: Final = _encode(Ping()) + RECORD_SEPARATOR


class JsonHubProtocol:
    """Hub messages as JSON in text frames."""

    name: Final = "json"
    version: Final = 2
    transfer_format: Final = TransferFormat.TEXT

    def encode(self, message: HubMessage) -> bytes:
        """Return the framed record, properties in the order the .NET peers write.

        Raises:
            LocalProtocolError: an argument or result cannot be expressed in JSON.

        """
        try:
            if type(message) is Invocation:
                if message.invocation_id is None and not message.headers:
                    return _encode(message) + RECORD_SEPARATOR
                return _encode(_ordered(message, INVOCATION)) + RECORD_SEPARATOR
            if isinstance(message, Ping):
                return _PING
            if isinstance(message, InvocationBindingFailure):
                raise LocalProtocolError(
                    "A binding failure is answered with a completion, never sent itself."
                )
            if getattr(message, "headers", None):
                tag = message.__struct_config__.tag
                return _encode(_ordered(message, tag)) + RECORD_SEPARATOR
            return _encode(message) + RECORD_SEPARATOR
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise LocalProtocolError(f"A value cannot be sent as JSON: {error}.") from error

    def decoder(self, max_record_bytes: int) -> JsonRecordDecoder:
        """Return a decoder for one connection."""
        return JsonRecordDecoder(max_record_bytes)


class JsonRecordDecoder:
    """Incremental JSON record decoder; properties may come in any order, extra ones are ignored."""

    def __init__(self, max_record_bytes: int) -> None:
        self._reader = TextRecordReader(max_record_bytes)
        self._max_record_bytes = max_record_bytes
        self.skipped = 0

    def feed(self, data: bytes | str) -> list[HubMessage]:
        """Return the messages completed by ``data``; see :class:`~.hub_protocol.RecordDecoder`."""
        if type(data) is bytes and not self._reader.tail and len(data) <= self._max_record_bytes:
            end = len(data) - 1
            try:
                if end == data.find(RECORD_SEPARATOR):
                    return [_decode(data[:end])]
                if data.endswith(RECORD_SEPARATOR):
                    return list(map(_decode, data[:end].split(RECORD_SEPARATOR)))
            except UNREADABLE:
                pass  # an unknown type, perhaps: one by one it will be clear
        messages: list[HubMessage] = []
        for record in self._reader.feed(data):
            try:
                messages.append(_decode(record))
            except UNREADABLE as error:
                salvaged = _salvage(record, error)
                if salvaged is None:
                    self.skipped += 1
                else:
                    messages.append(salvaged)
        return messages


def _salvage(record: bytes, error: Exception) -> HubMessage | None:
    """Return what a record says whose values alone are wrong; None for an unknown type, a newer peer's.

    JavaScript writes half of a character as an escape, and JSON has numbers without an end.

    Raises:
        RemoteProtocolError: it breaks the protocol.

    """
    if isinstance(error, RecursionError) or is_json_too_deep(record, _MAX_DEPTH):
        raise RemoteProtocolError("A record nests too deeply.") from error
    try:
        value = json.loads(record, parse_int=_integer, parse_constant=_refuse)
    except ValueError:
        raise RemoteProtocolError(f"A record is not readable JSON: {error}.") from error
    kind = value.get("type") if isinstance(value, dict) else None
    if type(kind) is int and kind not in KNOWN_TYPES:
        return None
    try:
        message = msgspec.convert(value, _WireMessage)
        invocation_id = getattr(message, "invocation_id", None) or ""
        if writable(invocation_id) != invocation_id:
            raise RemoteProtocolError("A record's invocationId has half a character.")
    except UNREADABLE as cause:
        raise RemoteProtocolError(f"A record is no hub message: {cause}.") from error
    return without_values(message)


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= _MAX_DIGITS else None


def _refuse(constant: str) -> None:
    raise ValueError(constant)  # NaN and Infinity are no JSON


def _ordered(message: HubMessage, tag: Any) -> dict[str, Any]:
    """Return the message as a mapping in .NET's order: type, headers, invocationId, then the rest."""
    fields: dict[str, Any] = {"type": tag}
    headers = getattr(message, "headers", None)
    if headers:
        fields["headers"] = headers
    invocation_id = getattr(message, "invocation_id", None)
    if invocation_id is not None:
        fields["invocationId"] = invocation_id
    for name, wire_name in zip(message.__struct_fields__, message.__struct_encode_fields__, strict=True):
        value = getattr(message, name)
        if name in ("headers", "invocation_id") or value is msgspec.UNSET:
            continue
        if value is None and name in ("stream_ids", "error"):
            continue
        fields[wire_name] = value
    return fields
