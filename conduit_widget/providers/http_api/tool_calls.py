"""The tool calls of one answer, put together from their pieces: data that is passed on, never run here."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from conduit_widget.providers.provider import ToolCall
from conduit_widget.providers.reading.provider_words import ProviderWords

MAX_CALLS: Final = 32
MAX_ARGUMENTS_CHARS: Final = 32 * 1024
"""Of all calls of an answer together. A call over it is kept without its arguments: half of a JSON text is
worse than none."""


class _Draft:
    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.arguments: list[str] = []


class ToolCallCollector:
    """Collects calls by the key their pieces carry. What is of a wrong type is as if it were missing."""

    def __init__(self, words: ProviderWords) -> None:
        self._words = words
        self._drafts: dict[Any, _Draft] = {}
        self._chars = 0
        self._is_dropping = False

    def __bool__(self) -> bool:
        return bool(self._drafts)

    def __contains__(self, key: object) -> bool:
        return key in self._drafts

    def add(self, key: Any, call_id: Any = None, name: Any = None, arguments: Any = None) -> None:
        """Add a piece to the call ``key``; ``arguments`` is a part of its JSON text, or the whole value."""
        if isinstance(call_id, str) and key in self._drafts and self._drafts[key].id not in {"", call_id}:
            key = (key, call_id)  # some servers number all calls alike
        draft = self._drafts.get(key)
        if draft is None:
            if len(self._drafts) == MAX_CALLS:
                return
            draft = self._drafts[key] = _Draft()
        draft.id = self._words.name(call_id) or draft.id
        draft.name = self._words.name(name) or draft.name
        text = arguments if isinstance(arguments, str) else _json(arguments)
        self._chars += len(text)
        if self._chars > MAX_ARGUMENTS_CHARS:
            draft.arguments.clear()
            self._is_dropping = True
        if text and not self._is_dropping:
            draft.arguments.append(text)

    def calls(self) -> tuple[ToolCall, ...]:
        """Return the calls in the order they began."""
        return tuple(
            ToolCall(draft.id, draft.name, "".join(draft.arguments)) for draft in self._drafts.values()
        )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) and value else ""
