"""What a model reads of a message's files: images as images, texts as texts, others by their names.

Each file has a line of its own, whatever becomes of its content, and what was cut is said.
"""

from __future__ import annotations

import base64
import math
import re
from typing import Final

import msgspec

from conduit_widget.chat.files.file_area import FileArea
from conduit_widget.chat.files.media_types import is_textual
from conduit_widget.chat.history.file_records import FileRecord, attached_ids
from conduit_widget.errors import ConduitError
from conduit_widget.providers.limits.token_estimate import CHARS_PER_TOKEN, estimate_tokens
from conduit_widget.types import ChatMessage, Content, ImagePart, ImageUrl, TextPart

FILES_SHARE: Final = 2
"""The files of a message take at most one part in this many of what a prompt has room for."""
IMAGE_TOKENS: Final = 800
MAX_IMAGE_BYTES: Final = 4 * 1024 * 1024
"""Of one image; services refuse larger ones."""
SEEN_IMAGES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_LEAST_TOKENS: Final = 16
_TICKS: Final = re.compile(r"`+")


class PromptFiles:
    """Puts files into messages for a model."""

    def __init__(self, area: FileArea) -> None:
        self._area = area

    async def attach(self, message: ChatMessage, budget: int, has_room: bool) -> ChatMessage:
        """Return a message with its files as parts of its content, for a prompt of ``budget`` tokens.

        Where the prompt ``has_room`` for no more pictures, they are only named.
        """
        ids = attached_ids(message.attachments)
        if not ids:
            return message
        records = [await self._area.find(file_id) for file_id in ids]
        known = [
            record
            for record in records
            if record is not None and record.conversation_id == message.metadata.get("conversationId")
        ]
        parts: list[TextPart | ImagePart] = _parts(message.content)
        room = _Room(budget // FILES_SHARE, known, has_room)
        for record in known:
            parts += await self._described(record, room)
        parts += [TextPart(text="[A file that is not there any more]")] * (len(ids) - len(known))
        return msgspec.structs.replace(message, content=_in_one(parts))

    async def _described(self, record: FileRecord, room: _Room) -> list[TextPart | ImagePart]:
        try:
            if record.media_type in SEEN_IMAGES:
                return await self._image(record, room)
            if is_textual(record.media_type):
                return [TextPart(text=await self._text(record, room))]
        except ConduitError:
            return [TextPart(text=_line(record, "it cannot be read at present"))]
        return [TextPart(text=_line(record, "its content is not shown to you"))]

    async def _image(self, record: FileRecord, room: _Room) -> list[TextPart | ImagePart]:
        if record.size > MAX_IMAGE_BYTES:
            return [TextPart(text=_line(record, "it is too large to be shown to you"))]
        if not room.has_image():
            return [TextPart(text=_line(record, "there is no room to show it to you"))]
        encoded = base64.b64encode(await self._read(record, record.size)).decode()
        image = ImageUrl(url=f"data:{record.media_type};base64,{encoded}")
        return [TextPart(text=_line(record)), ImagePart(image_url=image)]

    async def _text(self, record: FileRecord, room: _Room) -> str:
        tokens = room.tokens_of_text()
        # No character has more than four bytes, and few have that.
        most = min(record.size, math.ceil(tokens * CHARS_PER_TOKEN) + 4)
        text = (await self._read(record, most)).decode("utf-8", "ignore")
        shown = _within(text, tokens)
        room.used(estimate_tokens(shown))
        fence = "`" * max([3, *(len(run) + 1 for run in _TICKS.findall(shown))])
        size = len(shown.encode())
        goes_on = f"\n[The file goes on: you see the first {size} of {record.size} bytes.]"
        cut = goes_on if size < record.size else ""
        return f"{_line(record)}\n{fence}\n{shown}\n{fence}{cut}"

    async def _read(self, record: FileRecord, stop: int) -> bytes:
        return b"".join([piece async for piece in self._area.store.read(record.sha256, 0, stop)])


class _Room:
    """What is left of the tokens for a message's files; texts share it evenly."""

    def __init__(self, tokens: int, records: list[FileRecord], has_pictures: bool) -> None:
        self._texts = sum(is_textual(record.media_type) for record in records)
        images = sum(record.media_type in SEEN_IMAGES for record in records) if has_pictures else 0
        per_image = min(IMAGE_TOKENS, max(tokens // 2, 1))
        self._images = min(images, max(tokens // per_image, 1))
        self._tokens = max(tokens - self._images * per_image, tokens // 4 if self._texts else 0)

    def has_image(self) -> bool:
        """Whether there is room for one more image; takes it."""
        self._images -= 1
        return self._images >= 0

    def tokens_of_text(self) -> int:
        """Return how many tokens the next text may have; what it leaves is the others'."""
        share = self._tokens // max(self._texts, 1)
        self._texts -= 1
        return max(share, _LEAST_TOKENS)

    def used(self, tokens: int) -> None:
        """Take what a text has."""
        self._tokens -= tokens


def _within(text: str, tokens: int) -> str:
    """Return the beginning of a text that has at most about so many tokens, whole lines where it can."""
    estimated = estimate_tokens(text)
    if estimated <= tokens:
        return text
    cut = text[: max(int(len(text) * tokens / estimated), 1)]
    end = cut.rfind("\n")
    return cut[:end] if end > len(cut) // 2 else cut


def _line(record: FileRecord, remark: str = "") -> str:
    said = f"; {remark}" if remark else ""
    return f"[File {record.name}, {record.media_type}, {record.size} bytes{said}]"


def _parts(content: Content) -> list[TextPart | ImagePart]:
    if isinstance(content, str):
        return [TextPart(text=content)] if content.strip() else []
    return list(content)


def _in_one(parts: list[TextPart | ImagePart]) -> Content:
    """Return the parts as one text where all are."""
    texts = [part.text for part in parts if isinstance(part, TextPart)]
    return "\n\n".join(texts) if len(texts) == len(parts) else parts
