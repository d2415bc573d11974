"""Files of a chat's views: up in pieces, each answered when the hub has it, and down in pieces.

While the hub is away they wait here, and go to the hub with their message.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from conduit_widget.chat_client.conversation.conversation import Conversation
from conduit_widget.chat_client.files.uploading import UploadGoneError
from conduit_widget.contract import FILE_CHUNK_BYTES, MAX_FILE_BYTES
from conduit_widget.errors import ConnectionFailedError, ValidationError
from conduit_widget.widget.attachments.binary import Binary
from conduit_widget.widget.attachments.pace import Pace
from conduit_widget.widget.attachments.parquet import first_rows
from conduit_widget.widget.attachments.sending import is_away
from conduit_widget.widget.attachments.waiting_files import PREFIX
from conduit_widget.widget.requests.handler import AskedChat, Serve

T = TypeVar("T")

AWAY_AFTER: Final = 1.0
"""Seconds without a way to the hub after which a file waits here."""
GIVEN_UP_AFTER: Final = 10.0
"""The same for one of which the hub has a part, which is given up then."""

_pace: Final = Pace()


def handle(content: object, chat: AskedChat, serve: Serve) -> bool:
    """Begin, continue or give up an upload, or read a part of a file or the first rows of one."""
    match content:
        case {"kind": "fileBegin", "requestId": request_id, "name": str() as name, "size": int() as size}:
            serve(request_id, _begin(chat, name, size))
        case {
            "kind": "filePiece",
            "requestId": request_id,
            "path": str() as path,
            "start": int() as start,
            "last": bool() as is_last,
            "buffers": [piece],
        }:
            serve(request_id, _piece(chat, path, start, piece, is_last))
        case {"kind": "fileForget", "requestId": request_id, "path": str() as path}:
            serve(request_id, _forget(chat, path))
        case {
            "kind": "fileRead",
            "requestId": request_id,
            "id": str() as id_,
            "start": int() as start,
            **rest,
        }:
            serve(request_id, _read(chat, id_, start, rest.get("size")))
        case {"kind": "fileRows", "requestId": request_id, "id": str() as id_, "size": int() as size}:
            serve(request_id, _rows(chat, id_, size))
        case _:
            return False
    return True


async def _begin(chat: AskedChat, name: str, size: int) -> dict[str, Any]:
    conversation = chat.conversation
    if not is_away(conversation):
        beginning = chat.files.uploading.begin(conversation.conversation_id, name, size)
        try:
            return {"path": await _unless_away(conversation, beginning, AWAY_AFTER)}
        except ConnectionFailedError:
            if not is_away(conversation):
                raise
    return {"path": chat.waiting_files.begin(name, size)}


async def _piece(chat: AskedChat, path: str, start: int, piece: Any, is_last: bool) -> dict[str, Any]:
    """Pass a piece on; an offset of -1 says that the upload is to be begun again, maybe elsewhere."""
    content = _bytes(piece)
    if len(content) > FILE_CHUNK_BYTES:
        raise ValidationError("piece", f"has {len(content)} bytes; the limit is {FILE_CHUNK_BYTES}")
    try:
        if path.startswith(PREFIX):
            reached = chat.waiting_files.put(path, start, content, is_last=is_last)
        else:
            putting = chat.files.uploading.put(path, start, content, is_last=is_last)
            reached = await _unless_away(chat.conversation, putting, GIVEN_UP_AFTER)
    except UploadGoneError:
        return {"offset": -1}
    except ConnectionFailedError:
        if not is_away(chat.conversation):
            raise
        return {"offset": -1}
    told: dict[str, Any] = {"offset": reached.offset}
    return told if reached.file is None else {**told, "file": reached.file.to_wire()}


async def _unless_away(conversation: Conversation, work: Coroutine[Any, Any, T], patience: float) -> T:
    """Return what comes of the work, unless the hub is known to be away for ``patience`` seconds before."""
    doing = asyncio.ensure_future(work)
    away = asyncio.ensure_future(conversation.connectivity.wait_unreachable(patience))
    try:
        await asyncio.wait((doing, away), return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return doing.result()
        raise ConnectionFailedError(away.result())
    finally:
        doing.cancel()
        away.cancel()


async def _forget(chat: AskedChat, path: str) -> None:
    chat.waiting_files.forget(path)
    await chat.files.uploading.forget(path)


def _bytes(piece: Any) -> bytes:
    """Return a piece as it came with the message; a way that has only text carries it as base64."""
    if isinstance(piece, bytes | bytearray | memoryview):
        return bytes(piece)
    try:
        return base64.b64decode(piece, validate=True)
    except (TypeError, ValueError):
        raise ValidationError("piece", "must be bytes") from None


async def _read(chat: AskedChat, file_id: str, start: int, size: object) -> Binary:
    """Return a piece of a file, when the way to the views has room for it."""
    if not isinstance(size, int) or not 0 <= start < size <= MAX_FILE_BYTES:
        raise ValidationError("file", "has no such part")
    stop = min(start + FILE_CHUNK_BYTES, size)
    content = await chat.files.read(file_id, start, stop)
    await asyncio.sleep(_pace.delay(len(content)))
    return Binary(content, size)


async def _rows(chat: AskedChat, file_id: str, size: int) -> list[list[str]]:
    """Return the first rows of a Parquet file, which pages cannot read."""
    if not 0 < size <= MAX_FILE_BYTES:
        raise ValidationError("file", "has no such part")
    content = await chat.files.read(file_id, 0, size)
    return await asyncio.to_thread(first_rows, content)
