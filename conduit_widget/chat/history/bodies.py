"""Stored messages as readers get them: one that cannot be sent to everybody loses its odd fields.

What is stored was checked when it came in, by this version. An older one may have let in what a hub protocol
cannot write (integers over 64 bits) or a peer cannot read (deep nesting); a join must not fail of it.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from conduit_widget.errors import UNREADABLE
from conduit_widget.nesting import MAX_DEPTH, is_json_too_deep, is_too_deep
from conduit_widget.types import HistoryPage

_logger = logging.getLogger(__name__)

_LONG_NUMBER: Final = re.compile(rb"\d{19}")
"""Every integer over 64 bits has so many digits, and next to nothing else has."""


def read_message(body: bytes) -> dict[str, Any]:
    """Return a stored message in wire form, without what not every reader can be sent.

    Raises:
        UNREADABLE: it is no JSON.

    """
    message: dict[str, Any] = msgspec.json.decode(body)
    return message if _is_portable(body, message) else _degraded(message)


def read_messages(bodies: Iterable[bytes]) -> list[dict[str, Any]]:
    """Return stored messages; one that cannot be read at all is left out, and logged."""
    messages = []
    for body in bodies:
        try:
            messages.append(read_message(body))
        except UNREADABLE as error:
            _logger.error("A stored message cannot be read, it is left out: %s", type(error).__name__)  # noqa: TRY400
    return messages


def newest_of(rows: Iterable[tuple[str, bytes]]) -> dict[str, tuple[dict[str, Any], int]]:
    """Return by id the stored messages that can be read, and their bytes."""
    found: dict[str, tuple[dict[str, Any], int]] = {}
    for message_id, body in rows:
        with contextlib.suppress(*UNREADABLE):
            found[message_id] = (read_message(body), len(body))
    return found


def read_located(rows: Iterable[tuple[str, bytes]]) -> list[tuple[str, dict[str, Any]]]:
    """Return stored messages with their conversations' ids; one that cannot be read has its id alone.

    It can still be deleted: what a message says of itself is not needed for that.
    """
    found: list[tuple[str, dict[str, Any]]] = []
    for conversation_id, body in rows:
        try:
            found.append((conversation_id, read_message(body)))
        except UNREADABLE:
            found.append((conversation_id, {"role": "", "content": "", "metadata": {}}))
    return found


def page_of(rows: Iterable[tuple[bytes]], limit: int, max_bytes: int) -> HistoryPage:
    """Return a page, oldest first, of bodies that come newest first: those that fit, but at least one.

    Rows beyond those that fit only tell that there are more.
    """
    fitting: list[bytes] = []
    size = 0
    for (body,) in rows:
        size += len(body)
        if len(fitting) == limit or (fitting and size > max_bytes):
            return HistoryPage(messages=read_messages(reversed(fitting)), has_more=True)
        fitting.append(body)
    return HistoryPage(messages=read_messages(reversed(fitting)), has_more=False)


def read_event(arguments: bytes) -> list[Any]:
    """Return the arguments of a stored event; messages among them as :func:`read_message` does."""
    values: list[Any] = msgspec.json.decode(arguments)
    if _is_portable(arguments, values, levels=1):
        return values
    return [_degraded(value) if isinstance(value, dict) else value for value in values]


def _is_portable(json: bytes, value: object, levels: int = 0) -> bool:
    """Whether a value can be sent as it is; most texts show it, without a look at the value."""
    if is_json_too_deep(json, MAX_DEPTH + 1 + levels):  # a field's own levels, and the message's
        return False
    return _LONG_NUMBER.search(json) is None or _can_be_written(value)


def _degraded(message: dict[str, Any]) -> dict[str, Any]:
    metadata = message.get("metadata")
    kept = {key: value for key, value in message.items() if _fits(value)}
    if isinstance(metadata, dict):
        kept["metadata"] = {key: value for key, value in metadata.items() if _fits(value)}
    return kept


def _fits(value: object) -> bool:
    return not is_too_deep(value) and _can_be_written(value)


def _can_be_written(value: object) -> bool:
    try:
        msgspec.msgpack.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return False
    return True
