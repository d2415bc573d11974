"""A message of a conversation as it travels, and as one works with it at the prompt.

Unknown keys of a message are kept in ``extra`` and passed on by :meth:`ChatMessage.to_wire`.
"""

from __future__ import annotations

import contextlib
import html
from typing import Any, Final, Literal

import msgspec

from conduit_widget.text.answer_parts import CodeBlock, code_blocks, frame_of
from conduit_widget.text.markup import answer_html, as_shown, text_html
from conduit_widget.text.plain_text import plain_name
from conduit_widget.types.attached_files import AttachedFile, Attachment
from conduit_widget.types.metadata import Cost
from conduit_widget.types.wire import Wire

Role = Literal["system", "user", "assistant", "tool"]
ErrorType = Literal["rate_limit", "model_not_found", "auth_error", "network_error", "server_error"]


class Author(Wire, frozen=True, kw_only=True):
    """Who wrote a message, as the hub knows them from their token."""

    user_id: str
    user_name: str


class MessageError(Wire, frozen=True, kw_only=True):
    """Why an answer failed. ``retry_after`` is in seconds."""

    type: ErrorType
    recoverable: bool
    code: str | None = None
    status_code: int | None = None
    retry_after: float | None = None
    suggestions: list[str] = []
    message: str | None = None


class ImageUrl(Wire, frozen=True, kw_only=True):
    """An image by reference or ``data:`` URL."""

    url: str
    detail: str | None = None


class TextPart(Wire, frozen=True, kw_only=True, tag_field="type", tag="text"):
    """A piece of text in a multi-part message."""

    text: str


class ImagePart(Wire, frozen=True, kw_only=True, tag_field="type", tag="image_url", rename=None):
    """An image in a multi-part message; the wire key is ``image_url``, as providers spell it."""

    image_url: ImageUrl


Content = str | list[TextPart | ImagePart]


class ChatMessage(Wire, frozen=True, kw_only=True):
    """One message of a conversation. ``metadata`` has the keys of :class:`MessageMetadata`, and any other."""

    id: str
    role: Role
    content: Content
    parent_id: str | None = None
    author: Author | None = None
    attachments: list[dict[str, Any]] = []
    metadata: dict[str, Any] = {}
    error: MessageError | None = None
    extra: dict[str, Any] = {}

    def to_wire(self) -> dict[str, Any]:
        """Return the wire mapping, unknown keys included; known keys win over ``extra``."""
        wire: dict[str, Any] = msgspec.to_builtins(self)
        extra = wire.pop("extra", {})
        return {**extra, **wire}

    @classmethod
    def from_wire(cls, value: object) -> ChatMessage:
        """Validate a decoded payload.

        Raises:
            msgspec.ValidationError: a field is missing or has the wrong type; the text names its path.

        """
        if isinstance(value, dict):
            known = {key: item for key, item in value.items() if key in _CHAT_MESSAGE_KEYS}
            extra = {key: item for key, item in value.items() if key not in _CHAT_MESSAGE_KEYS}
            known["extra"] = extra
            value = known
        return msgspec.convert(value, cls)

    @property
    def text(self) -> str:
        """The text of the message, parts joined by blank lines; images are left out."""
        if isinstance(self.content, str):
            return self.content
        return "\n\n".join(part.text for part in self.content if isinstance(part, TextPart))

    @property
    def code_blocks(self) -> list[CodeBlock]:
        """The fenced code of the text, in order: ``answer.code_blocks[0].source``, ``.language``."""
        return code_blocks(self.text)

    @property
    def files(self) -> list[AttachedFile]:
        """The files of the message: ``message.files[0].save("data.csv")``, ``.to_frame()``, ``.open()``."""
        conversation_id = str(self.metadata.get("conversationId", ""))
        known: list[AttachedFile] = []
        for each in self.attachments:
            with contextlib.suppress(msgspec.ValidationError):  # another hub's
                known.append(AttachedFile(msgspec.convert(each, Attachment), conversation_id))
        return known

    def to_frame(self, table: int = 0) -> Any:
        """Return a Markdown table of the text as a pandas DataFrame; numbers are numbers.

        ``table`` counts from 0, and from the end where it is negative.

        Raises:
            ValueError: the text has no such table.
            ImportError: pandas is not installed.

        """
        return frame_of(self.text, table)

    @property
    def cost(self) -> Cost | None:
        """What the answer cost; None where the provider has no ``price``."""
        try:
            return msgspec.convert(self.metadata.get("cost"), Cost | None)
        except msgspec.ValidationError:  # another hub's
            return None

    @property
    def latency(self) -> float | None:
        """Seconds from the question to the end of the answer at the hub; None for other messages."""
        ms = self.metadata.get("latency")
        return ms / 1000 if isinstance(ms, int | float) else None

    def __repr__(self) -> str:
        """Return the beginning of the text and who wrote it, in one short line."""
        text = " ".join(self.text.split())
        short = text if len(text) <= _REPR_CHARS else text[: _REPR_CHARS - 1] + "…"
        return f"<{self.role}: {short!r}>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Show the message in a notebook: a model's answer rendered, its model and speed small."""
        text = as_shown(self.text)
        if self.role != "assistant":
            return {"text/plain": text, "text/html": text_html(text)}
        facts = as_shown(" · ".join(self._facts()))
        small = f'<div style="font-size:.8em;opacity:.7">{html.escape(facts)}</div>' if facts else ""
        plain = f"{text}\n\n({facts})" if facts else text
        return {"text/plain": plain, "text/html": answer_html(text) + small}

    def _facts(self) -> list[str]:
        """Which model wrote the answer, how fast, and how it ended where that was not by itself."""
        model, speed = self.metadata.get("model"), self.metadata.get("tokensPerSecond")
        facts = [plain_name(model, 128)] if isinstance(model, str) and model else []
        if isinstance(speed, int | float) and not isinstance(speed, bool) and speed > 0:
            facts.append(f"{speed:.1f} tok/s")
        if (status := self.metadata.get("status")) in {"cancelled", "interrupted", "error"}:
            facts.append(str(status))
        return facts


_REPR_CHARS: Final = 72
_CHAT_MESSAGE_KEYS: Final = frozenset(ChatMessage.__struct_encode_fields__) - {"extra"}
