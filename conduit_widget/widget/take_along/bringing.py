"""Brings conversations from a file to the hub, in batches that fit into its messages.

The same file again is the same import: what was cut off goes on, what was brought in is not doubled.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, Final

import msgspec

from conduit_widget.chat_client.conversation.requests import Requests
from conduit_widget.contract import ErrorText
from conduit_widget.errors import ConduitError, ConnectionLostError, HubException
from conduit_widget.types import ImportBatch, ImportedMessage, ImportReceipt, Wire
from conduit_widget.widget.take_along.readers.found import FoundConversation, FoundMessage

BATCH_BYTES: Final = 48 * 1024
"""Of the JSON of a batch: with what is around it, it stays below what the hub takes."""
BATCH_MESSAGES: Final = 100
PIECE_BYTES: Final = 30 * 1024
"""Of the JSON of a message's text; a longer text becomes several messages, one after the other."""
_IDS: Final = uuid.UUID("7b1c4c58-03a8-5f0e-8a61-3d5b1d2a9e44")
_SLICE: Final = 2048
_ATTEMPTS: Final = 30
_RATE_PAUSE: Final = 1.0
"""Seconds: as long as a hub's limits of a connection and of a user need to take more."""

Progress = Callable[[int, int], Awaitable[None]]
"""``progress(done, total)``: how many messages have been brought in, and of how many."""


class Brought(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """What became of a conversation: its id and number of messages, or the ``problem``.

    ``existed``: it was brought in before, and stays as it is.
    """

    title: str
    conversation_id: str | None = None
    messages: int = 0
    existed: bool = False
    problem: str | None = None


class Bringing:
    """Brings in one conversation after the other.

    ``connected()`` returns when there is a way to the hub, or raises why there will be none.
    """

    def __init__(self, requests: Requests, connected: Callable[[], Awaitable[object]]) -> None:
        self._requests = requests
        self._connected = connected

    async def all(self, found: Sequence[FoundConversation], progress: Progress) -> list[Brought]:
        """Bring in all conversations; the one that was said last ends up first in the list of one's own.

        Raises:
            ConduitError: the hub cannot be reached, or cannot do it at all.

        """
        total, done = sum(len(each.messages) for each in found), 0
        results: list[Brought] = []
        for each in sorted(found, key=_last_said):
            before = done

            async def tell(count: int, before: int = before) -> None:
                await progress(before + count, total)

            results.append(await self.one(each, tell))
            done += len(each.messages)
        return results[::-1]

    async def one(self, found: FoundConversation, tell: Callable[[int], Awaitable[None]]) -> Brought:
        """Bring in one conversation; ``tell(count)`` is called after each batch.

        Raises:
            ConduitError: the hub cannot be reached, or cannot do it at all.

        """
        if found.problem is not None:
            return Brought(title=found.title, problem=found.problem)
        try:
            receipt = await self._send(found, tell)
        except ConnectionLostError:
            raise
        except HubException as error:
            return Brought(title=found.title, problem=str(error))
        await tell(len(found.messages))
        return Brought(
            title=found.title,
            conversation_id=receipt.conversation_id,
            messages=len(found.messages),
            existed=receipt.existed,
        )

    async def _send(self, found: FoundConversation, tell: Callable[[int], Awaitable[None]]) -> ImportReceipt:
        key = await asyncio.to_thread(key_of, found)
        waiting: tuple[int, list[ImportedMessage]] | None = None
        for batch in batches(found, key):
            if waiting is not None:
                receipt = await self._ask(key, _batch(found, waiting[1]))
                if receipt.done:
                    return receipt
                await tell(waiting[0])
            waiting = batch
        assert waiting is not None
        return await self._ask(key, _batch(found, waiting[1], done=True))

    async def _ask(self, key: str, batch: ImportBatch) -> ImportReceipt:
        """Send a batch, again if the connection was lost or the hub asks for patience: it goes in once."""
        reason = ""
        for _ in range(_ATTEMPTS):
            await self._connected()
            try:
                return await self._requests.import_batch(key, batch)
            except ConnectionLostError as error:
                reason = str(error)
            except HubException as error:
                if str(error) != ErrorText.RATE_LIMIT:
                    raise
                reason = str(error)
                await asyncio.sleep(_RATE_PAUSE)
        raise ConduitError(f"The import stopped: {reason} Import the file again, it goes on from here.")


def key_of(found: FoundConversation) -> str:
    """Return a name for what is said in a conversation: the same for the same, another for more."""
    said = msgspec.json.encode([found.source, found.title, found.messages])
    return hashlib.sha256(said).hexdigest()


def batches(found: FoundConversation, key: str) -> Iterator[tuple[int, list[ImportedMessage]]]:
    """Yield the messages in batches that fit, each with how many of the file's are in it or before it."""
    batch: list[ImportedMessage] = []
    size = 0
    ends: dict[str, str] = {}
    for number, message in enumerate(found.messages):
        for each in _pieces(message, key, ends):
            weight = len(msgspec.json.encode(each))
            if batch and (size + weight > BATCH_BYTES or len(batch) == BATCH_MESSAGES):
                yield number, batch
                batch, size = [], 0
            batch.append(each)
            size += weight
    yield len(found.messages), batch


def _batch(found: FoundConversation, messages: list[ImportedMessage], *, done: bool = False) -> ImportBatch:
    return ImportBatch(source=found.source, title=found.title or None, messages=messages, done=done)


def _pieces(message: FoundMessage, key: str, ends: dict[str, str]) -> Iterator[ImportedMessage]:
    """Yield a message under an id of its own in this import; what continues it continues its last piece."""
    parent = None if message.parent_id is None else ends[message.parent_id]
    for number, content in enumerate(_contents(message.content)):
        id_ = _id(key, message.id, number)
        yield ImportedMessage(
            id=id_,
            role=message.role,
            content=content,
            parent_id=parent,
            author=message.author,
            timestamp=message.timestamp,
            model=message.model,
            reply_to=_id(key, message.reply_to, 0) if message.reply_to and number == 0 else None,
        )
        parent = id_
    if parent is not None:
        ends[message.id] = parent


def _id(key: str, message_id: str, piece: int) -> str:
    """Return an id that no other conversation has, though a file of this hub has its ids."""
    return str(uuid.uuid5(_IDS, f"{key}\n{piece}\n{message_id}"))


def _contents(content: str | list[dict[str, Any]]) -> Iterator[str | list[dict[str, Any]]]:
    """Yield what a message says, in pieces that fit."""
    if not isinstance(content, str):
        if _weight(content) <= PIECE_BYTES:
            yield content
            return
        content = "\n\n".join(str(part.get("text", "[image]")) for part in content)
    at = 0
    while at < len(content):
        end = _end_of_piece(content, at)
        if content[at:end].strip():
            yield content[at:end]
        at = end


def _end_of_piece(text: str, start: int) -> int:
    """Return how far a piece goes that begins there: as much as fits, to a line's end if there is one."""
    end, size = start, 0
    while end < len(text):
        size += _weight(text[end : end + _SLICE])
        if size > PIECE_BYTES:
            line = text.rfind("\n", (start + end) // 2, end)
            return line + 1 if line >= 0 else end
        end += _SLICE
    return len(text)


def _weight(content: object) -> int:
    return len(msgspec.json.encode(content))


def _last_said(found: FoundConversation) -> str:
    return max((each.timestamp or "" for each in found.messages), default="")
