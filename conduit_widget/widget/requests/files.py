"""Files of a chat's views: up in pieces, each answered when the hub has it, and down in pieces."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from conduit_widget.contract import FILE_CHUNK_BYTES, MAX_FILE_BYTES
from conduit_widget.errors import ValidationError
from conduit_widget.widget.attachments.binary import Binary
from conduit_widget.widget.attachments.pace import Pace
from conduit_widget.widget.requests.handler import AskedChat, Serve

_pace: Final = Pace()


def handle(content: object, chat: AskedChat, serve: Serve) -> bool:
    """Begin, continue or give up an upload, or read a part of a file."""
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
            serve(request_id, chat.files.uploading.forget(path))
        case {
            "kind": "fileRead",
            "requestId": request_id,
            "id": str() as id_,
            "start": int() as start,
            **rest,
        }:
            serve(request_id, _read(chat, id_, start, rest.get("size")))
        case _:
            return False
    return True


async def _begin(chat: AskedChat, name: str, size: int) -> dict[str, Any]:
    return {"path": await chat.files.uploading.begin(chat.conversation.conversation_id, name, size)}


async def _piece(chat: AskedChat, path: str, start: int, piece: Any, is_last: bool) -> dict[str, Any]:
    content = bytes(piece)
    if len(content) > FILE_CHUNK_BYTES:
        raise ValidationError("piece", f"has {len(content)} bytes; the limit is {FILE_CHUNK_BYTES}")
    reached = await chat.files.uploading.put(path, start, content, is_last=is_last)
    told: dict[str, Any] = {"offset": reached.offset}
    return told if reached.file is None else {**told, "file": reached.file.to_wire()}


async def _read(chat: AskedChat, file_id: str, start: int, size: object) -> Binary:
    """Return a piece of a file, when the way to the views has room for it."""
    if not isinstance(size, int) or not 0 <= start < size <= MAX_FILE_BYTES:
        raise ValidationError("file", "has no such part")
    stop = min(start + FILE_CHUNK_BYTES, size)
    content = await chat.files.read(file_id, start, stop)
    await asyncio.sleep(_pace.delay(len(content)))
    return Binary(content, size)
